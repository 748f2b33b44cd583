"""The demo: hub, an agent for this very machine, and a site that is not there, in which a script of faults is played.

Hub and agents are real processes with ordinary configuration files; devices live in this process. What is expected of
a script is compared with the tickets that the hub's API shows.
"""

import contextlib
import json
import platform
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator import toml
from simulator.child import Child, ChildDied
from simulator.faults import AgentSilent
from simulator.hub_view import HubAway, HubView
from simulator.layout import Agent
from simulator.narrator import Narrator
from simulator.outcome import Expected, Ticket, differences, table
from simulator.scenario import Scenario
from simulator.schedule import Schedule, Step
from simulator.site import Site

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8080
THIS_SITE = "this-machine"
START_SECONDS = 60.0
"""How long hub and site may take to be up."""
STEP_SECONDS = 0.1
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service manager, a terminal that is closed."""
WATCH_SECONDS = 1.0
QUIET_SECONDS = 6.0
"""How long the tickets must stay as expected: a healed site may still raise a false one."""
PAUSE_SECONDS = 8.0
"""Between two passes of a script that is played again and again."""


class Stopped(Exception):  # noqa: N818 - what happened
    """Somebody pressed Ctrl-C, or sent SIGTERM."""


class DemoFailed(Exception):  # noqa: N818 - what happened
    """The demo can't be played; the text says why."""


@dataclass(frozen=True)
class Options:
    """What the command line says. `port` None: 8080, or the next free one."""

    once: bool = False
    port: int | None = None
    as_json: bool = False


