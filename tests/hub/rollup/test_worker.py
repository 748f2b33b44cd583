"""The rollup worker: what it makes is what raw values say, whatever comes late, is away or is killed when."""

import shutil
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from hub.rollup.figures import DAY_MS, HOUR_MS
from hub.rollup.marks import Marks
from hub.rollup.worker import GRACE_MS, QUIET_MS, Deposed
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Bucket, SeriesStore, SeriesUnavailable
from hub.store import rollups
from hub.store.rollups import Key
from tests.hub.fleets import SITE
from tests.hub.rollup.rig import HOURLY_DAYS, MINUTE, RAW_DAYS, Killed, Rig, Wrapped
from tests.servers.influxdb import InfluxDB
from tests.waiting import wait_until


@pytest.fixture(params=["embedded", "influx"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, request.getfixturevalue("influxdb") if request.param == "influx" else None)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def on_any_sql(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, url=request.getfixturevalue("postgresql_tables_url") if request.param == "postgresql" else "")
    yield made
    made.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def test_an_hour_is_rolled_when_it_is_over_and_costs_no_mark(rig: Rig) -> None:
    rig.hours(2)
    rig.hub.now += GRACE_MS - 1
    rig.roll()
    assert rig.rolled() == {0: (20.0, 0.0, 40.0, 3.0)}
    rig.hub.now += 1
    rig.roll()
    assert rig.rolled() == {0: (20.0, 0.0, 40.0, 3.0), 1: (80.0, 60.0, 100.0, 3.0)}
    assert rig.done()["hour"] == rig.start + 2 * HOUR_MS
    assert rig.marks() == []


def test_late_values_make_their_hours_and_days_right_again(rig: Rig) -> None:
    rig.hours(26, every=HOUR_MS // 2)
    rig.hub.now += GRACE_MS
    rig.roll()
    assert rig.rolled(rig.daily) == {0: (705.0, 0.0, 1410.0, 48.0)}
    rig.sample(rig.start + 10 * MINUTE, 900.0)
    rig.sample(rig.start + 20 * MINUTE, 900.0)
    assert rig.marks() == [Key("hour", rig.start, "camera", SITE, "cam-1")]
    rig.roll()
    assert rig.rolled()[0] == (15.0, 0.0, 30.0, 2.0)  # a backlog is given time to arrive whole
    rig.roll_late()
    assert rig.rolled()[0] == (457.5, 0.0, 900.0, 4.0)
    rig.roll_late()
    assert rig.rolled(rig.daily) == {0: ((705.0 * 48 + 1800.0) / 50, 0.0, 1410.0, 50.0)}
    assert rig.marks() == []


def test_a_backlog_older_than_the_hub_is_rolled(rig: Rig) -> None:
    rig.sample(rig.start - 3 * DAY_MS, 1.0)
    rig.hub.now += HOUR_MS + GRACE_MS
    rig.roll_late()
    assert rig.rolled() == {-72: (1.0, 1.0, 1.0, 1.0)}


def test_marks_work_in_any_database(on_any_sql: Rig) -> None:
    rig = on_any_sql
    rig.hours(25, every=HOUR_MS)
    rig.hub.now += GRACE_MS
    rig.roll()
    for minute in (5, 6, 65):
        rig.sample(rig.start + minute * MINUTE, 7.0)
    assert [key.at for key in rig.marks()] == [rig.start, rig.start + HOUR_MS]
    rig.roll_late()
    rig.roll_late()
    assert rig.rolled()[0][3] == 3.0
    assert rig.rolled(rig.daily)[0][3] == 27.0
    assert rig.marks() == []
    with rig.hub.database.begin() as connection:
        rollups.advance(connection, "hour", 5)
    assert rig.done()["hour"] == rig.start + 25 * HOUR_MS  # never back


def test_days_reach_further_back_than_raw_values(embedded: Rig) -> None:
    embedded.hours(25, every=HOUR_MS)
    embedded.hub.now += GRACE_MS
    embedded.roll()
    before = embedded.rolled(embedded.daily)
    embedded.hub.now += (RAW_DAYS + 1) * DAY_MS
    assert isinstance(embedded.raw, EmbeddedSeries)
    embedded.raw.prune(embedded.hub.now - RAW_DAYS * DAY_MS)
    embedded.roll()
    assert before.keys() == {0}
    assert embedded.rolled(embedded.daily)[0] == before[0]
    assert embedded.chart(embedded.start - 1, embedded.hub.now, DAY_MS)[0].number == 24


def test_late_values_older_than_raw_retention_rewrite_nothing(embedded: Rig) -> None:
    embedded.hours(25, every=HOUR_MS)
    embedded.hub.now += GRACE_MS
    embedded.roll()
    hours, days = embedded.rolled(), embedded.rolled(embedded.daily)
    embedded.hub.now += RAW_DAYS * DAY_MS
    assert isinstance(embedded.raw, EmbeddedSeries)
    embedded.raw.prune(embedded.hub.now - RAW_DAYS * DAY_MS)
    embedded.sample(embedded.start + 5 * MINUTE, 900.0)
    assert len(embedded.marks()) == 1
    embedded.roll_late()
    assert embedded.raw.window(SITE, "camera", "cam-1", "response_seconds", 0, embedded.start + HOUR_MS)
    assert (embedded.rolled(), embedded.rolled(embedded.daily)[0]) == (hours, days[0])
    assert embedded.marks() == []


def test_what_waited_on_disk_is_rolled_once_it_has_landed(tmp_path: Path, influxdb: InfluxDB) -> None:
    rig = Rig(tmp_path, influxdb)
    rig.hours(1)
    influxdb.stop()
    rig.sample(rig.start + 50 * MINUTE, 200.0)  # to the buffer
    rig.hub.now += GRACE_MS
    with pytest.raises(SeriesUnavailable):
        rig.roll()
    influxdb.start()
    wait_until(lambda: rig.hub.series.stats().batches == 0, 20, "the buffer is drained")
    assert rig.marks() == [Key("hour", rig.start, "camera", SITE, "cam-1")]
    rig.roll_late()
    assert rig.rolled() == {0: (65.0, 0.0, 200.0, 4.0)}
    assert rig.marks() == []
    rig.close()


def test_rollups_wait_for_their_database_and_charts_do_without(tmp_path: Path, influxdb: InfluxDB) -> None:
    rig = Rig(tmp_path, influxdb)
    influxdb.query('DROP DATABASE "watchkeeper_hourly"')
    rig.hours(2)
    rig.hub.now += GRACE_MS
    with pytest.raises(SeriesUnavailable, match="404"):
        rig.roll()
    assert rig.chart(rig.start - 1, rig.hub.now, HOUR_MS)[0] == Bucket(rig.start, 20.0, 0.0, 40.0, 3)
    influxdb.query('CREATE DATABASE "watchkeeper_hourly"')
    rig.roll()
    assert rig.rolled().keys() == {0, 1}
    influxdb.query('DROP DATABASE "watchkeeper_hourly"')
    assert len(rig.chart(rig.start - 1, rig.hub.now, HOUR_MS)) == 2
    rig.close()


def test_a_kill_at_any_moment_leaves_nothing_undone(tmp_path: Path) -> None:
    """Dies before or after this or that call of a store; the same state each time."""
    (tmp_path / "before").mkdir()
    rig = Rig(tmp_path / "before")
    rig.hours(25, every=HOUR_MS // 2)
    rig.hub.now += GRACE_MS
    rig.roll()
    rig.hours(1)
    rig.sample(rig.start + 5 * MINUTE, 5.0)
    now = rig.hub.now + GRACE_MS + QUIET_MS
    rig.close()
    unharmed, calls = _roll_with_a_kill(tmp_path, now, None)
    assert calls > 30
    for number in range(1, calls, 2):
        assert _roll_with_a_kill(tmp_path, now, number)[0] == unharmed


def _roll_with_a_kill(folder: Path, now: int, number: int | None) -> tuple[object, int]:
    shutil.copytree(folder / "before", folder / str(number))
    rig = Rig(folder / str(number), announce=False)
    rig.hub.now = now
    calls = count()

    def die(_: str) -> None:
        if next(calls) == number:
            raise Killed

    def mortal(store: SeriesStore) -> SeriesStore:
        return cast(SeriesStore, Wrapped(store, die, die))

    def restarted() -> Marks:
        marks = Marks(rig.hub.database, lambda: rig.hub.now)
        with rig.hub.database.connect() as connection:
            marks.restore(connection)
        return marks

    try:
        rig.roll(rig.new_worker(restarted(), mortal))
        rig.hub.now += QUIET_MS
        rig.roll(rig.new_worker(restarted(), mortal))
    except Killed:
        rig.worker = rig.new_worker(restarted())
        rig.roll()
        rig.roll_late()
    result = (rig.rolled(), rig.rolled(rig.daily), rig.marks(), rig.done())
    assert [*result[0]] == list(range(26))
    assert (result[0][0][3], result[1][0][3], result[2]) == (3.0, 49.0, [])
    rig.close()
    return result, next(calls)


@pytest.mark.parametrize("marked", [False, True])
def test_values_that_land_while_their_hour_is_read_are_not_missed(embedded: Rig, marked: bool) -> None:
    embedded.hours(1)
    embedded.hub.now += GRACE_MS
    if marked:
        embedded.roll()
        embedded.sample(embedded.start + MINUTE, 1.0)
        embedded.hub.now += QUIET_MS
    late = iter([embedded.start + 30 * MINUTE])

    def meanwhile(what: str) -> None:
        at = next(late, None) if what == "summarise camera" else None
        if at is not None:
            embedded.sample(at, 500.0)

    worker = embedded.new_worker(embedded.hub.marks, lambda s: cast(SeriesStore, Wrapped(s, after=meanwhile)))
    embedded.roll(worker)
    assert embedded.rolled()[0][2] == 40.0  # read before the value came
    assert len(embedded.marks()) == 1
    embedded.roll_late()
    assert embedded.rolled()[0][2] == 500.0
    assert embedded.marks() == []


def test_a_hub_that_is_not_the_one_to_work_does_not(embedded: Rig) -> None:
    embedded.hours(1)
    embedded.hub.now += GRACE_MS
    embedded.active = False
    stop = threading.Event()
    thread = threading.Thread(target=embedded.worker.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert embedded.rolled() == {}


def test_a_hub_that_was_replaced_while_it_wrote_marks_what_it_wrote(embedded: Rig) -> None:
    embedded.hours(1)
    embedded.hub.now += GRACE_MS

    def replaced(what: str) -> None:
        embedded.active = what != "write"

    worker = embedded.new_worker(embedded.hub.marks, lambda s: cast(SeriesStore, Wrapped(s, after=replaced)))
    with pytest.raises(Deposed):
        embedded.roll(worker)
    assert embedded.marks() == [Key("hour", embedded.start, "camera", SITE, "cam-1")]
    assert embedded.done() == {}


def test_the_thread_rolls_by_itself_and_ends_when_told(embedded: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.rollup.worker.POLL_SECONDS", 0.05)
    embedded.hours(1)
    embedded.hub.now += GRACE_MS
    stop = threading.Event()
    thread = threading.Thread(target=embedded.worker.run, args=(stop,))
    thread.start()
    wait_until(lambda: embedded.done() != {}, 20, "the hour is rolled")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert embedded.rolled().keys() == {0}


def test_after_long_downtime_only_what_raw_values_may_tell_is_rolled(embedded: Rig) -> None:
    embedded.hours(1)
    embedded.hub.now += GRACE_MS
    embedded.roll()
    embedded.hub.now += 10 * 365 * DAY_MS
    embedded.hours(1)
    embedded.hub.now += GRACE_MS
    assert sum(1 for _ in embedded.worker.pieces()) <= (RAW_DAYS * 24) + HOURLY_DAYS
    assert embedded.done()["hour"] == embedded.hub.now - embedded.hub.now % HOUR_MS


def test_after_a_clock_that_was_ahead_hours_are_rolled_as_ever(embedded: Rig) -> None:
    embedded.hours(2)
    right = embedded.hub.now
    embedded.hub.now += 365 * DAY_MS
    embedded.roll()
    assert embedded.done()["hour"] > right + 300 * DAY_MS
    embedded.hub.now = right
    embedded.hours(1)
    embedded.hub.now += GRACE_MS
    embedded.roll()
    embedded.roll_late()
    assert embedded.rolled().keys() == {0, 1, 2}
    assert embedded.done()["hour"] == embedded.start + 3 * HOUR_MS
    assert embedded.marks() == []


def test_large_sites_are_asked_for_in_parts(embedded: Rig) -> None:
    with embedded.hub.database.connect() as connection:
        (whole,) = rollups.scopes(connection, 200)
        parts = rollups.scopes(connection, 3)
    assert whole == {SITE: []}
    named = [device for part in parts for device in part[SITE]]
    assert (len(parts), len(named), len(set(named))) == (3, 8, 8)


def test_a_commit_that_failed_has_marked_nothing(embedded: Rig) -> None:
    embedded.hours(1)
    embedded.hub.now += GRACE_MS
    embedded.roll()
    with embedded.hub.database.begin() as connection:
        connection.execute(sa.text("ALTER TABLE heartbeat RENAME TO elsewhere"))
    with pytest.raises(AssertionError):  # the step says that it failed
        embedded.sample(embedded.start, 3.0)
    with embedded.hub.database.begin() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO heartbeat"))
    assert embedded.marks() == []
    embedded.sample(embedded.start, 3.0)
    assert len(embedded.marks()) == 1


def test_marks_beyond_what_is_remembered_are_only_made_again(embedded: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.rollup.marks.MAX_REMEMBERED", 1)
    embedded.hours(3, every=HOUR_MS)
    embedded.hub.now += GRACE_MS
    embedded.roll()
    for hour in (0, 1, 0, 1):
        embedded.sample(embedded.start + hour * HOUR_MS + MINUTE, 1.0)
    assert len(embedded.marks()) == 2
