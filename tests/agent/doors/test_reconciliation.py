import pytest

from agent.doors.inputs import NamedDoorSettings
from agent.doors.reconciliation import CONFIRM_SECONDS, Reconciliation
from agent.doors.source import Source
from agent.doors.told import Aspect, StateTold


class Bench:
    def __init__(self) -> None:
        self.now = 1000.0
        self.source = Source("test", [NamedDoorSettings.model_validate({"id": "front"})], lambda: self.now)
        self.states = Reconciliation(self.source, lambda: self.now)
        self.states.polled([self.state("Closed", initial=True)], self.now, sure=True)

    def state(self, value: str, initial: bool = False) -> StateTold:
        return StateTold("front", Aspect.POSITION, value, initial)

    def stream(self, value: str) -> list[str]:
        return [one.type for one in self.states.stream([self.state(value)])]

    def poll(self, value: str, sure: bool = False, asked: float | None = None) -> list[tuple[str, object]]:
        happenings = self.states.polled([self.state(value, initial=True)], asked or self.now, sure)
        return [(one.type, one.data.get("after_gap")) for one in happenings]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_answer_after_a_gap_counts_at_once(bench: Bench) -> None:
    assert bench.poll("Open", sure=True) == [("door.opened", True)]


def test_an_answer_that_overtakes_its_event_waits_for_it(bench: Bench) -> None:
    assert bench.poll("Open") == []
    assert bench.states.doubtful
    assert bench.stream("Open") == ["door.opened"]
    bench.now += 10.0
    assert bench.poll("Open") == []
    assert not bench.states.doubtful


def test_an_answer_whose_event_never_comes_counts_when_it_is_told_again(bench: Bench) -> None:
    assert bench.poll("Open") == []
    bench.now += CONFIRM_SECONDS / 2
    assert bench.poll("Open") == []
    bench.now += CONFIRM_SECONDS / 2
    assert bench.poll("Open") == [("door.opened", True)]


def test_an_answer_does_not_undo_what_was_told_meanwhile(bench: Bench) -> None:
    asked = bench.now
    bench.now += 1.0
    assert bench.stream("Open") == ["door.opened"]
    assert bench.poll("Closed", sure=True, asked=asked) == []
    bench.now += 60.0
    assert bench.poll("Open") == []


def test_every_answer_is_a_sign_of_life(bench: Bench) -> None:
    bench.now += 60.0
    bench.poll("Open")
    (front,) = bench.source.measure({}, known=True)
    assert front.values == {"door_open": 0, "door_silence_seconds": 0}
