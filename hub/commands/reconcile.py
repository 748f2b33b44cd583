"""`watchkeeper-hub reconcile`: findings and tickets compared with inventory, rules and stored values, and put right."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from hub.commands.cover import opened
from hub.commands.reporting import now_ms
from hub.config import HubConfig
from hub.reconcile import Reconciler
from hub.series import erasure
from hub.series.config import open_series
from hub.series.store import SeriesUnavailable

EPILOG = """\
examples:
  watchkeeper-hub reconcile --dry-run --config hub.toml    what a hub would put right at its next look
  watchkeeper-hub reconcile --config hub.toml              now, whether a hub runs or not

A hub that runs does so by itself once an hour. In a database that is in order nothing is found.
"""

WORDS = {
    "retired": "closes: its device is gone",
    "unwatched": "closes: no rule watches for it any more",
    "cleared": "closes: the newest stored values say that it is over",
    "quiet": "closes: nothing has happened for long",
    "resolved": "its ticket resolves: the finding is over",
    "standing": "stands for itself: it has a ticket, and was said to be explained or covered as well",
    "ticketed": "gets its ticket: it is open, and nothing explains or covers it",
}


def add_to(commands: Any, file: argparse.ArgumentParser) -> None:
    """`reconcile`; `file` brings --config."""
    text = "compare findings and tickets with inventory, rules and stored values, and put right what differs"
    command = commands.add_parser(
        "reconcile", help=text, description=text, epilog=EPILOG, parents=[file],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("--dry-run", action="store_true", help="show what differs, change nothing")
    command.add_argument("--json", action="store_true", help="print JSON")


def run(config: HubConfig, arguments: argparse.Namespace) -> int:
    """The exit status. Raises ConfigError."""
    database: sa.Engine | None = None
    try:
        database = opened(config)
        series = open_series(config.file.series) if _exists(config) else Unknown()
        buffer = config.file.series.buffer_path
        settled = lambda site: erasure.waiting(buffer, site).points == 0  # noqa: E731 - said where it is used
        reconciler = Reconciler(database, series, config.known, config.rules, now_ms, settled)
        found = reconciler.look() if arguments.dry_run else reconciler.mend()
    except (SQLAlchemyError, SeriesUnavailable, OSError) as error:
        print(f"watchkeeper-hub: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 1
    finally:
        if database is not None:
            database.dispose()
    if arguments.json:
        print(json.dumps({"dry_run": arguments.dry_run, "corrections": [one._asdict() for one in found]}, indent=2))
        return 0
    for one in found:
        print(f"{one.site}/{one.device} {one.rule}: {WORDS[one.what]}")
    counts = ", ".join(f"{number} {what}" for what, number in sorted(Counter(one.what for one in found).items()))
    print(f"{'would be put right' if arguments.dry_run else 'put right'}: {counts}" if found else "nothing differs")
    return 0


def _exists(config: HubConfig) -> bool:
    series = config.file.series
    return series.kind != "embedded" or Path(series.path).exists()


class Unknown:
    """No series store: no value proves anything."""

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Any]]:
        """Nothing."""
        return {}

    def metrics(self, kind: str) -> list[str]:
        """None."""
        return []

    def across(self, *_: object, **__: object) -> dict[tuple[str, str], list[Any]]:
        """Nothing."""
        return {}

    def points(self, *_: object) -> list[Any]:
        """None."""
        return []
