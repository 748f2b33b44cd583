"""How an agent sends its reports: kept while no way leads to the hub, some of them twice or late.

Everything comes in the order in which a hub would receive it. Live reports go first, what was kept follows, oldest
first.
"""

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from simulator import faults
from simulator.faults import AnyFault
from simulator.virtual.chance import Chance, identifier
from simulator.virtual.machine import VERSION, Agent
from simulator.virtual.reporter import Kept, Reporter
from simulator.virtual.thing import Thing
from wire.codec import encode
from wire.messages import Status
from wire.topics import Address, Topics, Verb

WILL_SECONDS = 90.0
"""One and a half keep-alives: then the broker speaks for an agent that is gone."""

RECONNECT_SECONDS = 5.0
LATENCY_SECONDS = 0.08
BACKLOG_A_SECOND = 20
"""Kept reports that go out each second beside live ones."""

RESENT_SECONDS = 10.0
"""How much later a report comes at least that is sent again, or that was lost on its first way."""

MAX_KEPT = 200_000
"""The most reports of a spool; past it the oldest are lost, as they would be."""


class Delivery(NamedTuple):
    """What the hub receives: when (seconds from the start), on which topic, and what."""

    at: float
    topic: str
    payload: str


class Noise(NamedTuple):
    """What the way does to reports: which share comes twice, and which late, after others made later."""

    duplicates: float = 0.0
    reorders: float = 0.0
    late_by: float = 300.0
    """How much later at most (s)."""


class Gateway:
    """One agent and all it watches. `things` begin with the agent; `own` are the faults that befall it."""

    def __init__(
        self,
        address: Address,
        things: Sequence[Thing],
        own: Sequence[AnyFault],
        start_ms: int,
        interval: float,
        chance: Chance,
        noise: Noise,
    ) -> None:
        self._reporter = Reporter(things, own, start_ms, chance)
        self._agent = next((thing for thing in things if isinstance(thing, Agent)), None)
        self._off_faults = [one for one in own if isinstance(one, faults.AgentSilent | faults.AgentReboot)]
        self._way_faults = [one for one in own if isinstance(one, faults.UplinkDown)]
        self._slow_faults = [one for one in own if isinstance(one, faults.UplinkSlow)]
        self._interval, self._chance, self._noise = interval, chance, noise
        topics = Topics()
        self._topic = {verb: topics.topic(address, verb) for verb in (Verb.STATUS, Verb.INVENTORY, Verb.REPORT)}
        self._kept: deque[Kept] = deque(maxlen=MAX_KEPT)
        self._astray: list[tuple[float, str]] = []
        self._known, self._session, self._will = "", "", ""
        self._online = self._returned = self._off = False
        self._narrow = 0.0

    def deliveries(self, length: float) -> Iterator[Delivery]:
        """All that the hub receives of it in so many seconds, in order."""
        phase = self._chance.uniform(0, self._interval)
        for turn in range(int((length - phase) // self._interval) + 1):
            at = phase + turn * self._interval
            yield from self._reconnect(at)
            yield from sorted((*self._found(at), *self._round(at)), key=itemgetter(0))

    def _reconnect(self, until: float) -> Iterator[Delivery]:
        """A way that has opened since the round before is used at once, not only for the next report."""
        ends = [fault.end for fault in self._way_faults if until - self._interval < fault.end < until]
        if not ends or not self._session or any(self._lasts(fault, max(ends)) for fault in self._off_faults):
            return
        back = max(ends) + RECONNECT_SECONDS
        if back < until and not any(self._lasts(fault, back) for fault in self._way_faults):
            yield from self._back(back)
            self._returned = False
            if not any(self._lasts(fault, back) for fault in self._slow_faults):  # open again, and as narrow as before
                yield from self._drain(back, until)

    def _lasts(self, fault: AnyFault, at: float) -> bool:
        return fault.at <= at < fault.end

    def _found(self, at: float) -> Iterator[Delivery]:
        """What went astray and comes before the next round."""
        while self._online and self._astray and self._astray[0][0] < at + self._interval:
            moment, report = heapq.heappop(self._astray)
            yield Delivery(max(moment, at), self._topic[Verb.REPORT], report)

    def _round(self, at: float) -> Iterator[Delivery]:
        off = [fault for fault in self._off_faults if fault.at <= at < fault.end]
        if off:  # nobody measures
            self._off = self._off or any(isinstance(fault, faults.AgentReboot) for fault in off)
            self._reporter.skip(at)
            yield from self._gone(at, off)
            return
        if self._off:
            self._off = False
            self._reporter.boot(at)
        if self._agent is not None:
            self._agent.waiting = len(self._kept)
        report = self._reporter.report(at)
        way = [fault for fault in self._way_faults if fault.at <= at < fault.end]
        if way:
            self._kept.append(report)
            yield from self._gone(at, way)
            return
        yield from self._back(at)
        yield from self._send(at, report)

    def _send(self, at: float, report: Kept) -> Iterator[Delivery]:
        moment = at + RECONNECT_SECONDS * self._returned + self._chance.uniform(0.5, 1.5) * LATENCY_SECONDS
        self._returned = False
        if self._known != self._reporter.hash:
            self._known = self._reporter.hash
            yield Delivery(moment, self._topic[Verb.INVENTORY], self._reporter.inventory)
        slow = [fault for fault in self._slow_faults if self._lasts(fault, at)]
        if slow:  # live reports go first, so that what gets through is always new
            self._narrow += slow[0].share
            if self._narrow >= 1.0:
                self._narrow -= 1.0
                self._kept.append(report)
                return
        late = self._happens(self._noise.reorders)
        if late or self._happens(self._noise.duplicates):
            heapq.heappush(
                self._astray, (moment + self._chance.uniform(RESENT_SECONDS, self._noise.late_by), report.body)
            )
        if not late:
            yield Delivery(moment, self._topic[Verb.REPORT], report.body)
        if not slow:
            yield from self._drain(moment, at + self._interval)

    def _drain(self, moment: float, until: float) -> Iterator[Delivery]:
        """What was kept, oldest first."""
        room = int(max(0.0, until - 1.0 - moment) * BACKLOG_A_SECOND)
        for number in range(min(room, len(self._kept))):
            yield Delivery(
                moment + (number + 1) / BACKLOG_A_SECOND, self._topic[Verb.REPORT], self._kept.popleft().body
            )

    def _happens(self, share: float) -> bool:
        return bool(share) and self._chance.random() < share

    # --- its connection ---

    def _gone(self, at: float, lost: Sequence[AnyFault]) -> Iterator[Delivery]:
        """The broker speaks once, when it has missed it for long enough."""
        began = min(fault.at for fault in lost)
        if self._online and at - began >= WILL_SECONDS:
            self._online = False
            yield Delivery(at, self._topic[Verb.STATUS], self._will)

    def _back(self, at: float) -> Iterator[Delivery]:
        if not self._online:
            self._returned = bool(self._session)
            self._session, self._online = identifier(self._chance, 16), True
            self._will = self._status("offline")
            yield Delivery(at, self._topic[Verb.STATUS], self._status("online"))

    def _status(self, state: str) -> str:
        said = {"state": state, "session": self._session, "version": VERSION, "inventory_hash": self._reporter.hash}
        if self._kept:
            said["oldest_unacknowledged"] = self._kept[0].made  # type: ignore[assignment]
        return encode(Status.model_validate(said)).decode()
