"""Maintenance windows and silences as timelines: no ticket while covered, one when that ends and the fault lasts."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.cover import Cover, Covers, Kind, Scope
from hub.store import schema
from hub.tickets import ledger
from tests.hub.covers import add, end
from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.hubs import Hub
from wire.messages import Device, DeviceKind, Event, Sample
from wire.topics import Verb

RULES = {"camera_unreachable": {"hold_seconds": 0, "clear_seconds": 0}}
MINUTE, HOUR = 60.0, 3600.0
FORCED = {"state": "DoorForcedOpen"}
HERE = Scope(SITE)


def cover(scope: Scope = HERE, until: float = HOUR, kind: Kind = "maintenance", recurrence: str = "") -> Cover:
    """From the beginning of the timeline until a second of it."""
    return Cover(7, kind, scope, T0, T0 + round(until * 1000), "Li", "new disks", recurrence)


@dataclass
class Ticketed(Timeline):
    """A timeline whose findings and tickets go to a database. A hub looks for covers every few seconds."""

    covers: list[Cover] = field(default_factory=list)
    database: sa.Engine = field(default_factory=lambda: sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool))

    def __post_init__(self) -> None:
        schema.metadata.create_all(self.database)
        super().__post_init__()

    def look(self, second: float) -> None:
        """At the covers."""
        now = T0 + round(second * 1000)
        self.engine.findings.cover(Covers(self.covers, now), now)
        self.take()

    def every_minute(self, since: float, until: float, device: str = "cam-1", **values: float) -> None:
        """A value a minute, and the covers looked at right before each and soon after."""
        for minute in range(round(since / MINUTE), round(until / MINUTE)):
            self.look(minute * MINUTE)
            self.sample(minute * MINUTE, device, **values)
            self.look(minute * MINUTE + 3)

    def force(self, second: float, kind: str = "door.alarm", heard: float | None = None) -> None:
        """Something happens at the door, and is heard of at once or at another second."""
        at, received = (T0 + round(time * 1000) for time in (second, second if heard is None else heard))
        self.engine.hear(SITE, "gateway", received)
        self.engine.happen(SITE, "door-1", kind, FORCED, at, received)
        self.take()

    def take(self) -> Any:
        taken = super().take()
        with self.database.begin() as connection:
            ledger.record(connection, taken)
        return taken

    def rows(self, table: sa.Table) -> list[sa.Row[Any]]:
        with self.database.connect() as connection:
            return list(connection.execute(sa.select(table)))

    def tickets(self) -> list[tuple[str, str]]:
        """(device, state) of each."""
        return [(row.device, row.state) for row in self.rows(schema.ticket)]

    def opened(self) -> list[tuple[str, float]]:
        """(device, second) of each ticket's opening."""
        return [(row.device, (row.opened - T0) / 1000) for row in self.rows(schema.ticket)]


@pytest.fixture
def line() -> Iterator[Ticketed]:
    line = Ticketed(RULES)
    yield line
    line.database.dispose()


@pytest.mark.parametrize("kind", ["maintenance", "silence"])
@pytest.mark.parametrize(
    "scope", [HERE, Scope(SITE, "cam-1"), Scope(SITE, "gateway"), Scope("", "", "camera_unreachable")]
)
def test_what_comes_and_goes_while_covered_leaves_no_ticket_but_is_noted(
    line: Ticketed, kind: Kind, scope: Scope
) -> None:
    line.covers = [cover(scope, kind=kind)]
    line.every_minute(0, 10 * MINUTE, reachable=0)
    line.every_minute(10 * MINUTE, 70 * MINUTE, reachable=1)
    assert line.tickets() == []
    (noted,) = line.rows(schema.finding)
    assert (noted.state, noted.cover) == ("closed", 7)


@pytest.mark.parametrize("scope", [Scope("hall"), Scope(SITE, "nvr-1"), Scope(SITE, "", "clock_drift")])
def test_what_is_meant_for_something_else_covers_nothing(line: Ticketed, scope: Scope) -> None:
    line.covers = [cover(scope)]
    line.every_minute(0, 2 * MINUTE, reachable=0)
    assert line.tickets() == [("cam-1", "open")]


