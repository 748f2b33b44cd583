"""A hub with rollups on virtual time: real SQL, real stores; the worker's pieces are run by the test."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from hub.rollup.charts import LongCharts
from hub.rollup.figures import DAY_MS, HOUR_MS
from hub.rollup.marks import Marks
from hub.rollup.worker import QUIET_MS, RollupWorker, Stores
from hub.series.config import SeriesSettings, of_tier, open_series
from hub.series.store import Bucket, Point, SeriesStore
from hub.store import rollups, schema
from hub.store.rollups import Key
from tests.hub.fleets import SITE, T0
from tests.hub.hubs import Hub
from tests.servers.influxdb import InfluxDB
from wire.messages import Sample
from wire.topics import Verb

MINUTE = 60_000
RAW_DAYS, HOURLY_DAYS = 5, 20


def settings_for(folder: Path, server: InfluxDB | None) -> SeriesSettings:
    """Embedded stores in the folder, or the server's databases, which are made."""
    if server is None:
        return SeriesSettings(path=folder / "series.db")
    for tier in ("hourly", "daily"):
        server.query(f'CREATE DATABASE "{server.database}_{tier}"')
    return SeriesSettings(kind="influx", url=server.url, api="v1", database=server.database, timeout_seconds=2)


class Rig:
    """`hub.now` is the time of all."""

    def __init__(self, folder: Path, server: InfluxDB | None = None, url: str = "", announce: bool = True) -> None:
        settings = settings_for(folder, server)
        self.raw = open_series(settings)
        self.hourly = open_series(of_tier(settings, "hourly"))
        self.daily = open_series(of_tier(settings, "daily"))
        self.hub = Hub(folder, url, series=lambda: self.raw)
        self.active = True
        self.worker = self.new_worker(self.hub.marks)
        self.charts = LongCharts(self.raw, self.hourly, self.daily, self.done)
        self.hub.now = T0 - T0 % DAY_MS
        self.start = self.hub.now
        if announce:
            self.hub.announce()
            self.hub.step()

    def new_worker(
        self, marks: Marks, wrap: Callable[[SeriesStore], SeriesStore] = lambda store: store
    ) -> RollupWorker:
        """Another one, its stores wrapped."""
        kept = (RAW_DAYS * DAY_MS, HOURLY_DAYS * DAY_MS)
        stores = Stores(wrap(self.raw), wrap(self.hourly), wrap(self.daily), *kept)
        return RollupWorker(self.hub.database, stores, marks, lambda: self.hub.now, lambda: self.active)

    def close(self) -> None:
        self.hub.close()
        self.hourly.close()
        self.daily.close()

    def sample(self, at: int, value: float, device: str = "cam-1") -> None:
        """One value, reported and committed now."""
        values = {"response_seconds": value}
        self.hub.hear(Verb.REPORT, self.hub.report(Sample(device=device, at=at, values=values)))
        assert self.hub.step()

    def hours(self, count: int, every: int = 20 * MINUTE, device: str = "cam-1") -> None:
        """So many hours of values from `hub.now` on, reported as they are taken; the values count the minutes."""
        for _ in range(count * HOUR_MS // every):
            self.sample(self.hub.now, float((self.hub.now - self.start) // MINUTE), device)
            self.hub.now += every

    def roll(self, worker: RollupWorker | None = None) -> None:
        """All that is due."""
        for _ in (worker or self.worker).pieces():
            pass

    def roll_late(self) -> None:
        """All that is due when nothing new has come for a while."""
        self.hub.now += QUIET_MS
        self.roll()

    def done(self) -> dict[str, int]:
        with self.hub.database.connect() as connection:
            return rollups.until(connection)

    def marks(self) -> list[Key]:
        return sorted(Key(r.tier, r.at, r.kind, r.site, r.device) for r in self.hub.rows(schema.rollup_mark))

    def rolled(self, store: SeriesStore | None = None, device: str = "cam-1") -> dict[int, tuple[float, ...]]:
        """hours since the start → mean, low, high, number, of one device."""
        points = (store or self.hourly).points("camera", {SITE: [device]}, [], 0, T0 * 2)
        assert all(point.values.keys() == set(FIELDS) for point in points)
        return {(p.at - self.start) // HOUR_MS: tuple(p.values[name] for name in FIELDS) for p in points}

    def chart(self, since: int, until: int, step: int) -> list[Bucket]:
        return self.charts.chart(SITE, "camera", "cam-1", "response_seconds", since, until, step)


FIELDS = tuple(f"response_seconds_{name}" for name in ("mean", "min", "max", "count"))


class Killed(Exception):  # noqa: N818 - SIGKILL
    """The process is gone."""


class Wrapped:
    """A store; `before` and `after` are called around each write and each reading for rollups, with what it is."""

    def __init__(
        self,
        store: SeriesStore,
        before: Callable[[str], None] = lambda _: None,
        after: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store, self._before, self._after = store, before, after
        self.chart, self.latest, self.window = store.chart, store.latest, store.window
        self.ping, self.close = store.ping, store.close

    def write(self, points: list[Point]) -> None:
        self._before("write")
        self._store.write(points)
        self._after("write")

    def prepare(self, points: list[Point]) -> Callable[[], None]:
        return partial(self.write, points)

    def summarise(self, *question: object) -> object:
        self._before(f"summarise {question[0]}")
        answer = self._store.summarise(*question)  # type: ignore[arg-type]  # passed on as it came
        self._after(f"summarise {question[0]}")
        return answer

    def points(self, *question: object) -> object:
        self._before(f"points {question[0]}")
        answer = self._store.points(*question)  # type: ignore[arg-type]  # passed on as it came
        self._after(f"points {question[0]}")
        return answer
