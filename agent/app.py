"""The composition root: wires the agent's parts together, and starts and stops them in order. No logic."""

import logging
import platform
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from agent.clock import Clock, SystemClock
from agent.collector import Context, Plugin, discover
from agent.config import Config
from agent.draft import Draft
from agent.inventory import InventoryBook
from agent.outbox import Outbox
from agent.own_figures import OwnFigures
from agent.runner import OWN_INTERVAL_SECONDS, Job, Runner
from agent.spool import Spool
from agent.state import StateDir
from agent.uplink import Uplink
from wire.messages import Device, DeviceKind, Inventory
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

    def __init__(self, config: Config, state: StateDir, spool: Spool, runner: Runner, uplink: Uplink) -> None:
        self.config = config
        self.spool = spool
        self.runner = runner
        self.uplink = uplink
        self._state = state

    def start(self) -> None:
        """Collect and send, in threads of our own."""
        log.info("agent starts version=%s site=%s agent=%s", agent_version(), self.config.site, self.config.agent)
        self.runner.start()
        self.uplink.start()

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

    def __init__(self, spool: Spool, book: InventoryBook, runner: Runner) -> None:
        self._spool = spool
        self._book = book
        self._runner = runner

    def inventory(self) -> Inventory | None:
        return self._book.whole()

    def collect_now(self) -> int:
        return self._runner.collect_now()

    def oldest(self) -> int | None:
        return self._spool.oldest()

    def clock_offset_ms(self) -> float:
        return self._runner.reference.offset().ms or 0.0


def build(
    config: Config,
    plugins: Mapping[str, Plugin] | None = None,
    *,
    clock: Clock | None = None,
    own_interval: float = OWN_INTERVAL_SECONDS,
) -> App:
    """The agent a configuration describes, with these collectors (default: all there are). Raises StateError.

    Takes the lock on `state_dir` and opens the spool; connects to nothing.
    """
    clock = clock or SystemClock()
    state = StateDir(config.state_dir)
    state.open()
    try:
        jobs = make_jobs(config, discover() if plugins is None else plugins)
        spool = Spool(state.spool, config.spool.max_bytes)
    except BaseException:
        state.close()
        raise
    book = InventoryBook(_own_devices(config), [job.key for job in jobs], spool.recall, spool.remember)

    def keep(draft: Draft) -> None:
        spool.put(draft)
        uplink.wake()

    runner = Runner(config.agent, jobs, book, keep, OwnFigures(spool), clock, own_interval=own_interval)
    uplink = Uplink(
        config.broker,
        Address(config.site, config.agent),
        agent_version(),
        Outbox(spool),
        _Home(spool, book, runner),
        clock,
    )
    return App(config, state, spool, runner, uplink)


def make_jobs(config: Config, plugins: Mapping[str, Plugin]) -> Sequence[Job]:
    """One job for each collector that the configured plugins make."""
    jobs: list[Job] = []
    for name, settings in config.collectors.items():
        context = Context(agent=config.agent, host=config.host, state=config.state_dir / "collectors" / name)
        for number, collector in enumerate(plugins[name].build(settings, context)):
            jobs.append(Job(f"{name}-{number}" if number else name, name, settings, collector))
    return jobs


def _own_devices(config: Config) -> list[Device]:
    """The agent itself and the machine it runs on."""
    facts = {"version": agent_version(), "python": platform.python_version()}
    return [
        Device(device=config.agent, kind=DeviceKind.AGENT, name=config.name or config.agent, facts=facts),
        Device(device=config.host, kind=DeviceKind.HOST, name="", facts={"machine": platform.machine()}),
    ]
