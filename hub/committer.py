"""Commits what came in: series first, then one SQL transaction, then the acknowledgements.

What comes of a batch that can't be committed is told in `isolation.py`.
"""

import logging
import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Protocol

import sqlalchemy as sa

from hub.acknowledgement import Acknowledgements
from hub.blindness import Blindness
from hub.engine import Engine
from hub.fence import Fence, Unfenced
from hub.foreknowledge import Foreknowledge
from hub.intake import BatchSize, Delivery, Intake
from hub.isolation import DatabaseAway, Isolation, first_line
from hub.measures import Committed, Measures
from hub.noticeboard import Noticeboard
from hub.own import Own
from hub.rebuild import read_blindness, rebuild
from hub.reception import Batch, Item, Outbound, Reception
from hub.remembered import Attended, Remembered
from hub.rollup.marks import Marks
from hub.rule import Rule, Settings
from hub.series.buffer import Outcome, Written
from hub.series.lane import WRITERS
from hub.series.store import Point
from hub.store import schema, writes
from hub.store.lease import Fenced, LeaseLost
from hub.transaction import Judged, Transaction, after_commit
from hub.unusual import Past
from hub.vigil import Vigil
from wire.messages import Ack, Refusal, Report
from wire.topics import Address, Verb

log = logging.getLogger(__name__)

AHEAD = WRITERS + 1
"""So many batches may be judged while the store still takes those before: one waits for its turn there."""

REFUSALS_AT_ONCE = 100
"""So many refusals with their reasons fit into one message."""


class Sink(Remembered, Protocol):
    """Where numbers go."""

    def begin(self, points: Sequence[Point]) -> Callable[[], Written]:
        """Returns at once. Its call waits until they are somewhere durable, unless it says otherwise; neither raises
        for an outage."""
        ...


