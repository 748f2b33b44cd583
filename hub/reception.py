"""What each message means to the engine, and what of it has to be written: the committer's first half."""

import logging
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

from hub.correction import Corrected, correct
from hub.engine import Engine
from hub.fleet import AgentState
from hub.intake import Delivery, Intake, Unreadable
from hub.inventory import Taken
from hub.series.store import Point
from hub.store import writes
from wire.messages import (
    Action,
    Command,
    ConfigApplied,
    DeviceKind,
    Inventory,
    Message,
    Refusal,
    Report,
    Result,
    Status,
)
from wire.topics import Address, Verb

log = logging.getLogger(__name__)

ASK_AGAIN_MS = 5_000
MAX_OUTDATED = 100

PARTLY = "partly "
"""Before the hash, in the database, of an inventory of which devices were another agent's: after a start it is asked
for again, for nobody remembers which."""

Item = Delivery | Unreadable


class Outbound(Protocol):
    """The way back to the agents; MQTT in real life."""

    def send(self, address: Address, verb: Verb, message: Message) -> None:
        """Fire and forget."""
        ...

    def acknowledge(self, committed: Iterable[tuple[Address, list[str]]]) -> None:
        """Tell agents which of their reports (ids or ranges) are committed: as `send`, many at once."""
        ...


@dataclass
class Batch:
    """Everything one transaction has to write, and what is said once it has."""

    agents: dict[Address, AgentState] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    events: list[writes.EventRow] = field(default_factory=list)
    statuses: list[tuple[Address, Status]] = field(default_factory=list)
    inventories: list[tuple[Address, str, Taken]] = field(default_factory=list)
    """(whose, the inventory's hash, what became of it)"""
    applied: dict[Address, ConfigApplied] = field(default_factory=dict)
    """What each says it runs; the newest counts."""
    back: set[Address] = field(default_factory=set)
    """Who has connected anew."""
    committed: defaultdict[Address, list[str]] = field(default_factory=lambda: defaultdict(list))
    refused: defaultdict[Address, list[Refusal]] = field(default_factory=lambda: defaultdict(list))
    judging: float = 0.0
    """Seconds the engine took to take the samples in and judge them."""


class Reception:
    """Takes messages in. Used by the committer's thread alone."""

    def __init__(
        self, intake: Intake, outbound: Outbound, clock: Callable[[], int], own: Address | None = None
    ) -> None:
        """`own` is the hub's own address, which alone may claim to be a hub."""
        self._own = own
        self._intake = intake
        self._outbound = outbound
        self._clock = clock

    def absorb(self, engine: Engine, batch: Batch, item: Item) -> None:
        """One message into the engine and the batch."""
        if isinstance(item, Unreadable):
            batch.refused[item.address].append(Refusal(id=item.report_id, reason=item.reason[:200]))
            return
        address, message = item.address, item.message
        if item.retained or (isinstance(message, Status) and message.state == "offline"):
            if isinstance(message, Status):  # the broker speaks here, not the agent: no sign of life
                batch.statuses.append((address, message))
            else:
                self._intake.reject(address, "retained", type(message).__name__)
            return
        state = engine.hear(address.site, address.agent, item.received)
        batch.agents[address] = state
        if isinstance(message, Report):
            self._absorb_report(engine, batch, state, item, message)
        elif isinstance(message, Inventory):
            self._absorb_inventory(engine, batch, state, item, message)
        elif isinstance(message, Status):
            batch.statuses.append((address, message))
            batch.back.add(address)
        elif isinstance(message, ConfigApplied):
            batch.applied[address] = message
        elif isinstance(message, Result):
            log.debug("%s: %s", address, message)

    def _absorb_inventory(
        self, engine: Engine, batch: Batch, state: AgentState, item: Delivery, inventory: Inventory
    ) -> None:
        own = item.address == self._own
        posing = [] if own else [device for device in inventory.devices if device.kind == DeviceKind.HUB]
        devices = [device for device in inventory.devices if device not in posing] if posing else inventory.devices
        taken = engine.inventory(state, devices, item.received)
        taken.conflicts.extend(device.device for device in posing)
        if state.asked_for not in (None, inventory.hash):
            # The first that comes may have been under way when it was asked for; a second one is the answer.
            known = state.outdated if state.asked_for in state.doubted else state.doubted
            if len(known) >= MAX_OUTDATED:
                known.clear()
            known.add(state.asked_for)
        state.asked_for = None
        state.outdated.discard(inventory.hash)
        state.doubted.discard(inventory.hash)
        state.inventory_hash = inventory.hash
        noted = (PARTLY + inventory.hash)[:64] if taken.conflicts else inventory.hash
        batch.inventories.append((item.address, noted, taken))
        for device in taken.conflicts:
            self._intake.reject(item.address, "claim_conflict", device)
        for device in taken.unknown_kinds:
            self._intake.reject(item.address, "unknown_kind", device)

    def _absorb_report(self, engine: Engine, batch: Batch, state: AgentState, item: Delivery, report: Report) -> None:
        corrected = correct(report, engine.sites[state.site], state.agent, item.received)
        if corrected.ahead:  # one of the two clocks is wrong; what it measured stays with the agent until it is known
            self._intake.reject(item.address, "ahead_of_hub", corrected.ahead)
            return
        if not self._inventory_known(state, item, report, corrected):
            return
        engine.clock_order(state, report, item.received)
        began = perf_counter()
        engine.observe(state, corrected.points, item.received)
        batch.points.extend(point for _, point in corrected.points)
        batch.judging += perf_counter() - began
        for position, at, event in corrected.events:
            batch.events.append(
                writes.EventRow(
                    state.site,
                    state.agent,
                    report.id,
                    position,
                    event.device,
                    at,
                    item.received,
                    event.type,
                    event.data,
                )
            )
        for reason, (count, example) in corrected.rejected.items():
            for _ in range(count):
                self._intake.reject(item.address, reason, example)
        batch.committed[item.address].append(report.id)

    def _inventory_known(self, state: AgentState, item: Delivery, report: Report, corrected: Corrected) -> bool:
        """Whether the report's devices can be placed. If not, the inventory is asked for and the report left unsaid.

        A report older than the inventory may name devices that are gone for good: once the agent has answered with
        another inventory than the report's, those are counted and dropped. A report that names no inventory was made
        before its agent's first was whole: it waits for one, whichever.
        """
        wanted, known = report.inventory_hash, state.inventory_hash
        missing = known is None if wanted is None else wanted != known and wanted not in state.outdated
        if missing and item.received - state.asked >= ASK_AGAIN_MS:
            state.asked, state.asked_for = item.received, wanted
            self._ask_inventory(item.address)
        if corrected.unknown and missing:
            return False
        for device in corrected.unknown:
            corrected.reject("unknown_device", device)
        return True

    def _ask_inventory(self, address: Address) -> None:
        command = Command(id=secrets.token_hex(8), action=Action.SEND_INVENTORY, expires=self._clock() + 60_000)
        self._outbound.send(address, Verb.COMMAND, command)
