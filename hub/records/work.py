"""What every job of the mirror works with: the databases, the rules, the words, the clock, and how a piece ends."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

import sqlalchemy as sa

from hub.records.row import Row
from hub.records.speech import Speech
from hub.records.stores import Databases, Writer
from hub.scoped import Scoped
from hub.series.store import CannotErase
from hub.store import records
from hub.store.records import Name

log = logging.getLogger(__name__)


class Deposed(Exception):  # noqa: N818 - a state
    """Another hub works now, or somebody has set back how far the records are written."""


@dataclass
class Work:
    """`zone`: whose days the rates are of. Used by the mirror's thread."""

    database: sa.Engine
    databases: Databases
    rules: Scoped
    zone: tzinfo
    clock: Callable[[], int]
    active: Callable[[], bool] = lambda: True
    speech: Speech = field(init=False)
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.speech = Speech(self.rules.rules, self.zone)
        self.writer = Writer(self.databases)

    def write(self, rows: Sequence[Row]) -> None:
        """Write them; those of a site that was erased meanwhile are taken out again. Raises SeriesUnavailable."""
        self.be_active()
        self.writer.write(rows, self.clock())
        for site in self.unknown({row.tags["site"] for row in rows if "site" in row.tags}):
            self.erase(site)

    def settle(self, name: Name, before: int | None, to: int) -> None:
        """It is written up to `to`. Raises Deposed: what was written may be older than what another hub wrote since,
        which goes over it again then."""
        with self.database.begin() as connection:
            if not self.active():
                records.retreat(connection, name, before or 0)
            elif records.advance(connection, name, before, to):
                return
        raise Deposed("another hub works now, or a site was erased meanwhile")

    def be_active(self) -> None:
        """Raises Deposed."""
        if not self.active():
            raise Deposed("another hub works now")

    def unknown(self, sites: Collection[str]) -> list[str]:
        """Those of these sites that SQL has nothing of."""
        if not sites:
            return []
        with self.database.connect() as connection:
            known = records.known_sites(connection, sites)
        return sorted(set(sites) - known)

    def erase(self, site: str) -> None:
        """Raises SeriesUnavailable."""
        for store in (self.databases.raw, self.databases.hourly, self.databases.daily):
            try:
                store.erase(site)
            except CannotErase as error:
                log.warning("%s was erased, and a record of it was on its way: %s", site, error)
