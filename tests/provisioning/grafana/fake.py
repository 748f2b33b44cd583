"""A strict stand-in for Grafana's HTTP API, made from its public documentation of versions 10 to 12.

It keeps organisations, data sources, folders, teams, permissions and dashboards with their versions. What it does not
know (a path, a method, a field) it answers as Grafana would and notes in `complaints`. No real Grafana ran beside it.
"""

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
MAX_UID = 40
SOURCE_FIELDS = frozenset(
    {"uid", "name", "type", "access", "url", "user", "database", "isDefault", "jsonData", "secureJsonData", "version"}
)


class RefusalError(Exception):
    """Answer with this status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Organisation:
    """What one holds."""

    def __init__(self, number: int, name: str) -> None:
        self.number, self.name = number, name
        self.members = {"admin"}
        """Users who may enter it: who made it, and who was added. A server administrator is none by that alone."""
        self.sources: dict[str, Json] = {}
        self.folders: dict[str, Json] = {}
        self.permissions: dict[str, list[Json]] = {}
        self.teams: dict[str, int] = {}
        self.dashboards: dict[str, Json] = {}
        """uid → {dashboard, folderUid, versions: [{version, message, createdBy}]}"""

    def save(self, dashboard: Json, folder: str, message: str, who: str) -> int:
        """A new version of a dashboard, as anybody's."""
        entry = self.dashboards.setdefault(dashboard["uid"], {"versions": []})
        version = len(entry["versions"]) + 1
        entry["dashboard"] = {**dashboard, "id": 100 + len(self.dashboards), "version": version}
        entry["folderUid"] = folder
        made = {"version": version, "message": message, "createdBy": who, "created": "2027-01-05T10:00:00Z"}
        entry["versions"].insert(0, made)
        return version


