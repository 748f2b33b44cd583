"""Goes back to an archive: everything is made beside what there is, and then put into its place.

In this order: series, buffer, SQL. While it lasts a file in `state_dir` keeps the hub from starting, so that a restore
that was killed half-way is noticed and run again.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from hub.archive import copies, database, history
from hub.archive.container import Archive, Progress
from hub.archive.manifest import BUFFER, SERIES, SERIES_OF, ArchiveError
from hub.archive.quiet import refuse_working
from hub.config import HubConfig
from hub.folder import UNFINISHED, lock
from hub.series import journal_schema, tables
from hub.series.config import of_tier
from hub.series.embedded import EmbeddedSeries
from hub.series.journal import Journal, JournalError
from hub.series.store import SeriesUnavailable
from hub.series.tables import SchemaTooNew
from hub.store.database import connect, knows, revision_of
from hub.store.restoration import Restoration

_NEW = ".restoring"
_MERGED = ("batch", "refused", "letter")
"""Tables of the buffer, whatever its version."""


@dataclass(frozen=True)
class Choice:
    """What is asked for. `tickets_above` is the highest ticket number that anybody may have seen."""

    force: bool = False
    keep_series: bool = False
    tickets_above: int = 0


@dataclass
class Outcome:
    """What was done. `aside`: what stood there before, by its new name. `forgotten`: sites erased since the backup."""

    noted: Restoration
    series: bool
    buffered_points: int
    aside: list[str] = field(default_factory=list)
    forgotten: dict[str, int] = field(default_factory=dict)


def obstacles(config: HubConfig, archive: Archive, choice: Choice) -> list[str]:
    """Why it can't be restored here as asked, each a sentence; changes nothing. Raises ConfigError, SQLAlchemyError."""
    found = []
    if not knows(archive.manifest.schema_revision):
        found.append(
            f"{archive.path}: written by {archive.manifest.watchkeeper} with schema "
            f"{archive.manifest.schema_revision}, which this version does not know: upgrade the hub first"
        )
    found += _too_small(config, archive)
    url = sa.make_url(config.store_url())
    if choice.force:
        return found
    if url.drivername == "sqlite":
        if Path(url.database or "").exists():
            found.append(f"{url.database}: there is a database; --force moves it aside")
    else:
        engine = connect(config.store_url())
        with engine.connect() as connection:
            if revision_of(connection) is not None:
                found.append("the database holds a hub's tables; --force moves them into a schema of their own")
        engine.dispose()
    for _, series in _series(config, archive, choice):
        if series.exists():
            found.append(f"{series}: there is a series store; --force moves it aside, --keep-series keeps it")
    return found


def restore(config: HubConfig, archive: Archive, choice: Choice, now: int, progress: Progress) -> Outcome:
    """Raises ArchiveError, ConfigError (the hub runs), SQLAlchemyError, OSError."""
    folder = config.file.state_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    with ExitStack() as stack:
        stack.callback(lock(folder, unfinished=True).close)
        found = obstacles(config, archive, choice)
        if found:
            raise ArchiveError(found[0])
        _refuse_working(config)
        archive.verify(progress)
        new = _stage_files(config, archive, choice, stack, progress)
        seen = max(choice.tickets_above, history.tickets_seen(folder))
        url = sa.make_url(config.store_url())
        if url.drivername == "sqlite":
            path = Path(url.database or "")
            staged = path.with_name(path.name + _NEW)
            stack.callback(database.discard_sqlite, staged)
            noted = database.stage_sqlite(staged, archive, now, seen, progress)
            new.append((staged, path))
            aside = _swap(folder, new, now)
        else:
            with database.postgresql(config.store_url(), archive, now, seen, force=choice.force, progress=progress) as (
                noted,
                old,
            ):
                aside = _swap(folder, new, now)
            aside += [old] if old else []
        history.add(folder, history.Restored(noted.at, noted.went_back_to, noted.tickets_from))
        (folder / UNFINISHED).unlink()
        forgotten = history.forgotten_since(folder, archive.manifest.taken)
        return Outcome(noted, _has_series(config, archive, choice), archive.manifest.buffered_points, aside, forgotten)


def _refuse_working(config: HubConfig) -> None:
    """No hub may work on what is to be replaced; one whose database can't be read any more does not."""
    url = sa.make_url(config.store_url())
    if url.drivername == "sqlite" and not Path(url.database or "").exists():
        return
    engine = connect(config.store_url())
    try:
        with suppress(*([sa.exc.DatabaseError] if url.drivername == "sqlite" else [])):  # damaged: that is why
            refuse_working(engine, config.file.state_dir / "lock")
    finally:
        engine.dispose()


def _has_series(config: HubConfig, archive: Archive, choice: Choice) -> bool:
    embedded = config.file.series.kind == "embedded"
    return embedded and SERIES in archive.manifest.members and not choice.keep_series


def _series(config: HubConfig, archive: Archive, choice: Choice) -> list[tuple[str, Path]]:
    """(member, where it goes) of raw values and rollups, as far as they are in the archive and wanted."""
    if not _has_series(config, archive, choice):
        return []
    known = archive.manifest.members
    settings = config.file.series
    return [(member, of_tier(settings, tier).path) for tier, member in SERIES_OF.items() if member in known]


def _stage_files(
    config: HubConfig, archive: Archive, choice: Choice, stack: ExitStack, progress: Progress
) -> list[tuple[Path, Path]]:
    """(new file, where it goes) of series and buffer. What waits in the buffer now is kept: it is acknowledged, too."""
    new = []
    for member, path in _series(config, archive, choice):
        staged = _staged(path, stack)
        archive.extract(member, staged, progress)
        copies.check(staged, lambda connection, at: tables.prepare(connection, str(at)))
        with _trouble():
            EmbeddedSeries(staged).close()  # brings it up to date
        new.append((staged, path))
    if BUFFER in archive.manifest.members:
        path = config.file.series.buffer_path
        staged = _staged(path, stack)
        archive.extract(BUFFER, staged, progress)
        copies.check(staged, journal_schema.prepare)
        with _trouble():
            Journal(staged, config.file.series.buffer_bytes).close()
        if path.exists():
            with suppress(ArchiveError):  # one that can't be read any more is moved aside all the same
                present = _staged(path.with_name(path.name + ".now"), stack)
                copies.copy(path, present, progress)
                with _trouble():
                    Journal(present, config.file.series.buffer_bytes).close()
                copies.merge(present, staged, _MERGED)
        new.append((staged, path))
    return new


@contextmanager
def _trouble() -> Iterator[None]:
    try:
        yield
    except (JournalError, SeriesUnavailable, SchemaTooNew) as error:
        raise ArchiveError(str(error)) from error


def _too_small(config: HubConfig, archive: Archive) -> list[str]:
    """What is unpacked stands beside what there is: a disk that fills up half-way would stop the hub, too."""
    needed = sum(member.bytes for member in archive.manifest.members.values())
    folder = next(path for path in (config.file.state_dir, *config.file.state_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if needed <= free:
        return []
    return [f"{folder}: {free >> 20} MiB are free, and what is in the backup takes {needed >> 20} MiB"]


def _staged(path: Path, stack: ExitStack) -> Path:
    staged = path.with_name(path.name + _NEW)
    database.discard_sqlite(staged)
    stack.callback(database.discard_sqlite, staged)
    return staged


def _swap(folder: Path, new: list[tuple[Path, Path]], now: int) -> list[str]:
    (folder / UNFINISHED).touch()
    aside = [database.put_in_place(staged, path, now) for staged, path in new]
    return [str(path) for path in aside if path is not None]
