"""`check-config` passes only what `run` can use: every file that is named is looked at."""

from pathlib import Path

import pytest

from hub.__main__ import main
from tests.servers.certificates import Authority

TLS = """\
[broker]
host = "broker.example"
[broker.tls]
ca = "ca.crt"
certificate = "hub.crt"
key = "hub.key"
"""
TOKEN = '[series]\nkind = "influx"\ntoken_file = "influx.token"\n'
AUTHORITY = '[series]\nkind = "influx"\nurl = "https://influx.example"\nca_file = "ca.crt"\n'
STORE = '[store]\nurl = "postgresql+psycopg://hub@127.0.0.1/hub"\npassword_file = "sql.password"\n'
BROKER = '[broker]\nusername = "hub"\npassword_file = "broker.password"\n'


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.client("hub")
    return made


def checked(folder: Path, text: str, capsys: pytest.CaptureFixture[str], status: int) -> str:
    (folder / "hub.toml").write_text(text)
    assert main(["check-config", "--config", str(folder / "hub.toml")]) == status
    return capsys.readouterr().err.replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TLS, "hub.toml:3: broker.tls: ca.crt: No such file or directory"),
        (TOKEN, "hub.toml:3: series.token_file: influx.token: No such file or directory"),
        (AUTHORITY, "hub.toml:4: series.ca_file: ca.crt: No such file or directory"),
        (STORE, "hub.toml:3: store.password_file: sql.password: No such file or directory"),
        (BROKER, "hub.toml:3: broker.password_file: broker.password: No such file or directory"),
    ],
)
def test_a_file_that_is_missing_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    assert said in checked(tmp_path, text, capsys, 2)


@pytest.mark.parametrize("held", [b"", b"one\ntwo\n", b"\xff\xfe"])
def test_a_secret_is_one_line_and_is_never_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], held: bytes
) -> None:
    (tmp_path / "influx.token").write_bytes(held)
    assert checked(tmp_path, TOKEN, capsys, 2).endswith("influx.token: want one line with the secret\n")


def test_with_every_file_there_all_is_well(
    authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("influx.token", "sql.password", "broker.password"):
        (tmp_path / name).write_text("correct-horse\n")
    for text in (TLS, TOKEN, AUTHORITY, STORE, BROKER):
        assert checked(tmp_path, text, capsys, 0) == ""


def test_a_key_that_is_another_certificates_is_told(
    authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority.client("other").key.rename(tmp_path / "hub.key")
    assert "no certificate and its key" in checked(tmp_path, TLS, capsys, 2)
    authority.ca.write_text("no certificate")
    assert "ca.crt: holds no certificate" in checked(tmp_path, TLS, capsys, 2)


def test_what_is_not_used_need_not_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(tmp_path, TOKEN.replace('influx"', 'embedded"'), capsys, 0) == ""