class Demo:
    """One run. Use it from the main thread: it takes the signals that end it, and its children live as long as that."""

    def __init__(self, scenario: Scenario, options: Options, folder: Path, narrator: Narrator) -> None:
        self._scenario = scenario
        self._options = options
        self._folder = folder
        self._say = narrator
        self._site = Site(scenario, folder)
        self._children: dict[str, Child] = {}
        self._ended = threading.Event()
        self._hub = HubView(f"http://{LOOPBACK}:{console_port(options.port)}")
        self._broker: dict[str, toml.Value] = {"host": LOOPBACK, "port": free_port(), "protocol": "3.1.1"}
        self._old: frozenset[int] | None = None  # tickets of a run before this one, once the hub has told them
        self._began: dict[int, int] = {}
        self._watch_at = 0.0

    def run(self) -> int:
        """Exit code: 0 all as expected (or ended by Ctrl-C), 1 not, 130 when `--once` was ended early."""
        with self._signals():
            try:
                self._start()
                return self._once() if self._options.once else self._again_and_again()
            except Stopped:
                self._say("ending")
                return 130 if self._options.once else 0
            finally:
                self._stop()

    # --- beginning and end ---

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        before = {n: signal.signal(n, lambda *_: self._ended.set()) for n in ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self) -> None:
        self._say(f"state and logs in {self._folder}")
        self._say("starting the hub: broker, database, time series and console in one process")
        self._launch("hub", ["hub", "run"], self._hub_config())
        self._wait_for(self._console_answers, "the console to answer")
        self._old = frozenset(ticket.id for ticket in self._hub.tickets())
        self._say.prominently(f"The console is at  {self._hub.url}/")
        self._say(f"starting an agent for this very machine, site {THIS_SITE}")
        self._launch("this-machine", ["agent", "run"], self._machine_config())
        self._say(f"starting the simulated site {self._scenario.site}: {self._site.summary()}")
        self._site.start()
        for agent in self._scenario.agents:
            volumes = ["--volumes", str(self._site.volumes_file(agent))]
            self._launch(agent.id, ["simulator.gateway"], self._gateway_config(agent), volumes)
        self._wait_for(self._site_is_well, "every device of the site to be known and well")
        self._say("the site is up and well")

    def _stop(self) -> None:
        """Ask all at once, then wait for each; the site's devices go last, so that no agent misses them."""
        for child in self._children.values():
            child.ask_to_stop()
        for child in self._children.values():
            child.stop()
        self._site.stop()

    def _launch(
        self, name: str, module: list[str], config: Mapping[str, toml.Value], extra: list[str] | None = None
    ) -> None:
        file = self._folder / f"{name}.toml"
        file.write_text(toml.dumps(config), encoding="utf-8")
        command = [sys.executable, "-m", *module, "--config", str(file), *(extra or [])]
        child = Child(name, command, self._folder / f"{name}.log")
        child.start()
        self._children[name] = child

    def _hub_config(self) -> dict[str, toml.Value]:
        rules: dict[str, toml.Value] = dict(self._scenario.rules)
        return {
            "state_dir": "hub",
            "broker": {"embedded": True, **self._broker},
            "console": {"host": LOOPBACK, "port": int(self._hub.url.rpartition(":")[2])},
            "series": {"kind": "embedded"},
            "rules": rules,
        }

    def _machine_config(self) -> dict[str, toml.Value]:
        return {
            "site": THIS_SITE,
            "agent": machine_id(platform.node()),
            "name": platform.node()[:200],
            "state_dir": THIS_SITE,
            "broker": self._broker,
            "collectors": {"host": {"interval_seconds": 2.0}, "volumes": {"interval_seconds": 5.0}},
        }

    def _gateway_config(self, agent: Agent) -> dict[str, toml.Value]:
        return {
            "site": self._scenario.site,
            "agent": agent.id,
            "name": agent.name,
            "state_dir": agent.id,
            "broker": self._broker,
            "collectors": self._site.collectors(agent),
        }

    def _console_answers(self) -> bool:
        try:
            self._hub.tickets(pages=1)
        except HubAway:
            return False
        return True

    def _site_is_well(self) -> bool:
        try:
            states = self._hub.device_states(self._scenario.site)
        except HubAway:
            return False
        return all(states.get(device) == "ok" for device in self._scenario.devices)

    # --- playing ---

    def _again_and_again(self) -> int:
        self._say("faults come and go until Ctrl-C")
        while True:
            self._play()
            self._wait(PAUSE_SECONDS)

    def _once(self) -> int:
        expected = self._play()
        self._say(f"the script is over; the tickets have {self._scenario.settle:g} s to resolve")
        tickets = self._settled(expected)
        wrong = differences(self._scenario.site, expected, tickets)
        if self._options.as_json:
            rows = [ticket._asdict() for ticket in tickets]
            print(json.dumps({"ok": not wrong, "differences": wrong, "tickets": rows}, indent=2), flush=True)
        else:
            self._say.plainly(table(tickets))
            self._say.plainly(*(wrong or [f"As expected: {len(expected)} faults, one ticket each, all resolved."]))
        return 1 if wrong else 0

    def _play(self) -> list[Expected]:
        """One pass through the script; what it must have led to."""
        schedule = Schedule(self._scenario.faults)
        started = time.monotonic()
        expected: list[Expected] = []
        while schedule.next_at is not None:
            for step in schedule.due(time.monotonic() - started):
                expected += self._take(step)
            self._wait(STEP_SECONDS)
        return expected

    def _take(self, step: Step) -> list[Expected]:
        """Let a fault begin or end. At its end: the ticket it must have had, if any."""
        now, fault = now_ms(), step.fault
        self._say.step(step)
        if isinstance(fault, AgentSilent):
            child = self._children[fault.device]
            child.pause() if step.what == "begin" else child.resume()
        elif step.what == "begin":
            self._site.begin(fault)
        else:
            self._site.end(fault)
        if step.what == "begin":
            self._began[step.number] = now
            return []
        began = self._began.pop(step.number)
        wanted = fault.expect
        name = f"{fault.kind} of {fault.device}"
        return [Expected(name, wanted.device, wanted.rule, began, now)] if wanted else []

    def _settled(self, expected: list[Expected]) -> list[Ticket]:
        """This run's tickets, once they are as expected and have stayed so, or the time to settle is over."""
        began = as_expected_since = time.monotonic()
        while True:
            tickets = self._new(self._hub.tickets())
            now = time.monotonic()
            if differences(self._scenario.site, expected, tickets):
                as_expected_since = now
            if now - as_expected_since >= QUIET_SECONDS or now - began >= max(self._scenario.settle, QUIET_SECONDS):
                self._watch()
                return tickets
            self._wait(WATCH_SECONDS)

    def _new(self, tickets: list[Ticket]) -> list[Ticket]:
        return [ticket for ticket in tickets if ticket.id not in (self._old or ())]

    # --- waiting ---

    def _wait(self, seconds: float) -> None:
        """Let time pass while children are looked after and tickets watched. Raises Stopped and ChildDied."""
        deadline = time.monotonic() + seconds
        while True:
            for child in self._children.values():
                child.check()
            if self._old is not None and time.monotonic() >= self._watch_at:
                self._watch()
            if self._ended.wait(min(STEP_SECONDS, max(deadline - time.monotonic(), 0))):
                raise Stopped
            if time.monotonic() >= deadline:
                return

    def _watch(self) -> None:
        """Tell of tickets that opened or resolved since the last look."""
        self._watch_at = time.monotonic() + WATCH_SECONDS
        with contextlib.suppress(HubAway):  # it is starting, or busy; a hub that died is seen by its child's check
            self._say.tickets(self._new(self._hub.tickets(pages=1)))

    def _wait_for(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            if time.monotonic() >= deadline:
                logs = "\n".join(f"--- {child.log}\n{child.last_lines(5)}" for child in self._children.values())
                raise DemoFailed(f"waited {START_SECONDS:g} s in vain for {what}\n{logs}")
            self._wait(STEP_SECONDS)


def run(scenario: Scenario, options: Options, folder: Path, narrator: Narrator) -> int:
    """Play the script; the exit code. What prevents it is said in one place, here."""
    try:
        return Demo(scenario, options, folder, narrator).run()
    except (ChildDied, DemoFailed, HubAway) as error:
        narrator.failure(str(error))
        return 1


def now_ms() -> int:
    """Our clock, ms UTC."""
    return time.time_ns() // 1_000_000


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def console_port(wanted: int | None) -> int:
    """The wanted port, or the first free one from 8080 on. Raises DemoFailed when the wanted one is taken."""
    for port in [wanted] if wanted else range(DEFAULT_PORT, DEFAULT_PORT + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((LOOPBACK, port))
                return port
    raise DemoFailed(f"port {wanted} is taken" if wanted else f"no free port from {DEFAULT_PORT} on")


def machine_id(name: str) -> str:
    """A host name as an id of the wire."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30]
    return slug.rstrip("-") or "machine"
