"""A database in which much has happened: two sites, faults of every kind, a hostile name. `NOW` is its present."""

from collections.abc import Mapping
from math import sin
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, select

from hub.series.store import Point, SeriesStore
from hub.store import schema

NOW = 1_780_000_000_000  # 2026-05-28 20:26:40 UTC
MINUTE = 60_000
HOUR = 60 * MINUTE
HOSTILE = """<script>alert("x")</script>'{{7*7}}"""


def fill(engine: Engine, series: SeriesStore) -> None:
    """Everything below, into tables that are there and empty."""
    with engine.begin() as connection:
        _agents(connection)
        _devices(connection)
        _tickets(connection)
        _covers(connection)
        _events(connection)
        _odds(connection)
    series.write(_points())


def _agents(connection: Connection) -> None:
    def row(site: str, agent: str, heard: int, judged: int, **more: Any) -> dict[str, Any]:
        base = {"first_heard": NOW - 90 * 24 * HOUR, "version": "0.1.0", "state": "online", "offset_ms": None}
        return {"site": site, "agent": agent, "last_heard": heard, "evaluated_until": judged} | base | more

    rows = [
        row("depot", "gate-1", NOW - 4_000, NOW - 9_000, offset_ms=38, offset_source="ntp.depot.example"),
        row("depot", "attic", NOW - 47 * MINUTE, NOW - 47 * MINUTE, state="offline"),
        row("harbour", "quay-1", NOW - 2_000, 0, offset_ms=None, offset_source="none"),
    ]
    for values in rows:
        connection.execute(insert(schema.agent).values(**values))


def _device(site: str, agent: str, device: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"parent": None, "room": None, "facts": {}, "retired": None}
    return {"site": site, "agent": agent, "device": device, "kind": kind, "name": name} | base | more


def _devices(connection: Connection) -> None:
    facts = {
        "manufacturer": "Example Optics",
        "model": "EO-2043",
        "firmware": "5.7.3 build 220315",
        "address": "10.8.0.21",
    }
    rows = [
        _device("depot", "gate-1", "gate-1", "agent", "Gate agent", room="control"),
        _device("depot", "gate-1", "gateway", "host", "Gateway", room="control"),
        _device("depot", "gate-1", "system", "volume", "System volume", parent="gateway", room="control"),
        _device("depot", "gate-1", "archive", "volume", "Recordings", parent="gateway", room="control"),
        _device("depot", "gate-1", "nvr-1", "recorder", "Recorder hall", room="control"),
        _device("depot", "gate-1", "cam-1", "camera", "North gate", room="yard", facts=facts),
        _device("depot", "gate-1", "cam-2", "camera", "South gate", room="yard"),
        _device("depot", "gate-1", "cam-3", "camera", HOSTILE, room="yard"),
        _device("depot", "gate-1", "cam-4", "camera", "Fuel store", room="yard"),
        _device("depot", "gate-1", "door-1", "door", "Control room door", room="control"),
        _device("depot", "gate-1", "old", "camera", "Taken down", room="yard", retired=NOW - HOUR),
        _device("depot", "attic", "attic", "agent", "Attic agent"),
        _device("depot", "attic", "attic-host", "host", "Attic gateway"),
        _device("harbour", "quay-1", "quay-1", "agent", "Quay agent"),
        _device("harbour", "quay-1", "quay-cam", "camera", "Quay", room="quay"),
    ]
    rows += [
        _device("depot", "gate-1", f"ch-{n}", "channel", f"Hall {n}", parent="nvr-1", room="hall") for n in range(1, 5)
    ]
    connection.execute(insert(schema.device), rows)


