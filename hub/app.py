"""The composition root: wires the parts of one hub together. No logic of its own."""

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy
import uvicorn
from babel.dates import LOCALTZ

from hub.api.app import create_app
from hub.archive import history
from hub.certificate import watched
from hub.committer import Committer
from hub.config import ConfigError, HubConfig
from hub.desired.publisher import Publisher
from hub.embedded_broker import EmbeddedBroker
from hub.folder import lock
from hub.health import Health, running
from hub.intake import Intake
from hub.lease import PATIENCE_SECONDS, Lease, refuse_apart
from hub.measures import Measures
from hub.mqtt import MqttLink
from hub.own import Own, Process, of_buffer
from hub.place import place
from hub.reconcile import Reconciler, keep_right
from hub.records.mirror import Mirror
from hub.records.stores import Databases
from hub.records.work import Work
from hub.rollup.charts import LongCharts
from hub.rollup.marks import Marks
from hub.rollup.worker import RollupWorker, Stores
from hub.rule import Rule
from hub.series.buffer import BufferedSeries
from hub.series.config import TIERS, of_tier, open_series, retention_ms, whereabouts
from hub.series.embedded import EmbeddedSeries
from hub.series.influx import InfluxSeries
from hub.series.store import SeriesUnavailable
from hub.store import reads, rollups
from hub.store.database import APPLICATION, connect, migrate
from hub.store.lease import Claim
from hub.warming import Warming
from wire.messages import DeviceKind
from wire.topics import Address, Topics

log = logging.getLogger(__name__)

PRUNE_SECONDS = 3600.0
FORGOTTEN_MS = 7 * 86_400_000
"""For so long after a site was erased a hub that starts looks whether a record of it was on its way."""
WEB_WAIT_SECONDS = 2.0
STANDBY_SECONDS = 0.1
PAUSE_SECONDS = 1.0
"""After an outage of the database, before it is tried again."""


def now_ms() -> int:
    """The hub's clock, ms UTC."""
    return time.time_ns() // 1_000_000


def refuse_taken(database: sqlalchemy.Engine, site: str) -> None:
    """Raises ConfigError where agents belong to the site that is to be the hub's own."""
    agents = reads.agents_at(database, site, beside=DeviceKind.HUB)
    if agents:
        raise ConfigError(f"hub.site: {site} is a site of agents ({agents[0]}); give the hub another one")


