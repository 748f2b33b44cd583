"""A hub that starts works before it has read what rules look back on; those rules wait for it, nobody else does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hub.config import HubConfig, parse
from hub.lookback import Lookback, Past, read
from hub.recollection import Debts, Key
from hub.rule import CLEAR, Judgement, Rule, Settings, Snapshot, discover
from hub.series.buffer import BufferedSeries
from hub.series.store import Point, Value
from tests.hub.fleets import SITE, T0
from tests.hub.hubs import Hub
from wire.messages import Device, DeviceKind, Sample
from wire.topics import Verb

MINUTE = 60_000


def slow(snapshot: Snapshot, settings: Settings, now: int) -> Judgement:
    """Slow for an hour: the newest, and three before it."""
    past = snapshot.windows["response_seconds"]
    return Judgement("firing", {}) if len(past) >= 4 and min(one.value for one in past) > 1 else CLEAR


def losing(snapshot: Snapshot, settings: Settings, now: int) -> Judgement:
    """By a function, though one number would do."""
    return Judgement("firing", {}) if snapshot.latest["ping_loss_ratio"].value > 0.5 else CLEAR


@dataclass
class ByHand(Lookback):
    """Reads when it is told to."""

    series: BufferedSeries
    wanted: Debts = field(default_factory=dict)
    found: dict[Key, Past] = field(default_factory=dict)

    def ask(self, devices: Debts) -> None:
        self.wanted = devices

    def take(self) -> Mapping[Key, Past]:
        taken, self.found = self.found, {}
        return taken

    def work(self) -> None:
        self.found, self.wanted = read(self.wanted, self.series, T0), {}


@dataclass
class Room:
    """A hub whose rule looks back for an hour and a half, a value every twenty minutes."""

    folder: Path
    config: HubConfig
    hub: Hub
    lookback: ByHand

    def restart(self) -> None:
        now = self.hub.now
        self.hub.close()
        made: list[ByHand] = []

        def make(series: BufferedSeries) -> Lookback:
            made.append(ByHand(series))
            return made[0]

        self.hub = Hub(self.folder, config=self.config, lookback=make)
        self.hub.now, self.lookback = now, made[0]
        self.hub.step()

    def tell(self, minute: int, seconds: float, reachable: float = 1.0) -> None:
        values = {"response_seconds": seconds, "reachable": reachable}
        self.hub.now = T0 + minute * MINUTE
        self.hub.hear(Verb.REPORT, self.hub.report(Sample(device="cam-1", at=self.hub.now, values=values)))
        self.hub.step()

    def tickets(self) -> list[tuple[str, str]]:
        return [(rule, state) for _, rule, state in self.hub.tickets()]

    def window(self) -> list[tuple[float, float]]:
        engine = self.hub.committer._ready
        (past,) = [v for w, v in engine.sites[SITE].devices["cam-1"].windows.items() if w.every_ms == 20 * MINUTE]
        return [((one.at - T0) / MINUTE, one.value) for one in past]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    rule = Rule("long_slow", frozenset({DeviceKind.CAMERA}), slow, "slow", metrics=("response_seconds",))
    rules = {**discover(), "long_slow": replace(rule, lookback_seconds=5400.0, sample_seconds=1200.0)}
    rules["losing"] = replace(rule, name="losing", condition=losing, metrics=("ping_loss_ratio",))
    settings = {
        "agent_silent": {"enabled": False},
        "long_slow": {"hold_seconds": 0, "clear_seconds": 0},
        "losing": {"hold_seconds": 600, "clear_seconds": 0},
        "camera_unreachable": {"hold_seconds": 0},
    }
    config = parse({"rules": settings}, rules, folder=tmp_path)
    room = Room(tmp_path, config, Hub(tmp_path, config=config), ByHand(None))  # type: ignore[arg-type]
    room.hub.announce()
    room.hub.step()
    yield room
    room.hub.close()


def test_nothing_opens_on_half_a_past_and_all_of_it_is_judged_when_it_is_there(room: Room) -> None:
    for minute in (0, 20, 40):
        room.tell(minute, 2.0)
    room.restart()
    room.tell(60, 2.0)
    assert room.tickets() == []
    room.lookback.work()
    room.hub.step()
    assert room.tickets() == [("long_slow", "open")], "though nothing more was told"
    assert room.window() == [(0, 2), (20, 2), (40, 2), (60, 2)]


def test_what_is_open_is_not_closed_for_want_of_a_past(room: Room) -> None:
    for minute in (0, 20, 40, 60):
        room.tell(minute, 2.0)
    assert room.tickets() == [("long_slow", "open")]
    room.restart()
    room.tell(80, 2.0)
    assert room.tickets() == [("long_slow", "open")]
    room.lookback.work()
    room.hub.step()
    assert room.tickets() == [("long_slow", "open")]
    room.tell(100, 0.5)
    assert room.tickets() == [("long_slow", "resolved")]


def test_rules_that_do_not_look_back_wait_for_nothing(room: Room) -> None:
    room.tell(0, 0.1)
    room.restart()
    room.tell(20, 0.1, reachable=0.0)
    assert room.tickets() == [("camera_unreachable", "open")]
    room.tell(40, 0.1)
    assert room.hub.tickets()[0][2] == "open", "it has to last"


def test_a_device_that_is_gone_or_new_meanwhile_is_left_alone(room: Room) -> None:
    room.tell(0, 2.0)
    room.restart()
    camera = Device(device="cam-1", kind=DeviceKind.CAMERA)
    room.hub.announce([Device(device="cam-9", kind=DeviceKind.CAMERA)])
    room.hub.step()
    room.hub.announce([camera])
    room.tell(20, 3.0)
    room.lookback.work()
    room.hub.step()
    assert room.window() == [(20, 3)], "it was added anew"


def test_a_batch_that_fails_keeps_the_past(room: Room) -> None:
    for minute in (0, 20):
        room.tell(minute, 2.0)
    room.restart()
    engine = room.hub.committer._ready
    room.lookback.work()
    engine.begin_batch()
    state = engine.sites[SITE].agents["gateway"]
    subject = engine.sites[SITE].devices["cam-1"]
    at = T0 + 40 * MINUTE
    state.sent = at
    point = Point("camera", SITE, "gateway", "cam-1", at, {"response_seconds": 2.0})
    engine.observe(state, [(subject, point)], at)
    engine.look_back(room.lookback.take())
    assert room.window() == [(0, 2), (20, 2), (40, 2)]
    known = engine.values_committed()[SITE, "cam-1"]
    (past,) = [values for window, values in known.windows.items() if window.every_ms == 20 * MINUTE]
    assert [one.at for one in past] == [T0, T0 + 20 * MINUTE]
    assert not known.cold


def test_a_hub_whose_database_fails_meanwhile_still_waits_for_it(room: Room) -> None:
    for minute in (0, 20, 40):
        room.tell(minute, 2.0)
    room.restart()
    room.hub.committer._restore()
    room.tell(60, 2.0)
    assert room.tickets() == []
    room.lookback.work()
    room.hub.step()
    assert room.tickets() == [("long_slow", "open")]


def test_times_that_run_go_on_from_where_they_were(room: Room) -> None:
    room.tell(0, 0.1, reachable=0.0)
    room.tell(20, 0.1)
    assert room.tickets() == [("camera_unreachable", "open")]
    room.restart()
    room.tell(30, 0.1)
    assert room.tickets() == [("camera_unreachable", "resolved")], "it has been well for ten minutes"


def test_what_was_known_before_is_known_again_beside_what_came_since(room: Room) -> None:
    room.tell(0, 0.25)
    room.hub.hear(
        Verb.REPORT,
        room.hub.report(Sample(device="cam-1", at=T0 + MINUTE, values={"response_seconds": 0.5, "authenticated": 1.0})),
    )
    room.hub.step()
    room.restart()
    room.hub.hear(
        Verb.REPORT, room.hub.report(Sample(device="cam-1", at=T0 + 2 * MINUTE, values={"response_seconds": 0.75}))
    )
    room.hub.step()
    camera = room.hub.committer._ready.sites[SITE].devices["cam-1"]
    assert dict(camera.latest) == {"response_seconds": Value(T0 + 2 * MINUTE, 0.75)}
    room.lookback.work()
    room.hub.step()
    assert dict(camera.latest) == {
        "reachable": Value(T0, 1.0),
        "response_seconds": Value(T0 + 2 * MINUTE, 0.75),
        "authenticated": Value(T0 + MINUTE, 1.0),
    }


def test_a_rule_that_waited_goes_on_with_the_hold_time_that_ran(room: Room) -> None:
    def lose(minute: int) -> None:
        room.hub.now = T0 + minute * MINUTE
        sample = Sample(device="cam-1", at=room.hub.now, values={"ping_loss_ratio": 1.0})
        room.hub.hear(Verb.REPORT, room.hub.report(sample))
        room.hub.step()

    for minute in (0, 5):
        lose(minute)
    room.restart()
    lose(9)
    room.lookback.work()
    room.hub.step()
    assert room.tickets() == []
    lose(10)
    assert room.tickets() == [("losing", "open")]
