"""`watchkeeper-hub restore`: back to what a backup holds, while no hub runs."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from hub.archive.container import Archive
from hub.archive.manifest import ArchiveError
from hub.archive.restore import Choice, Outcome, obstacles, restore
from hub.commands.reporting import moment, now_ms, progress, tell_forgotten, tell_restoration
from hub.config import HubConfig

EPILOG = """\
examples:
  watchkeeper-hub restore backup.zip --config hub.toml --dry-run     checks the file and what stands in its way
  watchkeeper-hub restore backup.zip --config hub.toml               into an empty place
  watchkeeper-hub restore backup.zip --config hub.toml --force       what is there is moved aside, not deleted
  watchkeeper-hub restore backup.zip --config hub.toml --force --keep-series    SQL and buffer alone

Stop the hub first. A backup made from SQLite can be restored into PostgreSQL and the other way round: what counts is
[store] in the configuration. The configuration file itself is not touched; the backup's own is in it as hub.toml
(unzip -p backup.zip hub.toml). Afterwards nothing more is to be done: what `watchkeeper-hub restored` does is done.
"""


def add_to(commands: Any, file: argparse.ArgumentParser) -> None:
    """`restore`; `file` brings --config."""
    text = "go back to a backup; the hub has to be stopped"
    command = commands.add_parser(
        "restore", help=text, description=text, epilog=EPILOG, parents=[file],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("file", type=Path, metavar="FILE", help="the backup")
    command.add_argument("--dry-run", action="store_true", help="check the file and the place, change nothing")
    command.add_argument("--force", action="store_true", help="move aside what is there")
    command.add_argument("--keep-series", action="store_true", help="leave the embedded series store as it is")
    add_tickets_above(command)
    command.add_argument("--json", action="store_true", help="print JSON")


def add_tickets_above(command: argparse.ArgumentParser) -> None:
    """The option that `restore` and `restored` share."""
    command.add_argument(
        "--tickets-above", type=int, default=0, metavar="NUMBER",
        help="the highest ticket number anybody may have seen, where it is far above those in the backup",
    )  # fmt: skip


def run(config: HubConfig, arguments: argparse.Namespace) -> int:
    """The exit status. Raises ConfigError where the hub runs."""
    choice = Choice(arguments.force, arguments.keep_series, arguments.tickets_above)
    try:
        with Archive(arguments.file) as archive:
            if arguments.dry_run:
                return _try_out(config, archive, choice, arguments.json)
            outcome = restore(config, archive, choice, now_ms(), progress())
            _tell(config, archive, choice, outcome, arguments.json)
    except (ArchiveError, SQLAlchemyError, OSError) as error:
        print(f"watchkeeper-hub: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 1
    return 0


def _try_out(config: HubConfig, archive: Archive, choice: Choice, as_json: bool) -> int:
    found = obstacles(config, archive, choice)
    archive.verify(progress())
    rows = sum(table.rows for table in archive.manifest.tables.values())
    if as_json:
        print(json.dumps({"state_of": archive.manifest.taken, "rows": rows, "obstacles": found}, indent=2))
    else:
        print(f"{archive.path}: whole and unchanged, the state of {moment(archive.manifest.taken)}, {rows} rows")
        for line in found:
            print(f"in the way: {line}")
        if not found:
            print("nothing in the way; the hub has to be stopped. Nothing was changed.")
    return 1 if found else 0


def _tell(config: HubConfig, archive: Archive, choice: Choice, outcome: Outcome, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**asdict(outcome), "state_of": archive.manifest.taken}, indent=2))
        return
    print(f"restored: the state of {moment(archive.manifest.taken)}")
    for path in outcome.aside:
        print(f"moved aside: {path}")
    if choice.keep_series:
        print("series: left as they are")
    elif config.file.series.kind == "influx":
        print("series: InfluxDB's own; what it holds beyond this backup is harmless")
    elif not outcome.series:
        print("series: none in this backup (it was made with InfluxDB)")
    if outcome.buffered_points:
        print(f"buffer: {outcome.buffered_points} points go to the series store when the hub starts")
    tell_restoration(outcome.noted)
    tell_forgotten(outcome.forgotten)
