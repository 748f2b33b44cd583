"""Makes an archive of a hub, running or not.

The order keeps what the hub promises: SQL first, then the points that wait in the buffer, then the series. A report
that SQL knows had its points on disk before; those that left the buffer before it was copied were in the series by
then. So nothing that was acknowledged up to the moment of SQL is missing. What the series hold beyond it is harmless:
it is not looked at (agents' marks are in SQL), and an agent that sends it again writes the same.
"""

import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa

from hub.archive import copies, tables
from hub.archive.container import ArchiveWriter, Progress
from hub.archive.manifest import (
    BUFFER,
    CONFIGURATION,
    FORMAT,
    SERIES_OF,
    ArchiveError,
    Manifest,
    TableContents,
    member_of,
)
from hub.config import HubConfig
from hub.series.config import of_tier
from hub.store import numbers
from hub.store.database import connect, revision_of


def default_name(now: int) -> str:
    """`watchkeeper-20270115T080000Z.zip`."""
    return time.strftime("watchkeeper-%Y%m%dT%H%M%SZ.zip", time.gmtime(now / 1000))


def make(
    config: HubConfig, configuration: Path, target: Path, clock: Callable[[], int], progress: Progress = lambda _: None
) -> Manifest:
    """Write the archive `target`; its folder must exist. Raises ArchiveError, ConfigError, SQLAlchemyError, OSError.

    When this raises, nothing is left of it.
    """
    database = open_existing(config)
    try:
        with ArchiveWriter(target) as archive:
            revision, taken, contents, last = _sql(database, archive, clock, progress)
            points = _buffer(config, archive, progress)
            _series(config, archive, progress)
            archive.add(CONFIGURATION, [configuration.read_bytes()])
            manifest = Manifest(
                format=FORMAT,
                watchkeeper=version("watchkeeper"),
                schema_revision=revision,
                taken=taken,
                database=database.dialect.name,
                series=config.file.series.kind,
                buffered_points=points,
                tables=contents,
                numbers=last,
                members=archive.members,
            )
            archive.finish(manifest)
            return manifest
    finally:
        database.dispose()


def open_existing(config: HubConfig) -> sa.Engine:
    """The hub's database. Raises ConfigError where it has none yet."""
    return connect(config.existing_store_url())


def _sql(
    database: sa.Engine, archive: ArchiveWriter, clock: Callable[[], int], progress: Progress
) -> tuple[str, int, dict[str, TableContents], dict[str, int]]:
    """The tables as of one moment: (schema revision, the moment, contents, last numbers)."""
    with tables.snapshot(database) as connection:
        taken, revision = clock(), revision_of(connection)
        if revision is None:
            raise ArchiveError("the database has no tables of a hub; start the hub once")
        every = tables.reflect(connection)
        contents = {}
        last = {table.name: numbers.last(connection, table) for table in every if numbers.counted(connection, table)}
        for table in every:
            dump = tables.Dump(connection, table, progress)
            archive.add(member_of(table.name), dump)
            contents[table.name] = dump.contents
        return revision, taken, contents, last


def _buffer(config: HubConfig, archive: ArchiveWriter, progress: Progress) -> int:
    """The points that are acknowledged and not in the series yet live here alone; how many."""
    path = config.file.series.buffer_path
    if not path.exists():
        return 0
    copy = archive.scratch(BUFFER)
    copies.copy(path, copy, progress)
    archive.add_file(BUFFER, copy, progress)
    points = copies.count(copy, "SELECT sum(points) FROM batch")
    copy.unlink()
    return points


def _series(config: HubConfig, archive: ArchiveWriter, progress: Progress) -> None:
    """Raw values, and the rollups, which reach further back than anything they could be made of again."""
    for tier, name in SERIES_OF.items():
        path = of_tier(config.file.series, tier).path
        if config.file.series.kind != "embedded" or not path.exists():
            continue
        copy = archive.scratch(name)
        copies.copy(path, copy, progress)
        archive.add_file(name, copy, progress)
        copy.unlink()
