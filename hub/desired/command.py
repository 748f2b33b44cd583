"""`watchkeeper-hub config`: what IT desires of each agent, said for one, a site or the whole fleet.

It writes to the hub's database only; the hub that runs notices within a second and tells the agents.
"""

import argparse
import difflib
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.config import ConfigError, HubConfig
from hub.desired import settings as files
from hub.desired import toml
from hub.desired.settings import Settings
from hub.store import desired
from hub.store.database import connect
from hub.store.desired import Standing
from wire.codec import config_revision
from wire.topics import Address

_ADDRESS = re.compile(r"([a-z0-9][a-z0-9-]{0,39})/([a-z0-9][a-z0-9-]{0,39})")
_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

STATES = {
    "none": "nothing desired",
    "agreed": "running",
    "waiting": "not confirmed yet",
    "refused": "REFUSED",
    "foreign": "runs another hub's",
}

EPILOG = """\
examples:
  watchkeeper-hub config set school/gateway gateway.toml --dry-run --config hub.toml   what would change
  watchkeeper-hub config set school/gateway gateway.toml --config hub.toml
  watchkeeper-hub config set --all --merge disks.toml --config hub.toml    the tables in disks.toml, for everybody
  watchkeeper-hub config show school/gateway --config hub.toml > gateway.toml
  watchkeeper-hub config list --config hub.toml                            who runs what, who refuses and why
  watchkeeper-hub config clear school/gateway --config hub.toml            its own file alone again
"""


