"""Brings a Grafana to what is wanted, step by step; each step may be repeated, and a second run finds nothing to do.

Only what is ours is ever removed: dashboards with our tag, with our prefix, in our folder. A dashboard that somebody
edited in Grafana is told and left, unless `overwrite`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

from provisioning.grafana import wanted
from provisioning.grafana.client import Grafana, GrafanaError, escaped
from provisioning.grafana.customer import Customer
from provisioning.grafana.wanted import FOLDER, PREFIX, TAG, Json, contains

VERSIONS = range(10, 13)
"""What it was written for."""

Verb = Literal["create", "update", "remove", "keep", "conflict"]


class Step(NamedTuple):
    """What is to be done to one thing, or was done."""

    organisation: str
    verb: Verb
    kind: str
    name: str
    why: str = ""


@dataclass(frozen=True)
class Wishes:
    """How to go about it."""

    dry_run: bool = False
    prune: bool = False
    overwrite: bool = False
    renew_secrets: bool = False
    """Send credentials of data sources again: Grafana never tells whether they are still the same."""


class Publisher:
    """`tell` hears of each step as it is done, or would be."""

    def __init__(self, grafana: Grafana, wishes: Wishes, tell: Callable[[Step], None]) -> None:
        self._grafana = grafana
        self._wishes = wishes
        self._tell = tell
        self._name = ""

    def version(self) -> str:
        """What the server says it is. Raises GrafanaError for what is none that this was written for."""
        found = self._grafana.call("GET", "/health")
        version = str(found.get("version", "")) if isinstance(found, dict) else ""
        major = version.split(".", 1)[0]
        if not major.isdigit() or int(major) not in VERSIONS:
            raise GrafanaError(
                f"is version {version or 'unknown'}; versions {VERSIONS[0]} to {VERSIONS[-1]} are known to this"
            )
        return version

    def publish(self, customers: Sequence[Customer]) -> None:
        """All of them. Raises GrafanaError, CustomerError: what was done until then stays and is found again."""
        if not self._grafana.administrator and len(customers) > 1:
            raise GrafanaError(
                "a token is of one organisation: for several customers give --user and a password's file"
            )
        for customer in customers:
            self._name = customer.name
            known = self._enter(customer)
            self._sources(customer, known)
            self._folder(known)
            self._teams(customer, known)
            self._dashboards(customer, known)
            self._grafana.leave()

    def _step(self, verb: Verb, kind: str, name: str, why: str = "") -> bool:
        """Tell it; whether to do it now."""
        self._tell(Step(self._name, verb, kind, name, why))
        return verb not in ("keep", "conflict") and not self._wishes.dry_run

    def _enter(self, customer: Customer) -> bool:
        """Into the organisation, made where it is missing. False where it would first have to be made."""
        if not self._grafana.administrator:
            self._name = str(self._grafana.call("GET", "/org").get("name", ""))
            if self._name != customer.name:
                raise GrafanaError(f"the token is of organisation {self._name!r}, not {customer.name!r}")
            self._step("keep", "organisation", self._name)
            return True
        found = self._grafana.find(f"/orgs/name/{escaped(customer.name)}")
        if found is not None:
            self._step("keep", "organisation", customer.name)
            self._grafana.enter(found["id"])
        elif self._step("create", "organisation", customer.name):
            self._grafana.enter(self._grafana.call("POST", "/orgs", {"name": customer.name})["orgId"])
        else:
            return False
        return True

    def _sources(self, customer: Customer, known: bool) -> None:
        for source in wanted.sources(customer):
            path = f"/datasources/uid/{source['uid']}"
            found = self._grafana.find(path) if known else None
            if found is None:
                if self._step("create", "data source", source["name"]):
                    self._grafana.call("POST", "/datasources", source)
                continue
            open_part = {key: value for key, value in source.items() if key != "secureJsonData"}
            told = set(source["secureJsonData"]) <= {
                key for key, there in found.get("secureJsonFields", {}).items() if there
            }
            if contains(found, open_part) and told and not self._wishes.renew_secrets:
                self._step("keep", "data source", source["name"])
            elif self._step("update", "data source", source["name"]):
                self._grafana.call("PUT", path, {**source, "version": found.get("version", 0)})

    def _folder(self, known: bool) -> None:
        found = self._grafana.find(f"/folders/{FOLDER['uid']}") if known else None
        if found is not None:
            self._step("keep", "folder", FOLDER["title"])
        elif self._step("create", "folder", FOLDER["title"]):
            self._grafana.call("POST", "/folders", FOLDER)

    def _teams(self, customer: Customer, known: bool) -> None:
        numbers: list[int] = []
        for name in customer.teams:
            found = self._team(name) if known else None
            if found is not None:
                self._step("keep", "team", name)
                numbers.append(found)
            elif self._step("create", "team", name):
                numbers.append(self._grafana.call("POST", "/teams", {"name": name})["teamId"])
        self._permissions(wanted.permissions(numbers), known)

    def _team(self, name: str) -> int | None:
        found = self._grafana.call("GET", f"/teams/search?{urlencode({'name': name})}")
        return next((team["id"] for team in found.get("teams", []) if team["name"] == name), None)

    def _permissions(self, items: list[Json], known: bool) -> None:
        """The folder's own; nothing else is looked at, so others' additions are undone: the list is ours."""
        path = f"/folders/{FOLDER['uid']}/permissions"
        there = self._grafana.find(path) if known else None
        found = [_grant(one) for one in there or [] if not one.get("inherited") and one.get("role") != "Admin"]
        if there is not None and sorted(map(str, found)) == sorted(str(_grant(one)) for one in items):
            self._step("keep", "permissions", FOLDER["title"])
        elif self._step("update", "permissions", FOLDER["title"]):
            self._grafana.call("POST", path, {"items": items})

    def _dashboards(self, customer: Customer, known: bool) -> None:
        ours = wanted.dashboards(customer)
        for dashboard in ours:
            self._dashboard(dashboard, known)
        if self._wishes.prune and known:
            self._prune({dashboard["uid"] for dashboard in ours})

    def _dashboard(self, dashboard: Json, known: bool) -> None:
        title = dashboard["title"]
        found = self._grafana.find(f"/dashboards/uid/{dashboard['uid']}") if known else None
        if found is None:
            if self._step("create", "dashboard", title):
                self._save(dashboard, 0)
            return
        here = found.get("meta", {}).get("folderUid", "") == FOLDER["uid"]
        if contains(found["dashboard"], dashboard) and here:
            self._step("keep", "dashboard", title)
            return
        edited = self._edited(dashboard["uid"])
        if edited and not self._wishes.overwrite:
            self._step("conflict", "dashboard", title, f"edited in Grafana ({edited}): --overwrite replaces it")
        elif self._step("update", "dashboard", title):
            self._save(dashboard, int(found["dashboard"].get("version", 0)))

    def _edited(self, uid: str) -> str:
        """Who made the newest version, where it was not this program."""
        found = self._grafana.call("GET", f"/dashboards/uid/{uid}/versions?limit=1")
        versions = found.get("versions", []) if isinstance(found, dict) else found  # 11 wraps what 10 lists
        newest = versions[0] if versions else {}
        if str(newest.get("message", "")).startswith(f"{TAG} "):
            return ""
        return f"by {newest.get('createdBy') or 'somebody'}, {newest.get('created') or 'at an unknown time'}"

    def _save(self, dashboard: Json, version: int) -> None:
        body: dict[str, Any] = {
            "dashboard": {**dashboard, "id": None, "version": version},
            "folderUid": FOLDER["uid"],
            "message": wanted.message(dashboard),
            "overwrite": self._wishes.overwrite,
        }
        self._grafana.call("POST", "/dashboards/db", body)

    def _prune(self, ours: set[str]) -> None:
        asked = urlencode({"type": "dash-db", "tag": TAG, "folderUIDs": FOLDER["uid"], "limit": 5000})
        for found in self._grafana.call("GET", f"/search?{asked}"):
            uid = str(found.get("uid", ""))
            mine = TAG in found.get("tags", []) and found.get("folderUid") == FOLDER["uid"] and uid.startswith(PREFIX)
            if mine and uid not in ours and self._step("remove", "dashboard", str(found.get("title", uid))):
                self._grafana.call("DELETE", f"/dashboards/uid/{escaped(uid)}")


def _grant(item: Json) -> tuple[str, int, int]:
    return str(item.get("role") or ""), int(item.get("teamId") or 0), int(item.get("permission") or 0)
