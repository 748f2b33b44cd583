"""Outages as timelines, over a real Mosquitto: what was measured meanwhile arrives, in the right order, once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from agent.app import App, build
from agent.clock import Clock, SystemClock
from agent.collector import ClockReading, Collector, Context, Measurement, Plugin, Reading, Settings
from agent.config import parse
from agent.dating import EARLIEST_MS
from agent.spool import Spool
from agent.state import StateDir, StateError
from tests.agent.collectors.loop_disk import LoopDisk, loop_disk
from tests.agent.drafts import BOOT, draft
from tests.agent.test_uplink import ADDRESS, Hub
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until
from wire.codec import decode
from wire.messages import Report
from wire.topics import Verb

HOUR = 3_600_000
HOST = "gate-host"


class Counter:
    """Counts; and asks a reference clock where it has one."""

    def __init__(self) -> None:
        self.number = 0
        self.ask: Callable[[], ClockReading] | None = None

    def collect(self) -> Reading:
        self.number += 1
        values = {"load1_ratio": float(self.number)}
        reading = self.ask() if self.ask is not None else None
        return Reading([Measurement(HOST, values)], clock=reading, clock_lost=reading is None)

    def close(self) -> None:
        return


class Clocks:
    """A wall clock that is wrong by `wrong` seconds, and a monotonic one that runs `speed` times as fast as time."""

    def __init__(self, wall_at_boot: float | None = None, speed: float = 1.0) -> None:
        self.wrong = wall_at_boot - time.time() if wall_at_boot is not None else 0.0
        self._speed = speed

    def wall(self) -> float:
        return time.time() + self.wrong

    def mono(self) -> float:
        return time.monotonic() * self._speed


def made(state: Path, port: int, collector: Collector, clock: Clock | None = None) -> App:
    """An agent with this one collector, ten runs a second."""

    def make(settings: Settings, context: Context) -> list[Collector]:
        return [collector]

    plugins = {"host": Plugin("host", Settings, make)}
    table = {
        "site": ADDRESS.site,
        "agent": ADDRESS.agent,
        "host": HOST,
        "state_dir": str(state),
        "broker": {"host": "127.0.0.1", "port": port},
        "collectors": {"host": {"interval_seconds": 0.1}},
    }
    return build(parse(table, plugins), plugins, clock=clock or SystemClock())


def reports(hub: Hub) -> list[Report]:
    """What the hub heard, each report once, in the order of first arrival."""
    first: dict[str, Report] = {}
    for body in hub.of(Verb.REPORT):
        report = decode(Report, body)
        first.setdefault(report.id, report)
    return list(first.values())


def numbers(hub: Hub) -> list[int]:
    return [
        round(sample.values["load1_ratio"])
        for report in reports(hub)
        for sample in report.samples
        if "load1_ratio" in sample.values
    ]


@pytest.fixture
def hub(mosquitto: Mosquitto) -> Iterator[Hub]:
    one = Hub(mosquitto.port)
    yield one
    one.close()


def test_72_hours_without_a_broker_and_a_reboot_in_between(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Every minute two readings for three days; half way the power fails. Then the broker is back."""
    now = round(time.time() * 1000)
    minutes = [now - 72 * HOUR + n * 60_000 for n in range(72 * 60)]
    state = tmp_path / "state"
    with locked(state) as where:
        before = Spool(where, 1 << 28)
        backlog: list[str] = []
        for hour in range(72):
            if hour == 36:
                # Not closed: the machine lost its power. What comes after is another boot's.
                before = Spool(where, 1 << 28)
            boot = BOOT if hour < 36 else BOOT.replace("0b", "0c")
            backlog += before.put_many(
                replace(draft(1, 1, first=number, stream=name, sent=minutes[number]), boot=boot)
                for number in range(hour * 60, hour * 60 + 60)
                for name in ("cameras", "doors")
            )
        before.close()
    counter = Counter()
    mosquitto.stop()
    app = made(state, mosquitto.port, counter)
    app.start()
    wait_until(lambda: counter.number >= 5, what="the agent measures without a broker")
    mosquitto.start()
    hub = Hub(mosquitto.port)
    began = time.time() * 1000
    try:
        wait_until(lambda: set(backlog) <= set(hub.ids), 120, "the whole backlog arrived")
        wait_until(lambda: app.spool.stats().reports < 5, 30, "the spool is empty but for what is being measured")
        found = reports(hub)
    finally:
        app.stop()
        hub.close()
    old = [report.id for report in found if report.id in set(backlog)]
    assert old == backlog, "in order, oldest first, none missing, none twice but as a repetition"
    assert [event.at - 1_000_000 for report in found for event in report.events][::2] == list(range(len(minutes)))
    live = [(position, report) for position, report in enumerate(found) if report.sent > began]
    last_old = max(position for position, report in enumerate(found) if report.id in set(backlog))
    overtaking = [report for position, report in live if position < last_old]
    assert len(overtaking) >= 3, "what is measured now does not wait behind three days"
    numbered = [round(s.values["load1_ratio"]) for r in found for s in r.samples if "load1_ratio" in s.values]
    assert sorted(numbered) == list(range(1, max(numbered) + 1))


