import calendar
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dahua import table
from agent.device.errors import BadAnswer


def test_lines_become_a_table_whatever_their_capitals() -> None:
    body = b"table.General.MachineName=NVR Hall 2\r\ntable.General.LocalNo=8\r\n\r\nVendor=Dahua\n"
    assert table.parse(body) == {
        "table.general.machinename": "NVR Hall 2",
        "table.general.localno": "8",
        "vendor": "Dahua",
    }


def test_a_value_may_hold_anything_and_go_on_in_the_next_line() -> None:
    body = b"items[0].Detail=Event Type:IPC Offline Alarm\r\nChannel:10\r\nitems[0].Note=a=b <c>\r\n"
    assert table.parse(body) == {
        "items[0].detail": "Event Type:IPC Offline Alarm; Channel:10",
        "items[0].note": "a=b <c>",
    }


def test_passwords_of_cameras_are_not_kept() -> None:
    slot = "table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0"
    body = f"{slot}.Address=10.0.0.7\n{slot}.Password=secret\ngoes on\nusers[0].Password=***\nx.PwdOld=s\n".encode()
    assert list(table.parse(body).values()) == ["10.0.0.7"]


def test_names_in_older_chinese_firmware_are_read() -> None:
    assert table.parse("table.ChannelTitle[0].Name=大门".encode("gb18030")) == {"table.channeltitle[0].name": "大门"}
    assert table.parse("table.ChannelTitle[0].Name=大门".encode()) == {"table.channeltitle[0].name": "大门"}


def test_nothing_is_an_empty_table_and_a_web_page_is_none() -> None:
    assert table.parse(b"") == table.parse(b"\r\n \r\n") == {}
    for body in (b"<html><body>Login</body>", b"OK\r\n", b"\x00\x01\x02", b"{}", b"\xff\xd8\xff\xe0"):
        with pytest.raises(BadAnswer, match="no table"):
            table.parse(body)


def test_a_flood_of_lines_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadAnswer, match="more than 65536 lines"):
        table.parse(b"a=\n" * 70_000)


def test_rows_are_by_index_and_wild_indexes_are_left_out() -> None:
    found = table.parse(b"a[1].X=1\na[0].X=2\na[0].Y.Z=3\na[1000000000].X=4\na[256].X=5\nab[0].X=6\na[0]=7\nb[-1].X=8")
    assert table.rows(found, "A") == {0: {"x": "2", "y.z": "3", "": "7"}, 1: {"x": "1"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02 03:04:05", (2026, 1, 2, 3, 4, 5)),
        ("2026-1-2 3:4:5", (2026, 1, 2, 3, 4, 5)),
        ("2026/01/02T03:04:60", (2026, 1, 2, 3, 4, 59)),
        ("1970-01-01 00:00:00", (1970, 1, 1, 0, 0, 0)),
        ("1969-12-31 23:59:59", None),
        ("9999-01-01 00:00:00", None),
        ("2026-02-30 00:00:00", None),
        ("2026-01-02 03:04:61", None),
        ("2026-01-02", None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_of_the_wall_clock(text: str | None, expected: tuple[int, ...] | None) -> None:
    assert table.moment(text) == (None if expected is None else calendar.timegm(expected))


@given(st.integers(0, int(table.LAST_WALL)))
def test_what_is_written_is_read_back(wall: int) -> None:
    assert table.moment(table.written(wall)) == wall


def test_moments_beyond_the_calendar_are_written_as_its_ends() -> None:
    assert table.written(-1e12) == "1970-01-01 00:00:00"
    assert table.written(1e15) == "2105-12-31 23:59:59"


def test_figures_that_are_none() -> None:
    assert [table.number(text) for text in ("1.5", "", None, "nan", "inf", "-1", "x", "1e3")] == [
        *(1.5, None, None, None, None, None, None, 1000.0)
    ]
    assert [table.whole(text) for text in ("12", "-3", "1" * 10, "1" * 5000, "٣", "", None, " 7 ")] == [
        *(12, -3, None, None, None, None, None, 7)
    ]
    assert [table.flag(text) for text in ("true", "False", "1", "0", "yes", None)] == [
        True,
        False,
        True,
        False,
        None,
        None,
    ]


@given(st.binary(max_size=400) | st.text(alphabet="a[0].=\n é;", max_size=200).map(str.encode))
def test_any_bytes_are_a_table_or_a_bad_answer(body: bytes) -> None:
    try:
        found = table.parse(body)
    except BadAnswer:
        return
    assert all(isinstance(key, str) and len(value) <= table.MAX_VALUE for key, value in found.items())
    table.rows(found, "a")
    table.last_named(found, "a")


@given(st.binary(max_size=200) | st.text(alphabet='[]{},:"1a', max_size=40).map(str.encode))
def test_any_bytes_are_json_or_a_bad_answer(body: bytes) -> None:
    with contextlib.suppress(BadAnswer):
        assert isinstance(table.parse_json(body), dict)


def test_json_nested_without_end_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="no JSON"):
        table.parse_json(b"[" * 200_000)
