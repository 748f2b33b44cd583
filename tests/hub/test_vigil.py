"""When a hub was awake and could hear: what it takes for blindness, and what not."""

from dataclasses import dataclass, field

from hub.blindness import Blindness
from hub.vigil import BEAT_MS, BUILT_MS, STALL_SECONDS, Vigil

T0 = BUILT_MS + 86_400_000


@dataclass
class Engine:
    blindness: Blindness = field(default_factory=Blindness)
    set_back: list[int] = field(default_factory=list)

    def clock_set_back(self, now: int) -> None:
        self.set_back.append(now)


@dataclass
class Night:
    """A vigil whose clocks are turned by hand."""

    now: int = T0
    seconds: float = 1000.0

    def __post_init__(self) -> None:
        self.engine = Engine()
        self.vigil = Vigil(lambda: self.now, monotonic=lambda: self.seconds)
        self.vigil.step()
        self.vigil.restored(self.engine.blindness, self.now, None, None)

    def round(self, after: int) -> bool:
        """Another step that ends well, so many ms later."""
        self.now += after
        told = self.vigil.look_back(self.engine)
        self.vigil.good()
        return told

    def blind(self) -> list[tuple[int, int | None, str]]:
        """From and till, ms since T0, and why."""
        found = self.engine.blindness.intervals
        return [(one.start - T0, None if one.end is None else one.end - T0, one.reason) for one in found]


def test_steps_close_to_one_another_are_no_blindness() -> None:
    night = Night()
    for _ in range(100):
        assert not night.round(2 * BEAT_MS)
    assert night.blind() == []


def test_two_signs_of_life_that_are_missing_are_blindness() -> None:
    night = Night()
    night.round(1000)
    night.round(2 * BEAT_MS + 1)
    night.round(1000)
    assert night.blind() == [(1000, 1000 + 2 * BEAT_MS + 1, "hub")]


def test_what_the_broker_does_is_told_with_its_own_time() -> None:
    night = Night()
    night.round(1000)
    night.vigil.broker_lost(silent_ms=400)
    night.now += 500
    night.vigil.broker_back()
    assert night.round(3000)
    assert not night.round(3000)
    assert night.blind() == [(600, 1500, "broker")]


def test_a_hub_that_takes_over_hears_nothing_until_the_broker_says_so() -> None:
    night = Night()
    night.vigil.broker_back()  # in an earlier time
    night.now += 100
    night.vigil.take_over()
    night.round(100)
    assert night.blind() == [(100, None, "broker")]
    night.vigil.broker_back()
    night.round(100)
    assert night.blind() == [(100, 200, "broker")]


def test_a_clock_that_was_ahead_is_told_and_leaves_no_gap() -> None:
    night = Night()
    night.round(10_000)
    night.round(-8_000)
    night.round(2 * BEAT_MS)
    assert night.engine.set_back == [T0 + 2_000]
    assert night.blind() == []


def test_a_clock_that_is_not_set_is_not_believed() -> None:
    night = Night(now=BUILT_MS - 1)
    assert not night.vigil.step()
    night.now = BUILT_MS
    assert night.vigil.step()


def test_after_a_start_what_lies_since_the_last_sign_of_life_is_blindness() -> None:
    night = Night()
    night.vigil.stand_by()
    night.now += 60_000
    night.vigil.restored(night.engine.blindness, night.now, T0, None)
    night.round(0)
    assert night.blind() == [(0, 60_000, "hub")]


def test_between_two_hubs_is_blindness_however_short() -> None:
    night = Night()
    night.vigil.stand_by()
    night.now += 3000
    night.vigil.restored(night.engine.blindness, night.now, T0 + 2900, unseen=700)
    night.round(0)
    assert night.blind() == [(2300, 3000, "hub")]


def test_signs_of_life_are_due_by_time_or_when_wanted() -> None:
    night = Night()
    night.vigil.beaten(T0)
    assert not night.vigil.beat_due(T0 + BEAT_MS - 1)
    assert night.vigil.beat_due(T0 + BEAT_MS)
    night.vigil.want_beat()
    assert night.vigil.beat_due(T0)


def test_a_step_that_does_not_end_is_a_stall() -> None:
    night = Night()
    night.seconds += STALL_SECONDS
    assert not night.vigil.stalled()
    night.seconds += 1
    assert night.vigil.stalled()
    night.vigil.step()
    assert not night.vigil.stalled()


def test_a_step_that_goes_on_is_no_stall_however_long_it_takes() -> None:
    night = Night()
    for _ in range(5):
        night.seconds += STALL_SECONDS
        assert not night.vigil.stalled()
        night.vigil.alive()


def test_a_clock_that_is_set_forward_is_no_stall() -> None:
    night = Night()
    night.now += 86_400_000
    assert not night.vigil.stalled()
