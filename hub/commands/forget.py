"""`watchkeeper-hub forget`: erases a site, while the hub runs or not.

Series first and SQL last: as long as something is left, SQL still says so, and the command can be run again.
"""

import argparse
import json
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from hub.archive import history
from hub.archive.backup import open_existing
from hub.archive.manifest import ArchiveError
from hub.commands.reporting import moment, now_ms
from hub.config import ConfigError, HubConfig
from hub.series import erasure as files
from hub.series.config import TIERS, SeriesSettings, of_tier, open_series
from hub.series.store import CannotErase, SeriesStore, SeriesUnavailable
from hub.store import erasure, lease
from hub.store.database import is_current
from hub.store.schema import metadata

_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
REBUILD_SECONDS = 20.0
"""How long a hub that runs may take until it works without the site."""

EPILOG = """\
examples:
  watchkeeper-hub forget --site school --config hub.toml          counts what would go, changes nothing
  watchkeeper-hub forget --site school --yes --config hub.toml    deletes it for good

Everything of the site goes: values and rollups, what waits for the series store or was refused by it, events, findings,
tickets and their timelines, agents, devices, configurations. The hub may run. Agents that still report bring the site
back: revoke their certificates or deny them in the broker's access rules first. After a failure, run it again.
Not reached: backups made before, what the broker retains, the buffer of a second hub (run it there, too), and files of
PostgreSQL or InfluxDB until they clean up by themselves.
"""


def add_to(commands: Any, file: argparse.ArgumentParser) -> None:
    """`forget`; `file` brings --config."""
    text = "erase everything of a site: counted first, deleted with --yes"
    command = commands.add_parser(
        "forget", help=text, description=text, epilog=EPILOG, parents=[file],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("--site", required=True, metavar="SITE", help="which site")
    command.add_argument("--yes", action="store_true", help="delete; without it nothing changes")
    command.add_argument("--json", action="store_true", help="print JSON")


@dataclass
class Found:
    """What there is of a site. `series`: store → (devices, rows of values; None where that is not counted)."""

    rows: dict[str, int] = field(default_factory=dict)
    series: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    waiting: int = 0
    refused: int = 0
    agents: list[erasure.Reporter] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Not a trace."""
        held = any(devices or rows for devices, rows in self.series.values())
        return not (self.rows or held or self.waiting or self.refused)


def run(config: HubConfig, arguments: argparse.Namespace) -> int:
    """The exit status. Raises ConfigError."""
    site = arguments.site
    if not _SITE.fullmatch(site):
        raise ConfigError(f"{site!r}: a site is of lower-case letters, digits and -")
    try:
        database = open_existing(config)
        if not is_current(database):
            raise ConfigError("the database is of another version; start this version's hub once")
        before = _look(config, database, site)
        undone = _erase(config, database, site) if arguments.yes else []
        left = _look(config, database, site) if arguments.yes else Found()
        database.dispose()
    except (ArchiveError, SeriesUnavailable, SQLAlchemyError, OSError, sqlite3.Error) as error:
        print(f"watchkeeper-hub: {str(error).partition(chr(10))[0]}; not finished: run it again", file=sys.stderr)
        return 1
    if arguments.json:
        result = {"site": site, "erased": arguments.yes, "found": asdict(before), "left": asdict(left)}
        print(json.dumps({**result, "undone": undone}, indent=2))
    else:
        _tell(config, site, before, arguments.yes)
        for line in undone:
            print(f"NOT DONE: {line}")
        if not left.nothing:
            print(f"{site} is back in part: its agents still report. Stop them and run it again")
    return 1 if undone or not left.nothing else 0


def tiers(settings: SeriesSettings) -> dict[str, SeriesSettings]:
    """Every series store of a hub, raw values and rollups, and how to open it."""
    return {tier: of_tier(settings, tier) for tier in TIERS}


@contextmanager
def _stores(config: HubConfig) -> Iterator[dict[str, SeriesStore]]:
    """Those that exist."""
    found = {
        name: settings
        for name, settings in tiers(config.file.series).items()
        if settings.kind != "embedded" or settings.path.exists()
    }
    opened = {name: open_series(settings) for name, settings in found.items()}
    try:
        yield opened
    finally:
        for store in opened.values():
            store.close()


def _look(config: HubConfig, database: sa.Engine, site: str) -> Found:
    waiting = files.waiting(config.file.series.buffer_path, site)
    with _stores(config) as stores, database.connect() as connection:
        held = {name: store.holding(site) for name, store in stores.items()}
        rows, agents = erasure.count(connection, site), erasure.reporters(connection, site)
    series = {name: (one.devices, one.rows) for name, one in held.items()}
    return Found(rows, series, waiting.points, waiting.refused, agents)


def _erase(config: HubConfig, database: sa.Engine, site: str) -> list[str]:
    """What could not be done, each a sentence. Raises SeriesUnavailable and so on: then SQL still has the site."""
    undone = _erase_series(config, site)
    with database.connect() as connection:
        if database.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
            connection.commit()
        with connection.begin():
            epoch = lease.raise_epoch(connection)
            erasure.erase(connection, site)
    history.add(config.file.state_dir, history.Forgotten(now_ms(), site))
    if not _wait(lambda: _caught_up(database, epoch)):
        undone.append("the hub that works has not noticed yet; if it does not run, it will when it starts")
    _clean(config, database)
    # What the hub had in its hands when the series were erased: written since, and nothing more is.
    again = _erase_series(config, site)
    return undone + [line for line in again if line not in undone]


def _erase_series(config: HubConfig, site: str) -> list[str]:
    undone = []
    files.erase_waiting(config.file.series.buffer_path, site)
    with _stores(config) as stores:
        for name, store in stores.items():
            try:
                store.erase(site)
            except CannotErase as error:
                undone.append(f"{name}: {error}")
    return undone


def _caught_up(database: sa.Engine, epoch: int) -> bool:
    with database.connect() as connection:
        return lease.caught_up(connection, epoch)


def _wait(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + REBUILD_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def _clean(config: HubConfig, database: sa.Engine) -> None:
    """Out of the files, too: SQLite keeps what was deleted in unused pages and in the write-ahead log."""
    if database.dialect.name == "sqlite":
        path = Path(sa.make_url(config.store_url()).database or "")
        with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            files.empty_log(connection, path)
    else:
        with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("VACUUM " + ", ".join(sorted(metadata.tables)))


def _tell(config: HubConfig, site: str, found: Found, erased: bool) -> None:
    if found.nothing:
        print(f"{site}: nothing is known of it")
        return
    print(f"{site}: {'deleted' if erased else 'would be deleted (nothing was changed; --yes deletes)'}")
    for name, (devices, rows) in found.series.items():
        print(f"  {name + ' values':16} {devices} devices" + (f", {rows} rows" if rows is not None else ""))
    print(f"  {'buffer':16} {found.waiting} points that wait, {found.refused} that were refused")
    for name, rows in found.rows.items():
        print(f"  {name:16} {rows} rows")
    for agent in found.agents:
        print(f"agent {site}/{agent.agent}, last heard {moment(agent.last_heard)}: if it goes on, {site} is back")
    if found.agents:
        print("stop them first: revoke their certificates, or deny them in the broker's access rules")
    if erased:
        root = config.file.broker.root
        print(f"the broker may retain more: mosquitto_sub -t '{root}/v1/{site}/#' --retained-only --remove-retained …")
        print("backups made before still hold it; the hub's log may name it")
