"""Backups of a hub that runs, and the way back."""

import json
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.archive.container import Archive
from hub.archive.manifest import ArchiveError
from hub.config import ConfigError
from hub.folder import UNFINISHED, lock
from hub.series.embedded import EmbeddedSeries
from hub.series.journal import Journal
from hub.series.store import Point, SeriesUnavailable
from hub.store import schema
from hub.store.database import connect, upgrade
from tests.hub.archive.places import LATER, Place, live
from tests.hub.fleets import SITE, T0
from wire.messages import Sample
from wire.topics import Verb

END = 1 << 53


class Away(EmbeddedSeries):
    """A series store that takes nothing now."""

    def write(self, points: object) -> None:
        raise SeriesUnavailable("away")

    def ping(self) -> None:
        raise SeriesUnavailable("away")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "here")


@pytest.fixture(params=["sqlite to postgresql", "postgresql to sqlite"])
def journey(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Place, Place]:
    """From where to where."""
    source, _, target = request.param.partition(" to ")
    cluster = request.getfixturevalue("postgresql") if "postgresql" in request.param else None

    def url(kind: str) -> str:
        return cluster.url(cluster.create_database()) if cluster and kind == "postgresql" else ""

    return Place(tmp_path / "here", url(source)), Place(tmp_path / "there", url(target))


def test_a_restored_hub_has_every_row_and_value(journey: tuple[Place, Place], tmp_path: Path) -> None:
    here, there = journey
    hub = here.hub()
    live(hub, 8)
    rollup = Point("camera", SITE, "gateway", "cam-1", T0 - 400 * 86_400_000, {"reachable_mean": 0.5})
    for name in ("hourly", "daily"):
        rollups = EmbeddedSeries(here.state / f"series_{name}.db")
        rollups.write([rollup])
        rollups.close()
    manifest = here.backup(tmp_path / "b.zip")  # while it runs
    hub.close()
    assert manifest.tables["event"].rows == 8
    there.restore(tmp_path / "b.zip")
    before, after = here.tables(), there.tables()
    for own in ("restoration", "blindness"):
        assert len(after.pop(own)) > len(before.pop(own))
    assert after == before
    series = EmbeddedSeries(there.state / "series.db")
    assert [v.value for v in series.window(SITE, "camera", "cam-1", "response_seconds", 0, END)] == list(range(8))
    series.close()
    for name in ("hourly", "daily"):
        rollups = EmbeddedSeries(there.state / f"series_{name}.db")
        assert rollups.points("camera", {SITE: ()}, [], 0, END) == [rollup]
        rollups.close()


def test_a_hub_that_was_restored_goes_on(place: Place, postgresql_url: str, tmp_path: Path) -> None:
    here, there = place, Place(tmp_path / "there", postgresql_url)
    hub = here.hub()
    live(hub, 8)
    here.backup(tmp_path / "b.zip", hub.now)
    hub.close()
    noted = there.restore(tmp_path / "b.zip").noted
    hub = there.hub()
    live(hub, 1, LATER)
    hub.now = LATER + 1000
    for second in range(0, 200, 30):
        hub.now = LATER + second * 1000 + 2000
        hub.hear(Verb.REPORT, hub.report(Sample(device="cam-1", at=hub.now, values={"reachable": 1.0})))
        hub.step()
    for second in range(0, 400, 60):
        hub.now = LATER + second * 1000 + 4_000_000  # later than what would be the old one that is back
        hub.hear(Verb.REPORT, hub.report(Sample(device="cam-1", at=hub.now, values={"reachable": 0.0})))
        hub.step()
    tickets = hub.rows(schema.ticket)
    hub.close()
    assert [t.state for t in tickets] == ["resolved", "open"], "the gap is nobody's fault, the old one judged anew"
    assert tickets[1].id > noted.tickets_from >= tickets[0].id + 10_000


