"""`watchkeeper-hub restored`: said after the database was taken back in time by other means than `restore`."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from hub.archive import history
from hub.archive.backup import open_existing
from hub.archive.manifest import ArchiveError
from hub.archive.quiet import refuse_working
from hub.commands.reporting import now_ms, tell_forgotten, tell_restoration
from hub.commands.restore import add_tickets_above
from hub.config import ConfigError, HubConfig
from hub.folder import lock
from hub.store import restoration
from hub.store.database import migrate

EPILOG = """\
examples:
  pg_restore … && watchkeeper-hub restored --config hub.toml && systemctl start watchkeeper-hub

After pg_restore, a copied file, a snapshot of a machine: run it once, before the hub starts. It brings the tables up
to date, notes the time that is gone as blindness (no agent is blamed for it), lets ticket numbers go on well above all
that people may have seen, and has every configuration published again. Running it twice is running it once.
"""


def add_to(commands: Any, file: argparse.ArgumentParser) -> None:
    """`restored`; `file` brings --config."""
    text = "set right what an older database has wrong, after going back to it by other means than `restore`"
    command = commands.add_parser(
        "restored", help=text, description=text, epilog=EPILOG, parents=[file],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_tickets_above(command)
    command.add_argument("--json", action="store_true", help="print JSON")


def run(config: HubConfig, arguments: argparse.Namespace) -> int:
    """The exit status. Raises ConfigError where the hub runs."""
    folder = config.file.state_dir
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    except FileExistsError:
        raise ConfigError(f"state_dir {folder}: is no folder") from None
    with lock(folder):
        try:
            database = open_existing(config)
            refuse_working(database, folder / "lock")
            migrate(database)
            seen = max(arguments.tickets_above, history.tickets_seen(folder))
            with database.begin() as connection:
                noted = restoration.note(connection, now_ms(), seen)
            database.dispose()
            if noted.fresh:
                history.add(folder, history.Restored(noted.at, noted.went_back_to, noted.tickets_from))
            forgotten = history.forgotten_since(folder, noted.went_back_to)
        except (ArchiveError, SQLAlchemyError, OSError) as error:
            print(f"watchkeeper-hub: {str(error).partition(chr(10))[0]}", file=sys.stderr)
            return 1
    if arguments.json:
        print(json.dumps({**asdict(noted), "forgotten": forgotten}, indent=2))
    else:
        tell_restoration(noted)
        tell_forgotten(forgotten)
    return 0
