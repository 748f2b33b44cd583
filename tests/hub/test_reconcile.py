"""Findings and tickets are put right: no phantom, no stuck one, whatever was damaged; and nothing else is touched."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.blindness import Blindness
from hub.cover import Scope
from hub.measures import Measures
from hub.rebuild import rebuild
from hub.reconcile import EVERY_SECONDS, FIRST_SECONDS, LOOK_SECONDS, PATIENCE_MS, Reconciler, keep_right
from hub.rule import discover
from hub.series.store import Point, Value
from hub.store import schema
from hub.store.audit import Correction
from hub.tickets import ledger
from tests.hub.covers import add
from tests.hub.fleets import DEVICES, SITE, T0, settings_of

NOW = T0 + 86_400_000
MINUTE = 60_000
RULES = discover()
VALUES = {"cam-1": {"reachable": 1.0}, "nvr-1": {"reachable": 0.0}, "nvr-1-ch1": {"online": 0.0}}
"""The newest values: the camera is well, the recorder is not."""


class Stored:
    """A series store that holds the newest values only, all of the last minute."""

    def __init__(self) -> None:
        self.values = VALUES

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        named = {device.device: device.kind for device in DEVICES}
        return {
            device: {metric: Value(NOW - MINUTE, value) for metric, value in values.items()}
            for device, values in self.values.items()
            if named[device] == kind
        }

    def metrics(self, kind: str) -> list[str]:
        return []

    def across(self, *_: object, **__: object) -> dict[tuple[str, str], list[Value]]:
        return {}

    def points(self, *_: object) -> list[Point]:
        return []


class Records:
    """A database with one site, and a hub that could go on from it."""

    def __init__(self) -> None:
        self.database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
        schema.metadata.create_all(self.database)
        self.reconciler = Reconciler(self.database, Stored(), RULES, settings_of(RULES), lambda: NOW)
        self.run(
            schema.agent.insert().values(
                site=SITE, agent="gateway", first_heard=T0, last_heard=NOW - MINUTE, evaluated_until=NOW - MINUTE
            )
        )
        for device in DEVICES:
            row = device.model_dump(mode="json")
            self.run(schema.device.insert().values(site=SITE, agent="gateway", **row))

    def run(self, statement: Any) -> None:
        with self.database.begin() as connection:
            connection.execute(statement)

    def finding(self, device: str, rule: str, ticket: str | None = "open", **values: Any) -> int:
        """An open finding, half an hour old, with a ticket in that state."""
        since = NOW - 30 * MINUTE
        row = {"site": SITE, "device": device, "rule": rule, "state": "open", "severity": "warning", "since": since}
        row |= {"opened": since, "detail": {}, **values}
        with self.database.begin() as connection:
            inserted = schema.finding.insert().values(**row).returning(schema.finding.c.id)
            number = int(connection.execute(inserted).scalar_one())
            if ticket:
                about = {"site": SITE, "device": device, "finding": number, "state": ticket, "opened": since}
                connection.execute(schema.ticket.insert().values(**about))
        return number

    def mend(self) -> list[str]:
        return told(self.reconciler.mend())

    def go_on(self) -> None:
        """The hub that runs rebuilds its engine, and commits what that brings."""
        with self.database.begin() as connection:
            engine = rebuild(connection, Stored(), RULES, settings_of(RULES), Blindness(), NOW)
            ledger.record(connection, engine.take_transitions())

    def rows(self, table: sa.Table) -> list[sa.Row[Any]]:
        with self.database.connect() as connection:
            return list(connection.execute(sa.select(table).order_by(table.c.id)))

    def wrong(self) -> list[str]:
        """What must never be so, as sentences."""
        tickets = {row.finding: row for row in self.rows(schema.ticket)}
        findings = {row.id: row for row in self.rows(schema.finding)}
        with self.database.connect() as connection:
            here = schema.device.c.retired.is_(None)
            present = set(connection.scalars(sa.select(schema.device.c.device).where(here)))
        found = []
        for row in findings.values():
            ticket = tickets.get(row.id)
            has_ticket = ticket is not None and ticket.state == "open"
            if row.state != "open" and has_ticket:
                found.append(f"ticket of a finding that is {row.state}")
            if row.state == "closed":
                continue
            if row.device not in present or row.rule not in RULES:
                found.append(f"{row.state} finding of what is gone")
            if row.device == "cam-1" and row.rule == "camera_unreachable" and row.clearing is None:
                found.append("phantom")
            if row.state == "open":
                cause = findings.get(row.cause)
                waits = cause is not None and cause.id != row.id and (cause.closed or NOW) > NOW - PATIENCE_MS
                if waits == has_ticket and row.cover is None:
                    found.append(f"{row.device} {row.rule}: explained {waits}, ticket {has_ticket}")
        return found


def told(corrections: list[Correction]) -> list[str]:
    return [f"{one.device} {one.rule} {one.what}" for one in corrections]


@pytest.fixture
def records() -> Iterator[Records]:
    records = Records()
    yield records
    records.database.dispose()


def order(records: Records) -> None:
    """A recorder that is down, its channel explained by it; a camera that was down; a door that is covered."""
    recorder = records.finding("nvr-1", "recorder_unreachable")
    records.finding("nvr-1-ch1", "channel_offline", ticket=None, cause=recorder)
    records.finding("cam-1", "camera_unreachable", "resolved", state="closed", closed=NOW - 20 * MINUTE)
    cover = add(records.database, Scope(SITE, "door-1"), NOW - 60 * MINUTE, NOW + 60 * MINUTE)
    records.finding("door-1", "door_forced", None, cover=cover, clearing=NOW - 5 * MINUTE)


def test_what_is_in_order_is_left_alone(records: Records) -> None:
    order(records)
    before = records.rows(schema.finding)
    assert records.mend() == []
    assert records.rows(schema.finding) == before
    assert records.wrong() == []


def test_a_finding_of_a_device_that_is_gone_closes_as_retired(records: Records) -> None:
    records.finding("cam-1", "camera_unreachable")
    records.run(schema.device.update().where(schema.device.c.device == "cam-1").values(retired=NOW - MINUTE))
    assert records.mend() == ["cam-1 camera_unreachable retired"]
    assert [row.state for row in records.rows(schema.ticket)] == ["resolved"]
    assert [(row.what, row.data) for row in records.rows(schema.timeline)] == [("resolved", {"why": "retired"})]


def test_a_finding_whose_rule_is_gone_or_off_closes(records: Records) -> None:
    records.finding("cam-1", "camera_bored")
    assert records.mend() == ["cam-1 camera_bored unwatched"]


def test_what_stored_values_say_is_over_closes_and_what_they_say_lasts_does_not(records: Records) -> None:
    records.finding("cam-1", "camera_unreachable")
    records.finding("nvr-1", "recorder_unreachable")
    assert records.mend() == ["cam-1 camera_unreachable cleared"]


def test_values_that_wait_in_a_buffer_may_say_otherwise(records: Records) -> None:
    records.finding("cam-1", "camera_unreachable")
    unsettled = Reconciler(records.database, Stored(), RULES, settings_of(RULES), lambda: NOW, lambda _: False)
    assert unsettled.look() == []


def test_values_older_than_the_finding_prove_nothing(records: Records) -> None:
    records.finding("cam-1", "camera_unreachable", since=NOW - MINUTE, opened=NOW - MINUTE)
    assert records.mend() == []


def test_a_clear_time_that_runs_is_left_to_run(records: Records) -> None:
    records.finding("cam-1", "camera_unreachable", clearing=NOW - MINUTE)
    assert records.mend() == []


def test_silence_of_an_agent_that_is_heard_is_over(records: Records) -> None:
    records.finding("gateway", "agent_silent")
    assert records.mend() == ["gateway agent_silent cleared"]


def test_what_happened_long_ago_is_over(records: Records) -> None:
    records.finding("door-1", "door_forced", clearing=NOW - 20 * 3_600_000)
    assert records.mend() == ["door-1 door_forced quiet"]


def test_a_ticket_whose_finding_is_closed_resolves(records: Records) -> None:
    records.finding("cam-1", "camera_unreachable", state="closed", closed=NOW - MINUTE)
    assert records.mend() == ["cam-1 camera_unreachable resolved"]


def test_a_finding_without_cause_cover_or_ticket_gets_its_ticket(records: Records) -> None:
    records.finding("nvr-1", "recorder_unreachable", ticket=None)
    assert records.mend() == ["nvr-1 recorder_unreachable ticketed"]
    assert [(row.what, row.data["why"]) for row in records.rows(schema.timeline)] == [("promoted", "reconciled")]


@pytest.mark.parametrize("blind", [0, 110])
def test_a_consequence_whose_cause_has_gone_waits_for_as_long_as_it_can_be_heard(records: Records, blind: int) -> None:
    since = NOW - 120 * MINUTE
    recorder = records.finding("nvr-1", "recorder_unreachable", "resolved", state="closed", closed=since)
    records.finding("nvr-1-ch1", "channel_offline", ticket=None, cause=recorder)
    if blind:
        records.run(schema.blindness.insert().values(start=since, end=since + blind * MINUTE, reason="broker"))
    assert records.mend() == ([] if blind else ["nvr-1-ch1 channel_offline ticketed"])


def test_findings_that_explain_each_other_in_a_ring_get_their_tickets(records: Records) -> None:
    first = records.finding("nvr-1", "recorder_unreachable", ticket=None)
    second = records.finding("nvr-1-ch1", "channel_offline", ticket=None, cause=first)
    records.run(schema.finding.update().where(schema.finding.c.id == first).values(cause=second))
    assert records.mend() == ["nvr-1 recorder_unreachable ticketed", "nvr-1-ch1 channel_offline ticketed"]


def test_a_dry_look_changes_nothing(records: Records) -> None:
    records.finding("nvr-1", "recorder_unreachable", ticket=None)
    assert told(records.reconciler.look()) == ["nvr-1 recorder_unreachable ticketed"]
    assert records.rows(schema.ticket) == []


class Rounds(threading.Event):
    """Time that passes at once: so many looks, then the end."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.left = rounds

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        return self.left < 0


