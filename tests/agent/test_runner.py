"""The runner: schedules, time-outs, isolation, and times on the wire."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from agent.clock import SystemClock, milliseconds
from agent.collector import ClockReading, CollectError, Happening, Measurement, NotAvailable, Reading, Settings
from agent.draft import Draft
from agent.inventory import InventoryBook
from agent.job import Job
from agent.runner import Runner
from tests.waiting import wait_until
from wire.messages import Device, DeviceKind

OWN = [Device(device="agent", kind=DeviceKind.AGENT), Device(device="host", kind=DeviceKind.HOST)]


class Shifted(SystemClock):
    """The real clocks, the wall one off by what a test says."""

    def __init__(self) -> None:
        self.shift = 0.0

    def wall(self) -> float:
        return time.time() + self.shift


class Fake:
    """A collector that does what it is told."""

    def __init__(self, work: Callable[[], Reading]) -> None:
        self.runs = 0
        self.running = 0
        self.most_running = 0
        self.closed = False
        self._work = work

    def collect(self) -> Reading:
        self.runs += 1
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            return claiming(self._work())
        finally:
            self.running -= 1

    def close(self) -> None:
        self.closed = True


def claiming(reading: Reading) -> Reading:
    """The reading with all it speaks of claimed as its own, where it says nothing of devices."""
    names = dict.fromkeys([*(m.device for m in reading.measurements), *(h.device for h in reading.happenings)])
    if reading.devices is not None or not names:
        return reading
    devices = [Device(device=name, kind=DeviceKind.CAMERA) for name in names if " " not in name]
    return replace(reading, devices=devices)


def steady() -> Reading:
    return Reading([Measurement("thing", {"reachable": 1.0})])


def raising(error: Exception) -> Callable[[], Reading]:
    def work() -> Reading:
        raise error

    return work


class Bench:
    """A runner over fakes; remembers every draft."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.clock = Shifted()
        self.notes: dict[str, str] = {}
        self.runners: list[Runner] = []
        self.book: InventoryBook | None = None

    def run(self, works: Mapping[str, Fake | Sequence[Fake]], interval: float = 0.1, timeout: float = 20.0) -> Runner:
        settings = Settings(interval_seconds=interval, timeout_seconds=timeout)
        jobs = [
            Job(f"{name}-{number}" if number else name, name, settings, fake)
            for name, fakes in works.items()
            for number, fake in enumerate([fakes] if isinstance(fakes, Fake) else fakes)
        ]
        self.book = InventoryBook(OWN, [job.key for job in jobs], self.notes.get, self.notes.__setitem__)
        runner = Runner("agent", jobs, self.book, self.drafts.append, lambda: {"up": 1.0}, self.clock, own_interval=0.2)
        self.runners.append(runner)
        runner.start()
        return runner

    def values(self, device: str) -> list[Mapping[str, float]]:
        return [s.values for draft in list(self.drafts) for s in draft.samples if s.device == device]

    def latest(self) -> dict[str, float]:
        """The agent's newest figures, all merged."""
        merged: dict[str, float] = {}
        for values in self.values("agent"):
            merged.update(values)
        return merged


@pytest.fixture
def bench() -> Iterator[Bench]:
    one = Bench()
    yield one
    for runner in one.runners:
        runner.stop(timeout=5.0)


def test_collectors_run_at_start_and_by_their_interval(bench: Bench) -> None:
    fake = Fake(steady)
    bench.run({"host": fake})
    wait_until(lambda: fake.runs >= 4, what="four runs")
    assert bench.values("thing")[0] == {"reachable": 1.0}
    wait_until(lambda: bench.latest().get("collector_host_ok") == 1.0, what="the agent's own figures")
    assert bench.latest()["up"] == 1.0


def test_hanging_and_throwing_collectors_delay_no_other(bench: Bench) -> None:
    release = threading.Event()

    def hang() -> Reading:
        release.wait(30)
        return steady()

    hanging, throwing, well = Fake(hang), Fake(raising(RuntimeError("boom"))), Fake(steady)
    bench.run({"clock": hanging, "doors": throwing, "host": well}, timeout=0.2)
    wait_until(lambda: well.runs >= 5 and throwing.runs >= 5, what="the others run on")
    expected = {"collectors_failing": 2, "collector_clock_ok": 0, "collector_doors_ok": 0, "collector_host_ok": 1}
    wait_until(lambda: expected.items() <= bench.latest().items(), what="both are counted")
    assert hanging.runs == 1
    wait_until(lambda: bench.latest()["collector_clock_seconds"] > 0.5, what="the hanging run's duration grows")
    release.set()
    wait_until(lambda: hanging.runs >= 2, what="it runs again once it is back")
    assert hanging.most_running == 1


