"""Plays a recording into the very intake, engine, committer and ledger that run live, on the clock of its lines.

Time passes as the lines say, with a stop at every moment at which silence is to be judged, so that a month takes a
minute and comes to what it would have come to. Nobody is answered and nothing is asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.committer import Committer, Sink
from hub.intake import BatchSize, Intake
from hub.noticeboard import Noticeboard
from hub.recording import Line
from hub.rule import Rule, Settings
from hub.series.buffer import Outcome, Written
from hub.series.store import Point, Value
from hub.store import schema
from hub.vigil import Vigil
from wire.codec import unpack_ids
from wire.messages import Ack, Message
from wire.topics import Address, Topics, Verb

WINDOW_MS = 10_000
"""Messages of so long go into one commit; each is judged at its own time all the same."""

BATCH = 500
NEVER_MS = 1 << 60


class NoSeries:
    """Takes every point and keeps none: the engine holds what rules look back on."""

    def begin(self, points: Sequence[Point]) -> Callable[[], Written]:
        """Gone."""
        return lambda: Written(Outcome.WRITTEN)

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        """Nothing."""
        return {}

    def metrics(self, kind: str) -> list[str]:
        """None."""
        return []

    def across(self, *_: object, **__: object) -> dict[tuple[str, str], list[Value]]:
        """Nothing."""
        return {}

    def points(self, *_: object) -> list[Point]:
        """None."""
        return []


@dataclass
class Unheard:
    """Where acknowledgements go: they are counted."""

    committed: int = 0
    refused: int = 0

    def acknowledge(self, committed: Iterable[tuple[Address, list[str]]]) -> None:
        """Nor this."""
        self.committed += sum(1 for _, ids in committed for _ in unpack_ids(ids))

    def send(self, address: Address, verb: Verb, message: Message) -> None:
        """Nobody hears it."""
        if isinstance(message, Ack):
            self.committed += sum(1 for _ in unpack_ids(message.committed))
            self.refused += len(message.refused)


class Summary(NamedTuple):
    """What a replay came to. `start` and `end` are the first and last line's time, ms UTC; None for no lines."""

    messages: int
    committed: int
    refused: int
    rejected: Mapping[str, int]
    """Reason → count, of all senders."""
    tickets: int
    start: int | None
    end: int | None


@dataclass
class Replay:
    """One replay into a database that is empty, or that an earlier replay of the same sites has left."""

    database: sa.Engine
    rules: Mapping[str, Rule]
    settings: Mapping[str, Settings]
    topics: Topics = field(default_factory=Topics)
    series: Sink = field(default_factory=NoSeries)
    window_ms: int = WINDOW_MS
    now: int = 0
    """The clock: of the line that is played."""

    def play(self, lines: Iterable[Line], told: Callable[[int, int], None] = lambda *_: None) -> Summary:
        """All of them; `told` hears (messages so far, the clock) after each commit. Raises RecordingError."""
        self._open()
        messages, waiting, first, start = 0, 0, 0, None
        for line in lines:
            if start is None:
                start = self.now = line.received
            if waiting and (waiting >= BATCH or line.received - first > self.window_ms):
                self._step()
                waiting = 0
                told(messages, self.now)
            self._pass(line.received)
            if line.topic:
                first = first if waiting else line.received
                self._intake.take(line.topic, line.payload, line.retained)
                messages, waiting = messages + 1, waiting + 1
        self._step()
        return Summary(messages, *self._outcome(), start, None if start is None else self.now)

    def _open(self) -> None:
        self._unheard = Unheard()
        self._intake = Intake(self.topics, lambda: self.now)
        self._committer = Committer(
            self.database,
            self.series,
            self._intake,
            self._unheard,
            self.rules,
            self.settings,
            lambda: self.now,
            size=BatchSize(BATCH),
            vigil=Vigil(lambda: self.now, NEVER_MS, built_ms=0),  # the hub was there all the time
            noticeboard=Noticeboard(self.database, lambda: self.now, NEVER_MS),  # all are known from the start
        )

    def _pass(self, until: int) -> None:
        """Time passes, silence is judged on the way."""
        due = self._committer.next_due
        while due is not None and due < until:
            self.now = max(due, self.now)
            self._step()
            later = self._committer.next_due
            if later is not None and later <= due:
                break  # cannot be judged now: it will be with what comes
            due = later
        self.now = until

    def _step(self) -> None:
        while self._committer.step(wait=0) and self._intake.depth:
            pass

    def _outcome(self) -> tuple[int, int, dict[str, int], int]:
        with self.database.connect() as connection:
            counts = connection.execute(
                sa.select(schema.rejected.c.reason, sa.func.sum(schema.rejected.c["count"])).group_by(
                    schema.rejected.c.reason
                )
            )
            rejected = {reason: int(count) for reason, count in counts}
            tickets = connection.execute(sa.select(sa.func.count()).select_from(schema.ticket)).scalar_one()
        return self._unheard.committed, self._unheard.refused, rejected, tickets


def tickets(database: sa.Engine) -> Iterator[dict[str, Any]]:
    """Every ticket as a plain record, in the order of their opening; times ms UTC."""
    ticket, finding, timeline = schema.ticket, schema.finding, schema.timeline
    query = (
        sa.select(ticket, finding.c.rule, finding.c.severity, finding.c.since, finding.c.detail)
        .join_from(ticket, finding)
        .order_by(ticket.c.opened, ticket.c.id)
    )
    with database.connect() as connection:
        for row in connection.execute(query).all():
            caused = sa.select(finding.c.device, finding.c.rule).where(finding.c.cause == row.finding)
            lines = sa.select(timeline.c.at, timeline.c.what, timeline.c.data).where(timeline.c.ticket == row.id)
            story = [dict(line._mapping) for line in connection.execute(lines.order_by(timeline.c.id))]
            yield {
                "site": row.site,
                "device": row.device,
                "rule": row.rule,
                "severity": row.severity,
                "state": row.state,
                "since": row.since,
                "opened": row.opened,
                "resolved": row.resolved,
                "detail": row.detail,
                "hides": _hidden(story) or [dict(one._mapping) for one in connection.execute(caused)],
                "timeline": story,
            }


def _hidden(story: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What the ticket was said to explain, each once."""
    named = [(line["data"]["device"], line["data"]["rule"]) for line in story if line["what"] == "consequence"]
    return [{"device": device, "rule": rule} for device, rule in dict.fromkeys(named)]