class Committer:
    """The hub's one writer. `step` is called over and over by one thread; the rest may be called from any."""

    def __init__(
        self,
        database: sa.Engine,
        series: Sink,
        intake: Intake,
        outbound: Outbound,
        rules: Mapping[str, Rule],
        settings: Mapping[str, Settings],
        clock: Callable[[], int],
        answered: Callable[[Address], None] = lambda _: None,
        *,
        size: BatchSize | None = None,
        measures: Measures | None = None,
        own: Own | None = None,
        vigil: Vigil | None = None,
        fence: Fence | None = None,
        marks: Marks | None = None,
        noticeboard: Noticeboard | None = None,
        past: Past | None = None,
        foreknowledge: Foreknowledge | None = None,
    ) -> None:
        """`answered` is told whose word on its configuration was committed, and who has connected anew.

        `measures` counts the work; `own` reports on it as a device of its own, if at all. `vigil` knows when this hub
        was awake. `fence` is what every commit has to pass where another hub works on the same database. `marks` knows
        which hours have to be rolled up again, `noticeboard` the maintenance windows and silences. `past` is what was
        usual before this start, `foreknowledge` what was read while another hub worked.
        """
        self._fence = fence or Unfenced()
        self._unseen: int | None = None
        self._measures = measures or Measures()
        self._own = own
        self._marks = marks or Marks(database, clock)
        self._transaction = Transaction(database, self._fence, self._marks, intake, self._measures)
        self._pending: deque[Judged] = deque()
        """Batches that are judged while their numbers are still on their way, oldest first."""
        self._noticeboard = noticeboard or Noticeboard(database, clock)
        self._own_address = own.address if own else None
        self._answered = answered
        self._database = database
        self._series = series
        self._intake = intake
        self._outbound = outbound
        self._reception = Reception(intake, outbound, clock, self._own_address)
        self._rules = rules
        self._past = past
        self._foreknowledge = foreknowledge
        self._settings = settings
        self._clock = clock
        self._size = size or BatchSize()
        self._acknowledgements = Acknowledgements(outbound)
        self._engine: Engine | None = None
        self._failed: Engine | None = None
        """The one whose batch failed, until another stands: it knows what rules have seen."""
        self._away = False
        """The last step ended with an outage of the database."""
        self._blindness: Blindness | None = None
        self._attempt = ""
        self._last: str | None = None
        """The last commit known to have happened: the next one follows it, or does not happen."""
        self._isolation = Isolation(self._commit_now, self._restore, self._refuse)
        self.vigil = vigil or Vigil(clock)

    @property
    def next_due(self) -> int | None:
        """When time alone could change something, ms UTC; None while nothing is waited for."""
        if self._engine is None:
            return None
        due = self._engine.next_due, self._engine.findings.covering.covers.next_change(self._clock())
        return min((at for at in due if at is not None), default=None)

    @property
    def going(self) -> bool:
        """Whether it takes in what comes: the engine has been rebuilt. Anybody may ask."""
        return self._engine is not None

    def stand_by(self) -> None:
        """Another hub works: forget everything, so that nothing of it is ever committed. The committer's thread."""
        self._engine = self._failed = self._blindness = self._unseen = self._last = None
        self._pending.clear()
        self._acknowledgements = Acknowledgements(self._outbound)
        self._attempt = ""
        self._marks.anew()
        self.vigil.stand_by()
        while self._intake.batch(self._size.messages, 0):
            pass
        self._intake.take_turned_away()

    def step(self, wait: float = 0.25) -> bool:
        """One round: rebuild if need be, take a batch, judge, commit, acknowledge. False after an outage: pause."""
        if not self.vigil.step():
            return False
        try:
            if self._engine is None:
                self._restore()
            if self._away and not self._pending:
                # What is dropped and comes again would leave its numbers on disk each time, were their store away, too.
                self._look_around()
                self._isolation.prove()
            self._measures.queued(self._intake.depth, self._intake.fill)
            messages, samples, gather = self._size
            items = self._intake.batch(messages, self._patience(wait), samples, min(gather, wait))
            self._look_around()
            self._commit(items)
            if self._own is not None and (own := self._own.deliveries(self._ready, self._clock())):
                self._commit(own)
            self._acknowledgements.say(self.vigil.good())
            self._away = False
        except LeaseLost:
            self._fence.left()
            self.stand_by()
            return False
        except Fenced as reason:
            log.info("%s: the engine is rebuilt, what came in meanwhile comes again", reason)
            self._failed, self._engine = self._engine or self._failed, None  # what devices told is as true as before
            self._acknowledgements = Acknowledgements(self._outbound)
            self._marks.anew()
        except (DatabaseAway, sa.exc.SQLAlchemyError) as error:
            self._away = True
            self._measures.outage()
            # Without a trace: an outage is a state, told in one line.
            log.error("database is away, nothing is acknowledged until it is back: %s", first_line(error))  # noqa: TRY400
            return False
        return True

    def _look_around(self) -> None:
        """Before anything is judged: is the lease still ours, what was missed, what is covered."""
        self._fence.confirm()
        if self.vigil.look_back(self._ready) and self._own is not None:
            self._own.soon()
        self._noticeboard.look(self._ready)
        self._isolation.step()

    def _patience(self, wait: float) -> float:
        """Seconds to wait for a message: what is still to be said must not wait for one."""
        due = self._acknowledgements.wait(self._clock())
        return wait if due is None else min(wait, due)

    @property
    def _more_waits(self) -> bool:
        return self._intake.holds(self._size.messages, self._size.samples)

    @property
    def _ready(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the engine is rebuilt before anything is judged")
        return self._engine

    def _restore(self) -> None:
        """Rebuild the engine from what is committed. Raises SQLAlchemyError; the engine is None then."""
        now, began = self._clock(), perf_counter()
        self._failed, self._engine = self._engine or self._failed, None
        self._pending.clear()
        with self._database.connect() as connection:
            unseen = self._fence.enter(connection)
            self._unseen = self._unseen if unseen is None else unseen
            self._marks.restore(connection)
            beat = connection.execute(sa.select(schema.heartbeat)).first()
            self._note_last(beat.attempt if beat else None)
            if self._blindness is None:  # kept across rebuilds: it knows intervals that no commit has saved yet
                self._blindness = read_blindness(connection, now)
            series, before = Attended(self._series, self.vigil.alive), self._failed
            known = self._foreknowledge.known(self.vigil.alive) if self._foreknowledge else None
            engine = rebuild(
                connection, series, self._rules, self._settings, self._blindness, now, before, self._past, known
            )
        if self._foreknowledge:
            self._foreknowledge.forget()
        self._engine, self._failed, self._attempt = engine, None, ""
        devices = sum(len(place.devices) for place in engine.sites.values())
        log.info("%d devices are known as they were, after %.1f s", devices, perf_counter() - began)
        self.vigil.restored(self._blindness, now, beat.at if beat else None, self._unseen)
        self._unseen = None

    def _note_last(self, attempt: str | None) -> None:
        """What the last commit is. One whose answer was lost may have happened all the same: its values are judged."""
        if self._failed is not None and attempt is not None and attempt == self._attempt:
            self._failed.batch_committed()
            self._attempt = ""
        elif attempt != self._last:  # one that was given up before has come through: what was known is older
            self._failed = None
        self._last = attempt

    # --- a batch ---

    def _commit(self, items: Sequence[Item]) -> None:
        """Commit them, or all but the culprits; while more wait, judge them and leave the rest to a later call.

        So the store takes batches while the next is judged: neither waits for the other. Raises DatabaseAway.
        """
        try:
            self._pending.append(self._judge(items))
            items = ()
            while self._pending and (len(self._pending) > AHEAD or not self._more_waits):
                self._settle(self._pending[0])
        except Fenced:
            raise
        except Exception as error:  # noqa: BLE001 - supervised: whatever a batch provokes, the hub goes on
            unsettled = [judged.items for judged in self._pending]
            self._isolation.sort_out([*unsettled, items] if items or not unsettled else unsettled, error)

    def _commit_now(self, items: Sequence[Item]) -> None:
        """Before anything else is judged; also if there is nothing to commit. Raises whatever they provoke."""
        self.vigil.want_beat()
        self._settle(self._judge(items))

    def _refuse(self, item: Item, error: Exception) -> None:
        about = {"site": item.address.site, "agent": item.address.agent, "reason": "poison"}
        log.error("message from %s can't be committed and is refused: %s", item.address, first_line(error), extra=about)
        self._intake.reject(item.address, "poison", f"{first_line(error)}: {item}"[:500])
        if isinstance(item, Delivery) and isinstance(item.message, Report):
            refusal = Refusal(id=item.message.id, reason=f"can't be committed: {type(error).__name__}")
            self._outbound.send(item.address, Verb.ACK, Ack(refused=[refusal]))

    def _judge(self, items: Sequence[Item]) -> Judged:
        """Into the engine, and its numbers on their way."""
        engine, now, began = self._ready, self._clock(), perf_counter()
        engine.begin_batch()
        batch = Batch()
        for item in items:
            self._reception.absorb(engine, batch, item)
        self._judge_events(engine, batch.events)
        for address, at in self._intake.take_turned_away().items():
            if address.agent in engine.known_agents(address.site):
                batch.agents[address] = engine.hear(address.site, address.agent, at)
        # What still waits in the queue may be an agent's word: silence is judged up to the last message taken.
        waits = self._intake.depth
        if items or not waits:
            engine.tick(items[-1].received if waits else now)
        written = self._series.begin(batch.points)
        agents, arrived = writes.agent_rows(batch.agents.values()), items[0].received if items else now
        return Judged(items, batch, written, engine.take_transitions(), now, arrived, began, perf_counter(), agents)

    def _settle(self, judged: Judged) -> None:
        """Durable, committed, acknowledged, in this order."""
        engine, batch, now, waited = self._ready, judged.batch, judged.now, perf_counter()
        self._attempt = secrets.token_hex(8)
        durable = self._durable(judged)
        written = perf_counter()
        if judged.items or judged.transitions or self.vigil.beat_due(now) or engine.blindness.unsaved:
            self._transaction.save(judged, engine.blindness, self._attempt, self._last)
            self._last = self._attempt
            self.vigil.beaten(now)
        engine.batch_committed()
        if self._pending:
            self._pending.popleft()
        self._attempt = ""
        saved, at = perf_counter(), self._clock()
        for address in batch.applied.keys() | batch.back:
            with after_commit("answering"):
                self._answered(address)
        self._acknowledge(batch, durable)
        if durable and judged.items and judged.items[0].address != self._own_address:
            spent = judged.judged - judged.began + perf_counter() - waited
            work = (batch.judging, written - waited, saved - written, spent)
            reports = sum(map(len, batch.committed.values()))
            with after_commit("measuring"):
                self._measures.committed(Committed(len(judged.items), reports, batch.points, judged.arrived, at, *work))

    def _judge_events(self, engine: Engine, events: Sequence[writes.EventRow]) -> None:
        """Each once, however often it is delivered: what is in SQL was judged when it was committed."""
        wanted = [event for event in events if event.type in engine.events]
        if not wanted:
            return
        with self._database.connect() as connection:
            seen = writes.known_events(connection, wanted)
        for judged in self._pending:
            seen.update(event.key for event in judged.batch.events)
        for event in wanted:
            if event.key not in seen:
                seen.add(event.key)
                engine.happen(event.site, event.device, event.type, event.data, event.at, event.received)

    def _durable(self, judged: Judged) -> bool:
        """Whether every point is on disk somewhere, so that the batch may be acknowledged."""
        batch = judged.batch
        if not batch.points:
            return True
        written = judged.written()
        for index in written.refused:
            point = batch.points[index]
            self._intake.reject(Address(point.site, point.agent), "series_refused", str(point)[:200])
        self._measures.durable = written.outcome is not Outcome.FULL
        if written.outcome is Outcome.FULL:
            log.error("series store is away and its buffer is full: reports stay with the agents")
        return written.outcome is not Outcome.FULL

    def _acknowledge(self, batch: Batch, durable: bool) -> None:
        if durable:
            if self._own_address is not None:
                batch.committed.pop(self._own_address, None)
            now, load = self._clock(), len(batch.points) / self._size.samples
            self._acknowledgements.committed(batch.committed, batch.back, load, now)
            self._acknowledgements.say(now)
        for address, refused in batch.refused.items():
            for first in range(0, len(refused), REFUSALS_AT_ONCE):
                ack = Ack(refused=refused[first : first + REFUSALS_AT_ONCE])
                try:
                    self._outbound.send(address, Verb.ACK, ack)
                except Exception:  # supervised: a refusal that is lost is asked for again
                    log.exception("no refusal to %s", address, extra=address._asdict())
