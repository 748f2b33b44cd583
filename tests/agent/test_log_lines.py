"""An entry is one line, whatever a device put in it."""

import logging
import os
import sys
from pathlib import Path

from agent.log_lines import ForJournal, OneLine, is_journal


def test_control_characters_are_escaped_and_a_traceback_is_its_end() -> None:
    try:
        int("first\nsecond \x1b[31m")
    except ValueError:
        record = logging.LogRecord("agent.x", logging.WARNING, "f", 1, "said %r\n%s", ("a", "门"), sys.exc_info())
    line = OneLine().format(record)
    assert "\n" not in line
    assert "\x1b" not in line
    assert " warning agent.x said 'a'\\n门 error=ValueError: invalid literal" in line
    assert "test_log_lines.py:" in line


def test_the_journal_gets_the_level_and_no_time() -> None:
    record = logging.LogRecord("agent.x", logging.WARNING, "", 0, "a\nb", None, None)
    assert ForJournal().format(record) == "<4>warning agent.x a\\nb"
    record.levelno = logging.DEBUG
    assert ForJournal().format(record).startswith("<7>")


def test_the_journal_is_known_by_its_device_and_inode(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        assert is_journal({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}, stream.fileno())
        assert not is_journal({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino + 1}"}, stream.fileno())
        assert not is_journal({}, stream.fileno())
        number = stream.fileno()
    assert not is_journal({"JOURNAL_STREAM": "1:1"}, number)
