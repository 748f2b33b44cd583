"""The one SQL transaction of a batch: what the engine made of it, as it stood when the batch had been judged."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from hub.blindness import Blindness
from hub.fence import Fence
from hub.findings import Transition
from hub.intake import Intake
from hub.measures import Measures
from hub.reception import Batch, Item
from hub.rollup.marks import Marks
from hub.series.buffer import Written
from hub.store import desired, writes
from hub.tickets import ledger

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judged:
    """A batch that the engine has taken in. What it says of agents and findings is no longer touched by later ones."""

    items: Sequence[Item]
    batch: Batch
    written: Callable[[], Written]
    """Waits until its numbers are somewhere durable."""
    transitions: Sequence[Transition]
    now: int
    """The hub's time, ms UTC."""
    arrived: int
    """When its first message came."""
    began: float
    judged: float
    """`perf_counter` at either end."""
    agents: list[writes.AgentRow] = field(default_factory=list)


@dataclass(frozen=True)
class Transaction:
    """What it writes to, and what else has to be saved with each batch."""

    database: sa.Engine
    fence: Fence
    marks: Marks
    intake: Intake
    measures: Measures

    def save(self, judged: Judged, blindness: Blindness, attempt: str, last: str | None) -> None:
        """All of it or nothing, as the commit that follows `last`. Raises what the database does, LeaseLost, Fenced."""
        rejections = self.intake.take_rejections()
        late = self.marks.late(judged.batch.points)
        try:
            with self.fence.begin(self.database) as connection:
                writes.beat(connection, judged.now, attempt, last)
                _write(connection, judged)
                self.marks.save(connection, late)
                ledger.record(connection, judged.transitions)
                writes.save_blindness(connection, blindness.unsaved)
                writes.count_rejections(connection, rejections, judged.now)
        except BaseException:
            self.intake.restore(rejections)
            raise
        blindness.unsaved.clear()
        with after_commit("measuring"):
            self.measures.rejected(rejections)


@contextmanager
def after_commit(what: str) -> Iterator[None]:
    """Supervised: what is in SQL is committed, whatever fails behind it. To refuse it then, or to judge it anew, would
    be a lie. (Acknowledgements have such a place of their own.)
    """
    try:
        yield
    except Exception:
        log.exception("%s failed behind a commit, which stands", what)


def _write(connection: sa.Connection, judged: Judged) -> None:
    batch = judged.batch
    writes.save_agents(connection, judged.agents)
    for address, revision, taken in batch.inventories:
        writes.save_inventory(
            connection, address.site, address.agent, revision, taken.accepted, taken.vanished, judged.now
        )
    for address, status in batch.statuses:
        writes.save_status(connection, address.site, address.agent, status)
    desired.save_applied(connection, batch.applied, judged.now)
    writes.save_events(connection, batch.events)