def test_what_lasts_longer_gets_its_ticket_when_the_cover_ends_saying_since_when(line: Ticketed) -> None:
    line.covers = [cover()]
    line.every_minute(MINUTE, HOUR, reachable=0)
    assert line.tickets() == []
    line.every_minute(HOUR, HOUR + 2 * MINUTE, reachable=0)
    assert line.opened() == [("cam-1", HOUR + 3)]
    (told,) = line.rows(schema.timeline)
    assert (told.what, told.data["since"]) == ("promoted", T0 + 60_000)
    assert told.data["cover"] == {"id": 7, "kind": "maintenance", "author": "Li", "reason": "new disks"}


def test_it_is_judged_by_what_is_newer_than_the_covers_end(line: Ticketed) -> None:
    line.covers = [cover()]
    line.every_minute(0, HOUR, reachable=0)
    for second in range(round(HOUR), round(HOUR + 5 * MINUTE), 3):
        line.look(second)
    assert line.tickets() == []
    line.sample(HOUR + 5 * MINUTE, "cam-1", reachable=1)
    line.look(HOUR + 20 * MINUTE)
    assert line.tickets() == []


def test_it_does_not_wait_for_ever_for_something_newer(line: Ticketed) -> None:
    line.covers = [cover()]
    line.every_minute(0, HOUR, reachable=0)
    line.look(HOUR + 9 * MINUTE)
    assert line.tickets() == []
    line.look(HOUR + 11 * MINUTE)
    assert line.tickets() == [("cam-1", "open")]


def test_a_ticket_that_is_open_stays_open(line: Ticketed) -> None:
    line.every_minute(0, MINUTE, reachable=0)
    line.covers = [cover(until=5 * MINUTE)]
    line.every_minute(MINUTE, 10 * MINUTE, reachable=0)
    assert line.tickets() == [("cam-1", "open")]
    assert [row.what for row in line.rows(schema.timeline)] == ["opened"]


def test_a_silent_agent_gets_its_ticket_when_the_cover_ends_though_nothing_is_heard(line: Ticketed) -> None:
    line.covers = [cover()]
    for minute in range(60):
        line.tick(minute * MINUTE)
        line.look(minute * MINUTE)
    assert line.tickets() == []
    line.look(HOUR + 3)
    assert line.tickets() == [("gateway", "open")]


def test_a_covered_cause_hides_its_consequences_and_lists_them_once_it_has_a_ticket(line: Ticketed) -> None:
    line.covers = [cover(Scope(SITE, "", "recorder_unreachable"), 20 * MINUTE)]
    for minute in range(30):
        line.every_minute(minute * MINUTE, (minute + 1) * MINUTE, "nvr-1", reachable=0)
        line.sample(minute * MINUTE + 30, "nvr-1-ch1", online=0)
        assert line.tickets() == ([] if minute < 20 else [("nvr-1", "open")])
    findings = {row.rule: row for row in line.rows(schema.finding)}
    assert findings["channel_offline"].cause == findings["recorder_unreachable"].id


def test_a_consequence_that_outlasts_its_cause_while_covered_waits_as_well(line: Ticketed) -> None:
    line.covers = [cover(until=40 * MINUTE)]
    for minute in range(45):
        line.every_minute(minute * MINUTE, (minute + 1) * MINUTE, "nvr-1", reachable=int(minute >= 15))
        line.sample(minute * MINUTE + 30, "nvr-1-ch1", online=0)
        line.tick(minute * MINUTE + 40)
        if minute < 40:
            assert line.tickets() == []
    assert line.tickets() == [("nvr-1-ch1", "open")]


@pytest.mark.parametrize("kind", ["maintenance", "silence"])
def test_a_door_forced_while_covered_is_noted_and_over_with_the_cover(line: Ticketed, kind: Kind) -> None:
    line.covers = [cover(Scope(SITE, "door-1"), 10 * MINUTE, kind)]
    line.look(0)
    line.force(10 * MINUTE - 10)
    line.look(10 * MINUTE + 3)
    assert line.tickets() == []
    (noted,) = line.rows(schema.finding)
    assert (noted.rule, noted.state, noted.cover) == ("door_forced", "closed", 7)
    line.force(10 * MINUTE + 10)
    assert line.tickets() == [("door-1", "open")]


