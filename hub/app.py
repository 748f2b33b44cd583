"""The composition root: wires the parts of one hub together. No logic of its own."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvicorn
from babel.dates import LOCALTZ

from hub.api.app import create_app
from hub.archive import history
from hub.certificate import watched
from hub.committer import Committer
from hub.config import HubConfig
from hub.desired.publisher import Publisher
from hub.embedded_broker import EmbeddedBroker
from hub.folder import lock
from hub.foreknowledge import Foreknowledge
from hub.health import Health, running
from hub.intake import BatchSize, Intake
from hub.lease import PATIENCE_SECONDS, Lease, refuse_apart
from hub.measures import Measures
from hub.mqtt import MqttLink
from hub.own import Own, Process, of_buffer, refuse_taken
from hub.place import place
from hub.pruning import Pruner
from hub.reconcile import Reconciler, keep_right
from hub.records.mirror import Mirror
from hub.records.work import Work
from hub.rollup.charts import LongCharts
from hub.rollup.worker import RollupWorker
from hub.rule import Rule
from hub.series.config import whereabouts
from hub.store import rollups
from hub.store.database import APPLICATION, connect, migrate
from hub.store.lease import Claim
from hub.tiers import Tiers
from hub.warming import Warming
from wire.topics import Address, Topics

log = logging.getLogger(__name__)

FORGOTTEN_MS = 7 * 86_400_000
"""For so long after a site was erased a hub that starts looks whether a record of it was on its way."""
WEB_WAIT_SECONDS = 2.0
STANDBY_SECONDS = 0.1
PAUSE_SECONDS = 1.0
"""After an outage of the database, before it is tried again."""


def now_ms() -> int:
    """The hub's clock, ms UTC."""
    return time.time_ns() // 1_000_000


