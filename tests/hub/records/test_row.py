"""Lines of records: whatever is in a text comes back from InfluxDB as it was."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.records.row import MAX_TEXT, Row, to_line
from tests.hub.records.rig import Rig
from wire.records import REPAIR, TICKET, TICKET_EVENT

TAGS = {"site": "school"}
NASTY = [
    '"',
    "\\",
    "\\\\",
    '\\"',
    "\n",
    "a\nb",
    ",",
    "=",
    " ",
    "'",
    "摄像机离线",
    "🎥",
    "x\\",
    '{"a": "b\\n"}',
    "#",
    "\t",
    "",
]
texts = st.lists(st.sampled_from(NASTY) | st.text(st.characters(exclude_characters="\0\r", codec="utf-8")), max_size=6)


def test_a_row_stands_at_its_time_and_below_the_millisecond_at_its_number() -> None:
    row = Row(TICKET, TAGS, 1_800_000_000_000, {"number": 17, "open": 1.0, "resolved_at": None}, 17)
    assert to_line(row) == ("ticket,site=school number=17.0,open=1.0 1800000000000000017")
    assert to_line(row._replace(number=2_000_003)).endswith("1800000000000000003")
    assert to_line(row._replace(fields={"resolved_at": None, "number": float("nan")})) == ""


@pytest.mark.parametrize(
    "row",
    [
        Row(TICKET, {}, 1, {"number": 1.0}),
        Row(TICKET, {"site": ""}, 1, {"number": 1.0}),
        Row(TICKET, TAGS, 1, {"number": "seventeen"}),
        Row(TICKET, TAGS, 1, {"title": 1.0}),
        Row(TICKET, TAGS, 1, {"invented": 1.0}),
    ],
    ids=["tag missing", "tag empty", "text for number", "number for text", "no such field"],
)
def test_what_is_not_as_declared_is_not_written(row: Row) -> None:
    with pytest.raises(ValueError, match="declared"):
        to_line(row)


def test_long_texts_are_cut() -> None:
    line = to_line(Row(TICKET, TAGS, 1, {"title": "x" * 100_000}))
    assert len(line) < MAX_TEXT + 200
    assert "…" in line


moments = count(1_800_000_000_000)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(texts, min_size=1, max_size=30))
def test_any_text_comes_back_as_it_was(rig: Rig, told: list[list[str]]) -> None:
    wanted, at = ["".join(parts) for parts in told], next(moments)
    rows = [Row(TICKET_EVENT, TAGS, at, {"text": text}, number) for number, text in enumerate(wanted)]
    assert rig.daily.write_lines([to_line(row) for row in rows]) == []
    assert [row.get("text") for row in rig.rows("ticket_event", f"WHERE time >= {at}ms")] == wanted


def test_any_tag_comes_back_and_makes_no_second_line(rig: Rig) -> None:
    tags = {"site": "a b,c=d", "rule": "x\\", "period": "line\nbreak"}
    assert rig.daily.write_lines([to_line(Row(REPAIR, tags, 1_800_000_000_000, {"resolved": 1.0}))]) == []
    (row,) = rig.rows("repair")
    assert {name: row[name] for name in tags} == {"site": "a b,c=d", "rule": "x_", "period": "line_break"}
