"""`watchkeeper-hub backup`: one file with everything the hub holds, made while it runs."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from hub.archive.backup import default_name, make, open_existing
from hub.archive.container import Archive
from hub.archive.manifest import ArchiveError, Manifest
from hub.commands.reporting import moment, now_ms, progress
from hub.config import ConfigError, HubConfig

FOLDER = "backups"
"""In `state_dir`, where nothing else is said. Another disk is better."""
NICENESS = 10

EPILOG = """\
examples:
  watchkeeper-hub backup --config hub.toml --to /mnt/usb/            /mnt/usb/watchkeeper-20270115T080000Z.zip
  watchkeeper-hub backup --config hub.toml --to before-upgrade.zip
  watchkeeper-hub backup --config hub.toml --verify before-upgrade.zip

In it: the SQL tables (from SQLite or PostgreSQL alike, as of one moment), the points that wait in the series buffer,
the embedded series store, and the configuration file. Not in it: passwords, tokens, keys and certificates, which the
configuration only names; and what InfluxDB holds. Back InfluxDB up with its own tools *after* this, never before.
The file is readable by its owner alone, and holds people's records: treat it as such.
"""


def add_to(commands: Any, file: argparse.ArgumentParser) -> None:
    """`backup`; `file` brings --config."""
    text = "put everything the hub holds into one file, while it runs; or check such a file"
    command = commands.add_parser(
        "backup", help=text, description=text, epilog=EPILOG, parents=[file],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    what = command.add_mutually_exclusive_group()
    what.add_argument(
        "--to", metavar="FILE|DIR", help=f"where to; DIR/ has to be there (default: {FOLDER}/ in state_dir)"
    )
    what.add_argument("--verify", type=Path, metavar="FILE", help="read a backup and compare every byte's checksum")
    command.add_argument("--json", action="store_true", help="print the manifest as JSON")


def run(config: HubConfig, arguments: argparse.Namespace) -> int:
    """The exit status. Raises ConfigError."""
    try:
        if arguments.verify is not None:
            return _verify(arguments.verify, arguments.json)
        open_existing(config).dispose()  # before a folder is made for what can't be
        target = _target(config, arguments.to)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing half is left
        os.nice(NICENESS)  # the hub goes first
        manifest = make(config, arguments.config, target, now_ms, progress())
    except (ArchiveError, SQLAlchemyError, OSError) as error:
        print(f"watchkeeper-hub: {str(error).partition(chr(10))[0]}; no backup was made", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps({"file": str(target), **_summary(manifest)}, indent=2))
    else:
        print(f"{target}  {target.stat().st_size / 1e6:.1f} MB")
        _tell(manifest)
        for line in _elsewhere(config):
            print(line)
    return 0


def _target(config: HubConfig, to: str | None) -> Path:
    """The file to write. Raises ConfigError for a folder that is not there: nobody mounted the disk, perhaps."""
    if to is None:
        folder = config.file.state_dir / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / default_name(now_ms())
    path = Path(to)
    if path.is_dir():
        return path / default_name(now_ms())
    folder = path if to.endswith("/") else path.parent
    if not folder.is_dir():
        raise ConfigError(f"--to {to}: there is no folder {folder}; no backup was made")
    return path


def _verify(path: Path, as_json: bool) -> int:
    try:
        with Archive(path) as archive:
            archive.verify(progress())
            manifest = archive.manifest
    except (ArchiveError, OSError) as error:
        print(f"watchkeeper-hub: {error}", file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps({"file": str(path), **_summary(manifest)}, indent=2))
    else:
        print(f"{path}: whole and unchanged")
        _tell(manifest)
    return 0


def _summary(manifest: Manifest) -> dict[str, Any]:
    return manifest.model_dump(mode="json")


def _tell(manifest: Manifest) -> None:
    rows = sum(table.rows for table in manifest.tables.values())
    print(f"state of      {moment(manifest.taken)}, by {manifest.watchkeeper}, schema {manifest.schema_revision}")
    print(f"SQL           {rows} rows in {len(manifest.tables)} tables ({manifest.database})")
    print(f"buffer        {manifest.buffered_points} points that wait for the series store")
    print(f"series        {'in it' if manifest.series == 'embedded' else 'NOT in it: InfluxDB holds them'}")


def _elsewhere(config: HubConfig) -> list[str]:
    """What the archive lacks, and how to keep that."""
    file, lines = config.file, []
    tls, broker, store = file.broker.tls, file.broker, file.store
    secrets = [broker.password_file, store.password_file, file.series.token_file, file.series.password_file]
    secrets += [file.series.ca_file, *((tls.ca, tls.certificate, tls.key) if tls else ())]
    named = [str(path) for path in secrets if path is not None]
    if named:
        lines.append(f"not in it     {', '.join(named)}")
    if file.series.kind == "influx":
        host = urlsplit(file.series.url).hostname
        lines += [
            "now InfluxDB  after this, never before: what it holds beyond this is harmless, what it lacks is lost",
            f"              1.x: influxd backup -portable -database {file.series.database} -host {host}:8088 DIR",
            f"              2.x: influx backup DIR --bucket {file.series.bucket or file.series.database} "
            f"--host {file.series.url}",
            "              3.x: copy its object store's folder while it is stopped",
        ]  # fmt: skip
    return lines
