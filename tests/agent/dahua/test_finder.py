import calendar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dahua.finder import File, files_in, object_in
from agent.dahua.table import parse
from agent.device.errors import BadAnswer

BODY = b"""found=3
items[0].Channel=0
items[0].EndTime=2026-01-06 06:13:00
items[0].StartTime=2026-01-06 06:05:00
items[0].Type=dav
items[1].StartTime=2026-01-06 06:13:00
items[1].EndTime=2026-01-06 06:14:00
items[2].Channel=0
items[2].EndTime=2026-01-06 06:20:00
items[2].StartTime=2026-01-06 06:20:00
items[2].Type=jpg
items[3].EndTime=2026-01-06 06:30:00
items[3].StartTime=2026-01-06 06:20:00
"""


def at(hour: int, minute: int) -> int:
    return calendar.timegm((2026, 1, 6, hour, minute, 0))


def test_recordings_are_told_by_their_times_and_pictures_are_none() -> None:
    assert files_in(parse(BODY), 100) == (3, [File(0, at(6, 5), at(6, 13)), File(None, at(6, 13), at(6, 14))])


def test_one_that_cannot_be_is_left_out() -> None:
    body = BODY.replace(b"items[1].EndTime=2026-01-06 06:14:00", b"items[1].EndTime=2026-01-06 06:00:00")
    assert files_in(parse(body), 100) == (3, [File(0, at(6, 5), at(6, 13))])


@pytest.mark.parametrize(
    "body",
    [
        b"found=101\nitems[0].StartTime=2026-01-06 06:05:00",
        b"found=-1",
        b"found=1e9",
        b"found=5\nitems[1000000000].StartTime=2026-01-06 06:05:00",
        b"found=",
        b"",
    ],
)
def test_a_count_that_lies_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        files_in(parse(body), 100)


def test_a_finder_has_a_name_that_can_be_asked_for() -> None:
    assert object_in(parse(b"result=08137\r\n")) == object_in(parse(b"object=08137")) == "08137"
    for body in (b"", b"result=", b"result=a&b=c", b"result=../x", b"result=" + b"1" * 33):
        with pytest.raises(BadAnswer, match="makes no finder"):
            object_in(parse(body))


@given(
    st.lists(st.tuples(st.sampled_from(["StartTime", "EndTime", "Channel", "Type"]), st.text(max_size=20)), max_size=6)
)
def test_any_values_give_files(pairs: list[tuple[str, str]]) -> None:
    body = "\n".join(["found=1", *(f"items[0].{key}={value}" for key, value in pairs)]).encode(errors="replace")
    try:
        count, files = files_in(parse(body), 1)
    except BadAnswer:
        return
    assert count == 1
    assert all(file.begin <= file.end for file in files)
