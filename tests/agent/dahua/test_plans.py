from hypothesis import given
from hypothesis import strategies as st

from agent.dahua.plans import plans
from agent.dahua.table import parse
from agent.recorder.model import RecordingPlan
from agent.recordings.plan import Window


def test_a_schedule_begins_with_sunday_and_its_mask_tells_why_it_records() -> None:
    body = b"""
table.Record[0].Enable=false
table.Record[0].TimeSection[0][0]=1 08:00:00-12:00:00
table.Record[0].TimeSection[0][1]=6 12:00:00-23:59:59
table.Record[0].TimeSection[0][2]=0 00:00:00-24:00:00
table.Record[0].TimeSection[1][0]=39 08:00:00-12:00:00
table.Record[0].TimeSection[6][0]=1 08:00:00-12:00:00
table.Record[0].TimeSection[7][0]=1 00:00:00-24:00:00
"""
    assert plans(None, parse(body)) == {
        "1": RecordingPlan(
            True,
            (Window(days=("mon", "sat", "sun"), from_="08:00", to="12:00"),),
            (Window(days=("sun",), from_="12:00", to="24:00"),),
        )
    }


def test_the_mode_is_the_switch() -> None:
    modes = parse(b"table.RecordMode[0].Mode=0\ntable.RecordMode[1].Mode=1\ntable.RecordMode[2].Mode=2\n")
    schedules = parse(
        b"table.Record[0].TimeSection[3][0]=1 00:00:00-24:00:00\n"
        b"table.Record[1].TimeSection[3][0]=0 00:00:00-24:00:00\n"
        b"table.Record[2].TimeSection[3][0]=1 00:00:00-24:00:00\n"
    )
    assert plans(modes, schedules) == {
        "1": RecordingPlan(True, (Window(days=("wed",)),)),
        "2": RecordingPlan(True, (Window(),)),
        "3": RecordingPlan(False),
    }


def test_a_channel_whose_schedule_is_not_told_is_left_out() -> None:
    modes = parse(b"table.RecordMode[0].Mode=0\ntable.RecordMode[1].Mode=1\n")
    assert plans(modes, None) == {"2": RecordingPlan(True, (Window(),))}


def test_a_schedule_without_any_time_records_nothing() -> None:
    body = b"table.Record[4].TimeSection[0][0]=0 00:00:00-24:00:00"
    assert plans(None, parse(body)) == {"5": RecordingPlan(False)}


def test_seconds_are_not_asked_for_and_nonsense_is_no_time() -> None:
    body = b"""
table.Record[0].TimeSection[2][0]=1 08:00:30-17:59:59
table.Record[0].TimeSection[2][1]=1 18:00:00-18:00:20
table.Record[0].TimeSection[2][2]=1 22:00:00-06:00:00
table.Record[0].TimeSection[2][3]=1 25:00:00-26:00:00
table.Record[0].TimeSection[2][4]=1 10:99:00-11:00:00
table.Record[0].TimeSection[2][5]=x 10:00:00-11:00:00
table.Record[0].TimeSection[2][99]=1 10:00:00-11:00:00
"""
    assert plans(None, parse(body)) == {"1": RecordingPlan(True, (Window(days=("tue",), from_="08:01", to="18:00"),))}


@given(st.lists(st.tuples(st.integers(0, 9), st.text(alphabet="0123456789: -", max_size=22)), max_size=8))
def test_any_sections_give_a_plan(sections: list[tuple[int, str]]) -> None:
    lines = [f"table.Record[0].TimeSection[{day}][{n}]={text}" for n, (day, text) in enumerate(sections)]
    for plan in plans(None, parse("\n".join(lines).encode())).values():
        assert all(window.from_ < window.to for window in (*plan.continuous, *plan.eventful))
