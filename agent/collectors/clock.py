"""The machine's own clock against reference servers, by NTP (UDP 123 out). Needs no rights; sets nothing.

Servers are asked in order until one gives a usable answer; of a few answers the one with the least delay counts, for
its error is the smallest. Where none answers the clock is unknown, never "accurate". Keep the interval long: public
servers refuse those who ask too often.
"""

import re
import time
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import ntplib
from pydantic import Field, StringConstraints

from agent.collector import ClockReading, Collector, Context, Measurement, Need, Plugin, Reading, Settings

NTP_PORT = 123
MAX_ERROR_SECONDS = 16.0
"""A server that may be further off is no reference (RFC 5905's MAXDISP)."""

Server = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%a-z]+\])(:[0-9]{1,5})?$", max_length=260)
]
"""`host`, `host:port` or `[address]:port`."""


class ClockSettings(Settings):
    """Which servers, and how patiently."""

    interval_seconds: float = Field(default=300.0, ge=0.05, le=86_400.0)
    timeout_seconds: float = Field(default=60.0, ge=0.05, le=3_600.0)
    servers: Annotated[tuple[Server, ...], Field(min_length=1, max_length=10)] = ("pool.ntp.org",)
    """Asked in this order until one answers: `host`, `host:port` or `[address]:port`."""
    server_timeout_seconds: float = Field(default=2.0, gt=0.0, le=30.0)
    """How long one answer may take."""
    samples: int = Field(default=3, ge=1, le=8)
    """Questions to the server that answers; the quickest answer counts."""
    version: Annotated[int, Field(ge=3, le=4)] = 4
    """NTP's version; 3 for old servers that answer no other."""


class Answer(NamedTuple):
    """One usable answer, in seconds: what to add to our clock, the bound of its error, the way there and back."""

    offset: float
    error: float
    delay: float


class Unusable(Exception):  # noqa: N818 - a verdict
    """An answer that says nothing about the time; the text says why."""


class ClockCollector:
    """Asks one question at a time."""

    def __init__(self, settings: ClockSettings, context: Context) -> None:
        self._settings = settings
        self._host = context.host

    def collect(self) -> Reading:
        """One run. No reference is a reading too: `clock_reference` 0 and no offset."""
        for server in self._settings.servers:
            answers = self._ask(server)
            if answers:
                best = min(answers, key=lambda answer: answer.delay)
                values = {
                    "clock_offset_seconds": best.offset,
                    "clock_offset_error_seconds": best.error,
                    "clock_reference": 1.0,
                }
                clock = ClockReading(offset_seconds=best.offset, source=f"ntp:{server}"[:200])
                return Reading([Measurement(self._host, values)], clock=clock)
        return Reading([Measurement(self._host, {"clock_reference": 0.0})], clock_lost=True)

    def _ask(self, server: str) -> list[Answer]:
        """Its usable answers; the first question that fails is the last."""
        host, port = address(server)
        answers: list[Answer] = []
        for _ in range(self._settings.samples):
            try:
                answers.append(self._ask_once(host, port))
            except (Unusable, ntplib.NTPException, OSError, UnicodeError):
                break
        return answers

    def _ask_once(self, host: str, port: int) -> Answer:
        begun, wall = time.monotonic(), time.time()
        stats = ntplib.NTPClient().request(
            host, version=self._settings.version, port=port, timeout=self._settings.server_timeout_seconds
        )
        return judged(stats, wall, time.monotonic() - begun)

    def close(self) -> None:
        """Nothing is held."""


def judged(stats: ntplib.NTPStats, asked_at: float, seconds: float) -> Answer:
    """An answer's worth. `asked_at` is our wall clock before the question, `seconds` the time it all took.

    Raises Unusable for a server that is itself not synchronised, tells us to go away (stratum 0), or answers another
    question than ours: the time we sent must come back.
    """
    if stats.mode != 4:
        raise Unusable(f"mode {stats.mode}, not a server's answer")
    if not 1 <= stats.stratum <= 15:
        raise Unusable(f"stratum {stats.stratum}")
    if stats.leap == 3:
        raise Unusable("the server is not synchronised")
    if not -0.001 <= stats.orig_time - asked_at <= seconds + 0.001:
        raise Unusable("answers another question, or our clock was set meanwhile")
    if stats.tx_timestamp == 0 or stats.recv_timestamp == 0:
        raise Unusable("no time in it")
    delay = max(0.0, stats.delay)
    error = stats.root_dispersion + stats.root_delay / 2 + delay / 2
    if error > MAX_ERROR_SECONDS:
        raise Unusable(f"may be {error:.0f} s off")
    return Answer(offset=stats.offset, error=error, delay=delay)


def address(server: str) -> tuple[str, int]:
    """Host and port of a configured server; an IPv6 address stands in brackets."""
    match = re.fullmatch(r"\[(?P<six>[^\]]+)\](:(?P<port>\d+))?|(?P<host>[^:]+)(:(?P<port2>\d+))?", server)
    if match is None:
        return server, NTP_PORT
    return match["six"] or match["host"], int(match["port"] or match["port2"] or NTP_PORT)


def _build(settings: ClockSettings, context: Context) -> Sequence[Collector]:
    return [ClockCollector(settings, context)]


plugin = Plugin(
    "clock",
    ClockSettings,
    _build,
    metrics=("clock_offset_seconds", "clock_offset_error_seconds", "clock_reference"),
    needs=(Need("UDP 123 to one of `servers`", "the offset: the clock counts as unknown"),),
)