def test_what_a_late_run_read_is_kept_though_the_run_failed(bench: Bench) -> None:
    release = threading.Event()

    def slow() -> Reading:
        release.wait(30)
        return Reading([Measurement("late", {"reachable": 1.0})])

    bench.run({"clock": Fake(slow)}, interval=60, timeout=0.1)
    wait_until(lambda: bench.latest().get("collector_clock_ok") == 0.0, what="timed out")
    release.set()
    wait_until(lambda: bench.values("late"), what="its reading")
    assert bench.latest()["collector_clock_ok"] == 0.0


def test_not_available_is_told_apart_from_failed(bench: Bench) -> None:
    bench.run({"clock": Fake(raising(NotAvailable("no tool"))), "host": Fake(raising(CollectError("broken")))})
    wait_until(lambda: bench.latest().get("collectors_unavailable") == 1.0, what="unavailable")
    wait_until(lambda: bench.latest()["collectors_failing"] == 1.0, what="failed")
    assert bench.latest()["collector_clock_ok"] == 0.0


def test_several_collectors_of_a_plugin_count_as_the_worst_and_the_slowest(bench: Bench) -> None:
    def slow() -> Reading:
        threading.Event().wait(0.3)
        return steady()

    bench.run({"volumes": [Fake(steady), Fake(raising(CollectError("gone"))), Fake(slow)]})
    wait_until(lambda: bench.latest().get("collector_volumes_seconds", 0) >= 0.3, what="the slowest counts")
    assert bench.latest()["collector_volumes_ok"] == 0.0
    wait_until(lambda: bench.latest()["collectors_failing"] == 1.0, what="one plugin is counted")


def test_a_partly_failed_run_keeps_what_it_read_and_counts_as_failed(bench: Bench) -> None:
    bench.run({"volumes": Fake(lambda: Reading([Measurement("disk", {"fill_ratio": 0.5})], problem="/b: I/O error"))})
    wait_until(lambda: bench.latest().get("collectors_failing") == 1.0, what="failed")
    assert bench.values("disk")[0] == {"fill_ratio": 0.5}


