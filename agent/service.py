"""The agent as a service: it runs until a signal ends it, and becomes another while it runs where that is wanted.

What runs is a function of two things: the box's own file, and what the hub desires. Tried in this order, the first
that fits runs: the file with the newest the hub said, the file with the last of the hub's that was good (`probation`),
the file alone. SIGHUP reads the file again; one that is broken changes nothing. Collectors whose settings are as before
run on, and so do spool and connection, unless identity, broker, spool or state folder change: then all is begun anew.
"""

import contextlib
import faulthandler
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from agent.app import App, build, make_jobs, release
from agent.choice import Choice
from agent.collector import Plugin, discover
from agent.config import Config, ConfigError, LocalFile, read
from agent.desired import Desired
from agent.footprint import leave_out_text_detection
from agent.notify import Notifier
from agent.privacy import complaints
from agent.probation import TRIAL_SECONDS, Probation
from agent.state import StateDir, StateError
from agent.succession import MOST_LEFT
from wire.topics import Address

log = logging.getLogger(__name__)

SETTLE_SECONDS = 10.0
"""A hub's configurations are applied at most so often; of several in between the last counts."""
STATUS_SECONDS = 5.0
SLOWEST_BEAT = 20.0
"""Seconds of silence that no watchdog, however impatient, takes for a dead thread: connecting may take so long."""


class Event(Enum):
    """What the service waits for."""

    STOP = "stop"
    RELOAD = "reload"
    WISH = "wish"


