"""What both sides are told of the broker."""

from pathlib import Path

import pytest

from wire.settings import Broker, ConfigError


def broker(path: Path) -> Broker:
    return Broker(host="localhost", port=1883, username="hub", password_file=path)


def test_the_password_is_read_when_it_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "password"
    settings = broker(path)
    for text in ("before", "after"):
        path.write_text(f"{text}\n")
        assert settings.password() == text


def test_a_file_that_is_no_text_is_told_without_a_byte_of_it(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_bytes(b"secret\xff\xfe")
    with pytest.raises(ConfigError) as refused:
        broker(path).password()
    assert str(refused.value) == f"{path}: no text in UTF-8"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        broker(tmp_path / "nothing").password()