def test_points_that_wait_for_the_series_store_are_in_the_backup(place: Place, tmp_path: Path) -> None:
    hub = place.hub(Away(place.state / "series.db"))
    live(hub, 3)
    assert hub.mail.committed(), "acknowledged: they live in the buffer alone"
    manifest = place.backup(tmp_path / "b.zip")
    hub.close()
    assert manifest.buffered_points == 3
    there = Place(tmp_path / "there")
    there.restore(tmp_path / "b.zip")
    journal = Journal(there.state / "buffer.db", 1 << 30)
    assert [p.at for batch in journal.next(100) for p in batch.points or []] == [T0, T0 + 60_000, T0 + 120_000]
    journal.close()


def test_what_waits_in_the_buffer_now_outlives_a_restore(place: Place, tmp_path: Path) -> None:
    hub = place.hub(Away(place.state / "series.db"))
    live(hub, 2)
    place.backup(tmp_path / "b.zip")
    live(hub, 1, LATER)
    hub.close()
    for _ in range(2):  # the second restore finds the first one's
        place.restore(tmp_path / "b.zip", now=LATER + 1 + _, force=True)
    journal = Journal(place.state / "buffer.db", 1 << 30)
    assert [p.at for batch in journal.next(100) for p in batch.points or []] == [T0, T0 + 60_000, LATER]
    journal.close()


def test_a_backup_of_an_older_version_is_brought_up_to_date(place: Place, tmp_path: Path) -> None:
    engine = connect(place.url)
    with engine.begin() as connection:
        upgrade(connection, "0001")
        values = {"site": "school", "agent": "gateway", "first_heard": 1, "last_heard": 2}
        connection.execute(schema.agent.insert().values(**values))
    engine.dispose()
    assert place.backup(tmp_path / "b.zip").schema_revision == "0001"
    there = Place(tmp_path / "there")
    there.restore(tmp_path / "b.zip")
    assert len(there.tables()["agent"]) == 1
    assert len(there.tables()["restoration"]) == 1


def test_a_backup_of_a_later_version_is_refused(place: Place, tmp_path: Path) -> None:
    place.hub().close()
    place.backup(tmp_path / "b.zip")
    _rewrite(tmp_path / "b.zip", lambda manifest: manifest.update(schema_revision="9999"))
    with pytest.raises(ArchiveError, match="upgrade the hub first"):
        Place(tmp_path / "there").restore(tmp_path / "b.zip")
    _rewrite(tmp_path / "b.zip", lambda manifest: manifest.update(format=2))
    with pytest.raises(ArchiveError, match="later version"):
        Archive(tmp_path / "b.zip")


def test_nothing_is_overwritten(place: Place, tmp_path: Path) -> None:
    hub = place.hub()
    live(hub, 2)
    hub.close()
    place.backup(tmp_path / "b.zip")
    with pytest.raises(ArchiveError, match="exists already"):
        place.backup(tmp_path / "b.zip")
    with pytest.raises(ArchiveError, match="--force moves it aside"):
        place.restore(tmp_path / "b.zip")
    rows = place.tables()["event"]
    aside = place.restore(tmp_path / "b.zip", force=True).aside
    assert {Path(path).name for path in aside} == {
        f"{name}.before-restore-{LATER}" for name in ("hub.db", "series.db", "buffer.db")
    }
    old = sqlite3.connect(place.state / f"hub.db.before-restore-{LATER}")
    assert old.execute("SELECT count(*) FROM event").fetchone() == (len(rows),)
    old.close()
    assert not list(place.state.glob("*restoring*"))


def test_postgresql_tables_are_moved_aside_whole(postgresql_url: str, tmp_path: Path) -> None:
    place = Place(tmp_path / "here", postgresql_url)
    hub = place.hub()
    live(hub, 8)
    hub.close()
    place.backup(tmp_path / "b.zip")
    before = place.tables()["timeline"]
    with pytest.raises(ArchiveError, match="schema of their own"):
        place.restore(tmp_path / "b.zip")
    place.restore(tmp_path / "b.zip", force=True, keep_series=True)
    assert place.tables()["timeline"] == before
    engine = connect(postgresql_url)
    with engine.connect() as connection:
        old = sa.table("timeline", schema=f"before_restore_{LATER}")
        assert connection.execute(sa.select(sa.func.count()).select_from(old)).scalar() == len(before)
    engine.dispose()


