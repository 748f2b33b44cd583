"""What is known of our clock's error is kept against the clock that is never set."""

import pytest

from agent.clock import LAST_MILLISECOND, READING_SECONDS, Reference, boot_id, milliseconds, moment
from agent.collector import ClockReading
from wire.messages import Report


class Hands:
    def __init__(self) -> None:
        self.seconds = 100.0
        self.shift = 0.0

    def wall(self) -> float:
        return self.seconds + self.shift

    def mono(self) -> float:
        return self.seconds


def test_a_reading_holds_for_a_day_and_no_longer() -> None:
    clock = Hands()
    reference = Reference(clock)
    assert reference.offset().source == "none"
    reference.read(ClockReading(2.5, "ntp:a"))
    clock.seconds += READING_SECONDS - 1
    assert reference.offset().ms == 2500
    clock.seconds += 1
    assert (reference.offset().ms, reference.offset().source) == (None, "none")


def test_a_gateway_that_boots_in_1970_and_is_set_later_never_claims_the_old_offset() -> None:
    clock = Hands()
    reference = Reference(clock)
    fifty_years = 1.6e9
    reference.read(ClockReading(fifty_years, "ntp:a"))
    assert reference.offset().ms == fifty_years * 1000
    clock.shift = fifty_years - 0.25
    assert reference.offset().ms == 250


def test_a_reference_that_is_lost_is_no_reference() -> None:
    reference = Reference(Hands())
    reference.read(ClockReading(1.0, "ntp:a"))
    reference.lost()
    assert reference.offset().ms is None


class Busy(Hands):
    """Clocks of a machine that stops us between two looks at them, for as long as `stops` says, one by one."""

    def __init__(self, *stops: float) -> None:
        super().__init__()
        self.shift = 5_000.0
        self._stops = list(stops)

    def wall(self) -> float:
        now = super().wall()
        self.seconds += self._stops.pop(0) if self._stops else 0.0
        return now


@pytest.mark.parametrize(("stops", "error"), [([], 0.0), ([3.0], 0.0), ([3.0, 0.5, 9.0, 0.02, 9.0], 0.01)])
def test_a_thread_stopped_between_two_looks_at_the_clocks_looks_again(stops: list[float], error: float) -> None:
    clock = Busy(*stops)
    assert moment(clock.wall, clock.mono).shift == pytest.approx(5_000.0 - error, abs=1e-6)
    reference = Reference(Busy(*stops))
    reference.read(ClockReading(2.0, "ntp:a"))
    assert reference.offset().ms == pytest.approx(2_000 - 1000 * error, abs=1e-3)


def test_times_are_held_to_the_bounds_of_the_wire() -> None:
    assert (milliseconds(-5.0), milliseconds(1.2345), milliseconds(1e15)) == (0, 1234, LAST_MILLISECOND)


def test_the_boot_id_fits_the_wire_and_stays() -> None:
    assert Report(id="aaaaaa:1", boot=boot_id(), mono=0, sent=0).boot == boot_id()
