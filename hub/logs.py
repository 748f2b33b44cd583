"""How the hub writes its log to standard error: lines for people and the journal, or JSON for whoever collects them.

Entries that are about somebody carry `site`, `agent`, `device`, `rule` or `reason` as fields of their own (`extra`),
which JSON shows beside the message; the message says them, too. No secret is ever part of an entry: settings are never
logged, and what a sender could not make us understand is shown as its first bytes.
"""

import logging
import os
import sys
import time
from collections.abc import Mapping
from typing import Literal

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

Format = Literal["text", "json"]
FORMATS: tuple[Format, ...] = ("text", "json")

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))
"""Level → as syslog counts them."""


class Line(logging.Formatter):
    """`2027-01-15T08:00:00.123Z WARNING hub.intake: …`, and a traceback below. Foreign control characters escaped."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        """UTC with milliseconds."""
        return f"{super().formatTime(record, datefmt)}.{record.msecs:03.0f}Z"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """On one line whatever a message quotes."""
        record.message = "".join(c if c.isprintable() else repr(c)[1:-1] for c in record.message)
        return super().formatMessage(record)


class JournalLine(Line):
    """The same without the time, which the journal has itself, each line behind `<N>`, its priority."""

    def format(self, record: logging.LogRecord) -> str:
        """The record; its traceback keeps the level."""
        priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
        text = super().format(record).partition(" ")[2]
        return "\n".join(f"<{priority}>{line}" for line in text.split("\n"))


def json_lines() -> logging.Formatter:
    """One object a line: ts, level, logger, message, the entry's fields; a traceback as exc_info."""
    return JsonFormatter(
        "%(levelname)s %(name)s %(message)s",
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp="ts",
        json_ensure_ascii=False,
        reserved_attrs=[*RESERVED_ATTRS, "color_message"],  # uvicorn's, for terminals
    )


def to_journal(environment: Mapping[str, str], descriptor: int) -> bool:
    """Whether this descriptor leads to the journal, as systemd says in JOURNAL_STREAM (`device:inode`)."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def set_up(level: str, form: Format) -> None:
    """Everything that is logged in this process, from `level` on. May be called again."""
    handler = logging.StreamHandler(sys.stderr)
    lines = JournalLine() if to_journal(os.environ, 2) else Line()
    handler.setFormatter(json_lines() if form == "json" else lines)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