def add_to(commands: Any, config: argparse.ArgumentParser) -> None:
    """The commands below `config`; `config` brings --config."""
    text = "what agents shall run: set, show, list, clear"
    top = commands.add_parser(
        "config", help=text, description=text, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, about in (
        ("set", "desire the settings in a TOML file (name and collectors, as in the agent's own file)"),
        ("show", "print what is desired of an agent, as TOML that can be set again"),
        ("list", "every agent: what is desired, what runs, and why not"),
        ("clear", "desire nothing any more: the agent's own file alone counts"),
    ):
        verb = verbs.add_parser(name, help=about, description=about, parents=[config])
        verb.add_argument("--json", action="store_true", help="print JSON")
        if name in ("set", "clear"):
            verb.add_argument("--dry-run", action="store_true", help="show what would change, change nothing")
            many = verb.add_mutually_exclusive_group()
            many.add_argument("--site", metavar="SITE", help="every agent of a site that is known")
            many.add_argument("--all", action="store_true", help="every agent that is known")
        if name == "set":
            verb.add_argument(
                "--merge", action="store_true", help="keep what is desired now, but for the collectors the file names"
            )
            verb.usage = (
                f"{top.prog} set (SITE/AGENT | --site SITE | --all) FILE [--merge] [--dry-run] [--json] --config FILE"
            )
            verb.add_argument("words", nargs="+", metavar="SITE/AGENT FILE", help="FILE alone with --site or --all")
        elif name == "clear":
            verb.add_argument("words", nargs="*", metavar="SITE/AGENT", help="none with --site or --all")
        elif name == "show":
            verb.add_argument("words", nargs=1, metavar="SITE/AGENT")


def run(config: HubConfig, arguments: argparse.Namespace) -> int:
    """The exit status. Raises ConfigError for a wrong command line or file, SQLAlchemyError with the database away."""
    database = _open(config)
    try:
        if arguments.verb == "list":
            return _list(database, arguments.json)
        if arguments.verb == "show":
            return _show(database, _address(arguments.words[0]), arguments.json)
        return _change(database, arguments)
    finally:
        database.dispose()


def _open(config: HubConfig) -> sa.Engine:
    """The database as it is: the hub makes and migrates it, as the user it runs as."""
    database = connect(config.existing_store_url())
    with database.connect() as connection:
        if not desired.present(connection):
            raise ConfigError("the database is of an earlier version; start this version's hub once")
    return database


def _address(word: str) -> Address:
    match = _ADDRESS.fullmatch(word)
    if match is None:
        raise ConfigError(f"{word!r}: SITE/AGENT, each of lower-case letters, digits and -")
    return Address(match[1], match[2])


# --- set and clear ---


def _change(database: sa.Engine, arguments: argparse.Namespace) -> int:
    with database.connect() as connection:
        targets, words = _targets(connection, arguments)
        before = {one: _settings(connection, one) for one in targets}
        heard = desired.heard(connection, targets)
        foreign = {one for one in targets if desired.standing(connection, one).state == "foreign"}
    wanted: dict[Address, Settings | None] = dict.fromkeys(targets)
    if arguments.verb == "set":
        if len(words) != 1:
            raise ConfigError("set wants SITE/AGENT FILE, or FILE with --site or --all")
        wanted = _wanted(Path(words[0]), targets, before, merge=arguments.merge)
    elif words:
        raise ConfigError("clear wants SITE/AGENT, or nothing with --site or --all")
    # To clear what another hub desired is a change too: nothing was desired here, but something runs.
    changes = {one: settings for one, settings in wanted.items() if settings != before[one] or one in foreign}
    if not arguments.dry_run:
        with database.begin() as connection:
            desired.write(connection, changes, time.time_ns() // 1_000_000)
    if arguments.json:
        rows = [
            {
                "site": one.site,
                "agent": one.agent,
                "before": _revision(before[one]),
                "after": _revision(wanted[one]),
                "changes": one in changes,
                "heard": one in heard,
            }
            for one in targets
        ]
        print(json.dumps(rows, indent=2))
        return 0
    for one in targets:
        if one not in changes:
            print(f"{one}: nothing changes")
            continue
        _tell(one, before[one], wanted[one], dry=arguments.dry_run, known=one in heard)
    return 0


def _targets(connection: sa.Connection, arguments: argparse.Namespace) -> tuple[list[Address], list[str]]:
    """Whose configuration is meant, and the words that remain."""
    words = list(arguments.words)
    if not (arguments.all or arguments.site):
        if not words:
            raise ConfigError("which agent? SITE/AGENT, --site SITE or --all")
        return [_address(words[0])], words[1:]
    if arguments.site and not _SITE.fullmatch(arguments.site):
        raise ConfigError(f"{arguments.site!r}: a site is of lower-case letters, digits and -")
    targets = desired.known_agents(connection, arguments.site)
    if not targets:
        where = f"site {arguments.site}" if arguments.site else "this hub"
        raise ConfigError(f"{where}: no agent was ever heard or written for")
    return targets, words


def _wanted(
    path: Path, targets: Sequence[Address], before: Mapping[Address, Settings | None], *, merge: bool
) -> dict[Address, Settings | None]:
    """What is desired of each from now on. Raises ConfigError."""
    table = files.read(path)
    if len(targets) > 1 and "name" in table:
        raise ConfigError(f"{path}: name: {len(targets)} agents can't share a name; leave it out")
    if not merge:
        return dict.fromkeys(targets, table)
    wanted: dict[Address, Settings | None] = {}
    for one in targets:
        old = before[one] or {}
        merged = {**old, **table}
        if "collectors" in old or "collectors" in table:
            merged["collectors"] = {**old.get("collectors", {}), **table.get("collectors", {})}
        files.check(merged, source=f"{path} merged into what is desired of {one}")
        wanted[one] = merged
    return wanted


def _settings(connection: sa.Connection, address: Address) -> Settings | None:
    wish = desired.wish(connection, address)
    return None if wish is None or wish.settings is None else dict(wish.settings)


def _revision(settings: Settings | None) -> str | None:
    return None if settings is None else config_revision(settings)


def _tell(address: Address, before: Settings | None, after: Settings | None, *, dry: bool, known: bool) -> None:
    """What changes: in full where it is tried out, else a line."""
    names = [_revision(before) or "(nothing)", _revision(after) or "(nothing)"]
    said = "" if known else "; no agent of that name was ever heard"
    print(f"{address}: {names[0]} -> {names[1]}{' (not written)' if dry else ''}{said}")
    if dry:
        old, new = (toml.write(settings or {}).splitlines() for settings in (before, after))
        for line in difflib.unified_diff(old, new, f"desired of {address}", "new", lineterm=""):
            print(line)


# --- show and list ---


def _show(database: sa.Engine, address: Address, as_json: bool) -> int:
    with database.connect() as connection:
        standing, settings = desired.standing(connection, address), _settings(connection, address)
    if as_json:
        print(json.dumps({**vars(standing), "settings": settings}, indent=2))
        return 0
    print(f"# {address}: {_sentence(standing)}")
    if settings is not None:
        print(toml.write(settings), end="")
    return 0


def _sentence(standing: Standing) -> str:
    said = f"{standing.desired or 'nothing'} desired, {standing.running or 'nothing of a hub'} running"
    if not standing.told:
        said = f"{standing.desired or 'nothing'} desired; the agent has not said yet what it runs"
    refused = f", {standing.refused} refused: {standing.reason}" if standing.refused else ""
    return f"{STATES[standing.state]} ({said}{refused})"


def _list(database: sa.Engine, as_json: bool) -> int:
    with database.connect() as connection:
        found = desired.standings(connection)
    if as_json:
        print(json.dumps([vars(one) for one in found], indent=2))
        return 0
    rows = [("AGENT", "DESIRED", "RUNNING", "STATE", "SINCE (UTC)", "REASON")]
    for one in found:
        running = one.running or ("-" if one.told else "?")
        reason = one.reason if one.state == "refused" else ""
        rows.append(
            (f"{one.site}/{one.agent}", one.desired or "-", running, STATES[one.state], _time(one.since), reason)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if len(rows) == 1:
        print("no agent was ever heard or written for", file=sys.stderr)
    return 0


def _time(at: int | None) -> str:
    return "-" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at / 1000))
