"""What an agent reports: samples and events of all its devices, with ids, boots, offsets and the inventory."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import to_json

from simulator import faults
from simulator.faults import AnyFault
from simulator.virtual import effects
from simulator.virtual.chance import Chance, identifier
from simulator.virtual.machine import Host
from simulator.virtual.thing import NEVER, Facts, Happening, Thing, Values
from wire.codec import encode, inventory_hash
from wire.messages import Device, Inventory

BOOT_SECONDS = 30.0
RETOLD = faults.FirmwareChanged | faults.VolumeUnencrypted | faults.BackupUnreadable
"""Kinds of fault that change facts."""


class Kept(NamedTuple):
    """A report as it stands in the spool: when it was made by a right clock (ms), and its text."""

    made: int
    body: str


class Reporter:
    """Of one agent. `things` begin with the agent itself; `own` are the faults that befall it."""

    def __init__(self, things: Sequence[Thing], own: Sequence[AnyFault], start_ms: int, chance: Chance) -> None:
        self.hash, self.inventory = "", ""
        """Of what is watched, as of the last report."""
        self._things, self._start, self._chance = things, start_ms, chance
        self._clocks = [one for one in own if isinstance(one, faults.AgentClockJump | faults.AgentClockDrift)]
        self._stories = sorted(
            (happening.at, happening.device or thing.id, happening)
            for thing in things
            for fault in thing.faults
            if fault.device == thing.id
            for happening in effects.story(fault, thing)
        )
        self._extra: list[tuple[str, Happening]] = []
        self._stock: tuple[object, ...] = ()
        self._heard = self._booted = 0.0
        self._asked = NEVER
        self._begin()

    def boot(self, at: float) -> None:
        """Its machine came back; what was kept on disk is still there."""
        for host in (thing for thing in self._things if isinstance(thing, Host)):
            host.booted, host.reboots = at, host.reboots + 1
            data: Facts = {"unexpected": True, "uptime_seconds": BOOT_SECONDS}
            self._extra.append((host.id, Happening(at, "host.rebooted", data)))
        self._begin()

    def _begin(self) -> None:
        """A new process: it asks everything anew, and numbers its reports under a new name."""
        self._boot, self._spool, self._sequence = identifier(self._chance, 12), identifier(self._chance, 12), 0
        self._asked = NEVER
        self._booted = next((thing.booted for thing in self._things if isinstance(thing, Host)), 0.0)

    def skip(self, at: float) -> None:
        """Nobody measured or listened until now."""
        self._heard = at

    def report(self, at: float) -> Kept:
        """The report of this moment."""
        self._take_stock(at)
        ahead = sum(effects.ahead(fault, at) for fault in self._clocks if fault.at <= at < fault.end)
        samples = [
            {"device": thing.id, "at": self._wall(moment, ahead), "values": values}
            for thing in self._things
            if thing.appears <= at
            for moment, since in self._moments(thing, at)
            if (values := self._values(thing, moment, since, ahead))
        ]
        events = [
            {"device": device, "at": self._wall(one.at, ahead), "type": one.type, "data": one.data}
            for device, one in self._events(at)
        ]
        self._heard = self._asked = at
        self._sequence += 1
        report: dict[str, Any] = {
            "id": f"{self._spool}:{self._sequence}",
            "boot": self._boot,
            "mono": round((at - self._booted) * 1000),
            "sent": self._wall(at, ahead),
            "offset": {"ms": round(self._chance.normal(0, 2) - ahead * 1000, 3), "source": "ntp"},
            "inventory_hash": self.hash,
            "samples": samples,
        }
        if events:
            report["events"] = events
        return Kept(self._wall(at, 0.0), to_json(report).decode())

    def _moments(self, thing: Thing, at: float) -> list[tuple[float, float]]:
        """When its values are told in this report, and since when they were not; now comes last."""
        between = [(moment, moment) for moment in thing.moments(self._heard, at)]
        return [*between, (at, self._asked)]

    def _values(self, thing: Thing, at: float, since: float, ahead: float) -> Values:
        values = thing.values(at, since)
        for fault in thing.lasting(at):
            effects.alter(fault, thing, values, at)
        if ahead and "clock_offset_seconds" in values:  # others are compared with our clock, ours with a reference
            values["clock_offset_seconds"] += -ahead if isinstance(thing, Host) else ahead
        return {name: round(value, 6) if value % 1.0 else value for name, value in values.items()}

    def _events(self, at: float) -> list[tuple[str, Happening]]:
        """Since the report before; what is not yet over is told next time."""
        since = self._heard
        found = [
            (thing.id, one) for thing in self._things if not thing.lasting(at) for one in thing.happenings(since, at)
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
            if thing.faults
            for fault in thing.lasting(at)
            if fault.device == thing.id and isinstance(fault, RETOLD)
        )
        there = [thing for thing in self._things if thing.appears <= at]
        changing = (*changing, ("", float(len(there))))
        if self.hash and changing == self._stock:
            return
        self._stock = changing
        devices = [self._device(thing, at) for thing in there]
        self.hash = inventory_hash(devices)
        self.inventory = encode(Inventory(hash=self.hash, devices=devices)).decode()

    def _device(self, thing: Thing, at: float) -> Device:
        facts = thing.facts()
        for fault in thing.lasting(at):
            if fault.device == thing.id:
                effects.retell(fault, facts)
        return thing.device(facts)

    def _wall(self, at: float, ahead: float) -> int:
        """What the agent's own clock shows."""
        return self._start + round((at + ahead) * 1000)
