"""`watchkeeper-hub init-influx`: makes InfluxDB ready for the hub, as often as one likes."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.config import HubConfig
from hub.series.config import (
    PASSWORD_VARIABLE,
    TOKEN_VARIABLE,
    SeriesConfigError,
    SeriesSettings,
    of_tier,
    open_series,
    secret,
)
from hub.series.setup import version1, version2, version3
from hub.series.setup.server import Credentials, Server
from hub.series.setup.steps import Choice, SetupError, Step, Wanted, wanted
from hub.series.store import SeriesUnavailable

ADMIN_TOKEN_VARIABLE = "WATCHKEEPER_INFLUX_ADMIN_TOKEN"  # noqa: S105 - the name of a variable
ADMIN_PASSWORD_VARIABLE = "WATCHKEEPER_INFLUX_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable

EPILOG = f"""\
examples:
  watchkeeper-hub init-influx --config hub.toml --dry-run                     what is missing; nothing is changed
  watchkeeper-hub init-influx --config hub.toml --token-file admin.token      2.x, with an operator's token
  watchkeeper-hub init-influx --config hub.toml --username admin --password-file admin.password      1.x

Makes the databases (1.x) or buckets (2.x) for raw, hourly and daily values as [series] describes them, with their
retention; on 1.x gives the hub's user its rights, on 2.x maps the names InfluxQL reads. For 3.x it prints the commands.
Running it again changes nothing. A retention that differs is left as it is, unless you say --change-retention.

Credentials for this alone: the options, or {ADMIN_TOKEN_VARIABLE} or {ADMIN_PASSWORD_VARIABLE} (with --username);
without any, the hub's own. They are not stored.
Exit status: 0 ready, 1 not ready (what to mend is printed), 2 wrong command line or file.
"""


def add_to(commands: Any, file: argparse.ArgumentParser) -> None:
    """`init-influx`; `file` brings --config."""
    text = "make InfluxDB ready: databases or buckets, retention, rights, mappings"
    command = commands.add_parser(
        "init-influx", help=text, description=text, epilog=EPILOG, parents=[file],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("--dry-run", action="store_true", help="say what would be done")
    command.add_argument("--change-retention", action="store_true", help="set retentions that differ from [series]")
    command.add_argument("--shorten", action="store_true", help="with it: also shorter ones, which deletes data")
    command.add_argument("--token-file", type=Path, metavar="FILE", help="an operator's token, for this command alone")
    command.add_argument("--username", default="", metavar="NAME", help="an administrator of 1.x, likewise")
    command.add_argument("--password-file", type=Path, metavar="FILE", help="the administrator's password")
    command.add_argument("--json", action="store_true", help="print JSON")


def run(config: HubConfig, arguments: argparse.Namespace) -> int:
    """The exit status. Raises SeriesConfigError for wrong settings and options."""
    settings = config.file.series
    if settings.kind == "embedded":
        print('series are embedded (kind = "embedded"): there is no InfluxDB to set up')
        return 0
    credentials = _credentials(settings, arguments, os.environ)
    choice = Choice(arguments.dry_run, arguments.change_retention, arguments.shorten)
    if choice.shorten and not choice.change:
        raise SeriesConfigError("--shorten: wants --change-retention")
    server = Server(settings, credentials)
    try:
        version = server.version()
        places = wanted(settings)
        if int(version.partition(".")[0]) >= 3:
            return _by_hand(settings, places, version, arguments.json)
        steps = _set_up(server, version, settings, places, choice)
    except SetupError as error:
        print(f"watchkeeper-hub: {error}", file=sys.stderr)
        return 1
    finally:
        server.close()
    trouble = "" if choice.dry_run else _trouble(settings, places)
    notes = _notes(settings, places, version)
    _tell(version, settings, steps, choice, trouble, notes, arguments.json)
    return 1 if trouble else 0


def _set_up(server: Server, version: str, settings: SeriesSettings, places: list[Wanted], choice: Choice) -> list[Step]:
    if version.startswith("1."):
        # Nobody can give himself rights: the hub's own credentials only look.
        user = settings.username if server.username != settings.username else ""
        return version1.set_up(server, places, user, choice)
    return version2.set_up(server, places, settings.org, choice)


def _credentials(
    settings: SeriesSettings, arguments: argparse.Namespace, environment: Mapping[str, str]
) -> Credentials:
    if arguments.token_file and arguments.username:
        raise SeriesConfigError("--token-file and --username: choose one")
    if arguments.password_file and not arguments.username:
        raise SeriesConfigError("--password-file: wants --username, too")
    found = _given(settings, arguments, environment)
    if found.username and not found.password:
        raise SeriesConfigError(f"{found.username}: the password is missing")
    if found.token or found.username:
        settings.refuse_plaintext()
    return found


def _given(settings: SeriesSettings, arguments: argparse.Namespace, environment: Mapping[str, str]) -> Credentials:
    """The options', else the environment's, else the hub's own."""
    if arguments.username:
        password = secret(arguments.password_file, ADMIN_PASSWORD_VARIABLE, environment)
        return Credentials(username=arguments.username, password=password)
    token = secret(arguments.token_file, ADMIN_TOKEN_VARIABLE, environment)
    if token:
        return Credentials(token=token)
    if settings.username:
        own = secret(settings.password_file, PASSWORD_VARIABLE, environment)
        return Credentials(username=settings.username, password=own)
    return Credentials(token=secret(settings.token_file, TOKEN_VARIABLE, environment))


