import calendar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dahua.log import Line, Page, operation_of, page_in
from agent.dahua.table import parse
from agent.device.errors import BadAnswer
from agent.recorder.model import Operation

BODY = b"""found=4
items[0].Detail.Address=192.168.1.2
items[0].Detail.Type=WEB
items[0].Time=2026-01-02 22:05:33
items[0].Type=Login
items[0].User=admin
items[1].Detail=Playback
Channel No.:12
IP Address:10.1.2.3
items[1].Time=2026-01-02 22:06:33
items[1].Type=Playback
items[1].User=guard
items[2].Time=2026-01-02 22:07:33
items[2].Type=Event Begin
items[2].User=System
items[3].Time=never
items[3].Type=Reboot
"""


def at(minute: int) -> int:
    return calendar.timegm((2026, 1, 2, 22, minute, 33))


def test_entries_tell_who_did_what_from_where_and_to_which_channel() -> None:
    assert page_in(parse(BODY), 100) == Page(
        4,
        at(7),
        [
            Line(at(5), Operation.LOGIN, "admin", "192.168.1.2", "", "Login; address: 192.168.1.2; type: WEB"),
            Line(
                *(at(6), Operation.PLAYED_BACK, "guard", "10.1.2.3", "12"),
                "Playback; Playback; Channel No.:12; IP Address:10.1.2.3",
            ),
        ],
    )


def test_our_own_questions_are_nobodys_logins() -> None:
    body = BODY.replace(b"Type=WEB", b"Type=CGI")
    assert len(page_in(parse(body), 100, "admin").lines) == 1
    assert len(page_in(parse(body), 100, "watchkeeper").lines) == 2
    assert len(page_in(parse(BODY), 100, "admin").lines) == 2, "a person at the web page is somebody"


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        ("Login", Operation.LOGIN),
        ("Login Failure", Operation.LOGIN_FAILED),
        ("Illegal Login", Operation.LOGIN_FAILED),
        ("Logout", None),
        ("LogOut", None),
        ("Playback", Operation.PLAYED_BACK),
        ("Download", Operation.DOWNLOADED),
        ("Backup", Operation.DOWNLOADED),
        ("SaveConfig", Operation.CONFIGURED),
        ("Save Config", Operation.CONFIGURED),
        ("AddUser", Operation.CONFIGURED),
        ("ClearLog", Operation.CONFIGURED),
        ("Reboot", Operation.RESTARTED),
        ("ShutDown", Operation.RESTARTED),
        ("HDD Format", Operation.DISK_FORMATTED),
        ("Set Time", Operation.TIME_SET),
        ("System Time Update", Operation.TIME_SET),
        ("Event Begin", None),
        ("PTZ Control", Operation.OTHER),
        ("", None),
    ],
)
def test_what_a_kind_of_entry_means(kind: str, operation: Operation | None) -> None:
    assert operation_of(kind) is operation


@pytest.mark.parametrize("found", ["found=101", "found=-1", "found=x", "found=1000000000", "", "found=3"])
def test_a_count_that_lies_is_a_bad_answer(found: str) -> None:
    with pytest.raises(BadAnswer):
        page_in(parse(found.encode()), 100)


@given(st.lists(st.tuples(st.sampled_from(["Time", "Type", "User", "Detail", "Detail.Address"]), st.text(max_size=30))))
def test_any_values_give_lines(pairs: list[tuple[str, str]]) -> None:
    body = "\n".join(["found=1", *(f"items[0].{key}={value}" for key, value in pairs)]).encode(errors="replace")
    try:
        page = page_in(parse(body), 100)
    except BadAnswer:
        return
    assert page.count == 1
    assert all(line.detail.isprintable() for line in page.lines)
