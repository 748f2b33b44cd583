"""A hub on virtual time whose records go to a real InfluxDB; the mirror's rounds are run by the test."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.records.mirror import Mirror
from hub.records.stores import Databases, RecordStore
from hub.records.work import Work
from hub.rule import discover
from hub.scoped import Scoped
from hub.series.config import SeriesSettings, of_tier, open_series
from hub.series.influx import InfluxSeries
from hub.series.influxql import identifier
from hub.series.store import Point, SeriesStore
from hub.store import schema
from hub.store.records import progress
from tests.hub.fleets import SITE, settings_of
from tests.hub.hubs import GATEWAY, Hub
from tests.servers.influxdb import InfluxDB
from wire.messages import Event, Sample
from wire.records import BY_NAME
from wire.topics import Verb

DAY_MS = 86_400_000
SHANGHAI = ZoneInfo("Asia/Shanghai")
AT_ONCE = {"camera_unreachable": {"hold_seconds": 0, "clear_seconds": 20}}


class Killed(BaseException):
    """The process is gone."""


class Rig:
    """`hub.now` is the time of all. The hub's own numbers go to a file, records to the server."""

    def __init__(self, folder: Path, server: InfluxDB, database: str, zone: tzinfo = SHANGHAI, url: str = "") -> None:
        self.server, self.database = server, database
        for name in (database, f"{database}_hourly", f"{database}_daily"):
            server.query(f'CREATE DATABASE "{name}"')
        settings = SeriesSettings(kind="influx", url=server.url, api="v1", database=database, timeout_seconds=5)
        self.raw, self.hourly, self.daily = (
            cast(InfluxSeries, open_series(of_tier(settings, tier))) for tier in ("raw", "hourly", "daily")
        )
        self.hub = Hub(folder, url, rules=AT_ONCE)
        known = discover()
        rules = Scoped.of(known, settings_of(known, AT_ONCE))
        self.active = True
        self.forgotten: list[str] = []
        self.work = Work(self.hub.database, self.databases(), rules, zone, lambda: self.hub.now, lambda: self.active)
        self.mirror = self.restarted()

    def databases(
        self, wrap: Callable[[SeriesStore], RecordStore] = lambda store: cast(RecordStore, store)
    ) -> Databases:
        """The three, each wrapped."""
        return Databases(wrap(self.raw), wrap(self.hourly), wrap(self.daily), 90 * DAY_MS, 3650 * DAY_MS)

    def restarted(self, databases: Databases | None = None) -> Mirror:
        """A mirror that remembers nothing."""
        work = replace(self.work, databases=databases or self.work.databases)
        return Mirror(work, lambda: self.forgotten)

    def announce(self) -> None:
        self.hub.announce()
        self.hub.step()

    def camera(self, reachable: float, seconds: float = 10.0) -> None:
        """Time passes, then the camera is or is not there."""
        self.hub.now += round(seconds * 1000)
        sample = Sample(device="cam-1", at=self.hub.now, values={"reachable": reachable, "connectable": reachable})
        self.hub.hear(Verb.REPORT, self.hub.report(sample), GATEWAY)
        assert self.hub.step()

    def event(self, kind: str, device: str = "door-1", at: int | None = None, **data: Any) -> None:
        when = self.hub.now if at is None else at
        self.hub.tell(Event(device=device, at=when, type=kind, data=data))

    def rows(self, name: str, where: str = "") -> list[dict[str, Any]]:
        """Every row of a record as InfluxDB has it, by time; tags and fields together, without what is absent."""
        record = BY_NAME[name]
        names = [*record.tags, *(field.name for field in record.fields)]
        wanted = ", ".join(identifier(one) for one in names)
        store = {"raw": self.raw, "hourly": self.hourly, "daily": self.daily}[record.tier]
        of = f"FROM {identifier(name)} {where}"
        found = store.ask(f"SELECT {wanted} {of}")
        return [
            {key: value for key, value in zip(("time", *names), row, strict=True) if value is not None}
            for series in found
            for row in series.rows
        ]

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """All rows of all records."""
        return {name: sorted(self.rows(name), key=repr) for name in BY_NAME}

    def progress(self) -> dict[str, int | None]:
        with self.hub.database.connect() as connection:
            return {name: progress(connection, name) for name in ("timeline", "event")}

    def rollup(self, kind: str, device: str, at: int, values: Mapping[str, float], site: str = SITE) -> None:
        """An hour's."""
        self.hourly.write([Point(kind, site, "gateway", device, at, values)])

    def sql(self, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
        with self.hub.database.begin() as connection:
            connection.execute(table.insert(), list(rows))

    def heard_since(self, at: int) -> None:
        """As if the site's agent had been heard since then."""
        with self.hub.database.begin() as connection:
            connection.execute(schema.agent.update().values(first_heard=at))

    def close(self) -> None:
        self.hub.close()
        for store in (self.raw, self.hourly, self.daily):
            store.close()


class Mortal:
    """A record store that is told about each call before and after it happens."""

    def __init__(self, store: SeriesStore, look: Callable[[], None]) -> None:
        self._store, self._look = cast(InfluxSeries, store), look

    def write_lines(self, lines: Sequence[str]) -> list[tuple[int, str]]:
        self._look()
        refused = self._store.write_lines(lines)
        self._look()
        return refused

    def ask(self, statement: str) -> Any:
        self._look()
        return self._store.ask(statement)

    def erase(self, site: str) -> None:
        self._store.erase(site)
