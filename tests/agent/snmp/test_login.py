"""Who we are to a switch: merged, whole, and with secrets from files or variables."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.device.account import PasswordMissing
from agent.snmp.login import Community, User, name_of, read
from agent.snmp.settings import Cipher, Hash, SnmpLogin, SwitchesSettings


def switches(device: dict[str, Any], **more: Any) -> SwitchesSettings:
    return SwitchesSettings.model_validate({"devices": [{"id": "sw", "host": "10.0.0.2", **device}], **more})


def test_a_community_is_read_when_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "community"
    login = SnmpLogin(community_file=file)
    with pytest.raises(PasswordMissing, match="community"):
        read(login)
    file.write_text("first\nsecond\n")
    assert read(login) == Community("first")
    file.write_text("\n")
    with pytest.raises(PasswordMissing, match="empty"):
        read(login)
    monkeypatch.setenv("WATCHKEEPER_COMMUNITY", "from-env")
    assert read(SnmpLogin(community_env="WATCHKEEPER_COMMUNITY")) == Community("from-env")
    assert name_of(login) == "community"


def test_a_user_has_one_or_two_passwords_none_of_them_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "password")
    monkeypatch.setenv("B", "short")
    login = SnmpLogin.model_validate({"version": "3", "username": "u", "password_env": "A", "hash": "sha256"})
    assert read(login) == User("u", "password", None, Hash.SHA256, Cipher.AES)
    assert name_of(login) == "u"
    with pytest.raises(PasswordMissing, match="privacy password is shorter"):
        read(login.model_copy(update={"privacy_password_env": "B"}))
    with pytest.raises(PasswordMissing, match="the password is shorter"):
        read(login.model_copy(update={"password_env": "B"}))


def test_a_switch_takes_what_it_leaves_out_from_the_rest_and_a_secrets_place_as_a_whole() -> None:
    settings = switches({"community_env": "OWN"}, community_file="/etc/community", username="u")
    login = settings.devices[0].over(settings)
    assert (login.community_env, login.community_file, login.username) == ("OWN", None, "u")
    plain = switches({}, community_file="/etc/community")
    assert plain.devices[0].over(plain).community_file == Path("/etc/community")


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ({}, "community_file or community_env"),
        ({"version": "3"}, "needs a username"),
        ({"version": "3", "username": "u"}, "password_file or password_env"),
        ({"community_file": "a", "community_env": "b"}, "not both"),
        ({"community": "public"}, "Extra inputs"),
        ({"version": "1", "community_file": "a"}, "'2c' or '3'"),
    ],
)
def test_a_login_that_lacks_something_is_refused_at_start(device: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        switches(device)


def test_no_secret_is_in_what_a_login_looks_like_in_a_log() -> None:
    shown = repr(User("reader", "auth-secret", "priv-secret", Hash.SHA, Cipher.AES)) + repr(Community("com-secret"))
    assert "reader" in shown
    assert "secret" not in shown
