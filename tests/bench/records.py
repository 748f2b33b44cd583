"""Thirty days of records of 1,000 agents, one a site, on a real InfluxDB: how long each panel of each dashboard that
reads them takes to answer, of all sites at once, beside the two seconds that people wait. Filling takes minutes.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC
from itertools import islice
from pathlib import Path

import httpx

from hub.records.mirror import Mirror
from hub.records.row import Row, to_line
from hub.records.speech import Texts
from hub.records.stores import Databases
from hub.records.work import Work
from hub.rule import discover
from hub.scoped import Scoped
from hub.series.config import TIERS, SeriesSettings, of_tier, open_series
from hub.series.influx import InfluxSeries
from hub.store import schema
from hub.store.database import connect, migrate
from tests.bench.measure import Figure, cost
from tests.dashboards.player.play import Panel, Played, Player
from tests.dashboards.player.source import Source
from tests.servers.influxdb import InfluxDB
from wire.records import (
    BY_NAME,
    DEVICE_INFO,
    EVENT,
    FLEET_STATE,
    RATES,
    REPAIR,
    SITE_RATE,
    SITE_STATE,
    TICKET,
    TICKET_EVENT,
)

AGENTS = 1000
DAYS = 30
DEVICES = 12
"""Of each site."""
TICKETS = 10
"""Of each site, in the thirty days; the last of every tenth site is open."""
EVENTS = 20
"""Of each site and day: at doors."""
SLOT_MS = 300_000
DAY_MS = 86_400_000
END = 1_800_000_000_000 // DAY_MS * DAY_MS
START = END - DAYS * DAY_MS
LIMIT_SECONDS = 2.0
LINES_AT_ONCE = 20_000
REST = f"agents_silent=0,devices={DEVICES},devices_fault=1,devices_down=1,devices_unknown=0"
BOARDS = Path("dashboards/json/en")


def figures() -> Iterator[Figure]:
    """Seconds of each panel, the best of three."""
    with tempfile.TemporaryDirectory() as folder, InfluxDB(Path(folder)) as server, httpx.Client(timeout=120) as client:
        for tier, kept, shard in (("hourly", 400, 30), ("daily", 3650, 365)):
            kept_for = f"DURATION {kept * 24}h REPLICATION 1 SHARD DURATION {shard * 24}h"
            server.query(f'CREATE DATABASE "{server.database}_{tier}" WITH {kept_for} NAME "autogen"')
        sources = [
            Source(f"wk-{tier}", f"Watchkeeper{called}", f"{server.database}{ending}", server.url, client)
            for tier, called, ending in (
                ("raw", "", ""),
                ("hourly", " hourly", "_hourly"),
                ("daily", " daily", "_daily"),
            )
        ]
        began, written = time.perf_counter(), 0
        for source, lines in zip(sources, (_raw(), _hourly(), _daily()), strict=True):
            while part := list(islice(lines, LINES_AT_ONCE)):
                to = {"db": source.database, "precision": "ns"}
                client.post(f"{server.url}/write", params=to, content="\n".join(part)).raise_for_status()
                written += len(part)
        print(f"  {written} rows filled in {time.perf_counter() - began:.0f} s", flush=True)
        for board in sorted(BOARDS.glob("*.json")):
            yield from _of_board(board, Player(sources, END))
        yield from _mirror(server, Path(folder))


def _mirror(server: InfluxDB, folder: Path) -> Iterator[Figure]:
    """What the hub's thread costs: seconds of its CPU for each thing it does, beside the wall time."""
    database = connect(f"sqlite:///{folder}/hub.db")
    migrate(database)
    with database.begin() as connection:
        heard = {"agent": "gateway", "first_heard": START, "last_heard": END, "evaluated_until": END}
        connection.execute(schema.agent.insert(), [{**heard, "site": f"site-{agent}"} for agent in range(AGENTS)])
        known = {"agent": "gateway", "kind": "camera", "facts": {"model": "X-9"}, "name": "Gate"}
        devices = [{**known, "site": f"site-{n % AGENTS}", "device": f"cam-{n}"} for n in range(AGENTS * DEVICES)]
        connection.execute(schema.device.insert(), devices)
        told = {"agent": "gateway", "report_id": "a:1", "received": END, "type": "door.access_granted"}
        event = {**told, "device": "cam-1", "at": END - 1, "data": {"credential": "c-17"}}
        connection.execute(
            schema.event.insert(), [{**event, "site": f"site-{n % AGENTS}", "position": n} for n in range(10_000)]
        )
    settings = SeriesSettings(kind="influx", url=server.url, api="v1", database=server.database, timeout_seconds=120)
    stores = [open_series(of_tier(settings, tier)) for tier in TIERS]
    raw, hourly, daily = (store for store in stores if isinstance(store, InfluxSeries))
    rules = discover()
    scoped = Scoped(rules, {}, {}, ())
    work = Work(
        database, Databases(raw, hourly, daily, 90 * DAY_MS, 3650 * DAY_MS), scoped, UTC, lambda: END + 3_600_000
    )
    mirror = Mirror(work)
    for what, job in (
        ("10,000 events", "events"),
        (f"how {AGENTS} sites stand", "states"),
        (f"an inventory of {AGENTS * DEVICES}", "inventory"),
        (f"rates of {DAYS} days, {AGENTS} sites", "rates"),
        ("nothing new", "events"),
    ):
        began, used = time.perf_counter(), time.process_time()
        pieces = sum(1 for _ in mirror.jobs[job]())
        wall, used = time.perf_counter() - began, time.process_time() - used
        yield cost(f"mirror: {what}, CPU of the hub", used, wall, f"wall time, in {pieces} pieces", 1.0, "s")
    for store in stores:
        store.close()
    database.dispose()


