from pathlib import Path

import pytest

from agent.device.account import Account, PasswordMissing


def test_the_password_is_the_files_first_line_and_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old\n")
    account = Account("wk", password_file=file)
    assert account.password() == "old"
    file.write_text("new with spaces \n# comment")
    assert account.password() == "new with spaces "


def test_the_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVR_PASSWORD", "geheim")
    assert Account("wk", password_env="NVR_PASSWORD").password() == "geheim"


@pytest.mark.parametrize(
    "account",
    [
        Account("wk"),
        Account("wk", password_file=Path("/nowhere/password")),
        Account("wk", password_env="NOT_SET_ANYWHERE"),
    ],
)
def test_a_missing_password_says_where_it_was_looked_for(account: Account) -> None:
    with pytest.raises(PasswordMissing, match=r"wk|/nowhere/password|NOT_SET_ANYWHERE"):
        account.password()


def test_no_password_shows_in_a_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVR_PASSWORD", "geheim")
    account = Account("wk", password_env="NVR_PASSWORD")
    account.password()
    assert "geheim" not in repr(account)
