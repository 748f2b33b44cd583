"""Commits what came in: series first, then one SQL transaction, then the acknowledgements.

A batch that can't be committed because a database is away is dropped here: nothing of it was acknowledged, so the
agents send it again. A batch that fails for another reason is halved until the culprit stands alone and is refused.
"""

import logging
import queue
import secrets
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Literal, Protocol

import sqlalchemy as sa

from hub.acknowledgement import Acknowledgements
from hub.blindness import Blindness
from hub.engine import Engine
from hub.fence import Fence, Unfenced
from hub.fleet import KnownValues
from hub.intake import Delivery, Intake
from hub.measures import Committed, Measures
from hub.noticeboard import EVERY_MS, Noticeboard
from hub.own import Own
from hub.rebuild import Remembered, read_blindness, rebuild
from hub.reception import Batch, Item, Outbound, Reception
from hub.rollup.marks import Marks
from hub.rule import Rule, Settings
from hub.series.buffer import Outcome, Written
from hub.series.store import Point
from hub.store import schema, writes
from hub.store.lease import Fenced, LeaseLost
from hub.transaction import Judged, Transaction, after_commit
from hub.unusual import Past
from wire.messages import Ack, Refusal, Report
from wire.topics import Address, Verb

log = logging.getLogger(__name__)

BEAT_MS = 5_000
BUILT_MS = 1_793_491_200_000
"""2026-11-01, before which this code did not exist: a hub whose clock says so does not know the time."""

STALL_MS = 180_000
REFUSALS_AT_ONCE = 100
"""So many refusals with their reasons fit into one message."""


class Sink(Remembered, Protocol):
    """Where numbers go."""

    def begin(self, points: Sequence[Point]) -> Callable[[], Written]:
        """Returns at once. Its call waits until they are somewhere durable, unless it says otherwise; neither raises
        for an outage."""
        ...


