"""Records of the benches' fleet: tickets, rates and repairs of a year, doors' events, states, an inventory."""

from collections.abc import Iterable, Iterator

from hub.records.row import Row
from hub.records.speech import Texts
from wire.records import (
    BLINDNESS,
    DEVICE_INFO,
    EVENT,
    FLEET_STATE,
    MAINTENANCE,
    RATES,
    REPAIR,
    SITE_RATE,
    SITE_STATE,
    TICKET,
    TICKET_EVENT,
)

AGENTS = 1000
"""One a site."""
DAYS = 30
INVENTORY = 12
"""Devices of each site."""
MONTHS = 12
"""So far back tickets, rates and repairs reach: open tickets are looked for among all."""
TICKETS = 10
"""Of each site and thirty days; the last of every tenth site is open."""
EVENTS = 20
"""Of each site and day: at doors."""
SLOT_MS = 300_000
DAY_MS = 86_400_000
END = 1_800_000_000_000 // DAY_MS * DAY_MS
START = END - DAYS * DAY_MS
_RULES = (
    "camera_unreachable",
    "retention_below_target",
    "picture_blurred",
    "clock_drift",
    "door_forced",
    "disk_wearing",
)

Repeated = tuple[Row, Iterable[int]]
"""A row, and all the times (ms UTC) at which it stands."""


def site_of(agent: int) -> str:
    """The site of an agent, by its number; the first is the first in any list."""
    return f"site-{agent:04d}"


def raw_rows() -> Iterator[Repeated]:
    """States of one site all the time, of the others of the last day; events."""
    for agent in range(AGENTS):
        site = site_of(agent)
        times = range(START if agent == 0 else END - DAY_MS, END, SLOT_MS)
        for critical in (False, True):
            state = Row(SITE_STATE, {"site": site}, 0, _state(critical))
            yield state, [at for number, at in enumerate(times) if ((number // 500 + agent) % 5 == 0) == critical]
        for number in range(6):
            kind, title = (("door.opened", "Door opened"), ("door.access_granted", "Access granted"))[number % 2]
            texts: Texts = {"title": title, "title_zh": title, "text": "credential: c-17", "text_zh": "c-17"}
            known: Texts = {"agent": "gateway", "kind": "door", "device_name": "Door", "person": "c-17"}
            tags = {"site": site, "device": f"door-{6 + number % 3}", "family": "door", "type": kind}
            event = Row(EVENT, tags, 0, {"received_at": 1.0, **known, **texts})
            yield event, range(START + number * DAY_MS // EVENTS, END, 6 * DAY_MS // EVENTS)


def _state(critical: bool) -> Texts:
    opened: Texts = {"open_critical": float(critical), "open_warning": 1.0, "open_info": 0.0}
    about: Texts = {"open_tickets": 1.0 + critical, "worst_rank": 1.0 + critical, "oldest_at": float(START)}
    there: Texts = {"covered": 0.0, "agents": 1.0, "agents_silent": 0.0, "devices": float(INVENTORY)}
    return {**opened, **about, **there, "devices_fault": 1.0, "devices_down": 1.0, "devices_unknown": 0.0}


def hourly_rows() -> Iterator[Repeated]:
    """How all sites together stood."""
    yield Row(FLEET_STATE, {}, 0, {**_state(critical=True), "sites": float(AGENTS)}), range(START, END, SLOT_MS)


def daily_rows() -> Iterator[Repeated]:
    """Tickets with their timelines, repairs, rates, the inventory, maintenance, one time of blindness."""
    for agent in range(AGENTS):
        site = site_of(agent)
        for number in range(TICKETS * MONTHS):
            yield from _ticket(site, agent, number)
        yield from _rates_and_repairs(site)
        for number in range(INVENTORY):
            tags = {"site": site, "device": f"dev-{number}", "kind": "camera"}
            known: Texts = {"name": f"Camera {number}", "agent": "gateway", "retired": 0.0, "open_tickets": 0.0}
            yield Row(DEVICE_INFO, tags, 0, {**known, "worst_rank": -1.0}), (START,)
        until: Texts = {"until_at": float(END), "text": "New lamps", "text_zh": "更换灯具"}
        yield Row(MAINTENANCE, {"site": site, "device": "*"}, 0, until), (END - DAY_MS * (1 + agent % DAYS),)
    yield Row(BLINDNESS, {"reason": "broker"}, 0, {"until_at": float(END), "text": "Broker away"}), (END - DAY_MS,)


def _ticket(site: str, agent: int, number: int) -> Iterator[Repeated]:
    at = END - (number + 1) * DAYS * DAY_MS // TICKETS + agent
    opened = number == 0 and agent % 10 == 0
    about: Texts = {"number": float(agent * TICKETS * MONTHS + number), "device": f"camera-{7 + number % 4}"}
    about = {**about, "rule": _RULES[(number + agent // 10) % len(_RULES)], "severity": "warning", "severity_rank": 1.0}
    titles: Texts = {"title": "Camera does not answer", "title_zh": "摄像机无应答", "device_name": "Gate"}
    more: Texts = {"kind": "camera", "agent": "gateway", "room": "Hall", "summary": "It has not answered for an hour."}
    times: Texts = {"opened_at": float(at), "since_at": float(at), "flaps": float(number % 3 == 0), "consequences": 0.0}
    ended: Texts = {} if opened else {"resolved_at": float(at + 9_000_000), "duration_seconds": 9000.0}
    path: Texts = {"url_path": "/tickets/1"}
    fields: Texts = {"open": float(opened), **about, **titles, **more, **times, **ended, **path}
    yield Row(TICKET, {"site": site}, 0, fields), (at,)
    said: Texts = {"what": "worsened", "text": "The ticket is graver now", "text_zh": "工单升级", **path}
    yield Row(TICKET_EVENT, {"site": site}, 0, {**about, **titles, **said}), range(at, at + 12_000_000, 4_000_000)


def _rates_and_repairs(site: str) -> Iterator[Repeated]:
    rates: Texts = {f"{rate}_{what}": value for rate in RATES for what, value in (("ratio", 0.97), ("devices", 8.0))}
    took: Texts = {"resolved": 1.0, "mean_seconds": 9000.0, "median_seconds": 9000.0, "longest_seconds": 9000.0}
    for period, days, number in (("day", 1, DAYS * MONTHS), ("month", DAYS, MONTHS)):
        times = range(END - number * days * DAY_MS, END, days * DAY_MS)
        yield Row(SITE_RATE, {"site": site, "period": period}, 0, rates), times
        for rule in _RULES[: 1 if period == "day" else None]:
            tags = {"site": site, "rule": rule, "period": period}
            yield Row(REPAIR, tags, 0, {**took, "flaps": 0.0, "title": "Camera does not answer"}), times
