"""One line an entry, whatever is in it: time in UTC, level, logger, message. The journal gets the level as its own."""

import logging
import os
import time
from collections.abc import Mapping


class OneLine(logging.Formatter):
    """`2026-01-02T03:04:05Z warning agent.runner collector failed name=clock reason='…'`; of a traceback the end."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line; control characters of foreign texts are escaped."""
        text = f"{self.formatTime(record, self.datefmt)} {record.levelname.lower()} {record.name} {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            text += f" error={type(error).__name__}: {error}{_where(error)}"
        return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


class ForJournal(OneLine):
    """The same behind `<N>`, the priority as syslog counts them, and without the time: the journal has its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line."""
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), 7)
        return f"<{priority}>{super().format(record).partition(' ')[2]}"


_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


def is_journal(environment: Mapping[str, str], descriptor: int) -> bool:
    """Whether this descriptor leads to the journal, as systemd says in JOURNAL_STREAM (`device:inode`)."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _where(error: BaseException) -> str:
    """The innermost place of the error's traceback."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f" at={trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def set_up(level: str) -> None:
    """Log to standard error from `level` on."""
    handler = logging.StreamHandler()
    handler.setFormatter(ForJournal() if is_journal(os.environ, 2) else OneLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
