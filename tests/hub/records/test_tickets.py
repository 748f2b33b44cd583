"""A ticket's life as Grafana finds it: one row from its opening on, and a line for each thing that happens."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import count

from hub.records.days import date_of, day_span, month_span
from hub.records.repairs_job import Key, repair_fields
from hub.store import schema
from hub.store.records import Repaired
from tests.hub.fleets import SITE, T0
from tests.hub.records.rig import SHANGHAI, Killed, Mortal, Rig

TODAY = date_of(T0, SHANGHAI)


def test_a_ticket_is_one_row_that_is_open_and_then_resolved(rig: Rig) -> None:
    rig.announce()
    rig.camera(1.0)
    rig.mirror.round()
    assert rig.rows("ticket") == []
    rig.camera(0.0)
    opened = rig.hub.now
    rig.mirror.round()
    (row,) = rig.rows("ticket")
    assert row == {
        **{"time": opened, "site": SITE, "device": "cam-1", "rule": "camera_unreachable"},
        **{"number": 1, "open": 1, "severity": "critical", "severity_rank": 2, "url_path": "/tickets/1"},
        **{"since_at": opened, "opened_at": opened, "resolved_at": 0, "consequences": 0, "flaps": 0},
        **{"kind": "camera", "agent": "gateway", "device_name": "Gate", "room": "yard"},
        **{"title": "Camera does not answer", "title_zh": "摄像机无应答"},
        **{"summary": row["summary"], "summary_zh": row["summary_zh"]},
    }
    rig.camera(1.0, seconds=60)
    rig.mirror.round()
    rig.camera(1.0, seconds=30)
    rig.mirror.round()
    (after,) = rig.rows("ticket")
    assert after == {**row, "open": 0, "resolved_at": rig.hub.now, "duration_seconds": 90, **_changed(after)}
    told = rig.rows("ticket_event")
    happened = [(0, "opened"), (60_000, "clearing"), (90_000, "resolved")]
    assert [(line["time"] - opened, line["what"]) for line in told] == happened
    assert told[0]["text"] == f"Ticket opened. {row['summary']}"
    assert told[2]["text"] == "Resolved: telemetry shows that it is over"
    assert told[2]["text_zh"].startswith("已解决")
    assert {(line["number"], line["url_path"], line["title"]) for line in told} == {(1, "/tickets/1", row["title"])}


def _changed(row: dict[str, object]) -> dict[str, object]:
    """A summary says how it was last."""
    return {name: row[name] for name in ("summary", "summary_zh")}


def test_what_comes_back_soon_is_the_same_row(rig: Rig) -> None:
    rig.announce()
    for reachable in (0.0, 1.0, 1.0, 0.0):
        rig.camera(reachable, seconds=30)
        rig.mirror.round()
    (row,) = rig.rows("ticket")
    assert (row["open"], row["flaps"], row["number"], row["resolved_at"]) == (1, 1, 1, 0), "its old end is no end"
    assert [line["what"] for line in rig.rows("ticket_event")][-1] == "reopened"


def test_a_kill_before_or_after_any_step_leaves_the_same_rows(rig: Rig) -> None:
    rig.announce()
    rig.camera(0.0)
    rig.event("door.alarm", state="DoorForcedOpen")
    rig.event("door.access_granted", credential="c-17")
    rig.camera(1.0)
    rig.camera(1.0, seconds=30)
    rig.mirror.round()
    unharmed, done = rig.everything(), rig.progress()
    assert all(unharmed[name] for name in ("ticket", "ticket_event", "event", "site_state", "device_info"))
    for victim in range(100):
        with rig.hub.database.begin() as connection:
            connection.execute(schema.record_progress.delete())
        for store in (rig.raw, rig.daily):
            store.erase(SITE)
        calls = count()

        def look(calls: Iterator[int] = calls, victim: int = victim) -> None:
            if next(calls) == victim:
                raise Killed

        with suppress(Killed):
            rig.restarted(rig.databases(lambda store: Mortal(store, look))).round()
        if next(calls) <= victim:
            assert victim > 10
            break
        rig.restarted().round()
        assert rig.everything() == unharmed
        assert rig.progress() == done


def test_nothing_open_stays_open_that_sql_does_not_know_as_open(rig: Rig) -> None:
    """The database went back in time: InfluxDB knows a ticket that SQL does not, and another that is resolved."""
    rig.announce()
    rig.camera(0.0)
    rig.event("door.alarm", state="DoorForcedOpen")
    rig.mirror.round()
    assert {row["open"] for row in rig.rows("ticket")} == {1}
    with rig.hub.database.begin() as connection:
        door = schema.ticket.c.device == "door-1"
        numbers = [row.id for row in rig.hub.rows(schema.ticket) if row.device == "door-1"]
        connection.execute(schema.timeline.delete().where(schema.timeline.c.ticket.in_(numbers)))
        connection.execute(schema.ticket.delete().where(door))
        connection.execute(schema.ticket.update().values(state="resolved", resolved=T0 + 60_000))
    rig.restarted().round()
    rows = rig.rows("ticket")
    assert len(rows) == 2
    assert {row["open"] for row in rows} == {0}


def test_a_ticket_that_follows_its_cause_to_another_device_stays_one_row(rig: Rig) -> None:
    rig.announce()
    rig.camera(0.0)
    rig.mirror.round()
    with rig.hub.database.begin() as connection:
        connection.execute(schema.ticket.update().values(device="nvr-1"))
        connection.execute(schema.finding.update().values(device="nvr-1", rule="recorder_unreachable"))
        about = {"device": "cam-1", "rule": "camera_unreachable"}
        connection.execute(schema.timeline.insert().values(ticket=1, at=rig.hub.now, what="moved", data=about))
    rig.mirror.round()
    (row,) = rig.rows("ticket")
    assert (row["device"], row["rule"], row["number"]) == ("nvr-1", "recorder_unreachable", 1)
    assert rig.rows("ticket_event")[-1]["text"].endswith("cam-1, Camera does not answer")


def test_repairs_are_reckoned_by_site_and_rule_and_the_day_and_month_they_ended_in(rig: Rig) -> None:
    rig.announce()
    rig.camera(0.0)
    rig.camera(1.0, seconds=60)
    rig.camera(1.0, seconds=30)
    rig.mirror.round()
    day, one = rig.rows("repair", "WHERE period = 'day'"), {"resolved": 1, "mean_seconds": 90, "median_seconds": 90}
    assert [(row["time"], row["rule"]) for row in day] == [(day_span(TODAY, SHANGHAI).start, "camera_unreachable")]
    assert (day[0]["title"], day[0]["title_zh"]) == ("Camera does not answer", "摄像机无应答")
    (month,) = rig.rows("repair", "WHERE period = 'month'")
    assert month == {**day[0], "period": "month", "time": month_span(TODAY, SHANGHAI).start, **one}
    rig.camera(0.0, seconds=600)  # came back soon: it is open again
    rig.hub.now += 3_600_000
    for mirror in (rig.restarted(), rig.mirror):
        mirror.round()
        assert {row["resolved"] for row in rig.rows("repair")} == {0}


def test_a_repair_counts_where_it_ended(rig: Rig) -> None:
    start = day_span(TODAY, SHANGHAI).start
    ended = [(start - 1, 60), (start, 100), (start + 1, 300), (start + 2, 20)]
    repaired = [Repaired(SITE, "disk_hot", at - seconds * 1000, at, 1) for at, seconds in ended]
    rows = repair_fields(repaired, SHANGHAI)
    day, month = Key(SITE, "disk_hot", "day", start), Key(SITE, "disk_hot", "month", month_span(TODAY, SHANGHAI).start)
    longest = {"longest_seconds": 300}
    assert rows[day] == {"resolved": 3, "mean_seconds": 140, "median_seconds": 100, **longest, "flaps": 3}
    assert rows[month] == {"resolved": 4, "mean_seconds": 120, "median_seconds": 80, **longest, "flaps": 4}
    assert len(rows) == 3  # and the day before