class Grafana:
    """One server. `fail_at`: the number of the writing request that is answered with 500."""

    def __init__(self, version: str = "11.6.0") -> None:
        self.version = version
        self.organisations = {1: Organisation(1, "Main Org.")}
        self.complaints: list[str] = []
        self.writes: list[str] = []
        self.fail_at = 0
        self.answer: Callable[[str, str], tuple[int, str, str] | None] = lambda method, path: None
        """(method, path) → (status, content type or Location, body) to answer instead."""
        self.password = "correct-horse"
        self.shows_version = True
        """To those who did not log in."""
        self.heeds_organisation = True
        """Whether X-Grafana-Org-Id gets here: a proxy may remove it."""
        self.tokens = {"glsa_depots": 1}
        handler = type("Bound", (Handler,), {"grafana": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is, behind a prefix as reverse proxies do it."""
        return f"http://127.0.0.1:{self._server.server_port}/grafana"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def named(self, name: str) -> Organisation:
        """The organisation of that name."""
        return next(one for one in self.organisations.values() if one.name == name)

    def state(self) -> Json:
        """All it holds, without what counts how it came about."""
        return {
            one.name: {
                "sources": {uid: {**source, "version": 0} for uid, source in one.sources.items()},
                "folders": one.folders,
                "permissions": one.permissions,
                "teams": sorted(one.teams),
                "dashboards": {
                    uid: {**entry["dashboard"], "version": 0, "id": 0, "folder": entry["folderUid"]}
                    for uid, entry in one.dashboards.items()
                },
            }
            for one in self.organisations.values()
        }


class Asked(NamedTuple):
    """A request: where it is about, as whom."""

    grafana: Grafana
    organisation: Organisation
    administrator: bool
    parts: tuple[str, ...]
    query: dict[str, list[str]]
    body: Any

    def only(self, *names: str, wanted: tuple[str, ...] = ()) -> Json:
        """The body, where it has no other fields."""
        if not isinstance(self.body, dict):
            raise RefusalError(400, "bad request data")
        for name in self.body:
            if name not in names:
                self.grafana.complaints.append(f"unknown field {name!r}")
        for name in wanted:
            if self.body.get(name) in (None, ""):
                raise RefusalError(400, f"{name} is required")
        return self.body


def health(asked: Asked) -> Json:
    return {"database": "ok"} | ({"version": asked.grafana.version} if asked.grafana.shows_version else {})


def settings(asked: Asked) -> Json:
    return {"appSubUrl": "/grafana", "buildInfo": {"version": asked.grafana.version, "commit": "abc"}}


def organisation_here(asked: Asked) -> Json:
    return {"id": asked.organisation.number, "name": asked.organisation.name}


def organisation_by_name(asked: Asked) -> Json:
    _server_administrator(asked)
    for one in asked.grafana.organisations.values():
        if one.name == asked.parts[0]:
            return {"id": one.number, "name": one.name}
    raise RefusalError(404, "Organization not found")


def make_organisation(asked: Asked) -> Json:
    _server_administrator(asked)
    name = asked.only("name", wanted=("name",))["name"]
    if any(one.name == name for one in asked.grafana.organisations.values()):
        raise RefusalError(409, "Organization name taken")
    number = max(asked.grafana.organisations) + 1
    asked.grafana.organisations[number] = Organisation(number, name)
    return {"orgId": number, "message": "Organization created"}


def _server_administrator(asked: Asked) -> None:
    if not asked.administrator:
        raise RefusalError(403, "You'll need additional permissions to perform this action.")


def _told(source: Json) -> Json:
    """A data source without its secrets."""
    secrets = dict.fromkeys(source.get("secureJsonData", {}), True)
    return {
        **{k: v for k, v in source.items() if k != "secureJsonData"},
        "secureJsonFields": secrets,
        "readOnly": bool(source.get("readOnly")),
    }


def source(asked: Asked) -> Json:
    if asked.parts[0] not in asked.organisation.sources:
        raise RefusalError(404, "Data source not found")
    return _told(asked.organisation.sources[asked.parts[0]])


def make_source(asked: Asked) -> Json:
    body = asked.only(*SOURCE_FIELDS, wanted=("name", "type", "access", "uid"))
    there = asked.organisation.sources
    if body["uid"] in there or any(one["name"] == body["name"] for one in there.values()):
        raise RefusalError(409, "data source with the same name already exists")
    there[body["uid"]] = {"isDefault": False, **body, "id": len(there) + 1, "version": 1}
    _one_default(asked, body)
    return {"datasource": _told(there[body["uid"]]), "message": "Datasource added"}


def _one_default(asked: Asked, body: Json) -> None:
    """There is one: who makes theirs the default takes it from the other."""
    for uid, one in asked.organisation.sources.items():
        one["isDefault"] = uid == body["uid"] if body.get("isDefault") else one["isDefault"] and uid != body["uid"]


def change_source(asked: Asked) -> Json:
    body = asked.only(*SOURCE_FIELDS, wanted=("name", "type", "access"))
    found = asked.organisation.sources.get(asked.parts[0])
    if found is None:
        raise RefusalError(404, "Data source not found")
    if body.get("version") not in (None, found["version"]):
        raise RefusalError(409, "Datasource has already been updated by someone else")
    if found.get("readOnly"):
        raise RefusalError(403, "Cannot update read-only data source")
    secrets = {**found.get("secureJsonData", {}), **body.get("secureJsonData", {})}  # those that are not said stay
    made = {"isDefault": False, "jsonData": {}, **body, "secureJsonData": secrets}
    asked.organisation.sources[asked.parts[0]] = {"id": found["id"], **made, "version": found["version"] + 1}
    _one_default(asked, made)
    return {"message": "Datasource updated"}


def folder(asked: Asked) -> Json:
    if asked.parts[0] not in asked.organisation.folders:
        raise RefusalError(404, "folder not found")
    return asked.organisation.folders[asked.parts[0]]


def make_folder(asked: Asked) -> Json:
    body = asked.only("uid", "title", wanted=("title",))
    if body["uid"] in asked.organisation.folders:
        raise RefusalError(409, "a folder with the same uid already exists")
    asked.organisation.folders[body["uid"]] = {"id": 1, "uid": body["uid"], "title": body["title"], "version": 1}
    defaults: list[Json] = [{"role": role, "permission": n} for role, n in (("Viewer", 1), ("Editor", 2))]
    asked.organisation.permissions[body["uid"]] = [{"userId": 1, "permission": 4}, *defaults]  # who made it may do all
    return asked.organisation.folders[body["uid"]]


def permissions(asked: Asked) -> list[Json]:
    folder(asked)
    said = asked.organisation.permissions[asked.parts[0]]
    return [{"role": "", "teamId": 0, "userId": 0, "permissionName": "View", "inherited": False, **one} for one in said]


def set_permissions(asked: Asked) -> Json:
    folder(asked)
    items = asked.only("items", wanted=("items",))["items"]
    for item in items:
        if not set(item) <= {"role", "teamId", "userId", "permission"} or item.get("permission") not in (1, 2, 4):
            raise RefusalError(400, "bad permission")
        if len({"role", "teamId", "userId"} & set(item)) != 1 or item.get("role") not in (None, "Viewer", "Editor"):
            raise RefusalError(400, "one of a role, a team and a user; never administrators")
        if "teamId" in item and item["teamId"] not in asked.organisation.teams.values():
            raise RefusalError(400, "there is no such team")
    if len({json.dumps(item, sort_keys=True) for item in items}) < len(items):
        raise RefusalError(400, "permission twice")
    asked.organisation.permissions[asked.parts[0]] = items
    return {"message": "Folder permissions updated"}


def teams(asked: Asked) -> Json:
    name = asked.query.get("name", [""])[0]
    found = [{"id": number, "name": team} for team, number in asked.organisation.teams.items() if team == name]
    return {"totalCount": len(found), "teams": found, "page": 1, "perPage": 1000}


def make_team(asked: Asked) -> Json:
    name = asked.only("name", wanted=("name",))["name"]
    if name in asked.organisation.teams:
        raise RefusalError(409, "Team name taken")
    asked.organisation.teams[name] = len(asked.organisation.teams) + 7
    return {"message": "Team created", "teamId": asked.organisation.teams[name]}


def dashboard(asked: Asked) -> Json:
    entry = asked.organisation.dashboards.get(asked.parts[0])
    if entry is None:
        raise RefusalError(404, "Dashboard not found")
    meta = {"folderUid": entry["folderUid"], "version": entry["dashboard"]["version"], "type": "db"}
    return {"dashboard": entry["dashboard"], "meta": meta}


def versions(asked: Asked) -> object:
    dashboard(asked)
    found = asked.organisation.dashboards[asked.parts[0]]["versions"][: int(asked.query.get("limit", ["1000"])[0])]
    return found if asked.grafana.version.startswith("10.") else {"continueToken": "", "versions": found}


def save_dashboard(asked: Asked) -> Json:
    body = asked.only("dashboard", "folderUid", "message", "overwrite", wanted=("dashboard",))
    made = body["dashboard"]
    if not made.get("title") or len(made.get("uid") or "") > MAX_UID:
        raise RefusalError(400, "Dashboard title cannot be empty, uid not too long")
    if body["folderUid"] not in asked.organisation.folders:
        raise RefusalError(400, "folder not found")
    there = asked.organisation.dashboards.get(made["uid"])
    if there and not body.get("overwrite") and made.get("version") != there["dashboard"]["version"]:
        raise RefusalError(412, "The dashboard has been changed by someone else")
    version = asked.organisation.save(made, body["folderUid"], body.get("message", ""), "watchkeeper")
    return {"uid": made["uid"], "status": "success", "version": version, "slug": "x", "url": f"/d/{made['uid']}"}


def remove_dashboard(asked: Asked) -> Json:
    dashboard(asked)
    del asked.organisation.dashboards[asked.parts[0]]
    return {"message": "deleted"}


def search(asked: Asked) -> list[Json]:
    if set(asked.query) - {"type", "tag", "folderUIDs", "limit", "query", "page"}:
        asked.grafana.complaints.append(f"unknown question {asked.query}")
    wanted = {name: values[0] for name, values in asked.query.items()}
    return [
        {"uid": uid, "title": entry["dashboard"]["title"], "tags": entry["dashboard"].get("tags", [])}
        | {"folderUid": entry["folderUid"], "type": "dash-db"}
        for uid, entry in asked.organisation.dashboards.items()
        if wanted["tag"] in entry["dashboard"].get("tags", []) and wanted["folderUIDs"] == entry["folderUid"]
    ]


ROUTES: list[tuple[str, str, Callable[[Asked], object]]] = [
    ("GET", r"/health", health),
    ("GET", r"/frontend/settings", settings),
    ("GET", r"/org", organisation_here),
    ("GET", r"/orgs/name/([^/]+)", organisation_by_name),
    ("POST", r"/orgs", make_organisation),
    ("GET", r"/datasources/uid/([^/]+)", source),
    ("POST", r"/datasources", make_source),
    ("PUT", r"/datasources/uid/([^/]+)", change_source),
    ("GET", r"/folders/([^/]+)", folder),
    ("POST", r"/folders", make_folder),
    ("GET", r"/folders/([^/]+)/permissions", permissions),
    ("POST", r"/folders/([^/]+)/permissions", set_permissions),
    ("GET", r"/teams/search", teams),
    ("POST", r"/teams", make_team),
    ("GET", r"/dashboards/uid/([^/]+)", dashboard),
    ("GET", r"/dashboards/uid/([^/]+)/versions", versions),
    ("POST", r"/dashboards/db", save_dashboard),
    ("DELETE", r"/dashboards/uid/([^/]+)", remove_dashboard),
    ("GET", r"/search", search),
]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    grafana: Grafana
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - http.server's own name
        """Nothing."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        asked = urlsplit(self.path)
        path = asked.path.removeprefix("/grafana/api")
        special = self.grafana.answer(self.command, path)
        if special is not None:
            self._say(*special)
            return
        try:
            answer = self._answered(path, parse_qs(asked.query), json.loads(raw) if raw and raw != b"null" else None)
            self._say(200, "application/json", json.dumps(answer))
        except RefusalError as refusal:
            self._say(refusal.status, "application/json", json.dumps({"message": str(refusal)}))

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def _answered(self, path: str, query: dict[str, list[str]], body: Any) -> object:
        for method, pattern, route in ROUTES:
            found = re.fullmatch(pattern, path)
            if not found or method != self.command:
                continue
            if method != "GET":
                self.grafana.writes.append(f"{method} {path}")
                if len(self.grafana.writes) == self.grafana.fail_at:
                    raise RefusalError(500, "database is locked")
            organisation, administrator = self._who(path)
            parts = tuple(unquote(part) for part in found.groups())
            return route(Asked(self.grafana, organisation, administrator, parts, query, body))
        self.grafana.complaints.append(f"{self.command} {path} is no part of the API")
        raise RefusalError(404, "Not found")

    def _who(self, path: str) -> tuple[Organisation, bool]:
        """The organisation that is meant, and whether a server administrator asks."""
        said = self.headers.get("Authorization") or ""
        chosen = self.headers.get("X-Grafana-Org-Id")
        basic = "Basic " + base64.b64encode(f"admin:{self.grafana.password}".encode()).decode()
        if said == basic:
            meant = self.grafana.organisations.get(int(chosen or 1)) if self.grafana.heeds_organisation else None
            if meant is None or "admin" not in meant.members:  # as if nothing had been said
                meant = self.grafana.organisations[1]
            return meant, True
        number = self.grafana.tokens.get(said.removeprefix("Bearer "))
        if number is None and path != "/health":
            raise RefusalError(401, "Invalid username or password")
        if number is not None and chosen not in (None, str(number)):
            raise RefusalError(401, "the token is of another organisation")
        return self.grafana.organisations[number or 1], False

    def _say(self, status: int, kind: str, body: str) -> None:
        data = body.encode(errors="surrogateescape")
        self.send_response(status)
        self.send_header("Location" if 300 <= status < 400 else "Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def running(version: str = "11.6.0") -> Iterator[Grafana]:
    """For fixtures. Raises AssertionError where something was asked that Grafana has not."""
    grafana = Grafana(version)
    yield grafana
    grafana.close()
    assert grafana.complaints == []