def test_what_happened_before_a_window_is_a_ticket_though_it_is_heard_of_within(line: Ticketed) -> None:
    line.covers = [replace(cover(), start=T0 + 600_000)]
    line.look(20 * MINUTE)
    line.force(5 * MINUTE, heard=20 * MINUTE)
    line.look(20 * MINUTE + 3)
    assert line.tickets() == [("door-1", "open")]


def test_what_happened_within_a_window_is_none_though_it_is_heard_of_afterwards(line: Ticketed) -> None:
    line.covers = [cover()]
    line.look(2 * HOUR)
    line.force(HOUR - 10, heard=2 * HOUR)
    line.look(2 * HOUR + 3)
    assert line.tickets() == []
    assert [(row.state, row.cover) for row in line.rows(schema.finding)] == [("closed", 7)]


@pytest.mark.parametrize("heard", [None, 2 * HOUR])
def test_what_happens_again_right_after_a_window_is_a_ticket(line: Ticketed, heard: float | None) -> None:
    line.covers = [cover()]
    line.look(0 if heard is None else heard)
    line.force(HOUR - 1, heard=heard)
    line.force(HOUR + 1, heard=heard)
    line.look(2 * HOUR + 3)
    assert line.tickets() == [("door-1", "open")]
    (told,) = line.rows(schema.timeline)
    assert (told.what, told.data["cover"]["id"]) == ("promoted", 7)


def test_duress_is_never_covered(line: Ticketed) -> None:
    line.covers = [cover()]
    line.look(0)
    line.force(10, "door.duress")
    assert line.tickets() == [("door-1", "open")]


# --- a window that ends while nobody can be heard ---


def test_a_covered_agent_gets_no_ticket_before_it_could_be_heard(line: Ticketed) -> None:
    line.covers = [cover()]
    line.look(0)
    line.tick(10 * MINUTE)
    line.engine.blindness.begin(T0 + round(1000 * (HOUR - 10 * MINUTE)), "broker")
    line.look(HOUR + 3)
    line.engine.blindness.end(T0 + round(1000 * (HOUR + 2 * MINUTE)))
    line.look(HOUR + 2 * MINUTE)
    line.look(HOUR + 2 * MINUTE + 59)
    assert line.tickets() == []
    line.sample(HOUR + 3 * MINUTE, "cam-1", reachable=1)
    line.look(HOUR + 20 * MINUTE)
    assert line.tickets() == []


def test_a_covered_agent_that_stays_silent_gets_its_ticket_once_it_could_have_spoken(line: Ticketed) -> None:
    line.covers = [cover()]
    line.look(0)
    line.tick(10 * MINUTE)
    line.engine.blindness.was(T0 + round(1000 * (HOUR - 10 * MINUTE)), T0 + round(1000 * (HOUR - MINUTE)), "hub")
    line.look(HOUR)
    assert line.tickets() == []
    line.look(HOUR + 2 * MINUTE)
    assert line.tickets() == [("gateway", "open")]


@pytest.mark.parametrize("days", [0, 2])
def test_something_newer_is_waited_for_as_long_as_it_can_be_heard(line: Ticketed, days: int) -> None:
    line.covers = [cover()]
    line.every_minute(0, 50 * MINUTE, reachable=0)
    back = HOUR + days * 86_400 + 20 * MINUTE
    line.engine.blindness.was(T0 + 3_000_000, T0 + round(back * 1000), "hub")
    line.look(back)
    line.look(back + 9 * MINUTE)
    assert line.tickets() == []
    line.look(back + 11 * MINUTE)
    assert line.tickets() == [("cam-1", "open")]


def test_a_recurring_window_covers_each_time_and_nothing_between(line: Ticketed) -> None:
    line.covers = [cover(until=10 * MINUTE, recurrence="FREQ=DAILY")]
    day = 86_400.0
    line.every_minute(day, day + 5 * MINUTE, reachable=0)
    line.every_minute(day + 5 * MINUTE, day + 20 * MINUTE, reachable=1)
    assert line.tickets() == []
    line.every_minute(day + 20 * MINUTE, day + 25 * MINUTE, reachable=0)
    assert line.tickets() == [("cam-1", "open")]


# --- a hub that runs ---


def say(hub: Hub, **values: float) -> None:
    hub.hear(Verb.REPORT, hub.report(Sample(device="cam-1", at=hub.now, values=values)))
    hub.step()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules=RULES)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