def test_a_repeated_failure_is_logged_once_and_its_count_on_recovery(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    broken = threading.Event()
    broken.set()

    def work() -> Reading:
        if broken.is_set():
            raise CollectError("no route")
        return steady()

    fake = Fake(work)
    bench.run({"host": fake}, interval=0.05)
    wait_until(lambda: fake.runs >= 5, what="five failures")
    broken.clear()
    wait_until(lambda: "recovered" in caplog.text, what="recovery is logged")
    assert caplog.text.count("no route") == 1
    (line,) = [r.getMessage() for r in caplog.records if "recovered" in r.getMessage()]
    assert int(line.rpartition("=")[2]) >= 5


def test_times_are_the_wall_clocks_at_the_moment_of_the_report(bench: Bench) -> None:
    """The wall clock is set by a year while the collector runs: the sample lands on the new time, not the old."""
    year = 365 * 86400.0
    begun = time.monotonic()

    def work() -> Reading:
        bench.clock.shift = year
        return Reading(
            [Measurement("thing", {"reachable": 1.0}, mono=begun - 10)], [Happening("door", "door.opened", mono=begun)]
        )

    bench.run({"doors": Fake(work)}, interval=60)
    wait_until(lambda: bench.values("thing"), what="the sample")
    (draft,) = [one for one in bench.drafts if one.events]
    now = milliseconds(time.time() + year)
    at = {s.device: s.at for s in draft.samples}["thing"]
    assert 0 <= now - 10_000 - at < 5_000
    assert 0 <= draft.events[0].at - at - 10_000 <= 1
    assert abs(draft.sent - now) < 5_000
    assert draft.mono - draft.sent == pytest.approx((time.monotonic() - time.time() - year) * 1000, abs=5_000)


def test_the_offset_follows_a_clock_that_is_set_after_the_reading(bench: Bench) -> None:
    bench.clock.shift = -1000.0
    runner = bench.run({"clock": Fake(lambda: Reading(clock=ClockReading(1000.0, "ntp:a")))}, interval=60)
    wait_until(lambda: runner.reference.offset().ms is not None, what="a reading")
    assert runner.reference.offset().ms == pytest.approx(1_000_000, abs=5_000)
    bench.clock.shift = 0.0
    assert runner.reference.offset().ms == pytest.approx(0, abs=5_000)
    assert runner.reference.offset().source == "ntp:a"


def test_without_a_reference_the_offset_is_unknown(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    readings = iter([Reading(clock=ClockReading(1.0, "ntp:a"))])
    caplog.set_level(logging.INFO)
    runner = bench.run({"clock": Fake(lambda: next(readings, Reading(clock_lost=True)))}, interval=0.05)
    wait_until(lambda: "reference clock none" in caplog.text, what="the loss is logged")
    offset = runner.reference.offset()
    assert (offset.ms, offset.source) == (None, "none")
    assert caplog.text.count("reference clock none") == 1


def test_what_does_not_fit_the_wire_is_left_out_and_logged_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def work() -> Reading:
        return Reading(
            [
                Measurement("thing", {"reachable": float("nan"), "online": 1.0}),
                Measurement("Bad Id", {"reachable": 1.0}),
                Measurement("empty", {}),
            ],
            [Happening("door", "door.opened", {"x" * 100: 1.0, "why": "y" * 5000}), Happening("door", "NO TYPE")],
        )

    fake = Fake(work)
    bench.run({"host": fake}, interval=0.05)
    wait_until(lambda: fake.runs > 3, what="some runs")
    assert bench.values("thing")[0] == {"online": 1.0}
    wait_until(lambda: bench.values("agent"), what="the agent's own figures")
    assert {s.device for d in list(bench.drafts) for s in d.samples} == {"thing", "agent"}
    assert [(e.type, e.data) for e in next(d for d in bench.drafts if d.events).events] == [("door.opened", {})]
    assert caplog.text.count("no finite number") == 1


def test_collect_now_runs_what_has_not_just_run(bench: Bench) -> None:
    fake = Fake(steady)
    runner = bench.run({"host": fake}, interval=600)
    wait_until(lambda: fake.runs == 1, what="the first run")
    runner._jobs[0].begun = bench.clock.mono()
    assert runner.collect_now() == 0
    runner._jobs[0].begun -= 10
    assert runner.collect_now() == 1
    wait_until(lambda: fake.runs == 2, what="the second run")


def test_stopping_closes_collectors_and_leaves_hanging_ones_behind(bench: Bench) -> None:
    release = threading.Event()

    def hang() -> Reading:
        release.wait(30)
        return Reading()

    well, hanging = Fake(steady), Fake(hang)
    runner = bench.run({"host": well, "clock": hanging})
    wait_until(lambda: well.runs and hanging.runs, what="both run")
    begun = time.monotonic()
    runner.stop(timeout=0.5)
    assert time.monotonic() - begun < 20
    assert (well.closed, hanging.closed) == (True, False)
    release.set()
    wait_until(lambda: hanging.closed, what="the hanging one ends by itself")


def test_the_inventory_waits_for_every_collectors_first_run(bench: Bench) -> None:
    release = threading.Event()
    camera = Device(device="cam", kind=DeviceKind.CAMERA)

    def slow() -> Reading:
        release.wait(30)
        return Reading(devices=[camera])

    bench.run({"host": Fake(steady), "cameras": Fake(slow)}, interval=60)
    assert bench.book is not None
    wait_until(lambda: bench.values("thing"), what="the other's first reading")
    assert bench.book.whole() is None
    release.set()
    wait_until(lambda: bench.book is not None and bench.book.whole(), what="the whole inventory")
    whole = bench.book.whole()
    assert whole is not None
    assert [device.device for device in whole.devices] == ["agent", "host", "thing", "cam"]
    wait_until(lambda: bench.drafts[-1].inventory_hash == whole.hash, what="reports name it")


def test_a_collector_that_times_out_at_its_first_run_is_not_waited_for(bench: Bench) -> None:
    release = threading.Event()

    def hang() -> Reading:
        release.wait(30)
        return Reading()

    bench.run({"cameras": Fake(hang)}, timeout=0.1)
    assert bench.book is not None
    wait_until(lambda: bench.book is not None and bench.book.whole(), what="the inventory")
    release.set()


def test_a_collector_cannot_speak_for_anothers_device(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def truthful() -> Reading:
        return Reading([Measurement("cam", {"reachable": 1.0})])

    def lying() -> Reading:
        if not bench.values("cam"):
            return Reading()
        measurements = [Measurement(name, {"reachable": 0.0}) for name in ("cam", "nobodys", "mine", "host")]
        return Reading(
            measurements,
            [Happening("cam", "door.opened"), Happening("mine", "door.opened")],
            [Device(device=name, kind=DeviceKind.CAMERA) for name in ("cam", "mine")],
        )

    liar = Fake(lying)
    bench.run({"cameras": Fake(truthful), "recorders": liar}, interval=0.05)
    wait_until(lambda: len(bench.values("mine")) > 2, what="what the liar may say")
    assert {"reachable": 0.0} not in bench.values("cam")
    assert bench.values("nobodys") == []
    assert bench.values("host")[0] == {"reachable": 0.0}
    assert {event.device for draft in bench.drafts for event in draft.events} == {"mine"}
    assert caplog.text.count("dropped device='cam'") == 1


def test_a_defect_in_making_a_report_ends_no_thread(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    broken = threading.Event()
    broken.set()
    fake = Fake(steady)
    runner = bench.run({"host": fake}, interval=0.05)

    def sink(draft: Draft) -> None:
        if broken.is_set():
            raise ValueError("no report of this")
        bench.drafts.append(draft)

    runner._reports._sink = sink
    wait_until(lambda: "no report of this" in caplog.text, what="the defect is named")
    wait_until(lambda: runner._jobs[0].outcome == "failed", what="the run counts as failed")
    broken.clear()
    count = len(bench.drafts)
    wait_until(lambda: any(d.stream == "agent" for d in bench.drafts[count:]), what="the agent's own figures go on")
    wait_until(lambda: any(d.stream == "host" for d in bench.drafts[count:]), what="the collector goes on")


class Waiting(Fake):
    """Waits for news; told to stop it hands over what it has."""

    def __init__(self) -> None:
        self.told = threading.Event()
        super().__init__(self._wait)

    def _wait(self) -> Reading:
        assert self.told.wait(30)
        return Reading(happenings=[Happening("door", "door.opened")])

    def interrupt(self) -> None:
        self.told.set()


def test_a_wait_is_interrupted_at_the_end_and_what_it_read_is_kept(bench: Bench) -> None:
    waiting = Waiting()
    runner = bench.run({"doors": waiting})
    wait_until(lambda: waiting.runs, what="it waits")
    begun = time.monotonic()
    runner.stop(timeout=10.0)
    assert time.monotonic() - begun < 5
    assert waiting.closed
    assert [event.type for draft in bench.drafts for event in draft.events] == ["door.opened"]


# Exchanging collectors


def job(key: str, fake: Fake, timeout: float = 20.0) -> Job:
    name = key.partition("-")[0]
    return Job(key, name, Settings(interval_seconds=0.05, timeout_seconds=timeout), fake)


def test_others_take_over_when_those_before_have_ended_and_what_they_read_last_is_kept(bench: Bench) -> None:
    host, old = Fake(steady), Waiting()
    runner = bench.run({"host": host, "doors": old})
    wait_until(lambda: old.runs and host.runs > 1, what="both run")
    entered, release = threading.Event(), threading.Event()

    def late() -> Reading:
        entered.set()
        assert release.wait(20)
        return Reading(happenings=[Happening("door", "door.opened")])

    slow = Fake(late)
    runner.exchange({"doors": lambda: [job("doors", slow)]})
    wait_until(entered.is_set, what="the new one begins")
    assert old.closed
    assert [e.type for d in bench.drafts for e in d.events] == ["door.opened"]
    newest = Fake(steady)
    runner.exchange({"doors": lambda: [job("doors", newest)]})
    runs = host.runs
    wait_until(lambda: host.runs > runs + 3, what="the rest runs on")
    assert newest.runs == 0, "never two at once on the same devices"
    release.set()
    wait_until(lambda: newest.runs, what="the newest begins")
    assert [e.type for d in bench.drafts for e in d.events] == ["door.opened"] * 2
    assert slow.closed


def test_of_two_exchanges_in_a_row_the_first_is_never_begun(bench: Bench) -> None:
    release = threading.Event()

    def hold() -> Reading:
        release.wait(20)
        return Reading()

    runner = bench.run({"doors": Fake(hold)})
    first, second = Fake(steady), Fake(steady)
    runner.exchange({"doors": lambda: [job("doors", first)]})
    runner.exchange({"doors": lambda: [job("doors", second)]})
    release.set()
    wait_until(lambda: second.runs, what="the second begins")
    assert first.runs == 0


def test_others_wanted_while_the_next_are_made_come_in_their_place(bench: Bench) -> None:
    runner = bench.run({"doors": Fake(steady)})
    entered, release = threading.Event(), threading.Event()
    second, third = Fake(steady), Fake(steady)

    def slowly() -> Sequence[Job]:
        entered.set()
        assert release.wait(20)
        return [job("doors", second)]

    runner.exchange({"doors": slowly})
    wait_until(entered.is_set, what="the second is being made")
    runner.exchange({"doors": lambda: [job("doors", third)]})
    release.set()
    wait_until(lambda: third.runs, what="the third begins")
    assert (second.runs, second.closed) == (0, True)
    runner.stop()
    assert third.closed


def test_one_there_is_no_thread_for_has_failed_and_begins_when_there_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()
    full.set()
    begin = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if full.is_set() and thread.name == "collector-clock":
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    late, well = Fake(steady), Fake(steady)
    bench.run({"clock": late, "host": well})
    wait_until(lambda: well.runs > 2, what="the other runs")
    wait_until(lambda: bench.latest().get("collectors_failing") == 1.0, what="it is counted")
    assert bench.latest()["collector_clock_ok"] == 0.0
    full.clear()
    wait_until(lambda: late.runs, what="it begins")


def test_one_that_never_began_is_closed_at_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("collector-"):
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    first, second = Fake(steady), Fake(steady)
    runner = bench.run({"clock": first})
    runner.exchange({"clock": lambda: [job("clock", second)]})
    wait_until(lambda: first.closed, what="it gives way")
    runner.stop()
    assert second.closed


def test_one_that_hangs_is_left_behind(bench: Bench) -> None:
    release = threading.Event()

    def hang() -> Reading:
        release.wait(20)
        return Reading([Measurement("gone", {"reachable": 1.0})])

    runner = bench.run({"cameras": [Fake(hang), Fake(steady)]}, timeout=0.2)
    new = Fake(steady)
    runner.exchange({"cameras": lambda: [job("cameras", new)]})
    wait_until(lambda: new.runs, what="the new one begins")
    assert [thread.name for thread in runner.left() if "0" not in thread.name][:1] == ["collector-cameras"]
    release.set()
    wait_until(lambda: len(runner.left()) == 1, what="only the new one's thread is there")


def test_collectors_that_are_to_be_no_more_end_with_their_devices(bench: Bench) -> None:
    fake = Fake(steady)
    runner = bench.run({"host": Fake(lambda: Reading()), "cameras": fake})
    assert bench.book is not None
    book = bench.book
    wait_until(lambda: (whole := book.whole()) and len(whole.devices) == 3, what="a device")
    runner.exchange({"cameras": lambda: []})
    wait_until(lambda: (whole := book.whole()) and len(whole.devices) == 2, what="none")
    assert fake.closed
    runs = fake.runs
    runner.stop()
    assert fake.runs == runs


def test_what_waits_at_the_end_is_never_made(bench: Bench) -> None:
    release = threading.Event()

    def hold() -> Reading:
        release.wait(20)
        return Reading()

    runner = bench.run({"doors": Fake(hold)})
    made: list[int] = []
    runner.exchange({"doors": lambda: made.append(1) or []})  # type: ignore[func-returns-value]  # short
    runner.stop(timeout=0.1)
    release.set()
    wait_until(lambda: not runner.left(), what="all threads end")
    assert made == []


def test_what_is_missing_is_a_fact_that_does_not_flap(bench: Bench) -> None:
    say: list[Callable[[], Reading]] = [raising(NotAvailable("no smartctl"))]
    fake = Fake(lambda: say[0]())
    bench.run({"disks": fake}, interval=0.05)
    assert bench.book is not None
    book = bench.book

    def fact() -> object:
        whole = book.whole()
        return whole.devices[0].facts.get("collector_disks") if whole else None

    wait_until(lambda: fact() == "no smartctl", what="the fact")
    failing = [0]

    def fail_twice() -> Reading:
        failing[0] += 1
        if failing[0] <= 2:
            raise CollectError("busy")
        raise NotAvailable("no smartctl")

    before = book.whole()
    say[0] = fail_twice
    wait_until(lambda: failing[0] > 5, what="failures and more")
    assert book.whole() is before
    say[0] = raising(CollectError("broken"))
    wait_until(lambda: fact() is None, what="it is broken, not missing")
    say[0] = raising(NotAvailable("x" * 1000))
    wait_until(lambda: fact() == "x" * 300, what="missing again, cut")
    say[0] = steady
    wait_until(lambda: fact() is None, what="it is there")


def test_a_collector_is_told_when_what_it_read_is_kept(bench: Bench) -> None:
    drafts_at: list[int] = []
    reading = replace(steady(), kept=lambda: drafts_at.append(len(bench.values("thing"))))
    fake = Fake(lambda: reading)
    bench.run({"host": fake})
    wait_until(lambda: len(drafts_at) >= 2, what="two readings were kept")
    assert drafts_at[:2] == [1, 2], "each time after its report was put"