class App:
    """One hub. `start` returns when everything listens; `stop` ends it within seconds."""

    def __init__(self, config: HubConfig, rules: Mapping[str, Rule]) -> None:
        file = config.file
        state = Path(file.state_dir)
        state.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._lock = lock(state)
        self._stop = threading.Event()
        self._broker = EmbeddedBroker(file.broker.host, file.broker.port) if file.broker.embedded else None
        self._database = connect(config.store_url(), application=APPLICATION)
        migrate(self._database)
        self._tiers = {tier: open_series(of_tier(file.series, tier)) for tier in TIERS}
        self._retention = {tier: retention_ms(file.series, tier) for tier in TIERS}
        raw, hourly, daily = (self._tiers[tier] for tier in TIERS)
        self._marks = Marks(self._database, now_ms, self._retention[TIERS[0]])
        self._series = BufferedSeries(
            raw,
            file.series.buffer_path,
            file.series.buffer_bytes,
            now_ms,
            landed=self._marks.landed,
            max_age_seconds=file.series.buffer_hours * 3600,
            patience=file.series.patience_seconds,
        )
        stores = Stores(raw, hourly, daily, self._retention["raw"], self._retention["hourly"])
        self._rollups = RollupWorker(self._database, stores, self._marks, now_ms, lambda: self._lease.active)
        self._mirror = self._mirror_of(config) if file.series.kind == "influx" else None
        topics = Topics(file.broker.root)
        self._own = Address(file.hub.site, file.hub.name)
        refuse_taken(self._database, self._own.site)
        self._intake = Intake(topics, now_ms, file.ingest.queue_messages, own_site=self._own.site)
        # Connections of its own that wait for nothing long: a lease must not be lost to a slow statement of others.
        self._leasing = connect(config.store_url(), patience=PATIENCE_SECONDS, application=APPLICATION)
        claim = Claim(file.hub.name, place(state / "lock"), whereabouts(file.series))
        self._lease = Lease(self._leasing, claim, now_ms, taken=self._on_taken, lost=self._on_lease_lost)
        self._link = MqttLink(
            file.broker,
            topics,
            self._intake.take_all,
            self._on_lost,
            self._on_back,
            wanted=lambda: self._lease.active,
        )
        self._publisher = Publisher(self._database, self._link)
        self._warming = Warming(hourly, now_ms)
        self._measures = Measures()
        self._measures.watch(lambda: of_buffer(self._series.stats(), now_ms()))
        self._measures.watch(self._link.figures)
        if file.broker.tls is not None:
            self._measures.watch(watched(file.broker.tls.certificate))
        self._committer = Committer(
            self._database,
            self._series,
            self._intake,
            self._link,
            rules,
            config.rules,
            now_ms,
            file.ingest.batch_messages,
            self._publisher.answered,
            batch_lines=file.ingest.batch_points,
            gather=file.ingest.gather_ms / 1000,
            measures=self._measures,
            own=Own(self._own, self._measures, time.monotonic, Process()),
            fence=self._lease,
            marks=self._marks,
            past=self._warming,
        )
        self._reconciler = Reconciler(
            self._database, self._series, rules, config.rules, now_ms, lambda _: self._series.stats().points == 0
        )
        self._health = Health()
        # Connections of their own: a crowd at the console must not hold up the committer.
        self._reading = connect(config.store_url(), pool_timeout=WEB_WAIT_SECONDS)
        web = create_app(
            self._reading,
            LongCharts(self._series, hourly, daily, self._rolled_until),
            rules,
            clock=now_ms,
            time_zone=file.console.time_zone,
            own_site=self._own.site,
            health=self._health,
            measures=self._measures,
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                web, file.console.host, file.console.port, log_config=None, log_level="warning", lifespan="off"
            )
        )
        self._holding = threading.Thread(target=self._lease.run, args=(self._stop,), name="lease", daemon=True)
        self._work = threading.Thread(target=self._run, name="committer", daemon=True)
        self._publishing = threading.Thread(
            target=self._publisher.run, args=(self._stop,), name="configuration", daemon=True
        )
        self._pruning = threading.Thread(target=self._prune, name="retention", daemon=True)
        self._rolling = threading.Thread(target=self._rollups.run, args=(self._stop,), name="rollups", daemon=True)
        self._mirroring = threading.Thread(target=self._write_records, name="records", daemon=True)
        self._recalling = threading.Thread(target=self._warming.run, args=(self._stop,), name="warming", daemon=True)
        self._reconciling = threading.Thread(
            target=keep_right, args=(self._reconciler, self._measures, self._lease, self._stop), name="reconciliation",
            daemon=True,
        )  # fmt: skip
        self._web = threading.Thread(target=self._server.run, name="console", daemon=True)
        self._fill_in_health()

    def start(self) -> None:
        """Broker first, then the hub that hears it, if no other hub works.

        Raises ConfigError when a port is taken, or another hub works and keeps its numbers elsewhere.
        """
        refuse_apart(self._lease)
        if self._broker is not None:
            self._broker.start()
        self._lease.step()
        self._holding.start()
        self._work.start()
        self._link.start()
        self._publishing.start()
        self._pruning.start()
        self._rolling.start()
        self._mirroring.start()
        self._recalling.start()
        self._reconciling.start()
        self._web.start()

    @property
    def console_port(self) -> int | None:
        """The port the console listens on, None until it does."""
        servers = getattr(self._server, "servers", None)
        return servers[0].sockets[0].getsockname()[1] if self._server.started and servers else None

    @property
    def ailing(self) -> str:
        """The parts without which the hub must be started again, and what ails them; empty while all is well."""
        return "; ".join(f"{name}: {reason}" for name, reason in self._health.vital().items() if reason)

    def stop(self) -> None:
        """Stop hearing, finish the step under way, close everything."""
        self._link.stop()
        self._stop.set()
        self._publisher.stop()
        self._work.join(5)
        self._holding.join(5)
        self._lease.release()
        self._publishing.join(5)
        self._pruning.join(5)
        self._rolling.join(5)
        self._mirroring.join(5)
        self._recalling.join(5)
        self._reconciling.join(5)
        self._server.should_exit = True
        self._web.join(5)
        if self._broker is not None:
            self._broker.stop()
        self._series.close()
        for rollup in (self._tiers["hourly"], self._tiers["daily"]):
            rollup.close()
        self._lock.close()
        self._reading.dispose()
        self._leasing.dispose()
        self._database.dispose()

    def _fill_in_health(self) -> None:
        committer, link = self._committer, self._link

        def committing() -> str:
            return "hangs" if committer.stalled(now_ms()) else running(self._work)()

        self._health.standing = lambda: self._lease.standing
        self._health.alive = {
            "committer": committing,
            "mqtt": lambda: "" if link.alive else "its thread has ended, or hangs",
            "configuration": running(self._publishing),
            "console": running(self._web),
            "lease": running(self._holding),
        }
        self._health.ready = {
            "broker": lambda: link.ailing if self._lease.held else "",
            "buffer": lambda: "" if self._measures.durable else "full: agents keep their reports",
        }

    def _on_taken(self) -> None:
        self._committer.take_over()

    def _on_lease_lost(self) -> None:
        self._link.leave()

    def _on_lost(self, silent_ms: int) -> None:
        self._committer.broker_lost(silent_ms)

    def _on_back(self) -> None:
        self._committer.broker_back()
        self._publisher.broker_back()

    def _mirror_of(self, config: HubConfig) -> Mirror:
        zone, state = config.file.console.time_zone, config.file.state_dir
        raw, hourly, daily = (store for store in self._tiers.values() if isinstance(store, InfluxSeries))
        databases = Databases(raw, hourly, daily, self._retention["raw"], self._retention["daily"])
        work = Work(
            self._database, databases, config.rules, ZoneInfo(zone) if zone else LOCALTZ, now_ms,
            lambda: self._lease.active,
        )  # fmt: skip
        return Mirror(work, lambda: history.forgotten_since(state, now_ms() - FORGOTTEN_MS))

    def _write_records(self) -> None:
        if self._mirror is not None:
            self._mirror.run(self._stop)

    def _rolled_until(self) -> dict[str, int]:
        with self._reading.connect() as connection:
            return rollups.until(connection)

    def _prune(self) -> None:
        """Hourly: the embedded stores forget what is older than their retention."""
        prunable = {tier: store for tier, store in self._tiers.items() if isinstance(store, EmbeddedSeries)}
        while prunable and not self._stop.wait(PRUNE_SECONDS):
            for tier, store in prunable.items() if self._lease.active else ():
                try:
                    store.prune(now_ms() - self._retention[tier])
                except SeriesUnavailable as error:
                    log.warning("old values stay for now: %s", error)

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._lease.held:
                self._committer.stand_by()
                self._stop.wait(STANDBY_SECONDS)
                continue
            try:
                steady = self._committer.step()
            except Exception:  # supervised: the hub's one loop must not end
                log.exception("a step of the committer failed")
                steady = False
            if not steady and self._lease.held:
                self._stop.wait(PAUSE_SECONDS)
