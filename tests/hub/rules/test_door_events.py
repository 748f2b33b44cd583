"""What happens at a door, as timelines: the silence before, one ticket, the quiet after. Late news is news, too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.rule import discover
from hub.store import schema
from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.hubs import Hub
from wire.messages import Event, Report
from wire.topics import Verb

CLEAR = 60
DAY_MS = 86_400_000
FORCED = {"state": "DoorForcedOpen"}
EVENTS = {
    "door_forced": ("door.alarm", FORCED),
    "door_duress": ("door.duress", {}),
    "door_tampered": ("door.tamper", {}),
}
RULES: dict[str, dict[str, object]] = {
    "agent_silent": {"enabled": False},
    **{rule: {"clear_seconds": CLEAR} for rule in EVENTS},
}


def event(at: int, kind: str = "door.alarm", **data: str) -> Event:
    return Event(device="door-1", at=at, type=kind, data=data)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules=RULES)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


@pytest.mark.parametrize("rule", EVENTS)
def test_one_ticket_at_once_and_resolved_when_it_has_been_quiet(hub: Hub, rule: str) -> None:
    kind, data = EVENTS[rule]
    hub.tell(event(hub.now, "door.opened"), event(hub.now, "door.alarm", state="DoorOpenTooLong"))
    assert hub.tickets() == []
    hub.tell(event(hub.now, kind, **data))
    hub.tell(event(hub.now, kind, **data))
    assert hub.tickets() == [("door-1", rule, "open")]
    hub.pass_time(CLEAR - 1)
    assert hub.tickets() == [("door-1", rule, "open")]
    hub.pass_time(2)
    assert hub.tickets() == [("door-1", rule, "resolved")]
    hub.tell(event(hub.now, kind, **data))
    assert [state for _, _, state in hub.tickets()] == ["resolved", "open"]


def test_an_event_delivered_again_is_one_event_even_after_its_ticket_is_resolved(hub: Hub) -> None:
    report = hub.tell(event(hub.now, **FORCED))
    hub.hear(Verb.REPORT, report)
    hub.hear(Verb.REPORT, report)
    hub.step()
    hub.pass_time(CLEAR)
    assert hub.tickets() == [("door-1", "door_forced", "resolved")]
    hub.hear(Verb.REPORT, report)
    hub.step()
    assert hub.tickets() == [("door-1", "door_forced", "resolved")]
    assert hub.mail.committed().count(report.id) == 3  # twice in one batch is said once


def test_what_happened_three_days_ago_opens_a_ticket_now_that_says_it_is_late(hub: Hub) -> None:
    hub.tell(event(hub.now - 3 * DAY_MS, **FORCED))
    (finding,) = hub.rows(schema.finding)
    assert finding.detail == {**FORCED, "case": "late"}
    assert (finding.since, finding.opened) == (T0 - 3 * DAY_MS, T0)
    assert all("late" in discover()[rule].cases for rule in EVENTS)


def test_its_quiet_is_known_after_a_restart(tmp_path: Path, hub: Hub) -> None:
    hub.tell(event(hub.now, **FORCED))
    hub.pass_time(30)
    (tmp_path / "again").mkdir()
    again = Hub(tmp_path / "again", url=str(hub.database.url), rules=RULES)
    again.now = hub.now
    again.pass_time(25)
    assert again.tickets() == [("door-1", "door_forced", "open")]
    again.pass_time(10)
    assert again.tickets() == [("door-1", "door_forced", "resolved")]
    again.close()


def test_time_in_which_nothing_can_be_heard_is_not_quiet(hub: Hub) -> None:
    hub.tell(event(hub.now, **FORCED))
    hub.pass_time(20)
    hub.committer.vigil.broker_lost()
    hub.pass_time(300)
    hub.committer.vigil.broker_back()
    hub.pass_time(35)
    assert hub.tickets() == [("door-1", "door_forced", "open")]
    hub.pass_time(10)
    assert hub.tickets() == [("door-1", "door_forced", "resolved")]


def test_a_door_that_is_no_longer_there_ends_its_ticket(hub: Hub) -> None:
    hub.tell(event(hub.now, **FORCED))
    hub.announce([])
    hub.step()
    assert hub.tickets() == [("door-1", "door_forced", "resolved")]


def test_a_contact_that_chatters_fills_no_timeline(hub: Hub) -> None:
    for _ in range(50):
        hub.tell(event(hub.now, **FORCED))
    assert len(hub.rows(schema.timeline)) == 1
    hub.pass_time(59)
    hub.now += 1000
    hub.tell(event(hub.now, **FORCED))
    assert [row.what for row in hub.rows(schema.timeline)] == ["opened", "relapsed"]
    hub.pass_time(CLEAR - 1)
    assert hub.tickets() == [("door-1", "door_forced", "open")]


def test_the_engine_names_the_events_that_rules_want() -> None:
    assert Timeline().engine.events >= {"door.alarm", "door.duress", "door.tamper", "host.rebooted"}


def test_a_door_is_not_held_open_across_a_report_that_is_missing() -> None:
    line = Timeline()
    for second, number, is_open in ((0, 1, 0.0), (60, 2, 1.0), (180, 4, 1.0), (230, 5, 1.0), (250, 6, 1.0)):
        at = T0 + second * 1000
        report = Report(id=f"abcdef:{number}", boot="b1", mono=second * 1000, sent=at)
        line.engine.clock_order(line.state, report, at)
        line.observe("door-1", at, at, door_open=is_open)
    assert [entry.replace(" door-1 door_held_open", "") for entry in line.log] == [
        "60 pending",
        "180 pending",
        "250 opened",
    ]


def test_a_forced_door_that_then_stands_open_is_one_ticket() -> None:
    line = Timeline()
    line.engine.happen(SITE, "door-1", "door.alarm", FORCED, T0, T0)
    line.samples(range(0, 200, 30), "door-1", door_open=1.0)
    findings = line.engine.sites[SITE].devices["door-1"].findings
    assert findings["door_held_open"].cause is findings["door_forced"]
    assert findings["door_forced"].cause is None
