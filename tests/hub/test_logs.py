"""Entries as people, the journal and collectors of logs get them."""

import io
import json
import logging
import os
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub import logs
from hub.intake import Intake
from tests.servers.server import free_port
from wire.topics import Address, Topics


def record(message: str = "said %s", *args: object, error: bool = False) -> logging.LogRecord:
    """A warning of logger hub.x, with the traceback of an error if wanted."""
    info = None
    if error:
        try:
            int("nonsense")
        except ValueError:
            info = sys.exc_info()
    made = logging.LogRecord("hub.x", logging.WARNING, "f", 1, message, args, info)
    made.created, made.msecs = 1_800_000_000.25, 250.0
    return made


def test_a_line_has_its_time_in_utc_its_level_and_its_logger() -> None:
    assert logs.Line().format(record("said %s", "门")) == "2027-01-15T08:00:00.250Z WARNING hub.x: said 门"


def test_nobody_forges_a_line() -> None:
    line = logs.Line().format(record("said %s", "a\n2027-01-15T08:00:00.000Z ERROR hub.x: b\x1b[31m"))
    assert line.count("\n") == 0
    assert "\x1b" not in line


def test_a_traceback_stands_below_its_line() -> None:
    lines = logs.Line().format(record("broken", error=True)).split("\n")
    assert lines[0].endswith("hub.x: broken")
    assert lines[-1] == "ValueError: invalid literal for int() with base 10: 'nonsense'"


def test_the_journal_gets_every_line_at_its_level_and_no_time() -> None:
    lines = logs.JournalLine().format(record("broken", error=True)).split("\n")
    assert lines[0] == "<4>WARNING hub.x: broken"
    assert all(line.startswith("<4>") for line in lines)


def test_the_journal_is_known_by_its_device_and_inode(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        assert logs.to_journal({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}, stream.fileno())
        assert not logs.to_journal({}, stream.fileno())
        number = stream.fileno()
    assert not logs.to_journal({"JOURNAL_STREAM": "1:1"}, number)


def test_json_has_the_fields_of_an_entry_beside_its_message() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.json_lines())
    logger = logging.getLogger("hub.intake")
    logger.addHandler(handler)
    try:
        Intake(Topics(), lambda: 0).reject(Address("school", "gateway"), "bad_report", "门\n")
    finally:
        logger.removeHandler(handler)
    entry = json.loads(stream.getvalue())
    assert entry["level"] == "WARNING"
    assert entry["logger"] == "hub.intake"
    assert entry["message"].startswith("rejected from school/gateway: bad_report")
    assert (entry["site"], entry["agent"], entry["reason"]) == ("school", "gateway", "bad_report")
    assert "T" in entry["ts"]
    assert datetime.fromisoformat(entry["ts"]).utcoffset() == timedelta(0)
    assert stream.getvalue().count("\n") == 1


def test_a_traceback_in_json_is_a_field() -> None:
    entry = json.loads(logs.json_lines().format(record("broken", error=True)))
    assert entry["exc_info"].endswith("'nonsense'")
    assert entry.keys() == {"ts", "level", "logger", "message", "exc_info"}


@pytest.mark.parametrize(
    ("setting", "arguments", "as_json"),
    [
        ('[log]\nformat = "json"', [], True),
        ('[log]\nformat = "json"', ["--log-format", "text"], False),
    ],
)
def test_every_line_of_a_hub_is_in_the_form_that_was_asked_for(
    tmp_path: Path, setting: str, arguments: list[str], as_json: bool
) -> None:
    file = tmp_path / "hub.toml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file.write_text(f'state_dir = "hub"\n{setting}\n[broker]\nport = {free_port()}\n[console]\nport = {port}\n')
        ended = subprocess.run(
            [sys.executable, "-m", "hub", *arguments, "run", "--config", str(file)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert "address already in use" in ended.stderr, "the web server's own entries, too"
    lines = ended.stderr.splitlines()
    assert len(lines) >= 2
    assert [line.startswith("{") for line in lines] == [as_json] * len(lines), ended.stderr
