"""How an agent sends what its devices tell: reports with ids, boots and offsets, kept while no way leads to the hub.

Everything comes in the order in which a hub would receive it. Live reports go first, what was kept follows, oldest
first.
"""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

from simulator import faults
from simulator.faults import AnyFault
from simulator.virtual import effects
from simulator.virtual.chance import identifier
from simulator.virtual.thing import PICTURE_SECONDS, Facts, Happening, Thing, Values
from simulator.virtual.things import Agent, Host
from wire.codec import encode, inventory_hash
from wire.messages import Device, Inventory, Status
from wire.topics import Address, Topics, Verb

WILL_SECONDS = 90.0
"""One and a half keep-alives: then the broker speaks for an agent that is gone."""

RECONNECT_SECONDS = 5.0
LATENCY_SECONDS = 0.08
BOOT_SECONDS = 30.0
BACKLOG_A_SECOND = 20
"""Kept reports that go out each second beside live ones."""

MAX_KEPT = 200_000
"""The most reports of a spool; past it the oldest are lost, as they would be."""


class Delivery(NamedTuple):
    """What the hub receives: when (seconds from the start), on which topic, and what."""

    at: float
    topic: str
    payload: str


class Gateway:
    """One agent and all it watches. `things` begin with the agent and its host."""

    def __init__(
        self,
        address: Address,
        things: Sequence[Thing],
        own_faults: Sequence[AnyFault],
        start_ms: int,
        interval: float,
        chance: Random,
        duplicates: float = 0.0,
    ) -> None:
        self._things, self._faults, self._start, self._interval = things, own_faults, start_ms, interval
        self._chance, self._duplicates = chance, duplicates
        topics = Topics()
        self._topic = {verb: topics.topic(address, verb) for verb in (Verb.STATUS, Verb.INVENTORY, Verb.REPORT)}
        self._stories = sorted(
            (happening.at, thing.id, happening)
            for thing in things
            for fault in thing.faults
            if fault.device == thing.id
            for happening in effects.story(fault, thing)
        )
        self._kept: deque[str] = deque(maxlen=MAX_KEPT)
        self._hash, self._known, self._inventory = "", "", ""
        self._stock: tuple[object, ...] = ()
        self._session, self._online, self._returned = "", False, False
        self._extra: list[tuple[str, Happening]] = []
        self._last = self._booted = 0.0
        self._off = False
        self._boot_up()

    def deliveries(self, length: float) -> Iterator[Delivery]:
        """All that the hub receives of it in so many seconds, in order."""
        for at in self._moments(length):
            yield from self._round(at, self._interval)

    def _moments(self, length: float) -> Iterator[float]:
        phase = self._chance.uniform(0, self._interval)
        return (phase + turn * self._interval for turn in range(int((length - phase) // self._interval) + 1))

    def _round(self, at: float, seconds: float) -> Iterator[Delivery]:
        lost = [fault for fault in self._faults if fault.at <= at < fault.end]
        if any(not isinstance(fault, faults.UplinkDown) for fault in lost):  # nobody measures
            self._off = self._off or any(isinstance(fault, faults.AgentReboot) for fault in lost)
            self._last = at
            yield from self._gone(at, lost)
            return
        if self._off:
            self._boot_up(at)
        report = self._report(at)
        if lost:
            self._kept.append(report)
            yield from self._gone(at, lost)
            return
        yield from self._back(at)
        yield from self._send(at, report, seconds)

    def _send(self, at: float, report: str, seconds: float) -> Iterator[Delivery]:
        moment = at + RECONNECT_SECONDS * self._returned + self._chance.uniform(0.5, 1.5) * LATENCY_SECONDS
        self._returned = False
        if self._known != self._hash:
            self._known = self._hash
            yield Delivery(moment, self._topic[Verb.INVENTORY], self._inventory)
        again = bool(self._duplicates) and self._chance.random() < self._duplicates
        yield from [Delivery(moment, self._topic[Verb.REPORT], report)] * (1 + again)
        room = int(max(0.0, at + seconds - 1.0 - moment) * BACKLOG_A_SECOND)
        for number in range(min(room, len(self._kept))):
            yield Delivery(moment + (number + 1) / BACKLOG_A_SECOND, self._topic[Verb.REPORT], self._kept.popleft())

    # --- its connection ---

    def _boot_up(self, at: float | None = None) -> None:
        """A new process, at the start or after a reboot; what was kept on disk is still there."""
        self._boot, self._spool = identifier(self._chance, 12), identifier(self._chance, 12)
        self._sequence, self._off = 0, False
        for host in (thing for thing in self._things if isinstance(thing, Host)):
            if at is not None:
                host.booted, host.reboots = at, host.reboots + 1
                data: Facts = {"unexpected": True, "uptime_seconds": BOOT_SECONDS}
                self._extra.append((host.id, Happening(at, "host.rebooted", data)))
            self._booted = host.booted

    def _gone(self, at: float, lost: Sequence[AnyFault]) -> Iterator[Delivery]:
        """The broker speaks once, when it has missed it for long enough."""
        began = min(fault.at for fault in lost)
        if self._online and at - began >= WILL_SECONDS:
            self._online = False
            yield self._status(at, "offline")

    def _back(self, at: float) -> Iterator[Delivery]:
        if not self._online:
            self._returned = bool(self._session)
            self._session, self._online = identifier(self._chance, 16), True
            yield self._status(at, "online")

    def _status(self, at: float, state: str) -> Delivery:
        status = Status.model_validate({"state": state, "session": self._session, "version": "0.1.0"})
        return Delivery(at, self._topic[Verb.STATUS], encode(status).decode())

    # --- what it tells ---

    def _report(self, at: float) -> str:
        """The report of this moment; the inventory is kept current."""
        agent = self._things[0]
        if isinstance(agent, Agent):
            agent.waiting = len(self._kept)
        self._take_stock(at)
        wall = self._wall(at)
        seldom = int(at // PICTURE_SECONDS) != int((at - self._interval) // PICTURE_SECONDS)
        samples = [
            {"device": thing.id, "at": self._wall(moment), "values": values}
            for thing in self._things
            for moment in (*thing.moments(self._last, at), at)
            if (values := self._values(thing, moment, seldom and moment == at))
        ]
        events = [
            {"device": device, "at": self._wall(one.at), "type": one.type, "data": one.data}
            for device, one in self._events(at)
        ]
        self._last = at
        self._sequence += 1
        report: dict[str, Any] = {
            "id": f"{self._spool}:{self._sequence}",
            "boot": self._boot,
            "mono": round((at - self._booted) * 1000),
            "sent": wall,
            "offset": {"ms": round(self._chance.gauss(0, 2), 1), "source": "ntp"},
            "inventory_hash": self._hash,
            "samples": samples,
        }
        if events:
            report["events"] = events
        return json.dumps(report, ensure_ascii=False, separators=(",", ":"))

    def _values(self, thing: Thing, at: float, seldom: bool) -> Values:
        values = thing.usual(at)
        if seldom:
            values |= thing.seldom(at)
        for fault in thing.lasting(at):
            effects.alter(fault, thing, values, at)
        return {name: round(value, 4) for name, value in values.items()}

    def _events(self, at: float) -> list[tuple[str, Happening]]:
        """Since the report before; what is not yet over is told next time."""
        since = self._last
        found = [
            (thing.id, one) for thing in self._things for one in thing.happenings(since, at) if not thing.lasting(at)
        ]
        while self._stories and self._stories[0][0] < at:
            _, device, happening = self._stories.pop(0)
            found.append((device, happening))
        found += self._extra
        self._extra = []
        return sorted(found, key=lambda pair: pair[1].at)

    def _take_stock(self, at: float) -> None:
        """Count again when a fault that changes facts begins or ends."""
        changing = tuple(
            (thing.id, fault.at)
            for thing in self._things
            for fault in thing.lasting(at)
            if fault.device == thing.id and isinstance(fault, faults.FirmwareChanged)
        )
        if self._hash and changing == self._stock:
            return
        self._stock = changing
        devices = [self._device(thing, at) for thing in self._things]
        self._hash = inventory_hash(devices)
        self._inventory = encode(Inventory(hash=self._hash, devices=devices)).decode()

    def _device(self, thing: Thing, at: float) -> Device:
        facts = thing.facts()
        for fault in thing.lasting(at):
            if fault.device == thing.id:
                effects.retell(fault, facts)
        return thing.device(facts)

    def _wall(self, at: float) -> int:
        return self._start + round(at * 1000)
