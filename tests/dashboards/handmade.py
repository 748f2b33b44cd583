"""A small dashboard in Grafana's JSON, made by hand: what player and drawing are tested with."""

from typing import Any

JSON = dict[str, Any]

RAW = {"type": "influxdb", "uid": "${raw}"}


def select(what: str, of: str, group: str) -> str:
    """A query of the chosen site over the chosen time."""
    return f'SELECT {what} FROM "{of}" WHERE $timeFilter AND "site" = \'$site\' GROUP BY {group}'  # noqa: S608 - a test's


def variable(name: str, query: str, **more: Any) -> JSON:
    """One that asks InfluxDB."""
    return {"name": name, "type": "query", "datasource": RAW, "query": query, "refresh": 1, "sort": 1, **more}


def panel(number: int, kind: str, query: str, form: str = "time_series", **more: Any) -> JSON:
    """A third of the width."""
    target = {"refId": "A", "datasource": RAW, "query": query, "rawQuery": True, "resultFormat": form}
    place = {"x": (number - 1) % 3 * 8, "y": (number - 1) // 3 * 6, "w": 8, "h": 6}
    target["alias"] = more.pop("alias", "")
    options, defaults, overrides = (more.pop(key, {}) for key in ("options", "defaults", "overrides"))
    return {
        "id": number,
        "type": kind,
        "title": more.pop("title", f"Panel {number}"),
        "gridPos": place,
        "datasource": RAW,
        "targets": [target],
        "options": options,
        "fieldConfig": {"defaults": defaults, "overrides": overrides or []},
        **more,
    }


def dashboard(*panels: JSON, **more: Any) -> JSON:
    """A week of one site, whose devices may be chosen."""
    return {
        "uid": "made",
        "title": "By hand",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {
            "list": [
                {"name": "raw", "type": "datasource", "query": "influxdb", "regex": "/^Watchkeeper$/"},
                variable("site", 'SHOW TAG VALUES FROM "agent" WITH KEY = "site"'),
                variable(
                    "device",
                    'SHOW TAG VALUES FROM "camera" WITH KEY = "device" WHERE "site" =~ /^$site$/',
                    multi=True,
                    includeAll=True,
                    allValue=".*",
                ),
            ]
        },
        "panels": list(panels),
        **more,
    }
