"""What a customer's organisation is to hold, as Grafana's HTTP API takes it."""

import hashlib
import json
from importlib.resources import files
from typing import Any

from provisioning.grafana.customer import Customer, Influx, secret

Json = dict[str, Any]

TAG = "watchkeeper"
PREFIX = "wk-"
"""Of the uids of all that is ours."""
FOLDER = {"uid": "watchkeeper", "title": "Watchkeeper"}
TIERS = {
    "raw": ("Watchkeeper", ""),
    "hourly": ("Watchkeeper hourly", "_hourly"),
    "daily": ("Watchkeeper daily", "_daily"),
}
"""Tier → (the data source's name, the ending of the database's)."""
VIEW = 1
"""Grafana's number of the permission to look."""


def sources(customer: Customer, open_only: bool = False) -> list[Json]:
    """The three data sources; with their secrets unless `open_only`. None is made the organisation's default, which may
    be another's. Raises CustomerError."""
    influx = customer.influx
    settings: Json = {"version": "InfluxQL", "httpMode": "POST", "tlsSkipVerify": False}
    if influx.token_file is not None:  # 2 and 3 take InfluxQL with a token in a header
        settings["httpHeaderName1"] = "Authorization"
    settings["tlsAuthWithCACert"] = influx.ca_file is not None
    secrets = {} if open_only else {"secureJsonData": _secrets(influx)}
    return [
        {
            "uid": f"{PREFIX}{tier}",
            "name": name,
            "type": "influxdb",
            "access": "proxy",
            "url": influx.url,
            "user": influx.username,
            "database": influx.database + ending,
            "jsonData": {**settings, "dbName": influx.database + ending},
            **secrets,
        }
        for tier, (name, ending) in TIERS.items()
    ]


def _secrets(influx: Influx) -> Json:
    found: Json = {}
    if influx.token_file is not None:
        found["httpHeaderValue1"] = f"Token {secret(influx.token_file)}"
    if influx.password_file is not None:
        found["password"] = secret(influx.password_file)
    if influx.ca_file is not None:
        found["tlsCACert"] = secret(influx.ca_file, lines=True)
    return found


def dashboards(customer: Customer) -> list[Json]:
    """The committed dashboards in the customer's language and time zone, their links leading to the customer's console.
    Months and days of rates begin in the hub's zone: west of it a browser's own would call them those before."""
    folder = files("dashboards") / "json" / customer.language
    named = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda one: one.name)
    return [_fitted(json.loads(file.read_text(encoding="utf-8")), customer) for file in named]


def _fitted(dashboard: Json, customer: Customer) -> Json:
    """The same dashboard, changed."""
    dashboard["timezone"] = customer.time_zone
    console = customer.console
    for variable in dashboard.get("templating", {}).get("list", []):
        if variable.get("name") == "console":
            chosen = {"text": console, "value": console, "selected": True}
            variable |= {"query": console, "current": chosen, "options": [chosen]}
    return dashboard


def permissions(teams: list[int]) -> list[Json]:
    """Who may look into the folder. Nobody but an administrator of the organisation edits what is published."""
    roles: list[Json] = [{"role": role, "permission": VIEW} for role in ("Viewer", "Editor")]
    return [*roles, *({"teamId": team, "permission": VIEW} for team in teams)]


def message(dashboard: Json) -> str:
    """What a published version is called, and told from one that people made."""
    text = json.dumps({**dashboard, "id": None, "version": None}, sort_keys=True)
    return f"{TAG} {hashlib.sha256(text.encode()).hexdigest()[:12]}"


def same_source(theirs: Json, ours: Json) -> bool:
    """Whether Grafana's data source is ours, and has the secrets that it needs: which they are it never tells."""
    told = {key for key, there in (theirs.get("secureJsonFields") or {}).items() if there}
    header = "httpHeaderName1" in (theirs.get("jsonData") or {})
    return (
        contains(theirs, {key: value for key, value in ours.items() if key != "secureJsonData"})
        and set(ours["secureJsonData"]) <= told
        and header == ("httpHeaderName1" in ours["jsonData"])
    )


def same_dashboard(theirs: Json, ours: Json) -> bool:
    """The very same but for Grafana's own numbers: what is in it besides may be an older version's, or somebody's."""
    return {**theirs, "id": None, "version": None} == {**ours, "id": None, "version": None}


def contains(theirs: object, ours: object) -> bool:
    """Whether what Grafana has is what we want, whatever it added."""
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(contains(theirs.get(key), value) for key, value in ours.items())
    if isinstance(ours, list):
        return (
            isinstance(theirs, list)
            and len(theirs) == len(ours)
            and all(contains(one, other) for one, other in zip(theirs, ours, strict=True))
        )
    return theirs == ours
