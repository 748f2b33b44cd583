"""The life of a finding, read as timelines."""

from hypothesis import given
from hypothesis import strategies as st

from hub.finding import GAP_SECONDS, Holds, Life, advance
from hub.rule import CLEAR, UNKNOWN, Judgement

FIRING = Judgement("firing")
HOLDS = Holds(hold=60_000, clear=30_000)


def timeline(verdicts: str, step_ms: int = 10_000, holds: Holds = HOLDS) -> list[str]:
    """Run `F` firing, `.` clear, `?` unknown every step; each change with the step it happened at."""
    changes: list[str] = []
    life: Life | None = None
    previous: int | None = None
    pace = 0
    for index, letter in enumerate(verdicts):
        at = index * step_ms
        judgement = {"F": FIRING, ".": CLEAR, "?": UNKNOWN}[letter]
        life, change = advance(life, judgement, at, previous, holds, pace)
        if life is not None and life.state in ("closed", "dropped"):
            life = None
        if change:
            changes.append(f"{index} {change}")
        pace, previous = 0 if previous is None else at - previous, at
    return changes


def test_opens_after_its_hold_time_and_closes_after_its_clear_time() -> None:
    assert timeline("...FFFFFFF..F....") == [
        "3 pending",
        "9 opened",
        "10 clearing",
        "12 relapsed",
        "13 clearing",
        "16 closed",
    ]


def test_a_short_fault_leaves_nothing_behind() -> None:
    assert timeline("..FFF...") == ["2 pending", "5 dropped"]


def test_without_times_it_opens_and_closes_at_once() -> None:
    assert timeline(".F.", holds=Holds(0, 0)) == ["1 opened", "2 closed"]


def test_missing_data_neither_opens_nor_closes() -> None:
    assert timeline("FF????????F") == ["0 pending", "10 opened"]
    assert timeline("FFFFFFF??????????????") == ["0 pending", "6 opened"]


def test_a_hold_time_does_not_run_across_a_gap_in_the_data() -> None:
    life, _ = advance(None, FIRING, 0, None, HOLDS)
    late = round(GAP_SECONDS * 1000) + 1
    life, change = advance(life, FIRING, late, 0, HOLDS)
    assert life is not None
    assert (life.state, life.since, change) == ("pending", late, "pending")


def test_a_clear_time_does_not_run_across_a_gap_in_the_data() -> None:
    life = Life("open", since=0, opened=60_000, clearing=70_000)
    late = 70_000 + round(GAP_SECONDS * 1000) + 1
    after, change = advance(life, CLEAR, late, 70_000, HOLDS)
    assert after is not None
    assert (after.state, after.clearing, change) == ("open", late, "clearing")


@given(st.text(alphabet="F.?", max_size=60), st.integers(0, 8), st.integers(0, 8))
def test_any_history_opens_and_closes_in_turn_and_never_early(verdicts: str, hold: int, clear: int) -> None:
    changes = timeline(verdicts, step_ms=1000, holds=Holds(hold * 1000, clear * 1000))
    tickets = [c for c in changes if c.split()[1] in ("opened", "closed")]
    assert [c.split()[1] for c in tickets] == [("opened", "closed")[i % 2] for i in range(len(tickets))]
    for change in tickets:
        index, what = int(change.split()[0]), change.split()[1]
        time = hold if what == "opened" else clear
        allowed = "F?" if what == "opened" else ".?"
        assert set(verdicts[max(index - time, 0) : index + 1]) <= set(allowed)