def test_a_running_hub_notices_a_new_window_and_its_early_end_within_seconds(hub: Hub) -> None:
    number = add(hub.database, HERE, hub.now, hub.now + 3_600_000)
    hub.pass_time(5)
    say(hub, reachable=0)
    assert hub.tickets() == []
    end(hub.database, number, hub.now)
    hub.pass_time(5)
    say(hub, reachable=0)
    hub.pass_time(5)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]


def test_a_hub_that_starts_anew_goes_on_as_before(hub: Hub, tmp_path: Path) -> None:
    add(hub.database, HERE, hub.now, hub.now + 60_000)
    hub.pass_time(5)
    say(hub, reachable=0)
    again = Hub(tmp_path, rules=RULES)
    again.now = hub.now + 1000
    again.pass_time(50)
    assert again.tickets() == []
    again.pass_time(10)
    say(again, reachable=0)
    again.pass_time(5)
    assert again.tickets() == [("cam-1", "camera_unreachable", "open")]
    again.close()


def test_a_door_is_forced_on_a_hub_that_runs_and_nobody_is_called(hub: Hub) -> None:
    number = add(hub.database, Scope(SITE, "door-1"), hub.now, hub.now + 60_000, "silence")
    hub.pass_time(5)
    hub.tell(Event(device="door-1", at=hub.now, type="door.alarm", data=FORCED))
    assert hub.tickets() == []
    assert [row.cover for row in hub.rows(schema.finding)] == [number]


def test_a_hub_that_starts_after_a_windows_end_lets_the_agents_speak_first(hub: Hub, tmp_path: Path) -> None:
    add(hub.database, HERE, hub.now, hub.now + 3_600_000)
    hub.step()
    hub.pass_time(600)
    assert [row.rule for row in hub.rows(schema.finding)] == ["agent_silent"]
    again = Hub(tmp_path, rules=RULES)
    again.now = hub.now + 3_600_000
    again.committer.vigil.take_over()
    again.pass_time(10)
    again.committer.vigil.broker_back()
    again.step()
    say(again, reachable=1)
    assert again.tickets() == []
    again.close()


# --- groups ---

CAMERAS = [Device(device=f"cam-{n}", kind=DeviceKind.CAMERA) for n in range(1, 5)]


def grouped(covers: list[Cover], until: float, dark: int = 3, **well: float) -> Ticketed:
    """Four cameras of one agent, of which some do not answer from the fifth minute on."""
    line = Ticketed(covers=covers)
    line.engine.inventory(line.state, [Device(device="gateway", kind=DeviceKind.AGENT), *CAMERAS], T0)
    for minute in range(round(until / MINUTE)):
        line.look(minute * MINUTE)
        for number, camera in enumerate(CAMERAS, 1):
            line.sample(minute * MINUTE + number, camera.device, reachable=float(minute < 5 or number > dark))
            if minute >= 5:
                line.sample(minute * MINUTE + number, camera.device, **well)
        line.tick(minute * MINUTE + 10)
    return line


def test_a_silence_of_one_rule_holds_the_group_that_is_made_of_it_too() -> None:
    silenced = cover(Scope("", "", "clock_drift"), 2 * HOUR, "silence")
    line = grouped([silenced], 2 * HOUR, 0, clock_offset_seconds=45)
    assert line.tickets() == []
    line = grouped([silenced], 3 * HOUR, 0, clock_offset_seconds=45)
    assert [(row.device, row.state) for row in line.rows(schema.ticket) if row.state == "open"] == [("gateway", "open")]


def test_devices_that_are_worked_at_together_are_no_group_of_their_parent() -> None:
    covers = [Cover(n, "maintenance", Scope(SITE, f"cam-{n}"), T0, T0 + 3_600_000, "Li", "") for n in range(1, 4)]
    assert grouped(covers, HOUR).tickets() == []
    late = grouped(covers, 2 * HOUR)
    assert [device for device, state in late.tickets() if state == "open"] == ["gateway"]


def test_a_device_that_is_worked_at_does_not_make_a_group_of_two_others() -> None:
    line = grouped([cover(Scope(SITE, "cam-1"))], 40 * MINUTE)
    assert line.tickets() == [("cam-2", "open"), ("cam-3", "open")]
