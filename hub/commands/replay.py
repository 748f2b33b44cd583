"""`watchkeeper-hub replay`: what tickets a recording would have led to."""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from hub.commands import cover
from hub.config import ConfigError, HubConfig
from hub.folder import refusal_of
from hub.recording import RecordingError, open_text, read
from hub.replay import Replay, Summary, tickets
from hub.series.buffer import BufferedSeries
from hub.series.config import open_series
from hub.series.store import SeriesUnavailable
from hub.store.database import connect, migrate
from wire.topics import Topics

EPILOG = """\
examples:
  watchkeeper-sim generate month.yaml > month.jsonl
  watchkeeper-hub replay month.jsonl                                the tickets, a line each; a summary on stderr
  watchkeeper-hub replay month.jsonl.gz --tickets tickets.jsonl --config hub.toml     with your own rules' settings
  watchkeeper-hub replay month.jsonl --keep /tmp/month              keep the databases to look at with a hub

The clock is the recording's own. docs/scenarios.md has both formats. Nothing is sent to anybody, and no database that
the configuration names is touched, but for an InfluxDB with --keep and --series.
"""

TELL_SECONDS = 2.0
BUFFER_BYTES = 1 << 30


def add_to(commands: Any) -> None:
    """`replay`, with its own --config: it can do without one."""
    text = "play a recording through engine and tickets, on the recording's own clock"
    command = commands.add_parser(
        "replay", help=text, description=text, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("recording", type=Path, metavar="REPORTS.jsonl", help="the recording; .gz is read, too")
    command.add_argument("--config", type=Path, metavar="FILE", help="the hub's TOML file, for its rules' settings")
    command.add_argument("--tickets", type=Path, metavar="FILE", help="where the tickets go (default: stdout)")
    command.add_argument("--json", action="store_true", help="the summary as JSON on stderr")
    command.add_argument(
        "--maintenance",
        type=Path,
        metavar="FILE",
        help="windows and silences, as `maintenance list --json` prints them",
    )
    command.add_argument("--keep", type=Path, metavar="DIR", help="keep hub.db and series.db there; a new folder")
    command.add_argument("--series", action="store_true", help="with --keep: numbers go to the configured InfluxDB")


def run(config: HubConfig, arguments: argparse.Namespace) -> int:
    """The exit status. Raises ConfigError."""
    if arguments.series and not arguments.keep:
        print("watchkeeper-hub: --series wants --keep", file=sys.stderr)
        return 2
    if arguments.series and config.file.series.kind != "influx":
        raise ConfigError('--series wants a --config with [series] kind = "influx": no hub\'s own file is played into')
    try:
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(open_text(arguments.recording))
            replay = stack.enter_context(_opened(config, arguments))
            began = time.monotonic()
            progress = Progress(arguments.recording, source, quiet=arguments.json)
            summary = replay.play(read(source, str(arguments.recording)), progress.told)
            seconds = time.monotonic() - began
            _write(replay.database, arguments.tickets)
        _say(summary, seconds, arguments.json)
    except RecordingError as error:
        raise ConfigError(str(error)) from None
    except SeriesUnavailable as error:
        print(f"watchkeeper-hub: the series store: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        raise ConfigError(refusal_of(error)) from None
    return 0


@contextlib.contextmanager
def _opened(config: HubConfig, arguments: argparse.Namespace) -> Iterator[Replay]:
    """In memory, or in a new folder without waiting for its disk: what is lost is played again."""
    keep: Path | None = arguments.keep
    if keep is None:
        database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    else:
        keep.mkdir(parents=True, mode=0o750)
        database = connect(f"sqlite:///{keep / 'hub.db'}")
        sa.event.listen(database, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    migrate(database)
    if arguments.maintenance is not None:
        cover.load(database, arguments.maintenance)
    replay = Replay(database, config.known, config.rules, Topics(config.file.broker.root))
    try:
        if keep is None:
            yield replay
            return
        settings = config.file.series
        if not arguments.series:
            settings = settings.model_copy(update={"kind": "embedded", "path": keep / "series.db"})
        store, buffer = open_series(settings), keep / "series-buffer.db"
        with BufferedSeries(store, buffer, BUFFER_BYTES, lambda: replay.now) as replay.series:
            yield replay
    finally:
        database.dispose()


@dataclass
class Progress:
    """A line on stderr every few seconds: how far, and how fast."""

    path: Path
    source: IO[str]
    quiet: bool
    _last: float = 0.0
    _messages: int = 0

    def told(self, messages: int, now: int) -> None:
        """Speaks at most every TELL_SECONDS."""
        moment = time.monotonic()
        if self.quiet or moment - self._last < TELL_SECONDS:
            return
        if self._last:
            rate = (messages - self._messages) / (moment - self._last)
            print(f"{_day(now)}: {messages} messages, {rate:.0f}/s", file=sys.stderr)
        self._last, self._messages = moment, messages


def _write(database: sa.Engine, path: Path | None) -> None:
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(path.open("w", encoding="utf-8")) if path else sys.stdout
        for ticket in tickets(database):
            out.write(json.dumps(ticket, ensure_ascii=False) + "\n")


def _say(summary: Summary, seconds: float, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**summary._asdict(), "seconds": round(seconds, 3)}), file=sys.stderr)
        return
    span = f", {_day(summary.start)} to {_day(summary.end)}" if summary.start and summary.end else ""
    print(
        f"{summary.messages} messages{span}: {summary.committed} reports committed, {summary.tickets} tickets, "
        f"in {seconds:.1f} s ({summary.messages / max(seconds, 1e-9):.0f}/s)",
        file=sys.stderr,
    )
    for reason, count in summary.rejected.items():
        print(f"rejected: {count} {reason}", file=sys.stderr)


def _day(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(at / 1000))