def _trouble(settings: SeriesSettings, places: list[Wanted]) -> str:
    """What the hub's own credentials still cannot read; empty where they can."""
    for place in places:
        store = open_series(of_tier(settings, place.tier))
        try:
            store.ping()
        except SeriesUnavailable as error:
            return f"with the hub's own credentials, {place.database} can't be read: {error}"
        finally:
            store.close()
    return ""


def _notes(settings: SeriesSettings, places: list[Wanted], version: str) -> list[str]:
    if version.startswith("1."):
        before = tuple(int(part) for part in version.split(".")[:2]) < (1, 8)
        old = before and settings.api == "v2"
        return ['this InfluxDB is older than 1.8: set api = "v1" in [series]'] if old else []
    return [f"a token for the hub alone: {version2.rights(places, settings.org)}"]


def _by_hand(settings: SeriesSettings, places: list[Wanted], version: str, as_json: bool) -> int:
    """3.x: ready or not, and what to run if not."""
    trouble = _trouble(settings, places)
    todo = version3.commands(places, settings.url) if trouble else []
    if as_json:
        print(json.dumps({"version": version, "ready": not trouble, "trouble": trouble, "commands": todo}, indent=2))
    else:
        print(f"InfluxDB {version} at {settings.url}")
        print("ready" if not trouble else f"not ready: {trouble}\nrun, with an administrator's token:")
        print("".join(f"  {line}\n" for line in todo), end="")
    return 1 if trouble else 0


def _tell(
    version: str,
    settings: SeriesSettings,
    steps: list[Step],
    choice: Choice,
    trouble: str,
    notes: list[str],
    as_json: bool,
) -> None:
    if as_json:
        rows = [{"done": step.done.value, "what": step.what, "detail": step.detail} for step in steps]
        told = {"version": version, "dry_run": choice.dry_run, "steps": rows, "trouble": trouble, "notes": notes}
        print(json.dumps(told, indent=2))
        return
    print(f"InfluxDB {version} at {settings.url}" + (" (dry run: nothing is changed)" if choice.dry_run else ""))
    for step in steps:
        print(f"{step.done.value:8} {step.what}: {step.detail}")
    for note in notes:
        print(f"note     {note}")
    if trouble:
        print(f"watchkeeper-hub: {trouble}", file=sys.stderr)
