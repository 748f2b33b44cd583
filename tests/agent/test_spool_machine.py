"""The spool as a state machine: whatever happens in whatever order, nothing disappears unless it is counted."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.spool import Spool
from agent.thinning import OVERHEAD
from tests.agent.drafts import draft, reports

BOUND = 24_000
WINDOW = 8
WINDOW_BYTES = 8_000
ALL = 1 << 60


class SpoolMachine(RuleBasedStateMachine):
    """Puts, sends, acknowledges, refuses, and dies without closing. The model counts what was put and settled."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.spool = self._open()
        self.number = 0
        self.samples = 0
        self.events: list[int] = []
        self.lost_before = (0, 0)
        self.flying: dict[str, bytes] = {}

    def _open(self) -> Spool:
        return Spool(self.folder / "spool.db", BOUND)

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder)

    @rule(
        sizes=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=6),
        stream=st.sampled_from("abc"),
    )
    def put(self, sizes: list[tuple[int, int]], stream: str) -> None:
        drafts = []
        for count, happened in sizes:
            drafts.append(draft(count, happened, first=self.number, stream=stream))
            self.samples += count
            self.events += [1_000_000 + self.number + n for n in range(happened)]
            self.number += 20
        self.spool.put_many(drafts)

    @rule(count=st.integers(1, WINDOW))
    def send(self, count: int) -> None:
        room = WINDOW_BYTES - sum(len(body) for body in self.flying.values())
        for kept in self.spool.take(0, ALL, min(count, WINDOW - len(self.flying)), room):
            assert kept.id not in self.flying
            self.flying[kept.id] = kept.body

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        names = data.draw(st.lists(st.sampled_from(sorted(self.flying)), unique=True))
        assert sorted(self.spool.acknowledged([*names, "zzzzzz:1-9"])) == sorted(names)
        for name in names:
            self._settled(self.flying.pop(name))

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.flying)))
        assert self.spool.refused(name, "poison", 1)
        self._settled(self.flying.pop(name))

    def _settled(self, body: bytes) -> None:
        (report,) = reports([body])
        self.samples -= len(report.samples) + sum(lost.count for lost in report.lost)
        for event in report.events:
            self.events.remove(event.at)

    @rule()
    def die_and_start_again(self) -> None:
        """No close: what SIGKILL leaves behind is the file and its write-ahead log as they are."""
        stats = self.spool.stats()
        self.lost_before = (self.lost_before[0] + stats.lost_samples, self.lost_before[1] + stats.lost_events)
        for kept in self.folder.glob("spool.db*"):
            shutil.copy(kept, self.folder / f"copy-{kept.name}")
        self.spool.close()
        for kept in self.folder.glob("spool.db*"):
            kept.unlink()
        for copy in self.folder.glob("copy-*"):
            copy.rename(self.folder / copy.name.removeprefix("copy-"))
        self.spool = self._open()
        self.flying.clear()

    @invariant()
    def bytes_are_within_the_bound(self) -> None:
        assert self.spool.stats().bytes <= BOUND

    @invariant()
    def nothing_disappears_untold(self) -> None:
        reader = Spool(self.folder / "spool.db", BOUND)
        kept = reports([row.body for row in reader.take(0, ALL, 10_000, ALL)])
        reader.close()
        lost_events = self.lost_before[1] + self.spool.stats().lost_events
        told = sum(lost.count for report in kept for lost in report.lost)
        assert sum(len(report.samples) for report in kept) + told == self.samples
        events = [event.at for report in kept for event in report.events]
        assert len(events) + lost_events == len(self.events)
        assert set(events) <= set(self.events)
        if lost_events == 0:
            assert sorted(events) == sorted(self.events)

    @invariant()
    def what_is_in_flight_is_as_it_was_sent(self) -> None:
        reader = Spool(self.folder / "spool.db", BOUND)
        on_disk = {row.id: row.body for row in reader.take(0, ALL, 10_000, ALL)}
        reader.close()
        assert all(on_disk.get(name) == body for name, body in self.flying.items())


LARGEST = 6_000
"""No report of these is larger."""


class EventsGoLast(RuleBasedStateMachine):
    """With nothing in flight, no event is given up while a sample is left, unless events take half of the room."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.spool = Spool(self.folder / "spool.db", BOUND)
        self.number = 0

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder)

    @rule(sizes=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=10))
    def put(self, sizes: list[tuple[int, int]]) -> None:
        lost = self.spool.stats().lost_events
        for count, happened in sizes:
            self.spool.put(draft(count, happened, first=self.number))
            self.number += 20
            if self.spool.stats().lost_events > lost:
                lost = self.spool.stats().lost_events
                reader = Spool(self.folder / "spool.db", BOUND)
                rows = reader.take(0, ALL, 10_000, ALL)
                reader.close()
                of_events = sum(
                    (len(row.body) + OVERHEAD) * row.events // (row.samples + row.events) for row in rows if row.events
                )
                assert sum(row.samples for row in rows) == 0 or of_events > BOUND // 2 - LARGEST


TestSpoolMachine = SpoolMachine.TestCase
TestSpoolMachine.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
TestEventsGoLast = EventsGoLast.TestCase
TestEventsGoLast.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
