"""Says to each agent what is desired of it, until the agent says that it runs it or why it will not.

Desired configurations are retained messages, published again when they change, when the broker was away (it may have
forgotten them), and, while an agent has not answered, after 20 s, 40 s and so on up to every 10 minutes. What is
desired and what was answered is read from SQL alone, so a restart forgets nothing. In a thread of its own: one message
at a time, each taken over by the broker before the next.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from hub.store import desired
from wire.codec import TooLarge, encode
from wire.messages import Config
from wire.topics import Address, Verb

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""How soon a change made on the command line is noticed."""
AGAIN_SECONDS, AGAIN_MOST_SECONDS = 20.0, 600.0
"""The first and the longest wait for an agent's answer before it is told again; one may take ten seconds to settle."""
NOT_TAKEN_SECONDS = 5.0
"""How long one waits whose message the broker did not take."""
AT_ONCE = 100
"""Agents looked at between two polls, so that a stop need not wait for the whole fleet."""


class Retainer(Protocol):
    """The way to the broker; MQTT in real life."""

    def retain(self, address: Address, verb: Verb, body: bytes) -> bool:
        """Publish as a retained message, an empty body removing it; whether the broker has taken it over."""
        ...


@dataclass
class _Open:
    """An agent to be told. Times are monotonic seconds; `whatever`: even if it runs that already."""

    due: float
    whatever: bool = False
    told: float = float("-inf")
    tries: int = 0


class Publisher:
    """`run` is one thread's; the rest may be called from any."""

    def __init__(self, database: sa.Engine, outbound: Retainer, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._outbound = outbound
        self._clock = clock
        self._generation = 0
        self._open: dict[Address, _Open] = {}
        self._lock = threading.Lock()
        self._answered: set[Address] = set()
        self._anew = False
        self._wake = threading.Event()
        self._away = False

    def broker_back(self) -> None:
        """The broker may be another, or the same without memory: everything is published again."""
        with self._lock:
            self._anew = True
        self._wake.set()

    def answered(self, address: Address) -> None:
        """This agent has said what it runs, or has come back: see at the next poll whether the two agree."""
        with self._lock:
            self._answered.add(address)

    def run(self, stopping: threading.Event) -> None:
        """Until `stopping` is set and `stop` was called."""
        while not stopping.is_set():
            try:
                more = self.step()
            except Exception:  # supervised: the fleet must not stay untold because of one defect
                log.exception("a step of the publisher failed")
                more = False
            self._wake.wait(0 if more else POLL_SECONDS)
            self._wake.clear()

    def stop(self) -> None:
        """End a wait that is under way."""
        self._wake.set()

    def step(self) -> bool:
        """Notice changes and answers, tell those who are due; whether some of them still wait to be told."""
        try:
            with self._database.connect() as connection:
                self._notice(connection)
                due = sorted((one.due, str(address), address) for address, one in self._open.items())
                due = [one for one in due if one[0] <= self._clock()]
                for _, _, address in due[:AT_ONCE]:
                    if not self._tell(connection, address):
                        return False
        except sa.exc.SQLAlchemyError as error:
            if not self._away:
                log.warning("desired configurations can't be read: %s", str(error).partition("\n")[0][:200])
            self._away = True
            return False
        self._away = False
        return len(due) > AT_ONCE

    def _notice(self, connection: sa.Connection) -> None:
        """Take in what was changed and who has answered. Raises SQLAlchemyError: then it is all still to be noticed."""
        with self._lock:
            since = 0 if self._anew else self._generation
            answered, self._answered = self._answered, set()
            self._anew = False
        now = self._clock()
        try:
            generation, changed = desired.changed_since(connection, since)
            waiting = {one for one in answered if desired.standing(connection, one).state == "waiting"}
        except sa.exc.SQLAlchemyError:
            with self._lock:
                self._answered |= answered
                self._anew = self._anew or since == 0
            raise
        self._generation = generation
        for address in answered - waiting:
            if address in self._open and not self._open[address].whatever:
                del self._open[address]
        for address in waiting:
            one = self._open.setdefault(address, _Open(now))
            one.due = min(one.due, max(now, one.told + AGAIN_SECONDS))
        for address in changed:
            self._open[address] = _Open(now, whatever=True)

    def _tell(self, connection: sa.Connection, address: Address) -> bool:
        """Publish what is desired of one agent, if need be; False when the broker does not take it."""
        one, wish = self._open[address], desired.wish(connection, address)
        agreed = desired.standing(connection, address).state != "waiting"
        if wish is None or (agreed and not one.whatever):
            del self._open[address]
            return True
        body = b""
        if wish.settings is not None and wish.revision is not None:
            try:
                body = encode(Config(revision=wish.revision, settings=dict(wish.settings)))
            except TooLarge as error:  # the command line refuses that: written by other means
                log.error("nothing is said to %s: %s", address, error, extra=address._asdict())  # noqa: TRY400 - the reason says it all
                del self._open[address]
                return True
        if not self._outbound.retain(address, Verb.CONFIG, body):
            one.due = self._clock() + NOT_TAKEN_SECONDS  # others first
            return False
        if agreed:
            del self._open[address]
        else:
            self._next(address, one, wish.revision)
        return True

    def _next(self, address: Address, one: _Open, revision: str | None) -> None:
        if one.tries == 0:
            log.info("configuration %s published for %s", revision or "(none)", address, extra=address._asdict())
        now = self._clock()
        pause = min(AGAIN_SECONDS * 2**one.tries, AGAIN_MOST_SECONDS)
        one.whatever, one.told, one.tries, one.due = False, now, min(one.tries + 1, 20), now + pause
