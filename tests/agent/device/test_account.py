import io
import os
import pty
from pathlib import Path

import pytest

from agent.device.account import Account, PasswordMissing, asked_for


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


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\nsecond", b"pass\xffword\n"])
def test_a_file_without_a_password_costs_no_login_and_quotes_nothing(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    with pytest.raises(PasswordMissing) as error:
        Account("wk", password_file=file).password()
    assert str(error.value).removeprefix(f"password file {file} ") in (
        "is empty, or its first line is",
        "is no text in UTF-8",
    )


def test_an_account_without_a_password_has_an_empty_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVR_PASSWORD", "")
    assert Account("wk", password_env="NVR_PASSWORD").password() == ""


def test_no_password_shows_in_a_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVR_PASSWORD", "geheim")
    account = Account("wk", password_env="NVR_PASSWORD")
    account.password()
    assert "geheim" not in repr(account)


def test_a_typed_password_is_asked_for_on_a_terminal_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    main, terminal = pty.openpty()
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"geheim for {prompt}")
    with os.fdopen(terminal) as screen:
        monkeypatch.setattr("sys.stdin", screen)
        account = asked_for("wk", "10.0.0.5", None)
    assert account.password() == "geheim for Password of wk at 10.0.0.5: "
    assert "geheim" not in repr(account)
    os.close(main)


def test_without_a_terminal_a_file_is_wanted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("geheim"))
    with pytest.raises(PasswordMissing, match="--password-file"):
        asked_for("wk", "10.0.0.5", None)
    (tmp_path / "pw").write_text("from the file\n")
    assert asked_for("wk", "10.0.0.5", tmp_path / "pw").password() == "from the file"
