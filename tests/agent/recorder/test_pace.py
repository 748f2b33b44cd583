"""How many requests the channels' history may cost."""

from agent.recorder.pace import BURST, Pace


def test_history_gets_half_of_the_hours_requests_and_no_heap() -> None:
    now = 0.0
    pace = Pace(1200, lambda: now)
    spent = []
    for _ in range(120):
        asked = 0
        while pace.allows():
            pace.spend(3)
            asked += 3
        spent.append(asked)
        now += 60.0
    assert max(spent[1:]) <= BURST
    assert spent[0] <= BURST + 3
    assert 570 <= sum(spent[60:]) <= 630


def test_a_costly_answer_leaves_a_debt() -> None:
    now = 0.0
    pace = Pace(1200, lambda: now)
    pace.spend(BURST + 20)
    now = 60.0
    assert not pace.allows()
    now = 180.0
    assert pace.allows()


def test_a_single_run_asks_everything() -> None:
    pace = Pace(None)
    pace.spend(10_000)
    assert pace.allows()


def test_history_waits_while_the_hours_requests_run_out_whoever_sent_them() -> None:
    spent = 1000
    pace = Pace(1200, lambda: 0.0, lambda: spent)
    assert pace.allows()
    spent = 1020
    assert not pace.allows()
