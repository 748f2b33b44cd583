"""Compares what SQL holds of findings and tickets with inventory, rules and stored values, and puts right what differs.

The engine and its ledger keep them in step; this is for what nobody foresaw: a database that was mended by hand or came
back from a backup, a defect that is corrected now. What it finds is written in one transaction that makes the hub which
runs rebuild its engine from it. In a hub that is in order it finds nothing.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from hub.check import Check
from hub.covering import GRACE_MS
from hub.engine import Engine
from hub.fleet import Subject
from hub.judge import Judge
from hub.measures import Measures
from hub.newest import NOTHING
from hub.rebuild import of_site, read_blindness
from hub.remembered import Remembered
from hub.rule import Rule, Settings, Together
from hub.store import audit
from hub.store.audit import Correction, Live, What
from hub.store.lease import raise_epoch

log = logging.getLogger(__name__)

PATIENCE_MS = 3_600_000
"""What time alone should have brought about is put right when it is so late."""


EVERY_SECONDS = 3600.0
FIRST_SECONDS = 60.0
"""After the hub has begun to work: what the agents have kept back comes first."""
LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Reconciler:
    """Looks through one hub's database. Used by one thread, beside the hub's own or in another process."""

    database: sa.Engine
    series: Remembered
    rules: Mapping[str, Rule]
    settings: Mapping[str, Settings]
    clock: Callable[[], int]
    settled: Callable[[str], bool] = lambda _: True
    """Whether the store has all values of a site that rules have seen: none waits in a buffer."""

    def look(self) -> list[Correction]:
        """What is to be put right. Raises SQLAlchemyError; with the series store away values prove nothing."""
        with self.database.connect() as connection:
            return self._look(connection)

    def mend(self) -> list[Correction]:
        """Look, and put it right. Returns what was, each told in the log. Raises SQLAlchemyError."""
        seen = {(one.what, one.finding) for one in self.look()}
        if not seen:
            return []
        with self.database.begin() as connection:
            raise_epoch(connection)
            # Once more, now that nobody commits: what was under way at the first look is no longer.
            found = [one for one in self._look(connection) if (one.what, one.finding) in seen]
            done = [one for one in found if audit.correct(connection, one)]
        for one in done:
            about = {"site": one.site, "device": one.device, "rule": one.rule, "correction": one.what}
            log.warning("put right: %(site)s/%(device)s %(rule)s %(correction)s", about, extra=about)
        return done

    def _look(self, connection: sa.Connection) -> list[Correction]:
        return [found for site in audit.sites(connection) for found in self._site(connection, site)]

    def _site(self, connection: sa.Connection, site: str) -> Iterator[Correction]:
        now = self.clock()
        blindness = read_blindness(connection, now)
        engine = of_site(connection, self.series, self.rules, self.settings, blindness, now, site)
        if not self.settled(site):
            for subject in engine.sites[site].devices.values():
                subject.latest = NOTHING
        yield from examine(engine, audit.live(connection, site), audit.resolvable(connection, site), now)


class Held(Protocol):
    """The lease, as far as it matters here."""

    @property
    def active(self) -> bool:
        """Whether this hub is the one that works."""
        ...


def keep_right(reconciler: Reconciler, measures: Measures, lease: Held, stop: threading.Event) -> None:
    """Soon after this hub has begun to work, and every hour as long as it does. Ends when told to stop."""
    due = FIRST_SECONDS
    while not stop.wait(LOOK_SECONDS):
        due = due - LOOK_SECONDS if lease.active else FIRST_SECONDS
        if due > 0:
            continue
        due = EVERY_SECONDS
        try:
            measures.corrected(len(reconciler.mend()))
        except Exception:  # supervised: what can't be compared now is compared in an hour
            log.exception("findings and tickets could not be compared with inventory and values")


def examine(engine: Engine, live: Sequence[Live], resolvable: Sequence[Live], now: int) -> Iterator[Correction]:
    """What differs, at one site. `live`: its findings that are not closed; `resolvable`: those that are not open and
    have an open ticket all the same.
    """
    judge = Judge(engine.sites)
    open_now = {one.id: one for one in live if one.state == "open"}
    ended: set[int] = set()
    for one in live:
        what = _over(engine, judge, one, now)
        if what is not None:
            ended.add(one.id)
            yield _correction(what, one, now)
    for one in live:
        if one.state == "open" and one.id not in ended:
            yield from _standing(engine, one, open_now, ended, now)
    for one in resolvable:
        if one.id not in ended:
            yield _correction("resolved", one, now)


def _over(engine: Engine, judge: Judge, one: Live, now: int) -> What | None:
    """Why a finding has to be closed, if it has."""
    place = engine.sites.get(one.site)
    subject = place.devices.get(one.device) if place else None
    if subject is None or not subject.agent:
        return "retired"
    check = subject.plan.checks.get(one.rule)
    if check is None:
        return "unwatched"
    if engine.blindness.current:
        return None
    due = one.clearing is not None and one.clearing + check.holds_after(one.flaps).clear + PATIENCE_MS < now
    if check.passing or isinstance(check.rule.condition, Together):
        return "quiet" if due and one.state == "open" else None
    if (one.clearing is None or due) and _clear(engine, judge, check, subject, one, now):
        return "cleared"
    return None


def _clear(engine: Engine, judge: Judge, check: Check, subject: Subject, one: Live, now: int) -> bool:
    """Whether the newest values that rules have seen say that it is over; the engine should have noticed."""
    agent = engine.sites[one.site].agents.get(subject.agent)
    if agent is None:
        return False
    if check.rule.absence:
        unheard = max(now - agent.heard - engine.blindness.milliseconds(agent.heard, now), 0)
        return agent.heard > one.since and judge.call(check, subject, now, unheard).verdict == "clear"
    seen = [subject.latest[metric] for metric in check.rule.wakes if metric in subject.latest]
    newest = max((value.at for value in seen), default=0)
    if newest <= max(one.since, one.opened or 0, one.clearing or 0):
        return False
    if check.threshold:
        value = seen[0].value
        return value <= check.clear_at if check.above else value >= check.clear_at
    if not callable(check.rule.condition) or len(seen) < len(check.rule.wakes):
        return False  # nothing can be said of what lacks some of its values
    return judge.call(check, subject, newest).verdict == "clear"


def _standing(engine: Engine, one: Live, known: Mapping[int, Live], ended: set[int], now: int) -> Iterator[Correction]:
    """Whether an open finding has what it needs, and only that: a cause, a cover or a ticket."""
    if one.ticket == "open":
        if one.cause is not None or one.cover is not None:
            yield _correction("standing", one, now)
        return
    cause = known.get(one.cause) if one.cause is not None else None
    if cause is not None and (cause.id in ended or _rooted(one, known)):
        return
    if one.cause is not None and one.cause_closed is not None:
        check = engine.sites[one.site].devices[one.device].plan.checks.get(one.rule)
        heard = now - one.cause_closed - engine.blindness.milliseconds(one.cause_closed, now)
        if heard < PATIENCE_MS or (check is not None and check.aftermath):
            return  # it will be seen to go, or to stand; or it is explained for good
    if one.cause is None and one.cover is not None:
        covers = {cover.id: cover for cover in engine.findings.covering.covers.covers}
        cover = covers.get(one.cover)
        if cover is not None and (cover.current(now) or _lately(engine, one, now)):
            return
    yield _correction("ticketed", one, now)


def _lately(engine: Engine, one: Live, now: int) -> bool:
    """Whether it may still wait for a value newer than its cover."""
    covering = engine.findings.covering
    cover = next(cover for cover in covering.covers.covers if cover.id == one.cover)
    clearing = one.clearing is not None
    return clearing or covering.heard_since(cover, now) < GRACE_MS + PATIENCE_MS


def _rooted(one: Live, known: Mapping[int, Live]) -> bool:
    """Whether its causes lead to one that has none, or whose own is closed: that one is about to stand for itself."""
    seen, at = {one.id}, one
    while at.cause is not None:
        above = known.get(at.cause)
        if above is None:
            return at.cause_closed is not None
        if above.id in seen:
            return False
        seen.add(above.id)
        at = above
    return True


def _correction(what: What, one: Live, now: int) -> Correction:
    return Correction(what, one.site, one.device, one.rule, one.id, one.state, now)
