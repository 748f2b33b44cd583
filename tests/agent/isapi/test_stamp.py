import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.isapi import stamp
from agent.isapi.stamp import Stamp

NOON = 1_700_049_600  # 2023-11-15T12:00:00Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-15T12:00:00Z", Stamp(NOON, zulu=True)),
        ("20231115T120000Z", Stamp(NOON, zulu=True)),
        ("2023-11-15T12:00:00", Stamp(NOON)),
        ("2023-11-15 12:00:00", Stamp(NOON)),
        (" 2023-11-15T12:00:00.000+08:00 ", Stamp(NOON, offset=8 * 3600)),
        ("2023-11-15T12:00:00-0330", Stamp(NOON, offset=-12_600)),
        ("1970-01-01T00:00:00Z", Stamp(0, zulu=True)),
    ],
)
def test_digits_and_suffix_are_kept_apart(text: str, expected: Stamp) -> None:
    assert stamp.read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2023-13-15T12:00:00Z",
        "2023-02-30T12:00:00Z",
        "2023-11-15T25:00:00Z",
        "1969-12-31T23:59:59Z",
        "9999-11-15T12:00:00Z",
        "0000-00-00T00:00:00Z",
        "٢٠٢٣-11-15T12:00:00Z",
        "2023-11-15T12:00:00Zx",
    ],
)
def test_what_is_no_time_of_our_days_is_none(text: str) -> None:
    assert stamp.read(text) is None


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12))
def test_what_is_written_can_be_read(wall: int) -> None:
    read = stamp.read(stamp.written(wall))
    assert read is not None
    assert read.wall == min(max(wall, 0), stamp.LATEST - 1)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_time_or_none(text: str) -> None:
    read = stamp.read(text)
    assert read is None or 0 <= read.wall < stamp.LATEST
