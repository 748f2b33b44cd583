"""Commits what came in: series first, then one SQL transaction, then the acknowledgements.

A batch that can't be committed because a database is away is dropped here: nothing of it was acknowledged, so the
agents send it again. A batch that fails for another reason is halved until the culprit stands alone and is refused.
"""

import logging
import queue
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import sqlalchemy as sa

from hub.blindness import Blindness
from hub.correction import Corrected, correct
from hub.engine import Engine, Taken, Transition
from hub.fleet import AgentState
from hub.intake import Delivery, Intake, Unreadable
from hub.rebuild import read_blindness, rebuild
from hub.rule import Rule, Settings
from hub.series.buffer import BufferedSeries, Outcome
from hub.series.store import Point
from hub.store import schema, writes
from hub.tickets import ledger
from wire.codec import pack_ids
from wire.messages import Ack, Action, Command, ConfigApplied, Inventory, Message, Refusal, Report, Result, Status
from wire.topics import Address, Verb

log = logging.getLogger(__name__)

BEAT_MS = 5_000
ASK_AGAIN_MS = 5_000
ANSWER_MS = 30_000
"""How long after an inventory a report that names devices outside it is taken as older than it."""

AHEAD_MS = 300_000
"""How far past the hub's clock a sample is judged; it is stored at its own time."""

OUTAGES = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
Item = Delivery | Unreadable


class Outbound(Protocol):
    """The way back to the agents; MQTT in real life."""

    def send(self, address: Address, verb: Verb, message: Message) -> None:
        """Fire and forget."""
        ...


@dataclass
class Batch:
    """Everything one transaction has to write, and what is said once it has."""

    agents: dict[Address, AgentState] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    point_owners: list[Address] = field(default_factory=list)
    events: list[writes.EventRow] = field(default_factory=list)
    statuses: list[tuple[Address, Status]] = field(default_factory=list)
    inventories: list[tuple[Address, str, Taken]] = field(default_factory=list)
    """(whose, the inventory's hash, what became of it)"""
    committed: defaultdict[Address, list[str]] = field(default_factory=lambda: defaultdict(list))
    refused: defaultdict[Address, list[Refusal]] = field(default_factory=lambda: defaultdict(list))


