"""The mirror as a whole: outages, another hub, erasure, and what is not written."""

import logging
import threading
from pathlib import Path

import pytest

from hub.cover import Scope
from hub.records.mirror import Mirror
from hub.records.row import to_line
from hub.records.tickets import ticket_row
from hub.records.work import Deposed
from hub.series.store import SeriesUnavailable
from hub.store import erasure, reads, schema
from tests.hub import covers
from tests.hub.fleets import SITE, T0
from tests.hub.records.rig import DAY_MS, Rig
from tests.servers.influxdb import InfluxDB
from tests.waiting import wait_until
from wire.records import BY_NAME

OF_NO_SITE = ("blindness", "fleet_state")


def test_while_influxdb_is_away_records_wait_and_it_is_told_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.announce()
    rig.camera(0.0)
    names = [rig.database, f"{rig.database}_daily"]
    for name in names:
        rig.server.query(f'DROP DATABASE "{name}"')
    with caplog.at_level(logging.WARNING, "hub.records"):
        for _ in range(2):
            for name, job in rig.mirror.jobs.items():
                pieces = job()
                while rig.mirror._one(name, pieces):
                    pass
    told = [record.message for record in caplog.records if "records for Grafana wait" in record.message]
    assert len(told) == len(set(told))  # twice tried
    assert {name for name in names if any(f'{name}\\"' in words for words in told)} == set(names)
    with pytest.raises(SeriesUnavailable):
        rig.mirror.round()
    assert rig.progress() == {"timeline": None, "event": None}
    for name in names:
        rig.server.query(f'CREATE DATABASE "{name}"')
    rig.mirror.round()
    assert [row["open"] for row in rig.rows("ticket")] == [1]
    assert rig.rows("site_state")


def test_postgresql_is_mirrored_alike(server: InfluxDB, tmp_path: Path, postgresql_tables_url: str) -> None:
    rig = Rig(tmp_path, server, "from_postgresql", url=postgresql_tables_url)
    rig.announce()
    rig.heard_since(T0 - 2 * DAY_MS)
    rig.camera(0.0)
    rig.camera(1.0, seconds=60)
    rig.event("door.alarm", state="DoorForcedOpen")
    covers.add(rig.hub.database, Scope(SITE), T0, T0 + DAY_MS)
    rig.camera(1.0, seconds=30)
    rig.mirror.round()
    assert {name for name, rows in rig.everything().items() if rows} == BY_NAME.keys() - {"silence"}
    assert [row["open"] for row in rig.rows("ticket")] == [0, 1]
    _forget(rig)
    assert rig.progress() == {"timeline": 0, "event": 0}
    rig.close()


def test_its_thread_writes_what_comes_and_ends_when_told(rig: Rig) -> None:
    rig.announce()
    rig.camera(0.0)
    stop = threading.Event()
    thread = threading.Thread(target=rig.mirror.run, args=(stop,))
    thread.start()
    wait_until(lambda: len(rig.rows("ticket")) == 1, 30, "the ticket is in InfluxDB")
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_only_the_hub_that_works_writes(rig: Rig) -> None:
    rig.announce()
    rig.camera(0.0)
    rig.active = False
    with pytest.raises(Deposed):
        rig.mirror.round()
    assert rig.rows("ticket") == []


def test_what_a_deposed_hub_wrote_late_is_written_again_by_the_next(rig: Rig) -> None:
    rig.announce()
    rig.camera(0.0)
    other = rig.restarted()
    other.round()
    before = rig.progress()["timeline"]
    with rig.hub.database.connect() as connection:
        stale = reads.tickets_by_number(connection, [1])
    rig.camera(1.0)
    rig.camera(1.0, seconds=30)
    other.round()
    assert rig.rows("ticket")[0]["open"] == 0
    rig.daily.write_lines([to_line(ticket_row(one, rig.work.speech)) for one in stale])
    assert rig.rows("ticket")[0]["open"] == 1
    rig.active = False
    with pytest.raises(Deposed):
        rig.work.settle("timeline", before, 99)
    rig.active = True
    other.round()
    assert rig.rows("ticket")[0]["open"] == 0


def test_an_erased_site_has_no_record_left_and_what_comes_then_is_not_missed(rig: Rig) -> None:
    """Numbers of deleted rows are used again."""
    rig.announce()
    rig.camera(0.0)
    for number in range(5):
        rig.event("door.access_granted", at=T0 + number, credential=f"c-{number}")
    rig.mirror.round()
    _forget(rig)
    for store in (rig.raw, rig.hourly, rig.daily):
        store.erase(SITE)
    rig.restarted().round()
    assert {name: rows for name, rows in rig.everything().items() if rows and name not in OF_NO_SITE} == {}
    rig.hub.committer.vigil.take_over()
    rig.announce()
    rig.event("door.access_granted", credential="c-9")
    rig.mirror.round()
    assert [row["person"] for row in rig.rows("event")] == ["c-9"]


def test_what_was_on_its_way_when_its_site_was_erased_is_taken_out_again(rig: Rig) -> None:
    rig.announce()
    rig.camera(0.0)
    with rig.hub.database.connect() as connection:
        held = [ticket_row(one, rig.work.speech) for one in reads.tickets_by_number(connection, [1])]
    _forget(rig)
    rig.work.write(held)
    assert rig.rows("ticket") == []
    rig.daily.write_lines([to_line(row) for row in held])  # and killed before it looked
    rig.forgotten = [SITE]
    rig.restarted().round()
    assert rig.rows("ticket") == []


def _forget(rig: Rig) -> None:
    with rig.hub.database.begin() as connection:
        erasure.erase(connection, SITE)


def test_what_is_older_than_its_database_keeps_is_passed_over(rig: Rig) -> None:
    rig.announce()
    rig.event("door.opened", at=T0 - 100 * DAY_MS)
    rig.event("door.closed")
    rig.mirror.round()
    assert [row["type"] for row in rig.rows("event")] == ["door.closed"]


def test_a_row_that_influxdb_refuses_for_good_is_told_and_holds_nothing_up(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.daily.write_lines([f"ticket,site=x title=1i {T0 * 1_000_000}"])
    rig.announce()
    rig.camera(0.0)
    with caplog.at_level(logging.WARNING, "hub.records"):
        rig.mirror.round()
    assert "refuses a row of ticket for good" in caplog.text
    assert rig.rows("ticket_event")
    assert rig.progress()["timeline"] == len(rig.hub.rows(schema.timeline))


def test_a_failing_job_does_not_end_the_thread(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    mirror = Mirror(rig.work, lambda: [][1])
    assert mirror._one("erasure", mirror.jobs["erasure"]()) is False
    assert "writing records (erasure) failed" in caplog.text
