"""The composition root: wires the agent's parts together, starts and stops them in order, and exchanges collectors."""

import logging
import platform
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from agent.clock import Clock, SystemClock, boot_id
from agent.collector import Plugin, discover
from agent.config import Config, ConfigError
from agent.desired import Desired
from agent.draft import Draft
from agent.inventory import InventoryBook
from agent.job import Job
from agent.outbox import Outbox
from agent.own_figures import OwnFigures
from agent.runner import OWN_INTERVAL_SECONDS, Runner
from agent.spool import Spool
from agent.state import StateDir
from agent.succession import Make
from agent.surroundings import context_of
from agent.uplink import Uplink
from wire.messages import ConfigApplied, Device, DeviceKind, Inventory
from wire.topics import Address

log = logging.getLogger(__name__)

STOP_SECONDS = 4.5


def agent_version() -> str:
    """The version of the installed package."""
    try:
        return version("watchkeeper")
    except PackageNotFoundError:
        return "unknown"


class App:
    """A whole agent. Made by `build`; `start` it once and `stop` it once."""

    def __init__(
        self,
        config: Config,
        plugins: Mapping[str, Plugin],
        state: StateDir,
        spool: Spool,
        book: InventoryBook,
        runner: Runner,
        uplink: Uplink,
    ) -> None:
        self.config = config
        self.spool = spool
        self.runner = runner
        self.uplink = uplink
        self._plugins = plugins
        self._state = state
        self._book = book

    def start(self) -> None:
        """Collect and send, in threads of our own."""
        log.info("agent starts version=%s site=%s agent=%s", agent_version(), self.config.site, self.config.agent)
        self.uplink.start()  # first: whatever the collectors take, the hub can be heard
        self.runner.start()

    def beat(self) -> float:
        """When the slower of the two threads that everything hangs on last showed that it works (monotonic)."""
        return min(self.runner.beat, self.uplink.beat)

    def serves(self, config: Config) -> bool:
        """Whether this agent can become the one of that configuration: who it is and what it stands on is the same."""
        return _foundation(config) == _foundation(self.config)

    def prepare(self, config: Config) -> Mapping[str, Make]:
        """How to make the collectors that another configuration changes, tried once. Raises ConfigError."""
        now = self.config.collectors
        changed = {name for name in {**now, **config.collectors} if now.get(name) != config.collectors.get(name)}
        # In the order of the configuration, and those that are made from what changed as well.
        names = [
            name
            for name in {**now, **config.collectors}
            if name in changed or (name in config.collectors and changed.intersection(self._plugins[name].reads))
        ]
        release(make_jobs(config, self._plugins, names))
        return {name: partial(make_jobs, config, self._plugins, [name]) for name in names}

    def adopt(self, config: Config, makers: Mapping[str, Make]) -> None:
        """Run by that configuration from now on; `makers` are from `prepare`. Spool and uplink go on."""
        self.config = config
        self._book.declare(_own_devices(config))
        self.runner.exchange(makers)
        self.uplink.wake()

    def stop(self) -> None:
        """Stop collecting, say goodbye, close the spool: within five seconds, with every report on disk."""
        deadline = time.monotonic() + STOP_SECONDS
        self.runner.stop(timeout=1.5)
        self.uplink.stop(timeout=3.0)
        # What a slow device still said is kept for the next start.
        self.runner.wait(min(1.0, deadline - time.monotonic()))
        self.spool.close()
        self._state.close()
        log.info("agent stopped")


class _Home:
    """What the uplink asks of the rest."""

    def __init__(self, spool: Spool, book: InventoryBook, runner: Runner, desired: Desired) -> None:
        self._spool = spool
        self._book = book
        self._runner = runner
        self._desired = desired

    def inventory(self) -> Inventory | None:
        return self._book.whole()

    def collect_now(self) -> int:
        return self._runner.collect_now()

    def oldest(self) -> int | None:
        return self._spool.oldest()

    def clock_offset_ms(self) -> float:
        return self._runner.reference.offset().ms or 0.0

    def configure(self, body: bytes) -> None:
        self._desired.hear(body)

    def applied(self) -> ConfigApplied:
        return self._desired.applied()


def build(
    config: Config,
    plugins: Mapping[str, Plugin] | None = None,
    *,
    clock: Clock | None = None,
    own_interval: float = OWN_INTERVAL_SECONDS,
    desired: Desired | None = None,
    left: Sequence[threading.Thread] = (),
) -> App:
    """The agent a configuration describes, with these collectors (default: all there are). Raises StateError, or
    ConfigError where a collector can't be made.

    Takes the lock on `state_dir` and opens the spool; connects to nothing. `desired` is where the hub's wishes go,
    `left` are threads that an earlier agent of this process left behind.
    """
    clock = clock or SystemClock()
    plugins = discover() if plugins is None else plugins
    state = StateDir(config.state_dir)
    state.open()
    jobs: Sequence[Job] = ()
    try:
        jobs = make_jobs(config, plugins)
        spool = Spool(state.spool, config.spool.max_bytes, mono=clock.mono)
    except BaseException:
        release(jobs)
        state.close()
        raise
    own, keys = _own_devices(config), [job.key for job in jobs]
    book = InventoryBook(own, keys, spool.recall, spool.remember, _guest(plugins), _reads(plugins))

    def keep(draft: Draft) -> None:
        spool.put(draft)
        uplink.wake()

    figures = OwnFigures(spool)
    spool.hold_unset(boot_id())
    runner = Runner(config.agent, jobs, book, keep, figures, clock, own_interval=own_interval, left=left, spool=spool)
    uplink = Uplink(
        config.broker,
        Address(config.site, config.agent),
        agent_version(),
        Outbox(spool),
        _Home(spool, book, runner, desired or Desired()),
        clock,
    )
    return App(config, plugins, state, spool, book, runner, uplink)


def make_jobs(config: Config, plugins: Mapping[str, Plugin], names: Sequence[str] | None = None) -> Sequence[Job]:
    """One job for each collector that the configured plugins make (of `names` only, where given). Raises ConfigError,
    and then leaves none behind."""
    jobs: list[Job] = []
    for name, settings in config.collectors.items():
        if names is not None and name not in names:
            continue
        context = context_of(config, plugins[name], config.state_dir / "collectors" / name)
        try:
            for number, collector in enumerate(plugins[name].build(settings, context)):
                jobs.append(Job(f"{name}-{number}" if number else name, name, settings, collector))
        except Exception as error:  # supervised: whatever a collector's settings do, the agent must not end by them
            release(jobs)
            raise ConfigError(f"collectors.{name}: can't be made: {type(error).__name__}: {error}") from error
    return jobs


def release(jobs: Sequence[Job]) -> None:
    """Let go of collectors that are not to be started after all."""
    for job in jobs:
        job.close()


def _guest(plugins: Mapping[str, Plugin]) -> Callable[[str], bool]:
    return lambda name: plugins[name].guest


def _reads(plugins: Mapping[str, Plugin]) -> Callable[[str, str], bool]:
    return lambda name, other: other in plugins[name].reads


def _foundation(config: Config) -> tuple[object, ...]:
    return config.site, config.agent, config.host, config.state_dir, config.broker, config.spool


def _own_devices(config: Config) -> list[Device]:
    """The agent itself and the machine it runs on."""
    facts = {"version": agent_version(), "python": platform.python_version()}
    return [
        Device(device=config.agent, kind=DeviceKind.AGENT, name=config.name or config.agent, facts=facts),
        Device(device=config.host, kind=DeviceKind.HOST, name="", facts={"machine": platform.machine()}),
    ]