class App:
    """One hub. `start` returns when everything listens; `stop` ends it within seconds."""

    def __init__(self, config: HubConfig, rules: Mapping[str, Rule]) -> None:
        """Raises ConfigError where another hub or other agents are in the way."""
        self._config, self._rules = config, rules
        file = config.file
        state = Path(file.state_dir)
        state.mkdir(parents=True, exist_ok=True, mode=0o750)
        self._lock = lock(state)
        self._stop = threading.Event()
        self._own = Address(file.hub.site, file.hub.name)
        self._measures, self._health = Measures(), Health()
        self._open_stores()
        self._share(state)
        self._listen()
        self._write()
        self._server = self._console()
        self._threads = self._workers()
        self._fill_in_health()

    # --- its parts, in the order in which each needs the ones before ---

    def _open_stores(self) -> None:
        """SQL, and the series."""
        self._database = connect(self._config.store_url(), application=APPLICATION)
        migrate(self._database)
        refuse_taken(self._database, self._own.site)
        self._tiers = Tiers(self._config.file.series, self._database, now_ms)
        self._series = self._tiers.buffered

    def _share(self, state: Path) -> None:
        """The lease, by which one of several hubs works."""
        file = self._config.file
        # Connections of its own that wait for nothing long: a lease must not be lost to a slow statement of others.
        self._leasing = connect(self._config.store_url(), patience=PATIENCE_SECONDS, application=APPLICATION)
        claim = Claim(file.hub.name, place(state / "lock"), whereabouts(file.series))
        self._lease = Lease(self._leasing, claim, now_ms, taken=self._on_taken, lost=self._on_lease_lost)

    def _listen(self) -> None:
        """The broker, where it is one's own; the queue of what comes, and the way back."""
        file = self._config.file
        topics = Topics(file.broker.root)
        self._broker = EmbeddedBroker(file.broker.host, file.broker.port) if file.broker.embedded else None
        self._intake = Intake(topics, now_ms, file.ingest.queue_messages, own_site=self._own.site)
        self._link = MqttLink(
            file.broker, topics, self._intake.take_all, self._on_lost, self._on_back, wanted=self._is_active
        )
        self._publisher = Publisher(self._database, self._link)
        self._measures.watch(lambda: of_buffer(self._series.stats(), now_ms()))
        self._measures.watch(self._link.figures)
        if file.broker.tls is not None:
            self._measures.watch(watched(file.broker.tls.certificate))

    def _write(self) -> None:
        """The committer, and those that work on what it has written."""
        ingest, tiers = self._config.file.ingest, self._tiers
        self._warming = Warming(tiers.stores["hourly"], now_ms)
        self._foreknowledge = Foreknowledge(
            self._database,
            tiers.stores["raw"],
            self._rules,
            self._config.rules,
            now_ms,
            working=lambda: self._lease.held,
            quiet=lambda: self._lease.quiet,
        )
        self._committer = Committer(
            self._database,
            self._series,
            self._intake,
            self._link,
            self._rules,
            self._config.rules,
            now_ms,
            self._publisher.answered,
            size=BatchSize(ingest.batch_messages, ingest.batch_points, ingest.gather_ms / 1000),
            measures=self._measures,
            own=Own(self._own, self._measures, time.monotonic, Process()),
            fence=self._lease,
            marks=tiers.marks,
            past=self._warming,
            foreknowledge=self._foreknowledge,
        )
        self._rollups = RollupWorker(self._database, tiers.for_rollups(), tiers.marks, now_ms, self._is_going)
        self._pruner = Pruner(tiers.stores, tiers.retention, now_ms, self._is_going)
        self._mirror = self._mirror_of(self._config)
        self._reconciler = Reconciler(
            self._database,
            self._series,
            self._rules,
            self._config.rules,
            now_ms,
            lambda _: self._series.stats().points == 0,
        )

    def _console(self) -> uvicorn.Server:
        """The web's server. Connections of its own: a crowd at the console must not hold up the committer."""
        console, stores = self._config.file.console, self._tiers.stores
        self._reading = connect(self._config.store_url(), pool_timeout=WEB_WAIT_SECONDS)
        web = create_app(
            self._reading,
            LongCharts(self._series, stores["hourly"], stores["daily"], self._rolled_until),
            self._rules,
            clock=now_ms,
            time_zone=console.time_zone,
            own_site=self._own.site,
            health=self._health,
            measures=self._measures,
        )
        quiet: dict[str, Any] = {"log_config": None, "log_level": "warning", "lifespan": "off"}
        return uvicorn.Server(uvicorn.Config(web, console.host, console.port, **quiet))

    def _workers(self) -> dict[str, threading.Thread]:
        """A thread for each part that works by itself, by its name, in the order of their start."""

        def right(stop: threading.Event) -> None:
            keep_right(self._reconciler, self._measures, self._lease, stop)

        work: dict[str, Callable[[threading.Event], object]] = {
            "lease": self._lease.run,
            "committer": self._run,
            "foreknowledge": self._foreknowledge.run,
            "configuration": self._publisher.run,
            "retention": self._pruner.run,
            "rollups": self._rollups.run,
            "records": self._write_records,
            "warming": self._warming.run,
            "reconciliation": right,
            "console": lambda _: self._server.run(),
        }
        return {
            name: threading.Thread(target=run, args=(self._stop,), name=name, daemon=True) for name, run in work.items()
        }

    # --- its life ---

    def start(self) -> None:
        """Broker first, then the hub that hears it, if no other hub works.

        Raises ConfigError when a port is taken, or another hub works and keeps its numbers elsewhere.
        """
        refuse_apart(self._lease)
        if self._broker is not None:
            self._broker.start()
        self._lease.step()
        for name in ("lease", "committer"):
            self._threads[name].start()
        self._link.start()
        for thread in self._threads.values():
            if thread.ident is None:
                thread.start()

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
        for name in ("committer", "lease"):
            self._threads[name].join(5)
        self._lease.release()
        self._server.should_exit = True
        for thread in self._threads.values():
            thread.join(5)
        if self._broker is not None:
            self._broker.stop()
        self._tiers.close()
        self._lock.close()
        self._reading.dispose()
        self._leasing.dispose()
        self._database.dispose()

    def _fill_in_health(self) -> None:
        committer, link = self._committer, self._link

        def committing() -> str:
            return "hangs" if committer.vigil.stalled() else running(self._threads["committer"])()

        self._health.standing = lambda: self._lease.standing
        self._health.alive = {
            "committer": committing,
            "mqtt": lambda: "" if link.alive else "its thread has ended, or hangs",
            "configuration": running(self._threads["configuration"]),
            "console": running(self._threads["console"]),
            "lease": running(self._threads["lease"]),
        }
        self._health.ready = {
            "broker": lambda: link.ailing if self._lease.held else "",
            "buffer": lambda: "" if self._measures.durable else "full: agents keep their reports",
        }

    def _on_taken(self) -> None:
        self._committer.vigil.take_over()

    def _on_lease_lost(self) -> None:
        self._link.leave()

    def _on_lost(self, silent_ms: int) -> None:
        self._committer.vigil.broker_lost(silent_ms)

    def _on_back(self) -> None:
        self._committer.vigil.broker_back()
        self._publisher.broker_back()

    def _mirror_of(self, config: HubConfig) -> Mirror | None:
        zone, state, databases = config.file.console.time_zone, config.file.state_dir, self._tiers.for_records()
        if databases is None:
            return None
        days = ZoneInfo(zone) if zone else LOCALTZ
        work = Work(self._database, databases, config.rules, days, now_ms, self._is_going)
        return Mirror(work, lambda: history.forgotten_since(state, now_ms() - FORGOTTEN_MS))

    def _is_active(self) -> bool:
        return self._lease.active

    def _is_going(self) -> bool:
        """For work that can wait: whoever takes over hears again first."""
        return self._lease.active and self._committer.going

    def _write_records(self, stop: threading.Event) -> None:
        if self._mirror is not None:
            self._mirror.run(stop)

    def _rolled_until(self) -> dict[str, int]:
        with self._reading.connect() as connection:
            return rollups.until(connection)

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            if not self._lease.held:
                self._committer.stand_by()
                stop.wait(STANDBY_SECONDS)
                continue
            try:
                steady = self._committer.step()
            except Exception:  # supervised: the hub's one loop must not end
                log.exception("a step of the committer failed")
                steady = False
            if not steady and self._lease.held:
                stop.wait(PAUSE_SECONDS)
