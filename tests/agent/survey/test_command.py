"""The command itself: what a technician types, sees and gets."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.__main__ import command
from agent.survey.command import _write
from simulator.dahua.recorder import DahuaRecorder
from simulator.isapi.recorder import IsapiRecorder
from simulator.onvif import Recorder
from simulator.recorder.box import DAY, Box


@pytest.fixture
def recorder() -> Iterator[IsapiRecorder]:
    box = Box(2)
    for channel in box.channels:
        channel.oldest_seconds = 31 * DAY
    with IsapiRecorder(box) as made:
        yield made


def run(port: int, folder: Path, *options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """With the right password in a file, unless told otherwise."""
    password = folder / "pw"
    if not password.exists():
        password.write_text("secret\n")
    command = [sys.executable, "-m", "agent", "survey", "127.0.0.1", "--port", str(port), "--timeout", "5"]
    if "--no-password" in options:
        options = tuple(one for one in options if one != "--no-password")
    else:
        command += ["--password-file", str(password)]
    return subprocess.run(
        [*command, *options],
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_healthy_recorder_is_found_out_surveyed_and_handed_over(recorder: IsapiRecorder, tmp_path: Path) -> None:
    sheet, page = tmp_path / "hall.csv", tmp_path / "hall.html"
    ended = run(recorder.port, tmp_path, "--csv", str(sheet), "--html", str(page))
    assert ended.returncode == 0, ended.stderr
    assert "ISAPI" in ended.stdout
    assert "Nothing to remark." in ended.stdout
    assert "Camera 02" in sheet.read_text("utf-8-sig")
    assert "Camera 02" in page.read_text("utf-8")
    assert "secret" not in ended.stdout + ended.stderr


def test_bad_news_is_an_exit_status_and_chinese_where_it_is_wanted(recorder: IsapiRecorder, tmp_path: Path) -> None:
    recorder.box.channel(1).oldest_seconds = 9 * DAY
    ended = run(recorder.port, tmp_path, "--gap-days", "0", LC_ALL="zh_CN.UTF-8", PYTHONIOENCODING="utf-8")
    assert ended.returncode == 1
    assert "录像机巡检报告" in ended.stdout
    assert "仅保存 9.0 天" in ended.stdout or "仅保存 8.9 天" in ended.stdout


def test_json_is_for_programs(recorder: IsapiRecorder, tmp_path: Path) -> None:
    told = json.loads(run(recorder.port, tmp_path, "--json", "--gap-days", "0").stdout)
    assert told["speaks"] == "isapi"
    assert [channel["token"] for channel in told["channels"]] == ["1", "2"]


def test_a_wrong_password_is_tried_once_and_told(recorder: IsapiRecorder, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("wrong")
    ended = run(recorder.port, tmp_path)
    assert ended.returncode == 4
    assert "401" in ended.stderr
    assert recorder.gate.refused_logins == 1


def test_dahua_is_told_apart(tmp_path: Path) -> None:
    with DahuaRecorder(Box(1)) as made:
        told = json.loads(run(made.port, tmp_path, "--json", "--gap-days", "0").stdout)
    assert told["speaks"] == "dahua"


def test_nobody_there_says_what_to_check(recorder: IsapiRecorder, tmp_path: Path) -> None:
    recorder.off()
    ended = run(recorder.port, tmp_path)
    assert ended.returncode == 4
    assert "check address, port, cable and power" in ended.stderr


def test_without_a_terminal_the_password_has_to_be_a_file(recorder: IsapiRecorder, tmp_path: Path) -> None:
    ended = run(recorder.port, tmp_path, "--no-password")
    assert ended.returncode == 2
    assert "--password-file" in ended.stderr
    assert recorder.requests.total() == 0


def test_a_file_that_is_there_is_not_overwritten_unasked(recorder: IsapiRecorder, tmp_path: Path) -> None:
    (tmp_path / "hall.csv").write_text("mine")
    ended = run(recorder.port, tmp_path, "--csv", str(tmp_path / "hall.csv"))
    assert ended.returncode == 2
    assert "--force" in ended.stderr
    assert (tmp_path / "hall.csv").read_text() == "mine"
    assert recorder.connections == 0, "said before anything is asked"


@pytest.mark.parametrize(
    "options", [["--gap-days", "32"], ["--zone", "Mars/Base"], ["--timeout", "0"], ["--days", "x"]]
)
def test_wrong_options_are_refused_before_anything_is_asked(
    recorder: IsapiRecorder, tmp_path: Path, options: list[str]
) -> None:
    assert run(recorder.port, tmp_path, *options).returncode == 2
    assert recorder.connections == 0


def test_no_link_is_followed_that_somebody_else_put_there(recorder: IsapiRecorder, tmp_path: Path) -> None:
    target, link = tmp_path / "precious", tmp_path / "hall.csv"
    link.symlink_to(target)  # to what is not there: it would be made
    ended = run(recorder.port, tmp_path, "--csv", str(link))
    assert ended.returncode == 2
    assert "--force" in ended.stderr
    target.write_text("mine")
    with pytest.raises(OSError, match="symbolic link"):
        _write(link, "ours", True)
    assert target.read_text() == "mine"


def test_what_told_nothing_is_never_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An ONVIF recorder, asked in a language that it does not speak."""
    page = tmp_path / "hall.html"
    password = tmp_path / "pw"
    password.write_text("secret")
    with Recorder(box=Box(1), name="nvr", username="watchkeeper", password="secret") as made:
        options = ["--port", str(made.port), "--password-file", str(password), "--speaks", "isapi", "--html", str(page)]
        assert command(["survey", "127.0.0.1", "--language", "en", *options]) == 4
    told, complaint = capsys.readouterr()
    assert "Nothing to remark" not in told + page.read_text()
    assert "It could not be read" in told
    assert "It did not tell its channels." in told
    assert "--speaks" in complaint
    assert '<p class="result unread">' in page.read_text()


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\n", "folder"])
def test_a_password_file_that_is_no_use_is_wrong_usage_and_asks_nothing(
    recorder: IsapiRecorder, tmp_path: Path, content: bytes | str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "password"
    if isinstance(content, str):
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    for name in ("survey", "clock"):
        options = [name, "127.0.0.1", "--port", str(recorder.port), "--username", "wk", "--password-file", str(path)]
        assert command(options) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"watchkeeper-agent: password file {path}")
        assert "Errno" not in told
    assert recorder.connections == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--days", "-1"], "--days is 1 to 3650"),
        (["--days", "nan"], "--days is 1 to 3650"),
        (["--csv", "/nowhere/hall.csv"], "the folder /nowhere is not there"),
        (["--html", "/nowhere/hall.html"], "the folder /nowhere is not there"),
        (["--csv", "hall", "--html", "hall"], "--csv and --html name the same file"),
    ],
)
def test_what_could_not_be_written_or_judged_is_said_before_anything_is_asked(
    recorder: IsapiRecorder, options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["survey", "127.0.0.1", "--port", str(recorder.port), *options]) == 2
    assert says in capsys.readouterr().err
    assert recorder.connections == 0


def test_over_onvif_what_is_not_told_keeps_the_exit_status_from_being_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box, password = Box(1), tmp_path / "pw"
    box.channels[0].oldest_seconds = 31 * DAY
    password.write_text("secret")
    with Recorder(box=box, channels=("1",), name="nvr", username="watchkeeper", password="secret") as made:
        options = ["--port", str(made.port), "--password-file", str(password), "--speaks", "onvif", "--language", "en"]
        assert command(["survey", "127.0.0.1", *options]) == 1
    told = capsys.readouterr().out
    assert "Nothing to remark in what was told, but not all was." in told
    assert "not told: its disks" in told


def test_a_person_is_asked_for_the_password_first_on_a_line_of_its_own(
    recorder: IsapiRecorder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before: list[tuple[str, int, str]] = []

    def typed(prompt: str) -> str:
        before.append((capsys.readouterr().err, recorder.connections, prompt))
        return "wrong"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", typed)
    assert command(["survey", "127.0.0.1", "--port", str(recorder.port), "--username", "wk"]) == 4
    assert before == [("", 0, "Password of wk at 127.0.0.1: ")]