@dataclass
class Lease:
    active: bool = True


def test_a_hub_that_works_looks_after_a_minute(records: Records) -> None:
    measures = Measures()
    minute, hour = round(FIRST_SECONDS / LOOK_SECONDS), round(EVERY_SECONDS / LOOK_SECONDS)
    records.finding("gone-1", "camera_unreachable")
    keep_right(records.reconciler, measures, Lease(), Rounds(minute - 1))
    assert measures.total.corrections == 0
    keep_right(records.reconciler, measures, Lease(), Rounds(minute))
    assert measures.total.corrections == 1
    before = measures.total.corrections
    records.finding("gone", "camera_unreachable")
    keep_right(records.reconciler, measures, Lease(active=False), Rounds(2 * hour))
    assert measures.total.corrections == before, "a hub that stands by touches nothing"


@pytest.mark.parametrize(("hours", "blind", "mended"), [(2, False, True), (2, True, False), (48, True, False)])
def test_what_its_cover_held_gets_a_ticket_only_once_it_could_be_heard(
    records: Records, hours: int, blind: bool, mended: bool
) -> None:
    since = NOW - hours * 60 * MINUTE
    cover = add(records.database, Scope(SITE), since - 60 * MINUTE, since)
    times = {"since": since - 30 * MINUTE, "opened": since - 30 * MINUTE}
    records.finding("nvr-1", "recorder_unreachable", None, cover=cover, **times)
    if blind:
        records.run(schema.blindness.insert().values(start=since - MINUTE, end=NOW - MINUTE, reason="hub"))
    assert records.mend() == (["nvr-1 recorder_unreachable ticketed"] if mended else [])


