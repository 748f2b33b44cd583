"""Walks over tables, whoever answers."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.device.errors import BadAnswer
from agent.snmp.mib import Oid, Value
from agent.snmp.walk import BATCH, Rows, Table, walk

A, B, C = (1, 3, 1), (1, 3, 2), (1, 3, 3)


class Agent:
    """Has a sorted table, and counts what it is asked."""

    def __init__(self, rows: dict[Oid, Value]) -> None:
        self.rows = dict(sorted(rows.items()))
        self.questions = 0

    def ask(self, names: Sequence[Oid], repetitions: int) -> Rows:
        self.questions += 1
        cursors, answer = list(names), []
        for _ in range(repetitions):
            for at, cursor in enumerate(cursors):
                following = next((name for name in self.rows if name > cursor), None)
                answer.append((following, self.rows[following]) if following else (cursor, None))
                cursors[at] = following or cursor
        return answer


def test_columns_of_one_table_come_together_and_end_where_they_end() -> None:
    rows: dict[Oid, Value] = {(1, 4): 7}
    rows |= {(*A, n): n for n in range(100)}
    rows |= {(*B, n): b"x" for n in range(3)}
    agent = Agent(rows)
    table = walk(agent.ask, [A, B, C], 1000)
    assert table.column(A) == {(n,): n for n in range(100)}
    assert table.column(B) == {(0,): b"x", (1,): b"x", (2,): b"x"}
    assert table.column(C) == {}
    assert not table.cut
    assert agent.questions <= 2 + 100 // BATCH + 1


def test_no_more_rows_are_taken_than_wanted() -> None:
    table = walk(Agent({(*A, n): n for n in range(200)}).ask, [A], 60)
    assert (len(table.column(A)), table.cut) == (60, True)
    whole = walk(Agent({(*A, n): n for n in range(60)}).ask, [A], 60)
    assert (len(whole.column(A)), whole.cut) == (60, False)


def test_a_table_without_an_end_ends_all_the_same() -> None:
    def endless(names: Sequence[Oid], repetitions: int) -> Rows:
        return [((*names[0][:3], (names[0][3] if len(names[0]) > 3 else 0) + 1 + n), 1) for n in range(repetitions)]

    table = walk(endless, [A], 500)
    assert (len(table.column(A)), table.cut) == (500, True)


@pytest.mark.parametrize("rows", [[((*A, 2), 1), ((*A, 1), 1)], [((*A, 1), 1), ((*A, 1), 1)]])
def test_rows_in_the_wrong_order_are_a_bad_answer(rows: list[tuple[Oid, Value]]) -> None:
    with pytest.raises(BadAnswer, match="wrong order"):
        walk(lambda *_: rows, [A], 10)


def test_an_empty_answer_is_the_end() -> None:
    assert walk(lambda *_: [], [A, B], 10) == Table({A: {}, B: {}})


names = st.lists(st.integers(0, 5), max_size=6).map(tuple)
answers = st.lists(st.lists(st.tuples(names, st.one_of(st.none(), st.integers(), st.binary(max_size=3))), max_size=9))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers)
def test_any_answers_give_a_table_or_a_bad_answer(said: list[Rows]) -> None:
    left = list(said)
    try:
        table = walk(lambda *_: left.pop() if left else [], [A, (1, 3)], 4)
    except BadAnswer:
        return
    for column in (A, (1, 3)):
        rows = list(table.column(column))
        assert rows == sorted(rows)
        assert len(rows) <= 4
