"""While more waits than a batch, it is judged while the numbers of those before are still on their way."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import sqlalchemy as sa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hub.blindness import Blindness
from hub.committer import AHEAD
from hub.store import schema
from hub.transaction import Judged, Transaction
from tests.hub.fleets import SITE, T0
from tests.hub.hubs import Hub
from wire.messages import Event, Report, Sample
from wire.topics import Verb

QUICK = {"camera_unreachable": {"hold_seconds": 0, "clear_seconds": 0}, "clock_drift": {"hold_seconds": 0}}
Trouble = Literal["before", "after", "away"]
TROUBLES: st.SearchStrategy[tuple[int, Trouble]] = st.tuples(
    st.integers(0, 8), st.sampled_from(["before", "after", "away"])
)


@contextmanager
def hub_of(batch: int) -> Iterator[Hub]:
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(Path(folder), rules=QUICK, batch_limit=batch)
        hub.announce()
        hub.step()
        yield hub
        hub.close()


def reports(hub: Hub, states: list[bool]) -> list[Report]:
    """A camera that comes and goes, and each time an event."""
    made = []
    for number, up in enumerate(states):
        at = T0 + (number + 1) * 1000
        happened = [Event(device="door-1", at=at, type="door.tamper", data={})] if not up else []
        seen = Sample(device="cam-1", at=at, values={"reachable": float(up), "response_seconds": float(number)})
        made.append(hub.report(seen, events=happened))
    return made


@contextmanager
def troubled(number: int, trouble: Trouble) -> Iterator[None]:
    """What befalls one of the transactions: it fails, or it fails to say that it did not."""
    left, save = number, Transaction.save

    def saved(self: Transaction, judged: Judged, blindness: Blindness, attempt: str, last: str | None) -> None:
        nonlocal left
        left -= 1
        if left == -1 and trouble == "before":
            raise RuntimeError("a defect")
        if left == -1 and trouble == "away":
            raise sa.exc.OperationalError("COMMIT", {}, Exception("server closed the connection"))
        save(self, judged, blindness, attempt, last)
        if left == -1 and trouble == "after":
            raise RuntimeError("the answer was lost")

    with patch.object(Transaction, "save", saved):
        yield


def work_off(hub: Hub, wanted: list[Report]) -> None:
    """As agents do: what is not acknowledged is sent again, in order."""
    for report in wanted:
        hub.hear(Verb.REPORT, report)
    for _ in range(60):
        hub.step()
        if not hub.intake.depth:
            hub.step()
            missing = [one for one in wanted if one.id not in hub.mail.committed() and one.id not in hub.mail.refused()]
            if not missing:
                return
            for report in missing:
                hub.hear(Verb.REPORT, report)
    raise AssertionError("something is never acknowledged")


def told(hub: Hub) -> list[tuple[Any, ...]]:
    return [(row.device, row.rule, row.state, row.since, row.opened, row.closed) for row in hub.rows(schema.finding)]


@given(st.lists(st.booleans(), min_size=1, max_size=10), st.integers(1, 3), TROUBLES)
@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_whatever_befalls_a_batch_all_is_stored_and_acknowledged_and_no_event_doubled(
    states: list[bool], batch: int, trouble: tuple[int, Trouble]
) -> None:
    with hub_of(batch) as hub, hub_of(500) as calm:
        wanted = reports(hub, states)
        with troubled(*trouble):
            work_off(hub, wanted)
        work_off(calm, wanted)
        assert not hub.mail.refused()
        assert len(hub.rows(schema.event)) == states.count(False)
        stored = hub.series.window(SITE, "camera", "cam-1", "response_seconds", 0, T0 * 2)
        assert [value.value for value in stored] == [float(number) for number in range(len(states))]
        if trouble[1] != "away":
            assert Counter(told(hub)) == Counter(told(calm)), "as if nothing had happened"


def test_a_batch_whose_numbers_are_under_way_is_not_acknowledged_until_they_are_stored() -> None:
    with hub_of(2) as hub:
        wanted = reports(hub, [True] * 2 * (AHEAD + 2))
        for report in wanted:
            hub.hear(Verb.REPORT, report)
        for _ in range(AHEAD):
            hub.step()
        assert hub.mail.committed() == [], "judged, but whole batches still wait: its turn comes with the next"
        hub.step()
        assert hub.mail.committed() == [report.id for report in wanted[:2]]
        hub.step()
        assert hub.mail.committed() == [report.id for report in wanted], "nothing waits any more"


def test_a_commit_says_how_grave_a_fault_was_when_its_batch_was_judged() -> None:
    with hub_of(1) as hub:
        drifts = [
            hub.report(Sample(device="nvr-1", at=T0 + n * 1000, values={"clock_offset_seconds": offset}))
            for n, offset in enumerate((12.0, 40.0), 1)
        ]
        for report in [*drifts, *reports(hub, [True] * AHEAD)]:
            hub.hear(Verb.REPORT, report)
        while not hub.rows(schema.finding):
            assert hub.step()
        (finding,) = hub.rows(schema.finding)
        assert finding.severity == "warning", "the second report is judged, and not committed"
        while hub.intake.depth:
            hub.step()
        hub.step()
        (finding,) = hub.rows(schema.finding)
        assert finding.severity != "warning"
        assert [row.what for row in hub.rows(schema.timeline)] == ["opened", "worsened"]


def test_an_event_that_comes_again_in_the_next_batch_is_judged_once() -> None:
    with hub_of(1) as hub:
        (report,) = reports(hub, [False])
        for _ in range(4):
            hub.hear(Verb.REPORT, report)
        for _ in range(5):
            hub.step()
        assert len(hub.rows(schema.event)) == 1
        assert sorted(hub.tickets()) == [("cam-1", "camera_unreachable", "open"), ("door-1", "door_tampered", "open")]
        (ticket,) = [row for row in hub.rows(schema.ticket) if row.device == "door-1"]
        lines = [row.what for row in hub.rows(schema.timeline) if row.ticket == ticket.id]
        assert lines == ["opened"]