def _insert(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def finding(connection: Connection, device: str, rule: str, since: int, detail: Mapping[str, Any], **more: Any) -> int:
    """A finding row; its id."""
    base = {"site": "depot", "state": "open", "severity": "critical", "opened": since + 5 * MINUTE}
    values = {"device": device, "rule": rule, "since": since, "detail": dict(detail)} | base | more
    return _insert(connection, schema.finding, values)


def open_ticket(connection: Connection, found: int, *, resolved: int | None = None) -> int:
    """The ticket of a finding, with the first lines of its timeline; its id."""
    row = connection.execute(select(schema.finding).where(schema.finding.c.id == found)).one()
    values = {"site": row.site, "device": row.device, "finding": found, "opened": row.opened, "resolved": resolved}
    state = "resolved" if resolved else "open"
    ticket = _insert(connection, schema.ticket, values | {"state": state})
    note(connection, ticket, row.opened, "opened", {"since": row.since, **row.detail})
    if resolved:
        note(connection, ticket, resolved - 2 * MINUTE, "clearing", {})
        note(connection, ticket, resolved, "resolved", {})
    return ticket


def note(connection: Connection, ticket: int, at: int, what: str, data: Mapping[str, Any]) -> None:
    """A line of a ticket's timeline."""
    connection.execute(insert(schema.timeline).values(ticket=ticket, at=at, what=what, data=dict(data)))


def _tickets(connection: Connection) -> None:
    for days in (20, 9, 3):
        since = NOW - days * 24 * HOUR
        closed = since + 40 * MINUTE
        gone = finding(
            connection, "cam-1", "camera_unreachable", since, {"reachable": 0}, state="closed", closed=closed
        )
        open_ticket(connection, gone, resolved=closed)
    camera = finding(connection, "cam-1", "camera_unreachable", NOW - 12 * MINUTE, {"reachable": 0})
    open_ticket(connection, camera)
    volume = {"fill_ratio": 0.934}
    filling = finding(connection, "system", "volume_filling", NOW - 95 * MINUTE, volume, severity="warning")
    open_ticket(connection, filling)
    silent = finding(connection, "attic", "agent_silent", NOW - 47 * MINUTE, {"silent_seconds": 2_640.0})
    open_ticket(connection, silent)
    recorder = finding(connection, "nvr-1", "recorder_unreachable", NOW - 26 * HOUR, {"reachable": 0})
    ticket = open_ticket(connection, recorder)
    for channel in ("ch-1", "ch-2"):
        finding(connection, channel, "channel_offline", NOW - 26 * HOUR, {"online": 0}, cause=recorder)
        data = {"device": channel, "rule": "channel_offline"}
        note(connection, ticket, NOW - 26 * HOUR + 6 * MINUTE, "consequence", data)
    clock = {"offset_seconds": -42.4}
    drift = finding(
        connection, "cam-2", "clock_drift", NOW - 4 * HOUR, clock, severity="warning", clearing=NOW - MINUTE
    )
    open_ticket(connection, drift)
    finding(connection, "door-1", "door_held_open", NOW - 20_000, {"door_open": 1}, state="pending", severity="warning")
    odd = finding(connection, "cam-3", "rule_of_yesteryear", NOW - HOUR, {"x": HOSTILE}, severity="info")
    open_ticket(connection, odd)


def _covers(connection: Connection) -> None:
    """The gate camera's pole is moved tonight, the hall's recorder restarts every Sunday; a silenced lens."""
    about = {"site": "depot", "rule": "", "recurrence": "", "zone": "UTC", "author": "Li Na", "added": NOW - HOUR}
    now = {"start": NOW - HOUR, "end": NOW + 2 * HOUR, "until": NOW + 2 * HOUR}
    mast = about | now | {"kind": "maintenance", "device": "cam-1", "reason": "mast is moved"}
    _insert(connection, schema.cover, mast)
    known = _insert(
        connection, schema.cover, mast | {"kind": "silence", "device": "cam-3", "reason": "lens is ordered"}
    )
    later = {"start": NOW + 5 * HOUR, "end": NOW + 6 * HOUR, "until": None, "recurrence": "FREQ=WEEKLY"}
    _insert(connection, schema.cover, mast | later | {"device": "nvr-1", "reason": "weekly restart"})
    finding(connection, "cam-3", "clock_drift", NOW - 30 * MINUTE, {"offset_seconds": 12.5}, cover=known)


def _events(connection: Connection) -> None:
    kinds = [
        ("door.opened", {}),
        ("door.access_granted", {"card": "0041"}),
        ("door.closed", {}),
        ("vendor.odd", {"a": HOSTILE}),
    ]
    rows = [
        {
            "site": "depot", "agent": "gate-1", "report_id": "abcdef:1", "position": n, "device": "door-1",
            "at": NOW - n * 7 * MINUTE - 20_000, "received": NOW, "type": kinds[n % 4][0], "data": kinds[n % 4][1],
        }
        for n in range(12)
    ]  # fmt: skip
    connection.execute(insert(schema.event), rows)


def _odds(connection: Connection) -> None:
    connection.execute(
        insert(schema.blindness).values(start=NOW - 30 * 24 * HOUR, end=NOW - 29 * 24 * HOUR, reason="hub")
    )
    connection.execute(
        insert(schema.blindness).values(start=NOW - 5 * HOUR, end=NOW - 5 * HOUR + 90_000, reason="broker")
    )
    row = {"site": "depot", "agent": "gate-1", "reason": "unknown_metric", "count": 17, "last": NOW - HOUR}
    connection.execute(insert(schema.rejected).values(**row, example="lens_temperature"))


def _points() -> list[Point]:
    def point(kind: str, device: str, at: int, **values: float) -> Point:
        return Point(kind, "depot", "gate-1", device, at, values)

    points: list[Point] = []
    for back in range(30 * 60, 0, -1):
        at, wave = NOW - back * MINUTE, sin(back / 40)
        fill_ratio = 0.934 if back < 95 else 0.934 - (back - 95) / 9000
        points.append(point("volume", "system", at, fill_ratio=fill_ratio, free_bytes=(1 - fill_ratio) * 64e9))
        points.append(point("agent", "gate-1", at, up=1.0, process_rss_bytes=33e6 + 1e6 * wave))
        down = back <= 12
        slow = {} if down else {"response_seconds": 0.11 + 0.03 * wave, "clock_offset_seconds": 0.2 + 0.05 * wave}
        if not 180 < back < 240:  # a gap that must stay one
            points.append(point("camera", "cam-1", at, reachable=0.0 if down else 1.0, **slow))
        drift = -42.4 if back < 240 else -0.2
        points.append(point("camera", "cam-2", at, reachable=1.0, clock_offset_seconds=drift))
        points.append(point("camera", "cam-3", at, reachable=1.0))
        if back % 2:
            points.append(point("recorder", "nvr-1", at, reachable=0.0 if back < 26 * 60 else 1.0))
            points.append(point("host", "gateway", at, cpu_ratio=0.3 + 0.2 * wave, memory_used_ratio=0.52))
            points.append(point("volume", "archive", at, fill_ratio=0.99))
            points.append(point("door", "door-1", at, door_open=float(back % 49 < 3 or back == 1), door_reachable=1.0))
    return points


def crowd(connection: Connection, tickets: int) -> None:
    """Many resolved tickets of one device, for paging."""
    for n in range(tickets):
        at = NOW - (tickets - n) * HOUR
        closed = at + 10 * MINUTE
        found = finding(connection, "cam-4", "camera_unreachable", at, {"reachable": 0}, state="closed", closed=closed)
        open_ticket(connection, found, resolved=closed)