def test_a_gateway_that_boots_in_1970_and_learns_the_time_later(tmp_path: Path, hub: Hub, mosquitto: Mosquitto) -> None:
    counter, clocks = Counter(), Clocks(wall_at_boot=12.0)
    began = time.time()
    app = made(tmp_path / "state", mosquitto.port, counter, clocks)
    app.start()
    try:
        wait_until(lambda: counter.number >= 5, what="it measures")
        wait_until(lambda: hub.statuses() != [], what="it is connected")
        assert reports(hub) == [], "nothing that nobody could place in time is sent"
        counter.ask = lambda: ClockReading(time.time() - clocks.wall(), "ntp.example")
        wait_until(lambda: len(numbers(hub)) >= 10, what="then everything is")
        clocks.wrong = 0.0  # the time service sets the clock
        known = counter.number
        wait_until(lambda: len(numbers(hub)) >= known + 5, what="and it goes on")
    finally:
        app.stop()
    found = reports(hub)
    true = [sample.at + (report.offset.ms or 0.0) for report in found for sample in report.samples]
    assert min(true) >= began * 1000 - 1000
    assert max(true) <= time.time() * 1000 + 1000
    got = numbers(hub)
    assert sorted(got) == list(range(1, max(got) + 1)), "from the very first reading on"


def test_a_clock_that_somebody_sets_without_any_reference(tmp_path: Path, hub: Hub, mosquitto: Mosquitto) -> None:
    counter, clocks = Counter(), Clocks(wall_at_boot=12.0)
    app = made(tmp_path / "state", mosquitto.port, counter, clocks)
    app.start()
    try:
        wait_until(lambda: counter.number >= 5, what="it measures")
        clocks.wrong = 0.0
        wait_until(lambda: 1 in numbers(hub), what="what was measured before is sent, dated by the clock as it is now")
    finally:
        app.stop()
    found = reports(hub)
    true = [sample.at + (report.offset.ms or 0.0) for report in found for sample in report.samples]
    assert all(abs(at - time.time() * 1000) < 60_000 for at in true)
    assert {report.offset.source for report in found if report.sent < EARLIEST_MS} == {"clock set later"}


# The disk under the spool


HURRIED = Clocks(speed=20.0)
"""A disk that failed is tried again after a minute."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[LoopDisk]:
    """A real ext4 of 8 MiB."""
    with loop_disk(tmp_path, megabytes=8) as one:
        yield one


def fill(path: Path) -> None:
    """Write until the disk takes no more."""
    with suppress(OSError), path.open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(1024))


def goes_on(hub: Hub, counter: Counter) -> None:
    after = counter.number
    wait_until(lambda: max(numbers(hub), default=0) > after + 3, what="readings go on arriving")


def failing(app: App) -> Callable[[], bool]:
    return lambda: app.spool.stats().failing


def test_a_full_disk_under_the_spool(disk: LoopDisk, hub: Hub, mosquitto: Mosquitto) -> None:
    counter = Counter()
    app = made(disk.mount / "state", mosquitto.port, counter, HURRIED)
    app.start()
    try:
        wait_until(lambda: len(numbers(hub)) >= 3, what="all is well")
        fill(disk.mount / "ballast")
        hub.answering = False
        wait_until(failing(app), 60, "the disk takes nothing, and the agent says so")
        hub.answering = True
        goes_on(hub, counter)
        (disk.mount / "ballast").unlink()
        wait_until(lambda: not app.spool.stats().failing, 30, "the disk is well again")
        goes_on(hub, counter)
    finally:
        app.stop()
    got = numbers(hub)
    assert sorted(got) == list(range(1, max(got) + 1))


@pytest.mark.parametrize("blow", ["fail", "shut_down"], ids=["remounted read-only by an error", "USB disk pulled out"])
def test_a_disk_that_goes_away_under_the_spool(blow: str, disk: LoopDisk, hub: Hub, mosquitto: Mosquitto) -> None:
    counter = Counter()
    app = made(disk.mount / "state", mosquitto.port, counter, HURRIED)
    app.start()
    try:
        wait_until(lambda: len(numbers(hub)) >= 3, what="all is well")
        getattr(disk, blow)()
        wait_until(failing(app), what="the disk takes nothing, and the agent says so")
        goes_on(hub, counter)
    finally:
        app.stop()
    got = numbers(hub)
    assert sorted(got) == list(range(1, max(got) + 1))


def test_an_agent_started_on_a_read_only_root(disk: LoopDisk, hub: Hub, mosquitto: Mosquitto) -> None:
    first, second = Counter(), Counter()
    state = disk.mount / "state"
    app = made(state, mosquitto.port, first)
    app.start()
    wait_until(lambda: len(numbers(hub)) >= 3, what="all is well")
    app.stop()
    disk.remount("ro")
    again = made(state, mosquitto.port, second, HURRIED)
    again.start()
    try:
        with pytest.raises(StateError, match="in use by another agent"):
            made(state, mosquitto.port, Counter())
        goes_on(hub, second)
        assert failing(again)()
        disk.remount("rw")
        wait_until(lambda: not again.spool.stats().failing, 30, "it is well again, and the spool is on disk")
    finally:
        again.stop()


@contextmanager
def locked(state: Path) -> Iterator[Path]:
    """The spool's file of an agent's folder, as long as no agent uses it."""
    one = StateDir(state)
    one.open()
    yield one.spool
    one.close()
