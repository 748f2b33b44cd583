"""Accounts on a recorder: counted, and told when they come, go or change; never at first sight."""

from pathlib import Path

import pytest

from agent.collector import Happening
from agent.device.errors import BadAnswer
from agent.memory import Memory
from agent.recorder.accounts import Accounts, AccountsNote
from agent.recorder.model import User

ADMIN, VIEWER = User("admin", "Administrator", True), User("wk", "Viewer", False)


def accounts(folder: Path | None = None) -> Accounts:
    return Accounts("nvr", Memory(folder, "nvr-accounts", AccountsNote))


def told(happenings: list[Happening]) -> list[tuple[str, object, object]]:
    return [(one.type, one.data["user"], one.data["level"]) for one in happenings]


def test_they_are_counted_and_nothing_is_news_at_first_sight() -> None:
    values, happenings = accounts().learn([ADMIN, VIEWER])
    assert values == {"accounts": 2, "administrators": 1}
    assert happenings == []


def test_whether_they_may_do_everything_is_missing_where_it_is_not_told_of_each() -> None:
    assert accounts().learn([ADMIN, User("x")])[0] == {"accounts": 2}


def test_who_comes_goes_or_rises_is_told_once_over_restarts(tmp_path: Path) -> None:
    accounts(tmp_path).learn([ADMIN, VIEWER])
    intruder = User("guest2", "Administrator", True)
    assert told(accounts(tmp_path).learn([ADMIN, VIEWER, intruder])[1]) == [
        ("recorder.account_added", "guest2", "Administrator")
    ]
    assert accounts(tmp_path).learn([ADMIN, VIEWER, intruder])[1] == []
    risen = User("wk", "Administrator", True)
    (event,) = accounts(tmp_path).learn([ADMIN, risen, intruder])[1]
    assert (event.type, event.data) == (
        "recorder.account_changed",
        {"user": "wk", "level": "Administrator", "before": "Viewer"},
    )
    assert told(accounts(tmp_path).learn([ADMIN, risen])[1]) == [
        ("recorder.account_removed", "guest2", "Administrator")
    ]


def test_a_list_without_anybody_is_no_list_and_removes_nobody() -> None:
    one = accounts()
    one.learn([ADMIN, VIEWER])
    with pytest.raises(BadAnswer):
        one.learn([])
    assert one.learn([ADMIN, VIEWER])[1] == []


def test_any_names_can_be_remembered(tmp_path: Path) -> None:
    one = accounts(tmp_path)
    one.learn([User("通" * 300, "x" * 300), User("\ud800\x00")])
    one.learn([User(f"{n}") for n in range(1000)])
    assert accounts(tmp_path).learn([User(f"{n}") for n in range(1000)])[1] == []