def run(path: Path) -> int:
    """Collect and report until SIGTERM or SIGINT; the exit status. Raises ConfigError or StateError at the start."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    os.umask(0o077)
    leave_out_text_detection()
    with contextlib.suppress(OSError, ValueError):  # standard error may be closed
        faulthandler.enable(sys.stderr)  # at the watchdog's SIGABRT every thread says what it was doing
    service = Service(path, discover(), Notifier())
    for number, event in ((signal.SIGTERM, Event.STOP), (signal.SIGINT, Event.STOP), (signal.SIGHUP, Event.RELOAD)):
        signal.signal(number, lambda *_, event=event: service.tell(event))
    service.run()
    return 0


class Service:
    """One agent, rarely one after another. `run` belongs to one thread; `tell` may be called from any, or a signal."""

    def __init__(
        self,
        path: Path,
        plugins: Mapping[str, Plugin],
        notifier: Notifier,
        *,
        settle_seconds: float = SETTLE_SECONDS,
        trial_seconds: float = TRIAL_SECONDS,
    ) -> None:
        self._path = path
        self._plugins = plugins
        self._notifier = notifier
        self._settle_seconds = settle_seconds
        self._trial_seconds = trial_seconds
        self._settled_at = float("-inf")
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._wished = False
        self._settled: object = None
        self._trouble = ""
        self._silent = False

    def tell(self, event: Event) -> None:
        """Have it done by the thread that runs."""
        self._events.put(event)

    def run(self) -> None:
        """From start to stop. Raises ConfigError or StateError where it can't start."""
        self._open(read(self._path, self._plugins))
        self._notifier.ready()
        while Event.STOP not in (events := self._happened()):
            if Event.RELOAD in events:
                self._reload()
            self._wished = self._wished or Event.WISH in events
            if self._wished and self._rest() <= 0:
                self._take()
            self._probation.look()
            self._report()
        self._notifier.stopping()
        self._probation.end()
        self._app.stop()

    def _happened(self) -> set[Event]:
        """What was told, each once; nothing after a while."""
        events: set[Event] = set()
        with contextlib.suppress(queue.Empty):
            events.add(self._events.get(timeout=self._patience()))
            while True:
                events.add(self._events.get_nowait())
        return events

    def _rest(self) -> float:
        """Seconds until the hub's next configuration may be applied."""
        return self._settled_at + self._settle_seconds - time.monotonic()

    def _patience(self) -> float:
        longest = min(STATUS_SECONDS, self._notifier.watchdog_seconds / 4 or STATUS_SECONDS)
        return max(0.0, min(longest, self._rest())) if self._wished else longest

    # What runs

    def _open(self, local: LocalFile, left: Sequence[threading.Thread] = ()) -> None:
        """Begin with this file, and with what the hub last said to who it names. Raises ConfigError or StateError."""
        own = local.config
        probation = Probation(StateDir(own.state_dir), Address(own.site, own.agent), self._trial_seconds)
        # A new one each time: what was said to who we were is not for who we are.
        desired = Desired(lambda: self.tell(Event.WISH))

        def make(config: Config) -> App:
            return build(config, self._plugins, desired=desired, left=left)

        choice = probation.choose(local, self._plugins, make)
        self._app, self._probation, self._desired, self._wished = choice.made, probation, desired, False
        self._settle(local, choice)
        self._app.start()

    def _become(self, local: LocalFile) -> None:
        """Run by this file and what the hub desires. Raises ConfigError or StateError, and then runs as before."""
        if not self._app.serves(local.config):
            self._begin_anew(local)
            return
        choice = self._probation.choose(local, self._plugins, self._app.prepare)
        self._app.adopt(choice.config, choice.made)
        self._settle(local, choice)

    def _begin_anew(self, local: LocalFile) -> None:
        hanging = self._app.runner.left_behind()
        if hanging > MOST_LEFT:
            raise ConfigError(f"{hanging} collectors of former configurations hang: this change needs a restart")
        release(make_jobs(local.config, self._plugins))  # what can't be made is known before anything is stopped
        log.info("identity, broker, spool or state folder changed: all is begun anew")
        self._probation.end()
        self._app.stop()
        left = self._app.runner.left()
        try:
            self._open(local, left)
        except (ConfigError, StateError):
            self._open(self._local, left)
            raise

    def _settle(self, local: LocalFile, choice: Choice[Any]) -> None:
        """Keep and tell what was chosen."""
        self._local = local
        self._probation.look()
        self._desired.settle(choice.running, choice.refused, choice.reason)
        applied = self._desired.applied()
        settled = (applied, choice.config)
        if settled == self._settled:
            return
        self._settled = settled
        if applied.refused:
            log.error("hub's configuration refused revision=%s reason=%r", applied.refused, applied.reason)
        names = ",".join(choice.config.collectors)
        log.info("configuration settled hub=%s collectors=%s", applied.revision or "none", names)
        for complaint in complaints(choice.config):
            log.warning("%s", complaint)

    # What happens

    def _take(self) -> None:
        """Become what the hub said last."""
        self._wished = False
        wish = self._desired.take()
        if wish is None:
            return
        self._settled_at = time.monotonic()
        self._probation.hear(wish.config)
        self._try(lambda: self._local)

    def _reload(self) -> None:
        log.info("configuration is read again path=%s", self._path)
        self._notifier.reloading()
        self._probation.forgive()
        self._try(lambda: read(self._path, self._plugins))
        self._notifier.ready()

    def _try(self, local: Callable[[], LocalFile]) -> None:
        """Run by this file; where that can't be, as before."""
        self._trouble = ""
        try:
            self._become(local())
        except (ConfigError, StateError) as error:
            self._trouble = f"as before runs: {error}"
        if self._trouble:
            log.error("configuration not changed, %s", self._trouble)

    # What we say

    def _report(self) -> None:
        """To systemd: that we are alive where we are, and how it goes."""
        silent = time.monotonic() - self._app.beat() >= max(SLOWEST_BEAT, self._notifier.watchdog_seconds / 2)
        if silent != self._silent:
            self._silent = silent
            log.log(logging.ERROR if silent else logging.INFO, "uplink or runner %s", "hangs" if silent else "is back")
        if self._notifier.watchdog_seconds and not silent:
            self._notifier.alive()
        config, applied = self._app.config, self._desired.applied()
        broker = f"{config.broker.host}:{config.broker.port}"
        parts = [
            f"{config.site}/{config.agent}",
            f"{'connected to' if self._app.uplink.connected else 'no connection to'} {broker}",
            f"{len(config.collectors)} collectors",
            f"hub's configuration {applied.revision or 'none'}"
            + (f", {applied.refused} refused" if applied.refused else ""),
            *([self._trouble] if self._trouble else []),
        ]
        self._notifier.status("; ".join(parts))
