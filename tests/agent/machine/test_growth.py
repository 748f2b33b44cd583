"""Growth of memory: slow leaks are seen, what comes and goes is not."""

import pytest

from agent.machine.growth import POINTS, Growth, slope

HOUR = 3600.0
MIB = 1024.0 * 1024


def fed(values: list[float], step: float = 60.0, settling: float = 0.0) -> Growth:
    growth = Growth(6 * HOUR, settling)
    growth.begin(0.0)
    for number, value in enumerate(values):
        growth.note(number * step, value)
    return growth


def test_a_leak_is_seen_once_a_third_of_the_window_is_covered() -> None:
    leak = [500 * MIB + minute * MIB / 60 for minute in range(6 * 60)]
    assert fed(leak[:110]).per_hour is None
    assert fed(leak[:130]).per_hour == pytest.approx(MIB)
    assert fed(leak).per_hour == pytest.approx(MIB)


def test_memory_that_is_collected_every_hour_does_not_grow() -> None:
    sawtooth = [500 * MIB + (minute % 60) * MIB for minute in range(6 * 60)]
    rate = fed(sawtooth).per_hour
    assert rate is not None
    assert abs(rate) < 12 * MIB  # its flank alone would be 60


def test_one_large_request_is_no_growth() -> None:
    values = [500 * MIB] * 300
    values[150] = 5000 * MIB
    values[-1] = 900 * MIB
    assert fed(values).per_hour == 0.0


def test_shrinking_is_negative() -> None:
    assert fed([500 * MIB - minute * MIB for minute in range(200)]).per_hour == pytest.approx(-60 * MIB)


def test_warming_up_does_not_count_and_a_new_start_forgets() -> None:
    warm = [minute * 100 * MIB for minute in range(10)] + [1000 * MIB] * 200
    growth = fed(warm, settling=600.0)
    assert growth.per_hour == 0.0
    growth.begin(210 * 60.0)
    assert growth.per_hour is None
    growth.note(211 * 60.0, 1.0)
    assert growth.per_hour is None


def test_what_is_kept_is_bounded() -> None:
    growth = Growth(6 * HOUR, 0.0)
    for second in range(0, 24 * 3600, 20):
        growth.note(float(second), 1.0)
    assert len(growth._points) <= POINTS + 1


def test_nothing_is_said_of_one_point_or_of_no_time() -> None:
    assert slope([(1.0, 5.0)]) == slope([(1.0, 5.0), (1.0, 9.0)]) == 0.0