class DatabaseAway(Exception):  # noqa: N818 - a state
    """Nothing can be committed now, whoever sent it."""


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
        batch_limit: int = 500,
        answered: Callable[[Address], None] = lambda _: None,
        *,
        measures: Measures | None = None,
        own: Own | None = None,
        built_ms: int = BUILT_MS,
        beat_ms: int = BEAT_MS,
        fence: Fence | None = None,
        batch_lines: int = 5000,
        gather: float = 0.0,
        marks: Marks | None = None,
        covers_ms: int = EVERY_MS,
        past: Past | None = None,
    ) -> None:
        """`answered` is told whose word on its configuration was committed, and who has connected anew.

        A batch is what comes within `gather` seconds, at most `batch_limit` messages of about `batch_lines` samples.
        `measures` counts the work; `own` reports on it as a device of its own, if at all. A clock before `built_ms` is
        not believed; a sign of life is committed every `beat_ms`, and two that are missing are blindness.
        `fence` is what every commit has to pass where another hub works on the same database. `marks` knows which hours
        have to be rolled up again. Maintenance windows and silences are looked up every `covers_ms`. `past` is what was
        usual before this start.
        """
        self._fence = fence or Unfenced()
        self._unseen: int | None = None
        self._measures = measures or Measures()
        self._own = own
        self._marks = marks or Marks(database, clock)
        self._transaction = Transaction(database, self._fence, self._marks, intake, self._measures)
        self._pending: Judged | None = None
        """The batch that is judged while its numbers are still on their way."""
        self._noticeboard = Noticeboard(database, clock, covers_ms)
        self._own_address = own.address if own else None
        self._answered = answered
        self._database = database
        self._series = series
        self._intake = intake
        self._outbound = outbound
        self._reception = Reception(intake, outbound, clock, self._own_address)
        self._rules = rules
        self._past = past
        self._settings = settings
        self._clock = clock
        self._limit = batch_limit
        self._lines = batch_lines
        self._gather = gather
        self._acknowledgements = Acknowledgements(outbound)
        self._engine: Engine | None = None
        self._failed: Engine | None = None
        """The one whose batch failed, until another stands: it knows what rules have seen."""
        self._blindness: Blindness | None = None
        self._known: Mapping[tuple[str, str], KnownValues] | None = None
        self._attempt = ""
        self._built, self._beat = built_ms, beat_ms
        self._suspects: set[Address] = set()
        self._last_good = 0
        self._last_beat = 0
        self._stepped = clock()
        self._signals: queue.SimpleQueue[tuple[Literal["lost", "back"], int]] = queue.SimpleQueue()

    @property
    def next_due(self) -> int | None:
        """When time alone could change something, ms UTC; None while nothing is waited for."""
        if self._engine is None:
            return None
        due = self._engine.next_due, self._engine.findings.covering.covers.next_change(self._clock())
        return min((at for at in due if at is not None), default=None)

    def stalled(self, now: int) -> bool:
        """No step has ended well or told of an outage for so long that something hangs."""
        return now - self._stepped > STALL_MS

    def broker_lost(self, silent_ms: int = 0) -> None:
        """From now on nothing can be heard, and for so long before nothing was."""
        self._signals.put(("lost", self._clock() - silent_ms))

    def broker_back(self) -> None:
        """Subscribed again."""
        self._signals.put(("back", self._clock()))

    def take_over(self) -> None:
        """This hub is about to work: nothing is heard until the broker says so, whatever it said in an earlier time."""
        while not self._signals.empty():
            self._signals.get()
        self.broker_lost()

    def stand_by(self) -> None:
        """Another hub works: forget everything, so that nothing of it is ever committed. The committer's thread."""
        self._engine = self._failed = self._blindness = self._known = self._unseen = self._pending = None
        self._acknowledgements = Acknowledgements(self._outbound)
        self._attempt, self._last_good, self._last_beat = "", 0, 0
        self._marks.anew()
        self._stepped = self._clock()
        while self._intake.batch(self._limit, 0):
            pass
        self._intake.take_turned_away()

    def step(self, wait: float = 0.25) -> bool:
        """One round: rebuild if need be, take a batch, judge, commit, acknowledge. False after an outage: pause."""
        self._stepped = self._clock()
        now = self._clock()
        if now < self._built:
            log.error("the hub's own clock reads %d ms since 1970: nothing is committed until it is set", now)
            return False
        try:
            if self._engine is None:
                self._restore()
            self._measures.queued(self._intake.depth, self._intake.fill)
            items = self._intake.batch(self._limit, self._patience(wait), self._lines, min(self._gather, wait))
            self._fence.confirm()
            self._notice_time(self._ready)
            self._noticeboard.look(self._ready)
            self._suspects.clear()
            self._commit(items)
            if self._own is not None and (own := self._own.deliveries(self._ready, self._clock())):
                self._commit(own)
            self._last_good = self._clock()
            self._acknowledgements.say(self._last_good)
        except LeaseLost:
            self._fence.left()
            self.stand_by()
            return False
        except Fenced as reason:
            log.info("%s: the engine is rebuilt, what came in meanwhile comes again", reason)
            self._engine = self._failed = self._known = None
            self._acknowledgements = Acknowledgements(self._outbound)
            self._marks.anew()
        except (DatabaseAway, sa.exc.SQLAlchemyError) as error:
            self._measures.outage()
            # Without a trace: an outage is a state, told in one line.
            log.error("database is away, nothing is acknowledged until it is back: %s", _first_line(error))  # noqa: TRY400
            return False
        return True

    def _patience(self, wait: float) -> float:
        """Seconds to wait for a message: what is still to be said must not wait for one."""
        due = self._acknowledgements.wait(self._clock())
        return wait if due is None else min(wait, due)

    @property
    def _ready(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the engine is rebuilt before anything is judged")
        return self._engine

    def _restore(self) -> None:
        """Rebuild the engine from what is committed. Raises SQLAlchemyError; the engine is None then."""
        now = self._clock()
        self._failed, self._engine, self._pending = self._engine or self._failed, None, None
        engine_before = self._failed
        with self._database.connect() as connection:
            unseen = self._fence.enter(connection)
            self._unseen = self._unseen if unseen is None else unseen
            self._marks.restore(connection)
            beat = connection.execute(sa.select(schema.heartbeat)).first()
            if engine_before is not None:
                # A commit whose answer was lost has happened all the same: then its values have been judged.
                if beat is not None and beat.attempt == self._attempt:
                    engine_before.batch_committed()
                    self._attempt = ""
                self._known = engine_before.values_committed()
            if self._blindness is None:  # kept across rebuilds: it knows intervals that no commit has saved yet
                self._blindness = read_blindness(connection, now)
            engine = rebuild(
                connection, self._series, self._rules, self._settings, self._blindness, now, self._known, self._past
            )
        self._engine, self._failed, self._known, self._attempt = engine, None, None, ""
        self._stepped = self._clock()  # it may have taken long
        self._last_good = self._last_good or min(beat.at if beat else now, now)
        if self._unseen is not None and beat is not None:  # between two hubs, however short
            self._blindness.was(min(self._last_good, now - self._unseen), now, "hub")
        self._unseen = None

    def _notice_time(self, engine: Engine) -> None:
        """Broker signals, and time in which nothing was committed (crash, pause, outage), as stored blindness."""
        now = self._clock()
        if now < self._last_good:
            log.warning("the hub's clock was set back by %d ms", self._last_good - now)
            engine.clock_set_back(now)
            engine.blindness.clock_set_back(now)
            self._last_good = self._last_beat = now
        if now - self._last_good > self._beat * 2:
            engine.blindness.was(self._last_good, now, "hub")
        while not self._signals.empty():
            what, at = self._signals.get()
            if what == "lost":
                engine.blindness.begin(at, "broker")
            else:
                engine.blindness.end(at)
            if self._own is not None:
                self._own.soon()

    # --- a batch ---

    def _commit(self, items: Sequence[Item]) -> None:
        """Commit them, or all but the culprits; while more wait, judge them and leave the rest to the next call.

        So the store takes one batch while the next is judged: neither waits for the other. Raises DatabaseAway.
        """
        before = self._pending
        try:
            judged = self._judge(items)
            if before is not None:
                self._settle(before)
                before = None
            self._pending = judged
            if not self._intake.holds(self._limit, self._lines):
                self._settle(judged)
        except Fenced:
            raise
        except Exception as error:  # supervised: whatever a batch provokes, the hub goes on
            self._restore()
            if _is_outage(error):
                raise DatabaseAway(_first_line(error)) from error
            if before is not None:
                self._commit_alone(before.items)
                self._commit_alone(items)
            else:
                self._isolate(items, error)

    def _commit_alone(self, items: Sequence[Item]) -> None:
        """Commit them, or all but the culprits, before anything else is judged. Raises DatabaseAway."""
        items = [item for item in items if item.address not in self._suspects]
        try:
            self._settle(self._judge(items))
        except Fenced:
            raise
        except Exception as error:  # supervised, as above
            self._restore()
            if _is_outage(error):
                raise DatabaseAway(_first_line(error)) from error
            self._isolate(items, error)

    def _isolate(self, items: Sequence[Item], error: Exception) -> None:
        """Halve a batch that fails until the culprit stands alone, then refuse that one.

        What else its sender has in this batch is left unsaid: it comes again, and one sender can't make the hub
        rebuild itself more than a few times a step.
        """
        if len(items) > 1:
            middle = len(items) // 2
            self._commit_alone(items[:middle])
            self._commit_alone(items[middle:])
            return
        self._prove_innocence(error)
        if not items:
            return
        item = items[0]
        try:
            self._settle(self._judge([item]))  # perhaps it was not the message but what the engine had in mind
        except Fenced:
            raise
        except Exception as again:  # noqa: BLE001 - supervised, as above
            self._restore()
            error = again
        else:
            return
        self._suspects.add(item.address)
        about = {"site": item.address.site, "agent": item.address.agent, "reason": "poison"}
        log.error(
            "message from %s can't be committed and is refused: %s", item.address, _first_line(error), extra=about
        )
        self._intake.reject(item.address, "poison", f"{_first_line(error)}: {item}"[:500])
        if isinstance(item, Delivery) and isinstance(item.message, Report):
            refusal = Refusal(id=item.message.id, reason=f"can't be committed: {type(error).__name__}")
            self._outbound.send(item.address, Verb.ACK, Ack(refused=[refusal]))

    def _prove_innocence(self, error: Exception) -> None:
        """Before anybody is refused: does a commit without messages work? Raises DatabaseAway where not even that."""
        self._last_beat = 0
        try:
            self._settle(self._judge([]))
        except Fenced:
            raise
        except Exception as empty:
            self._restore()
            log.exception("a commit without messages fails")
            raise DatabaseAway(_first_line(empty)) from error

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
        engine.tick(items[-1].received if items and self._intake.depth else now)
        written = self._series.begin(batch.points)
        agents, arrived = writes.agent_rows(batch.agents.values()), items[0].received if items else now
        return Judged(items, batch, written, engine.take_transitions(), now, arrived, began, perf_counter(), agents)

    def _settle(self, judged: Judged) -> None:
        """Durable, committed, acknowledged, in this order."""
        engine, batch, now, waited = self._ready, judged.batch, judged.now, perf_counter()
        self._attempt = secrets.token_hex(8)
        durable = self._durable(judged)
        written = perf_counter()
        beat = now - self._last_beat >= self._beat
        if judged.items or judged.transitions or beat or engine.blindness.unsaved:
            self._transaction.save(judged, engine.blindness, self._attempt)
            self._last_beat = now
        engine.batch_committed()
        self._pending, self._attempt = None, ""
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
        if self._pending is not None:
            seen.update(event.key for event in self._pending.batch.events)
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
            now, load = self._clock(), len(batch.points) / self._lines
            self._acknowledgements.committed(batch.committed, batch.back, load, now)
            self._acknowledgements.say(now)
        for address, refused in batch.refused.items():
            for first in range(0, len(refused), REFUSALS_AT_ONCE):
                ack = Ack(refused=refused[first : first + REFUSALS_AT_ONCE])
                try:
                    self._outbound.send(address, Verb.ACK, ack)
                except Exception:  # supervised: a refusal that is lost is asked for again
                    log.exception("no refusal to %s", address, extra=address._asdict())


def _is_outage(error: Exception) -> bool:
    """The database's trouble rather than the data's."""
    if isinstance(error, sa.exc.DBAPIError):
        return not isinstance(error, sa.exc.DataError | sa.exc.IntegrityError)
    return isinstance(error, sa.exc.SQLAlchemyError) and not isinstance(error, sa.exc.StatementError)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]
