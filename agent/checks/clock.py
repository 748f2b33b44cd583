"""The machine's clock: whether its date can be, whether a time service holds it, and what the reference said."""

import datetime
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.checks.finding import Finding, Mark, Topic
from agent.collector import Reading
from agent.machine.timesync import Sync, TimeService

EARLIEST = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
"""This software is younger: a clock that shows an earlier date is wrong. Boxes without a battery boot in 1970."""

_DAY = 86_400.0
WRONG_SECONDS = 5.0
"""From here on the hub warns."""

_SERVICE = "apt-get install chrony, or systemctl enable --now systemd-timesyncd"


def check_wall(now: float | None = None) -> Finding:
    """The date against the least it can be: this software's, and that of its files."""
    now = time.time() if now is None else now
    since = max(EARLIEST.timestamp(), _installed() - _DAY)
    shown = _date(now)
    if now < since:
        mend = f"set it: {_SERVICE}"
        return _finding("date", Mark.PROBLEM, f"{shown} can't be: this software is of {_date(since)} or later", mend)
    return _finding("date", Mark.OK, shown)


def check_service(sync: Sync | None = None) -> Finding:
    """What the machine's time service says."""
    sync = TimeService().sync(time.monotonic(), time.time()) if sync is None else sync
    if sync.synchronised:
        stratum = f", stratum {sync.stratum}" if sync.stratum else ""
        return _finding("time service", Mark.OK, f"says that the clock is synchronised{stratum}")
    if sync.synchronised is None:
        text = "neither the kernel nor chrony nor timesyncd tells whether the clock is synchronised"
        return _finding("time service", Mark.SKIPPED, text)
    return _finding("time service", Mark.PROBLEM, "the clock is not synchronised", _SERVICE)


def judge_reference(reading: Reading, servers: Sequence[str]) -> Iterator[Finding]:
    """What the collector that asks reference clocks has read, and whom it asked."""
    clock = reading.clock
    if clock is None:
        mend = "let UDP 123 out, or name servers of your own: servers in [collectors.clock]"
        yield _finding("reference", Mark.PROBLEM, f"none of {', '.join(servers)} answers", mend)
        return
    text = f"{clock.source.removeprefix('ntp:')} answers, this clock is {_offset(clock.offset_seconds)}"
    if abs(clock.offset_seconds) > WRONG_SECONDS:
        yield _finding("reference", Mark.PROBLEM, text, _SERVICE)
    else:
        yield _finding("reference", Mark.OK, text)


def _installed() -> float:
    """When our files were written; 0 where that is not known."""
    try:
        return Path(__file__).stat().st_mtime
    except OSError:
        return 0.0


def _offset(seconds: float) -> str:
    """`seconds` is what to add to our clock."""
    if abs(seconds) < 1.0:
        return f"{abs(seconds) * 1000:.0f} ms {'behind' if seconds > 0 else 'ahead'}"
    return f"{abs(seconds):.1f} s {'behind' if seconds > 0 else 'ahead'}"


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def _finding(subject: str, mark: Mark, text: str, mend: str = "") -> Finding:
    return Finding(Topic.CLOCK, subject, mark, text, mend)
