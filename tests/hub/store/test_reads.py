"""What the reads say, on SQLite and on a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, update

from hub.recurrence import Span
from hub.store import availability, reads, schema
from hub.store.database import connect
from tests.hub.api import filled
from tests.hub.api.filled import HOUR, MINUTE, NOW

HIDING = frozenset({"agent_silent", "camera_unreachable", "recorder_unreachable"})


class _NoSeries:
    def write(self, points: Any) -> None:
        pass


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    on_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgresql_url") if on_postgresql else f"sqlite:///{tmp_path}/hub.db"
    made = connect(url)
    schema.metadata.create_all(made)
    filled.fill(made, _NoSeries())  # type: ignore[arg-type] # only write() is used
    yield made
    made.dispose()


def _states(engine: Engine, now: int = NOW) -> dict[str, tuple[str, str, str | None]]:
    return {d.device: (d.state, d.reason, d.behind) for d in reads.devices(engine, now, "depot", HIDING)}


def test_a_device_is_ok_only_when_nothing_speaks_against_it(engine: Engine) -> None:
    states = _states(engine)
    assert states["gateway"] == ("ok", "", None)
    assert states["cam-1"] == ("fault", "", None)
    assert states["attic"] == ("fault", "", None)
    assert states["attic-host"] == ("unknown", "agent_silent", "attic")
    assert states["ch-1"] == ("unknown", "hidden", "nvr-1")
    assert states["ch-3"] == ("unknown", "hidden", "nvr-1")
    assert states["door-1"] == ("ok", "", None), "a pending finding is no fault yet"


def test_a_device_of_an_agent_that_never_reported_is_unknown(engine: Engine) -> None:
    found = {d.device: (d.state, d.reason) for d in reads.devices(engine, NOW, "harbour", HIDING)}
    assert found == {"quay-1": ("unknown", "no_reports"), "quay-cam": ("unknown", "no_reports")}


def test_while_the_hub_hears_nobody_nothing_is_ok(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(schema.blindness).values(start=NOW - MINUTE, end=None, reason="broker"))
    assert _states(engine)["gateway"] == ("unknown", "blind", None)
    assert _states(engine)["cam-1"][0] == "fault"


def test_the_fault_of_a_grandparent_hides_too(engine: Engine) -> None:
    with engine.begin() as connection:
        row = {"site": "depot", "agent": "gate-1", "device": "lens", "kind": "camera", "parent": "ch-1", "facts": {}}
        connection.execute(insert(schema.device).values(**row))
    assert _states(engine)["lens"] == ("unknown", "hidden", "nvr-1")
    detail = reads.device_detail(engine, NOW, "depot", "lens", HIDING)
    assert detail is not None
    assert detail.device.state == "unknown"


def test_retired_devices_are_not_part_of_the_fleet_but_can_be_looked_up(engine: Engine) -> None:
    assert "old" not in _states(engine)
    detail = reads.device_detail(engine, NOW, "depot", "old", HIDING)
    assert detail is not None
    assert detail.retired == NOW - HOUR


def test_open_tickets_come_gravest_first_then_oldest(engine: Engine) -> None:
    overview = reads.overview(engine, NOW, HIDING)
    assert overview.open_tickets == 6
    assert [(t.rule, t.severity) for t in overview.tickets] == [
        ("recorder_unreachable", "critical"),
        ("agent_silent", "critical"),
        ("camera_unreachable", "critical"),
        ("clock_drift", "warning"),
        ("volume_filling", "warning"),
        ("rule_of_yesteryear", "info"),
    ]
    assert overview.tickets[0].consequences == 2
    assert overview.tickets[0].device_name == "Recorder hall"


def test_agents_are_heard_silent_or_never_reported(engine: Engine) -> None:
    states = {a.agent: a.state for a in reads.agents(engine)}
    assert states == {"gate-1": "online", "attic": "silent", "quay-1": "never"}


def test_blindness_counts_for_a_day(engine: Engine) -> None:
    assert [b.reason for b in reads.overview(engine, NOW).blindness] == ["broker"]
    assert reads.blind_since(engine, NOW) == []


def test_rejections_are_of_the_time_asked_for(engine: Engine) -> None:
    assert [(r.reason, r.count) for r in reads.rejections(engine, "depot", NOW - 2 * HOUR)] == [("unknown_metric", 17)]
    assert reads.rejections(engine, "harbour", 0) == []
    assert reads.rejections(engine, None, NOW) == []


def test_sites_count_devices_agents_and_tickets(engine: Engine) -> None:
    assert reads.sites(engine) == [
        reads.Site("depot", agents=2, devices=16, open_tickets=6, worst="critical"),
        reads.Site("harbour", agents=1, devices=2, open_tickets=0, worst=None),
    ]


def test_paging_shows_every_ticket_once(engine: Engine) -> None:
    with engine.begin() as connection:
        filled.crowd(connection, 23)
    for state, total in ((None, 32), ("resolved", 26), ("open", 6)):
        seen: list[int] = []
        before: int | None = None
        for _ in range(20):
            page = reads.tickets(engine, state, before, limit=5)  # type: ignore[arg-type] # a loop's literal
            assert len(page.tickets) <= 5
            seen += [t.id for t in page.tickets]
            before = page.next
            if before is None:
                break
        assert len(seen) == len(set(seen)) == total


def test_no_page_is_larger_than_the_bound(engine: Engine) -> None:
    with engine.begin() as connection:
        filled.crowd(connection, 205)
    assert len(reads.tickets(engine, None, None, limit=10_000).tickets) == reads.MAX_TICKETS


def test_a_ticket_tells_its_timeline_and_consequences(engine: Engine) -> None:
    recorder = reads.open_tickets(engine)[0]
    detail = reads.ticket_detail(engine, recorder.id)
    assert detail is not None
    assert [e.what for e in detail.timeline] == ["opened", "consequence", "consequence"]
    assert {c.device for c in detail.consequences} == {"ch-1", "ch-2"}
    assert reads.consequences(engine, recorder.finding) == detail.consequences
    assert reads.ticket_detail(engine, 10**6) is None


def test_a_device_tells_what_surrounds_it(engine: Engine) -> None:
    detail = reads.device_detail(engine, NOW, "depot", "nvr-1", HIDING)
    assert detail is not None
    assert {c.device for c in detail.children} == {"ch-1", "ch-2", "ch-3", "ch-4"}
    assert {c.state for c in detail.children} == {"unknown"}
    assert detail.agent is not None
    assert detail.agent.agent == "gate-1"
    assert [f.rule for f in detail.findings] == ["recorder_unreachable"]
    assert detail.findings[0].ticket == detail.history[0].id

    channel = reads.device_detail(engine, NOW, "depot", "ch-1", HIDING)
    assert channel is not None
    assert channel.parent is not None
    assert channel.parent.device == "nvr-1"
    assert channel.findings[0].ticket == detail.history[0].id, "a consequence leads to its cause's ticket"

    camera = reads.device_detail(engine, NOW, "depot", "cam-1", HIDING)
    assert camera is not None
    assert camera.facts["model"] == "EO-2043"
    assert [t.state for t in camera.history] == ["open", "resolved", "resolved", "resolved"]
    assert reads.device_detail(engine, NOW, "depot", "nobody", HIDING) is None
    assert reads.device_detail(engine, NOW, "nowhere", "cam-1", HIDING) is None


def test_events_come_newest_first(engine: Engine) -> None:
    detail = reads.device_detail(engine, NOW, "depot", "door-1", HIDING)
    assert detail is not None
    assert len(detail.events) == 12
    assert detail.events[0].type == "door.opened"
    assert [e.at for e in detail.events] == sorted((e.at for e in detail.events), reverse=True)


def test_a_finding_explained_by_another_is_no_fault_of_its_own(engine: Engine) -> None:
    with engine.begin() as connection:  # the recorder is well again, its channels' findings linger
        where = schema.finding.c.rule == "recorder_unreachable"
        connection.execute(update(schema.finding).where(where).values(state="closed", closed=NOW))
    assert _states(engine)["ch-1"] == ("unknown", "hidden", None)
    assert _states(engine)["ch-3"][0] == "ok"


def test_the_first_page_asks_as_many_questions_of_a_large_fleet_as_of_a_small_one(engine: Engine) -> None:
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
    reads.overview(engine, NOW, HIDING)
    few = len(asked)
    with engine.begin() as connection:
        filled.crowd(connection, 50)
    asked.clear()
    reads.overview(engine, NOW, HIDING)
    assert len(asked) == few


def test_history_is_read_by_index_alone(tmp_path: Path) -> None:
    """No query of a page walks a table that grows with time."""
    engine = connect(f"sqlite:///{tmp_path}/plan.db")
    schema.metadata.create_all(engine)
    filled.fill(engine, _NoSeries())  # type: ignore[arg-type] # only write() is used
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, text, values, *_: asked.append((text, values)))
    reads.overview(engine, NOW, HIDING)
    reads.sites(engine)
    reads.device_detail(engine, NOW, "depot", "cam-1", HIDING)
    reads.tickets(engine, "resolved", 5)
    reads.tickets(engine)
    reads.ticket_detail(engine, 7)
    availability.record(engine, "depot", Span(NOW - reads.DAY, NOW), ["camera_unreachable"])
    with engine.connect() as connection:
        for text, values in tuple(asked):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
            scans = [row[3] for row in plan if row[3].startswith("SCAN")]
            grown = [s for s in scans if s.split()[1] in ("event", "finding", "timeline", "effect")]
            assert not [s for s in grown if "uq_finding_live" not in s], (text, plan)
    engine.dispose()


def test_availability_reads_the_findings_of_the_time_asked_for_and_no_others(engine: Engine) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, text, values, *_: asked.append((text, values)))
    availability.record(engine, "depot", Span(NOW - reads.DAY, NOW), ["camera_unreachable"])
    (question,) = [one for one in asked if "FROM finding" in one[0]]
    if engine.dialect.name != "sqlite":  # on a small table PostgreSQL walks it, and is right to
        return
    with engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question[0]}", question[1])]
    used = [step for step in plan if "finding" in step]
    where = "SEARCH finding USING INDEX ix_finding_site_closed"
    assert used == [f"{where} (site=? AND closed=?)", f"{where} (site=? AND closed>?)"]
