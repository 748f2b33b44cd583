"""The hub as a device of its own: it reports on itself like any agent, so that rules, tickets and charts serve it, too.

Its reports take the way of all others, through the engine, the series store and SQL, but for MQTT: nobody can speak for
it, because messages of its site are refused at the door. Its site is set aside for hubs; each hub there has a name.
"""

import platform
import secrets
import socket
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import psutil
import sqlalchemy as sa

from hub.config import ConfigError
from hub.engine import Engine
from hub.intake import Delivery
from hub.measures import Measures, Tally
from hub.series.buffer import BufferStats
from hub.store import reads
from wire.codec import inventory_hash
from wire.messages import Device, DeviceKind, Inventory, Offset, Report, Sample
from wire.topics import Address

EVERY_SECONDS = 15.0
FIRST_SECONDS = 1.0
"""After the start, or since the report before when something happens, so that it is seen at once."""

HEARD_MS = 180_000
"""Who was heard within it counts as heard: as long as it takes until an agent is called silent."""

PERCENTILE = 0.99


def software_version() -> str:
    """Of the installed package; empty where there is none."""
    try:
        return version("watchkeeper")
    except PackageNotFoundError:
        return ""


def refuse_taken(database: sa.Engine, site: str) -> None:
    """Raises ConfigError where agents belong to the site that is to be the hub's own."""
    agents = reads.agents_at(database, site, beside=DeviceKind.HUB)
    if agents:
        raise ConfigError(f"hub.site: {site} is a site of agents ({agents[0]}); give the hub another one")


class Own:
    """What the hub says of itself, every EVERY_SECONDS from soon after the start on. For the committer's thread.

    `monotonic` tells seconds; what time it is comes with each question. `process` tells what the process uses.
    """

    def __init__(
        self,
        address: Address,
        measures: Measures,
        monotonic: Callable[[], float],
        process: Callable[[], dict[str, float]],
    ) -> None:
        self.address = address
        self._measures = measures
        self._process = process
        self._monotonic = monotonic
        self._last = self._began = monotonic()
        self._pause = FIRST_SECONDS
        self._life = secrets.token_hex(8)
        self._number = 0
        facts = {
            "version": software_version(),
            "python": platform.python_version(),
            "hostname": socket.gethostname()[:200],
        }
        self._devices = [Device(device=address.agent, kind=DeviceKind.HUB, facts=facts)]
        self._hash = inventory_hash(self._devices)

    def soon(self) -> None:
        """Something has happened that should be seen before the next report would be due."""
        self._pause = min(self._pause, FIRST_SECONDS)

    def deliveries(self, engine: Engine, now: int) -> list[Delivery]:
        """What there is to say at `now` (ms UTC): nothing, or a report, after the inventory where that is news."""
        passed = self._monotonic() - self._last
        if passed < self._pause:
            return []
        self._pause = EVERY_SECONDS
        self._last += passed
        self._number += 1
        report = Report(
            id=f"{self._life}:{self._number}",
            boot=self._life,
            mono=round((self._last - self._began) * 1000),
            sent=now,
            offset=Offset(ms=0.0, source="hub"),
            inventory_hash=self._hash,
            samples=[Sample(device=self.address.agent, at=now, values=self._values(engine, now, passed))],
        )
        site = engine.sites.get(self.address.site)
        state = site.agents.get(self.address.agent) if site else None
        known = state is not None and state.inventory_hash == self._hash
        news = [] if known else [Inventory(hash=self._hash, devices=self._devices)]
        return [Delivery(self.address, message, now, retained=False) for message in (*news, report)]

    def _values(self, engine: Engine, now: int, seconds: float) -> dict[str, float]:
        recent = self._measures.take_recent()
        sites = [site for name, site in engine.sites.items() if name != self.address.site]
        heard = sum(state.heard > now - HEARD_MS for site in sites for state in site.agents.values())
        self._measures.tell(
            {
                "agents_known": float(sum(len(site.agents) for site in sites)),
                "agents_heard": float(heard),
                "learned_series": float(engine.unusuals.number),
                "learned_fill_ratio": engine.unusuals.fill_ratio,
            }
        )
        # Of the queue the most since the report before, not what waits now.
        return {**self._measures.gauges(), **self._process(), **rates(recent, seconds), **extremes(recent)}


def rates(recent: Tally, seconds: float) -> dict[str, float]:
    """What was counted over so many seconds, for each of them."""
    dropped = recent.rejected["queue_full"]
    counts = {
        "reports_per_second": recent.reports,
        "points_per_second": recent.points,
        "backlog_points_per_second": recent.backlog_points,
        "rejects_per_second": recent.rejected.total() - dropped,
        "drops_per_second": dropped,
        "judging_ratio": recent.judging,
    }
    return {metric: count / seconds for metric, count in counts.items()}


def extremes(recent: Tally) -> dict[str, float]:
    """What stood out. A lag, or the size of a batch, only where there was any."""
    values = {
        "commit_wait_seconds": recent.wait.most,
        "commit_seconds": recent.whole.most,
        "series_write_seconds": recent.series.most,
        "database_seconds": recent.database.most,
        "queue_messages": float(recent.queue_messages),
        "queue_fill_ratio": recent.queue_fill,
    }
    lag = recent.lag.quantile(PERCENTILE)
    if lag is not None:
        values["commit_lag_seconds"] = lag
    if recent.backlog_points:
        values["backlog_lag_seconds"] = recent.backlog.most
    if recent.batches:
        values["batch_messages"] = recent.messages.total / recent.batches
    return values


def of_buffer(stats: BufferStats, now: int) -> dict[str, float]:
    """How the series store and its buffer fare at `now` (ms UTC)."""
    return {
        "series_available": float(stats.available),
        "buffer_fill_ratio": stats.fill_ratio,
        "buffer_points": float(stats.points),
        "buffer_oldest_seconds": 0.0 if stats.oldest is None else max(now - stats.oldest, 0) / 1000,
        "dead_letters": float(stats.letters),
    }


class Process:
    """What this process uses of the machine. Its share of a core is that since the call before."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()

    def __call__(self) -> dict[str, float]:
        """Values by metric."""
        with self._process.oneshot():
            return {
                "process_rss_bytes": float(self._process.memory_info().rss),
                "process_cpu_ratio": self._process.cpu_percent() / 100,
                "open_files": float(self._process.num_fds()),
            }