def test_what_is_explained_by_what_has_just_lost_its_cause_is_left_alone(records: Records) -> None:
    recorder = records.finding("nvr-1", "recorder_unreachable", state="closed", ticket=None, closed=NOW - MINUTE)
    channel = records.finding("nvr-1-ch1", "channel_offline", None, cause=recorder)
    records.finding("door-1", "door_forced", None, cause=channel, clearing=NOW - MINUTE)
    assert records.mend() == []


# --- whatever is damaged ---

Damage = Callable[[sa.Connection, int], object]


def _finding(**values: Any) -> Damage:
    return lambda connection, number: connection.execute(
        schema.finding.update().where(schema.finding.c.id == number).values(**values)
    )


def _ticket(**values: Any) -> Damage:
    return lambda connection, number: connection.execute(
        schema.ticket.update().where(schema.ticket.c.finding == number).values(**values)
    )


def _unticket(connection: sa.Connection, number: int) -> None:
    connection.execute(schema.ticket.delete().where(schema.ticket.c.finding == number))


def _retire(connection: sa.Connection, number: int) -> None:
    device = sa.select(schema.finding.c.device).where(schema.finding.c.id == number).scalar_subquery()
    connection.execute(schema.device.update().where(schema.device.c.device == device).values(retired=NOW - MINUTE))


DAMAGES: list[Damage] = [
    _unticket,
    _retire,
    _ticket(state="open", resolved=None),
    _ticket(state="resolved", resolved=NOW - MINUTE),
    _finding(state="open", closed=None, clearing=None),
    _finding(state="closed", closed=NOW - MINUTE),
    _finding(state="pending"),
    _finding(rule="camera_bored"),
    _finding(cover=999),
    _finding(cover=None),
    *(_finding(cause=number) for number in (None, 1, 2, 3, 4)),
    _finding(clearing=None),
    _finding(clearing=T0),
]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(DAMAGES)), min_size=1, max_size=5))
def test_whatever_is_damaged_is_in_order_afterwards(damages: list[tuple[int, Damage]]) -> None:
    records = Records()
    order(records)
    for number, damage in damages:
        try:
            with records.database.begin() as connection:
                damage(connection, number)
        except sa.exc.IntegrityError:
            pass  # the database itself would not have it
    records.mend()
    records.go_on()
    assert records.wrong() == []
    assert records.mend() == []
    records.database.dispose()
