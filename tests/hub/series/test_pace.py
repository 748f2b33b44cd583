"""How much of the time the drain takes, by what live writes say of it."""

from hub.series.pace import LEAST_SHARE, MOST_SHARE, START_SHARE, Pace


def test_without_live_data_the_drain_takes_nearly_all_of_the_time() -> None:
    pace = Pace()
    rests = [pace.rest(1.0) for _ in range(20)]
    assert rests == sorted(rests, reverse=True)
    assert pace.share == MOST_SHARE
    assert 0.1 < rests[-1] < 0.12


def test_live_writes_that_take_much_longer_halve_its_share_and_calm_ones_give_it_back() -> None:
    pace = Pace()
    for _ in range(10):
        pace.live(5000, 0.1, beside=False)
    pace.live(5000, 0.3, beside=True)
    pace.rest(0.1)
    assert pace.share == START_SHARE / 2
    for _ in range(10):
        pace.live(5000, 0.3, beside=True)
        pace.rest(0.1)
    assert pace.share == LEAST_SHARE
    pace.live(5000, 0.12, beside=True)
    pace.rest(0.1)
    assert pace.share > LEAST_SHARE


def test_it_is_the_cost_of_a_point_that_counts_not_the_size_of_batches() -> None:
    pace = Pace()
    for _ in range(10):
        pace.live(500, 0.014, beside=False)
    pace.live(5000, 0.12, beside=True)  # ten times the points
    pace.rest(0.1)
    assert pace.share > START_SHARE


def test_what_nobody_feels_slows_nothing() -> None:
    pace = Pace()
    pace.live(3, 0.001, beside=False)
    pace.live(3, 0.04, beside=True)
    pace.rest(0.1)
    assert pace.share > START_SHARE


def test_a_start_with_a_full_buffer_judges_live_writes_by_the_clock() -> None:
    pace = Pace()
    pace.live(100, 0.3, beside=True)
    pace.rest(0.1)
    assert pace.share == START_SHARE / 2


def test_a_live_write_that_was_given_up_leaves_the_drain_the_least() -> None:
    pace = Pace()
    pace.yield_way()
    assert pace.share == LEAST_SHARE
    assert pace.rest(1.0) <= 5.0, "but it never sleeps for long"