class Committer:
    """The hub's one writer. `step` is called over and over by one thread; the rest may be called from any."""

    def __init__(
        self,
        database: sa.Engine,
        series: BufferedSeries,
        intake: Intake,
        outbound: Outbound,
        rules: Mapping[str, Rule],
        settings: Mapping[str, Settings],
        clock: Callable[[], int],
        batch_limit: int = 500,
    ) -> None:
        self._database = database
        self._series = series
        self._intake = intake
        self._outbound = outbound
        self._rules = rules
        self._settings = settings
        self._clock = clock
        self._limit = batch_limit
        self._engine: Engine | None = None
        self._blindness: Blindness | None = None
        self._last_good = 0
        self._last_beat = 0
        self._signals: queue.SimpleQueue[tuple[Literal["lost", "back"], int]] = queue.SimpleQueue()

    def broker_lost(self) -> None:
        """From now on nothing can be heard."""
        self._signals.put(("lost", self._clock()))

    def broker_back(self) -> None:
        """Subscribed again."""
        self._signals.put(("back", self._clock()))

    def step(self, wait: float = 0.25) -> bool:
        """One round: rebuild if need be, take a batch, judge, commit, acknowledge. False after an outage: pause."""
        try:
            if self._engine is None:
                self._restore()
            items = self._intake.batch(self._limit, wait)
            self._notice_time(self._ready)
            self._commit(items)
            self._last_good = self._clock()
        except OUTAGES as error:
            # Without a trace: an outage is a state, told in one line.
            log.error("database is away, nothing is acknowledged until it is back: %s", _first_line(error))  # noqa: TRY400
            self._engine = None
            return False
        return True

    @property
    def _ready(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the engine is rebuilt before anything is judged")
        return self._engine

    def _restore(self) -> None:
        now = self._clock()
        with self._database.connect() as connection:
            if self._blindness is None:  # kept across rebuilds: it knows intervals that no commit has saved yet
                self._blindness = read_blindness(connection, now)
            self._engine = rebuild(connection, self._series, self._rules, self._settings, self._blindness, now)
            last = connection.execute(sa.select(schema.heartbeat.c.at)).scalar()
        self._last_good = self._last_good or last or now

    def _notice_time(self, engine: Engine) -> None:
        """Broker signals, and time in which nothing was committed (crash, pause, outage), as stored blindness."""
        now = self._clock()
        if now - self._last_good > BEAT_MS * 2:
            engine.blindness.was(self._last_good, now, "hub")
        while not self._signals.empty():
            what, at = self._signals.get()
            if what == "lost":
                engine.blindness.begin(at, "broker")
            else:
                engine.blindness.end(at)

    # --- a batch ---

    def _commit(self, items: Sequence[Item]) -> None:
        try:
            self._commit_once(items)
        except OUTAGES:
            raise
        except Exception as error:  # noqa: BLE001 - supervised: whatever a batch provokes, the hub goes on
            self._engine = None
            self._restore()
            self._isolate(items, error)

    def _isolate(self, items: Sequence[Item], error: Exception) -> None:
        """Halve a batch that fails until the culprit stands alone, then refuse that one."""
        if not items:
            log.error("a step without messages failed", exc_info=error)
            return
        if len(items) > 1:
            middle = len(items) // 2
            self._commit(items[:middle])
            self._commit(items[middle:])
            return
        item = items[0]
        log.error("message from %s can't be committed and is refused: %s", item.address, _first_line(error))
        self._intake.reject(item.address, "poison", f"{_first_line(error)}: {item}"[:500])
        if isinstance(item, Delivery) and isinstance(item.message, Report):
            refusal = Refusal(id=item.message.id, reason=f"can't be committed: {type(error).__name__}")
            self._outbound.send(item.address, Verb.ACK, Ack(refused=[refusal]))

    def _commit_once(self, items: Sequence[Item]) -> None:
        engine, now = self._ready, self._clock()
        batch = Batch()
        for item in items:
            self._absorb(engine, batch, item)
        # What still waits in the queue may be an agent's word: silence is judged up to the last message taken.
        engine.tick(items[-1].received if items and self._intake.depth else now)
        durable = self._write_series(batch)
        transitions = engine.take_transitions()
        beat = now - self._last_beat >= BEAT_MS
        if items or transitions or beat or engine.blindness.unsaved:
            self._write_sql(batch, transitions, now)
            self._last_beat = now
        self._acknowledge(batch, durable)

    def _write_sql(self, batch: Batch, transitions: Sequence[Transition], now: int) -> None:
        """The one transaction."""
        blindness = self._ready.blindness
        rejections = self._intake.take_rejections()
        try:
            with self._database.begin() as connection:
                self._write(connection, batch, now)
                ledger.record(connection, transitions)
                writes.save_blindness(connection, blindness.unsaved)
                writes.count_rejections(connection, rejections, now)
                writes.beat(connection, now)
        except BaseException:
            self._intake.restore(rejections)
            raise
        blindness.unsaved.clear()

    def _write(self, connection: sa.Connection, batch: Batch, now: int) -> None:
        writes.save_agents(connection, batch.agents.values())
        for address, revision, taken in batch.inventories:
            writes.save_inventory(
                connection, address.site, address.agent, revision, taken.accepted, taken.vanished, now
            )
        for address, status in batch.statuses:
            writes.save_status(connection, address.site, address.agent, status)
        writes.save_events(connection, batch.events)

    def _write_series(self, batch: Batch) -> bool:
        """Whether every point is on disk somewhere, so that the batch may be acknowledged."""
        if not batch.points:
            return True
        written = self._series.write(batch.points)
        for index in written.refused:
            self._intake.reject(batch.point_owners[index], "series_refused", str(batch.points[index])[:200])
        if written.outcome is Outcome.FULL:
            log.error("series store is away and its buffer is full: reports stay with the agents")
        return written.outcome is not Outcome.FULL

    def _acknowledge(self, batch: Batch, durable: bool) -> None:
        committed = batch.committed if durable else {}
        for address in committed.keys() | batch.refused.keys():
            ack = Ack(committed=pack_ids(committed.get(address, [])), refused=batch.refused.get(address, []))
            self._outbound.send(address, Verb.ACK, ack)

    # --- messages ---

    def _absorb(self, engine: Engine, batch: Batch, item: Item) -> None:
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
        elif isinstance(message, Result | ConfigApplied):
            log.info("%s: %s", address, message)

    def _absorb_inventory(
        self, engine: Engine, batch: Batch, state: AgentState, item: Delivery, inventory: Inventory
    ) -> None:
        taken = engine.inventory(state, inventory.devices, item.received)
        state.inventory_hash, state.told = inventory.hash, item.received
        batch.inventories.append((item.address, inventory.hash, taken))
        for device in taken.conflicts:
            self._intake.reject(item.address, "claim_conflict", device)
        for device in taken.unknown_kinds:
            self._intake.reject(item.address, "unknown_kind", device)

    def _absorb_report(self, engine: Engine, batch: Batch, state: AgentState, item: Delivery, report: Report) -> None:
        corrected = correct(report, engine.sites[state.site], state.agent, item.received)
        if not self._inventory_known(state, item, report, corrected):
            return
        engine.clock_order(state, report)
        for subject, point in corrected.points:
            # A clock that is far ahead must not make everything look late once it is set right.
            engine.observe(state, subject, min(point.at, item.received + AHEAD_MS), point.values)
            batch.points.append(point)
            batch.point_owners.append(item.address)
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

        A report older than the inventory may name devices that are gone for good: those are counted and dropped.
        """
        behind = report.inventory_hash != state.inventory_hash
        asked_lately = item.received - state.asked < ASK_AGAIN_MS
        answered = item.received - state.told < ANSWER_MS
        if behind and not answered and not asked_lately:
            state.asked = item.received
            self._ask_inventory(item.address)
        if corrected.unknown and behind and not answered:
            return False
        for device in corrected.unknown:
            corrected.reject("unknown_device", device)
        return True

    def _ask_inventory(self, address: Address) -> None:
        command = Command(id=secrets.token_hex(8), action=Action.SEND_INVENTORY, expires=self._clock() + 60_000)
        self._outbound.send(address, Verb.COMMAND, command)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]
