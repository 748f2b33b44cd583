from agent.device.pace import SHARE, Pace


def test_so_many_things_a_second_and_then_a_rest() -> None:
    now = 100.0
    pace = Pace(10, lambda: now, lambda: 0.0)
    assert [pace.take(5), pace.take(5)] == [0.0, 0.0]
    now = 100.25
    assert pace.take(1) == 0.75
    now = 101.0
    assert pace.take(10) == 0.0


def test_few_things_that_cost_much_end_in_a_rest_too() -> None:
    now = worked = 7.0
    pace = Pace(1000, lambda: now, lambda: worked)
    assert pace.take(1) == 0.0
    now += 0.5
    worked += SHARE * 2
    assert pace.take(1) == 0.5
    now += 0.5
    assert pace.take(1) == 0.0
