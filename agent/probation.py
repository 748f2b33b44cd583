"""Which of the hub's configurations may run: one is good only when the agent has lived with it for a while.

Until then it is on trial, and its trial is on disk from before its collectors are made. A start that finds such a trial
knows that the agent died of it, or with it: it refuses that revision, and the last good one runs, or the file alone. So
no configuration of a hub, be it one that takes all memory or all threads, keeps an agent from its hub for ever. It is
tried again after SIGHUP and after a clean end, and another revision is tried at once.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from agent.choice import Choice, choose
from agent.collector import Plugin
from agent.config import Config, ConfigError, LocalFile
from agent.desired import KeptConfig
from agent.state import StateDir, StateError
from wire import messages
from wire.topics import Address

TRIAL_SECONDS = 120.0
"""Former collectors are waited for up to a minute; then the new ones have to be lived with for another."""
DIED = "the agent died while it was on trial; it is tried again after SIGHUP or a clean restart of the agent"

T = TypeVar("T")


class Probation:
    """What the hub said last, what is on trial and what is good, for one identity. Used by one thread."""

    def __init__(
        self, state: StateDir, address: Address, seconds: float, mono: Callable[[], float] = time.monotonic
    ) -> None:
        self._kept = KeptConfig(state.config, address)
        self._tried = KeptConfig(state.trial, address)
        self._seconds = seconds
        self._mono = mono
        self._since = mono()
        self._good = self._kept.load()
        self._on_trial: messages.Config | None = None
        self._marked = self._tried.load()
        self._barred = None if self._marked == self._good else self._marked
        self._newest = self._barred or self._good

    def hear(self, config: messages.Config | None) -> None:
        """What the hub says now; None: it desires nothing."""
        self._newest = config
        if self._barred is not None and (config is None or config.revision != self._barred.revision):
            self._barred = None
        if config is None:
            self._good = self._on_trial = None
            self._kept.clear()

    def forgive(self) -> None:
        """Somebody at the box wants it tried again."""
        self._barred = None

    def choose(self, local: LocalFile, plugins: Mapping[str, Plugin], make: Callable[[Config], T]) -> Choice[T]:
        """What is to run. Raises ConfigError or StateError as `choice.choose` does, and then all stays as it was."""
        newest = self._newest
        barred = newest is not None and self._barred is not None and newest.revision == self._barred.revision
        wanted = [one for one in (None if barred else newest, self._on_trial, self._good) if one is not None]
        if newest is not None and not barred and newest not in (self._on_trial, self._good):
            self._mark(newest)  # being made may already be the end
        try:
            choice = choose(local, wanted, plugins, make)
        except (ConfigError, StateError):
            self._mark(self._on_trial or self._barred)
            raise
        if choice.running is None or choice.running == self._good:
            self._on_trial = None
        elif choice.running != self._on_trial:
            self._on_trial, self._since = choice.running, self._mono()
        self._mark(self._on_trial or self._barred)
        return replace(choice, refused=newest, reason=DIED) if barred else choice

    def look(self) -> None:
        """Keep as good what has been lived with for long enough."""
        if self._on_trial is None or self._mono() - self._since < self._seconds:
            return
        self._kept.save(self._on_trial)
        self._good, self._on_trial = self._on_trial, None
        self._mark(self._barred)

    def end(self) -> None:
        """The agent ends of its own accord: no trial is to blame. What was on trial comes again from the hub."""
        self._mark(None)

    def _mark(self, config: messages.Config | None) -> None:
        """Have on disk what a start is to refuse if it finds it there."""
        if config == self._marked:
            return
        self._marked = config
        if config is None:
            self._tried.clear()
        else:
            self._tried.save(config)
