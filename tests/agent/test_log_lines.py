"""An entry is one line, whatever a device put in it."""

import logging
import sys

from agent.log_lines import OneLine


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