def _of_board(board: Path, player: Player) -> Iterator[Figure]:
    dashboard = json.loads(board.read_text(encoding="utf-8"))
    dashboard["time"] = {"from": f"now-{DAYS}d", "to": "now"}
    best: dict[int, tuple[float, int]] = {}
    for _ in range(3):
        for panel in _asking(player.play(dashboard)):
            seconds, rows = panel.seconds, panel.rows
            known = best.get(panel.json["id"])
            best[panel.json["id"]] = (min(seconds, known[0]) if known else seconds, rows)
    titles = {panel["id"]: panel["title"] for panel in dashboard["panels"]}
    for number, (seconds, rows) in best.items():
        name = f"{board.stem}: {titles[number]}"
        ratio = round(seconds / LIMIT_SECONDS, 3)
        yield Figure(name, round(seconds * 1000), "ms", LIMIT_SECONDS * 1000, ratio, f"two seconds; {rows} rows")


def _asking(played: Played) -> Iterator[Panel]:
    """The panels that read records."""
    for panel in played.panels:
        if any(f'"{name}"' in statement for statement in panel.statements for name in BY_NAME):
            yield panel


def _raw() -> Iterator[str]:
    for agent in range(AGENTS):
        site = f"site-{agent}"
        yield f"agent,agent=gateway,device=gateway,site={site} up=1 {(END - 60_000) * 1_000_000}"
        fields = "open_critical={},open_warning=1,open_info=0,open_tickets={},oldest_at={},covered=0,agents=1"
        for number, at in enumerate(range(START, END, SLOT_MS)):
            critical = (number // 500 + agent) % 5 == 0
            said = fields.format(int(critical), 1 + critical, START)
            yield f"{SITE_STATE.name},site={site} {said},worst_rank={1 + critical},{REST} {at * 1_000_000}"
        for number in range(EVENTS * DAYS):
            kind, title = (("door.opened", "Door opened"), ("door.access_granted", "Access granted"))[number % 2]
            texts: Texts = {"title": title, "title_zh": title, "text": "credential: c-17", "text_zh": "c-17"}
            said_of: Texts = {
                "received_at": 1.0,
                "agent": "gateway",
                "kind": "door",
                "device_name": "Door",
                "person": "c-17",
                **texts,
            }
            tags = {"site": site, "device": f"door-{number % 3}", "family": "door", "type": kind}
            yield to_line(Row(EVENT, tags, START + number * DAY_MS // EVENTS, said_of, number))


def _hourly() -> Iterator[str]:
    fields: Texts = {"open_critical": 3.0, "open_warning": 40.0, "open_info": 9.0, "sites": float(AGENTS)}
    for at in range(START, END, SLOT_MS):
        yield to_line(Row(FLEET_STATE, {}, at, fields))


def _daily() -> Iterator[str]:
    for agent in range(AGENTS):
        site = f"site-{agent}"
        yield from map(to_line, _tickets(site, agent))
        for day in range(DAYS + 1):
            of_day: Texts = {
                f"{rate}_{what}": value for rate in RATES for what, value in (("ratio", 0.97), ("devices", 8.0))
            }
            period = "month" if day == DAYS else "day"
            yield to_line(Row(SITE_RATE, {"site": site, "period": period}, START + day % DAYS * DAY_MS, of_day))
        for number in range(DEVICES):
            tags = {"site": site, "device": f"dev-{number}", "kind": "camera"}
            known: Texts = {"name": f"Camera {number}", "agent": "gateway", "retired": 0.0, "open_tickets": 0.0}
            yield to_line(Row(DEVICE_INFO, tags, START, {**known, "worst_rank": -1.0}))


def _tickets(site: str, agent: int) -> Iterator[Row]:
    for number in range(TICKETS):
        at, rule = START + number * DAYS * DAY_MS // TICKETS + agent, f"rule_{number % 6}"
        opened = number == TICKETS - 1 and agent % 10 == 0
        about: Texts = {"number": float(agent * TICKETS + number), "device": f"dev-{number}", "rule": rule}
        texts: Texts = {
            "title": "Camera does not answer",
            "title_zh": "摄像机无应答",
            "device_name": f"Camera {number}",
        }
        more: Texts = {
            "severity": "warning",
            "severity_rank": 1.0,
            "summary": "It does not answer.",
            "url_path": "/tickets/1",
        }
        times: Texts = {
            "open": float(opened),
            "opened_at": float(at),
            "since_at": float(at),
            "flaps": float(number % 3 == 0),
        }
        ended: Texts = {} if opened else {"resolved_at": float(at + 9_000_000), "duration_seconds": 9000.0}
        yield Row(TICKET, {"site": site}, at, {**about, **texts, **more, **times, **ended}, number)
        for line, what in enumerate(("opened", "clearing", "resolved")):
            said: Texts = {"what": what, "text": f"Ticket {what}", **texts, "url_path": "/tickets/1"}
            yield Row(TICKET_EVENT, {"site": site}, at + line * 4_000_000, {**about, **said}, number * 3 + line)
        fields: Texts = {"resolved": 1.0, "mean_seconds": 9000.0, "median_seconds": 9000.0, "longest_seconds": 9000.0}
        for period, start in (("day", at // DAY_MS * DAY_MS), ("month", START)):
            tags = {"site": site, "rule": rule, "period": period}
            yield Row(REPAIR, tags, start, {**fields, "flaps": 0.0, "title": "Camera does not answer"})