def test_a_hub_that_runs_is_not_restored_under_its_feet(place: Place, tmp_path: Path) -> None:
    place.hub().close()
    place.backup(tmp_path / "b.zip")
    with lock(place.state), pytest.raises(ConfigError, match="another hub runs"):
        place.restore(tmp_path / "b.zip", force=True)


def test_a_restore_that_was_killed_half_way_keeps_the_hub_from_starting(place: Place, tmp_path: Path) -> None:
    place.hub().close()
    place.backup(tmp_path / "b.zip")
    (place.state / UNFINISHED).touch()
    with pytest.raises(ConfigError, match="half-way"):
        lock(place.state)
    place.restore(tmp_path / "b.zip", force=True)
    lock(place.state).close()


def test_only_its_owner_may_read_it_and_no_secret_is_in_it(place: Place, tmp_path: Path) -> None:
    place.hub().close()
    place.backup(tmp_path / "b.zip")
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert archive.read("hub.toml") == place.toml.read_bytes()


def test_a_damaged_backup_is_told_apart_wherever_it_is_damaged(place: Place, tmp_path: Path) -> None:
    hub = place.hub()
    live(hub, 2)
    hub.close()
    file = tmp_path / "b.zip"
    place.backup(file)
    whole = file.read_bytes()
    members = _members(file)
    told = 0
    for position in range(10, len(whole) - 10, len(whole) // 97):
        body = bytearray(whole)
        body[position : position + 8] = bytes(byte ^ 0xFF for byte in body[position : position + 8])
        file.write_bytes(body)
        try:
            with Archive(file) as archive:
                archive.verify(lambda _: None)
        except ArchiveError:
            told += 1
        else:  # a date that nobody looks at
            assert _members(file) == members
    assert told > 75


def test_a_backup_cut_short_is_told_apart(place: Place, tmp_path: Path) -> None:
    place.hub().close()
    file = tmp_path / "b.zip"
    place.backup(file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ArchiveError, match="damaged"):
        Archive(file)


def test_a_failure_half_way_leaves_nothing(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = place.hub()
    live(hub, 2)
    hub.close()
    (place.state / "series_daily.db").write_bytes(b"no database at all" * 100)
    folder = tmp_path / "backups"
    folder.mkdir()
    with pytest.raises(ArchiveError, match=r"series_daily\.db"):
        place.backup(folder / "b.zip")
    assert list(folder.iterdir()) == []


def test_what_a_killed_backup_left_is_swept_by_the_next(place: Place, tmp_path: Path) -> None:
    place.hub().close()
    for name in (".old.zip.partial", ".old.zip.series.db.partial"):
        (tmp_path / name).write_bytes(b"half")
    place.backup(tmp_path / "b.zip")
    assert not list(tmp_path.glob("*.partial"))


def _members(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _rewrite(file: Path, change: Callable[[dict[str, object]], None]) -> None:
    """The same archive with another manifest."""
    members = _members(file)
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    members["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)


def test_a_point_written_while_the_buffer_drains_is_in_one_of_the_two(place: Place, tmp_path: Path) -> None:
    """The buffer is copied before the series: what leaves it in between is in the series by then."""
    hub = place.hub()
    live(hub, 1)
    hub.close()
    journal = Journal(place.state / "buffer.db", 1 << 30)
    point = Point("camera", SITE, "gateway", "cam-1", T0 + 5, {"response_seconds": 5.0})
    journal.append([point], T0)
    drained: list[str] = []

    def drain(words: str) -> None:
        if words.startswith("buffer.db") and not drained:
            drained.append(words)
            store = EmbeddedSeries(place.state / "series.db")
            store.write([point])
            store.close()
            journal.finish(journal.next(10))

    from hub.archive import backup

    backup.make(place.config, place.toml, tmp_path / "b.zip", lambda: T0, drain)
    journal.close()
    assert drained
    there = Place(tmp_path / "there")
    there.restore(tmp_path / "b.zip")
    store = EmbeddedSeries(there.state / "series.db")
    stored = [v.at for v in store.window(SITE, "camera", "cam-1", "response_seconds", 0, END)]
    store.close()
    assert T0 + 5 in stored
