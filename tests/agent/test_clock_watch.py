"""When the true time becomes known, what waits for it is dated: at once, and again where that did not work."""

from agent.clock import Reference
from agent.clock_watch import ClockWatch
from agent.collector import ClockReading, Reading

SET = 1_800_000_000.0


class Clocks:
    def __init__(self, wall: float) -> None:
        self.offset, self.now = wall, 0.0

    def wall(self) -> float:
        return self.offset + self.now

    def mono(self) -> float:
        return self.now


class Waiting:
    """A spool with something to be dated."""

    def __init__(self, *, undated: bool = True, unset: bool = True) -> None:
        self.undated, self.unset = undated, unset
        self.answers: list[int | None] = []
        self.asked: list[tuple[float, str, bool]] = []

    def date(self, ahead_ms: float, source: str, *, unset_only: bool = False) -> int | None:
        self.asked.append((ahead_ms, source, unset_only))
        answer = self.answers.pop(0) if self.answers else 1
        if answer is not None:
            self.unset = False
            self.undated = self.undated and unset_only
        return answer


def known(offset: float) -> Reading:
    return Reading(clock=ClockReading(offset, "ntp"))


def test_a_timeline_of_a_clock_that_was_never_set() -> None:
    clock, spool = Clocks(12.0), Waiting()
    watch = ClockWatch(clock, Reference(clock), spool)
    watch.look()
    assert spool.asked == [], "nobody knows the time yet"
    clock.now, clock.offset = 60.0, SET - 60.0
    watch.look()
    assert spool.asked == [(SET * 1000 - 60_000, "clock set later", True)]
    watch.look()
    assert len(spool.asked) == 1, "what is left may be right as it is"
    watch.note(known(1.5))
    assert spool.asked[1:] == [(SET * 1000 - 60_000 + 1500, "ntp", False)]


def test_a_reference_that_is_known_dates_what_is_put_a_moment_later() -> None:
    clock, spool = Clocks(SET), Waiting(undated=False, unset=False)
    watch = ClockWatch(clock, Reference(clock), spool)
    watch.note(known(0.25))
    assert spool.asked == []
    spool.undated = True
    watch.look()
    assert spool.asked == [(SET * 1000 + 250, "ntp", False)]


def test_a_disk_that_refuses_is_asked_again() -> None:
    clock, spool = Clocks(12.0), Waiting()
    spool.answers = [None, None]
    watch = ClockWatch(clock, Reference(clock), spool)
    watch.note(known(SET))
    watch.look()
    watch.look()
    watch.look()
    assert len(spool.asked) == 3


def test_a_reading_that_has_grown_old_and_a_new_one() -> None:
    clock, spool = Clocks(SET), Waiting(undated=False, unset=False)
    reference = Reference(clock)
    watch = ClockWatch(clock, reference, spool)
    watch.note(known(0.0))
    clock.now = 25 * 3600.0
    assert reference.offset().ms is None
    spool.undated = True
    watch.look()
    assert spool.asked == []
    watch.note(known(2.0))
    assert len(spool.asked) == 1
