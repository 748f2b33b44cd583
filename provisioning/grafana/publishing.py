"""Brings a Grafana to what is wanted, step by step; each step may be repeated, and a second run finds nothing to do.

Only what is ours is ever removed: dashboards with our tag, with our prefix, in our folder. A dashboard that somebody
edited in Grafana is told and left, unless `overwrite`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

from provisioning.grafana import wanted
from provisioning.grafana.client import Grafana, GrafanaError, escaped, number, printable
from provisioning.grafana.customer import Customer
from provisioning.grafana.wanted import FOLDER, PREFIX, TAG, Json

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
        version = str(self._grafana.call("GET", "/health", shape=dict).get("version") or "")
        if not version:  # hidden from those who did not log in
            build = self._grafana.call("GET", "/frontend/settings", shape=dict).get("buildInfo")
            version = str(build.get("version") or "") if isinstance(build, dict) else ""
        major = version.split(".", 1)[0]
        if not (major.isascii() and major.isdigit() and int(major[:9]) in VERSIONS):
            known = f"versions {VERSIONS[0]} to {VERSIONS[-1]} are known to this"
            raise GrafanaError(f"is version {printable(version) or 'unknown'}; {known}")
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
            name = printable(self._grafana.call("GET", "/org", shape=dict).get("name"))
            if name != customer.name:
                raise GrafanaError(f"the token is of organisation {name!r}, not {customer.name!r}")
            self._step("keep", "organisation", self._name)
            return True
        path = f"/orgs/name/{escaped(customer.name)}"
        found = self._grafana.find(path)
        if found is not None:
            self._grafana.enter(number(found, "id", f"GET /api{path}"), customer.name)
            self._step("keep", "organisation", customer.name)
        elif self._step("create", "organisation", customer.name):
            made = self._grafana.call("POST", "/orgs", {"name": customer.name}, shape=dict)
            self._grafana.enter(number(made, "orgId", "POST /api/orgs"), customer.name)
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
            if wanted.same_source(found, source) and not self._wishes.renew_secrets:
                self._step("keep", "data source", source["name"])
            elif found.get("readOnly"):
                self._step("conflict", "data source", source["name"], "comes from a file of Grafana's: change it there")
            elif self._step("update", "data source", source["name"]):
                kept = {key: found[key] for key in ("version", "isDefault") if key in found}
                self._grafana.call("PUT", path, {**source, **kept})

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
                made = self._grafana.call("POST", "/teams", {"name": name}, shape=dict)
                numbers.append(number(made, "teamId", "POST /api/teams"))
        self._permissions(wanted.permissions(numbers), known)

    def _team(self, name: str) -> int | None:
        path = f"/teams/search?{urlencode({'name': name})}"
        found = _dicts(self._grafana.call("GET", path, shape=dict).get("teams"))
        return next((number(team, "id", f"GET /api{path}") for team in found if team.get("name") == name), None)

    def _permissions(self, items: list[Json], known: bool) -> None:
        """The folder's own; nothing else is looked at, so others' additions are undone: the list is ours."""
        path = f"/folders/{FOLDER['uid']}/permissions"
        there = self._grafana.find(path, list) if known else None
        found = [_grant(one) for one in _dicts(there) if not one.get("inherited") and one.get("role") != "Admin"]
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
        there, meta = found.get("dashboard"), found.get("meta")
        if not isinstance(there, dict) or not isinstance(meta, dict):
            raise GrafanaError(f"tells nothing of dashboard {dashboard['uid']}: is this a Grafana?")
        here = meta.get("folderUid") == FOLDER["uid"]
        if here and wanted.same_dashboard(there, dashboard):
            self._step("keep", "dashboard", title)
            return
        newest = self._newest(dashboard["uid"])
        message = str(newest.get("message") or "")
        if here and message == wanted.message(dashboard):  # Grafana writes some things otherwise than it got them
            self._step("keep", "dashboard", title)
        elif not message.startswith(f"{TAG} ") and not self._wishes.overwrite:
            who, when = newest.get("createdBy") or "somebody", newest.get("created") or "an unknown time"
            why = f"edited in Grafana (by {printable(who)}, {printable(when)}): --overwrite replaces it"
            self._step("conflict", "dashboard", title, why)
        elif self._step("update", "dashboard", title):
            self._save(dashboard, number(there, "version", f"GET /api/dashboards/uid/{dashboard['uid']}"))

    def _newest(self, uid: str) -> Json:
        """The newest version's record; 11 wraps the list that 10 gives."""
        found = self._grafana.call("GET", f"/dashboards/uid/{uid}/versions?limit=1", shape=(dict, list))
        return next(iter(_dicts(found.get("versions") if isinstance(found, dict) else found)), {})

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
        for found in _dicts(self._grafana.call("GET", f"/search?{asked}", shape=list)):
            uid = str(found.get("uid", ""))
            mine = (
                TAG in (found.get("tags") or []) and found.get("folderUid") == FOLDER["uid"] and uid.startswith(PREFIX)
            )
            if mine and uid not in ours and self._step("remove", "dashboard", printable(found.get("title") or uid)):
                self._grafana.call("DELETE", f"/dashboards/uid/{escaped(uid)}")


def _dicts(found: object) -> list[Json]:
    """The objects of a list, and none of what is no list."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _grant(item: Json) -> tuple[str, int, int]:
    return str(item.get("role") or ""), int(item.get("teamId") or 0), int(item.get("permission") or 0)
