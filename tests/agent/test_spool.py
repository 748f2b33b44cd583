"""The spool: nothing unacknowledged disappears unless it is counted as lost."""

import logging
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agent import spool_file
from agent.draft import Draft
from agent.spool import QUARANTINE_REPORTS, Kept, Spool
from agent.state import StateError
from agent.thinning import OVERHEAD
from tests.agent.drafts import draft, events, reports, samples
from wire.codec import DecodeError
from wire.messages import Report

PLENTY = 1 << 26
ALL = 1 << 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def take_all(spool: Spool) -> list[Kept]:
    return spool.take(0, ALL, 10_000, ALL)


def kept(spool: Spool) -> list[Report]:
    return reports([row.body for row in take_all(spool)])


def test_reports_come_back_oldest_first_with_ids_in_sequence(path: Path) -> None:
    spool = Spool(path, PLENTY)
    ids = spool.put_many([draft(first=n) for n in range(3)]) + spool.put(draft(first=3))
    assert ids == [f"{spool.name}:{n}" for n in (1, 2, 3, 4)]
    assert [report.id for report in kept(spool)] == ids
    spool.close()


def test_every_start_mints_its_own_ids_and_old_reports_keep_theirs(path: Path) -> None:
    first = Spool(path, PLENTY)
    old = first.put(draft())
    first.close()
    second = Spool(path, PLENTY)
    new = second.put(draft())
    assert second.name != first.name
    assert [report.id for report in kept(second)] == old + new
    second.close()


def test_a_report_too_large_for_the_wire_becomes_several_ids(path: Path) -> None:
    spool = Spool(path, PLENTY)
    ids = spool.put(draft(9000))
    assert len(ids) > 1
    assert sum(len(report.samples) for report in kept(spool)) == 9000
    spool.close()


def test_what_is_in_flight_is_not_taken_twice_and_what_is_acknowledged_is_gone(path: Path) -> None:
    spool = Spool(path, PLENTY)
    ids = spool.put_many([draft(first=n) for n in range(5)])
    assert [row.id for row in spool.take(0, ALL, 3, ALL)] == ids[:3]
    assert [row.id for row in spool.take(0, ALL, 10, ALL)] == ids[3:]
    assert spool.acknowledged([f"{spool.name}:1-2", ids[3]]) == [ids[0], ids[1], ids[3]]
    assert (spool.stats().reports, spool.in_flight()) == (2, 2)
    spool.close()
    again = Spool(path, PLENTY)
    assert [report.id for report in kept(again)] == [ids[2], ids[4]]
    again.close()


def test_taking_is_bounded_in_bytes_and_by_position(path: Path) -> None:
    spool = Spool(path, PLENTY)
    spool.put_many([draft(first=n) for n in range(4)])
    size = len(take_all(Spool(path, PLENTY))[0].body)
    assert len(spool.take(0, 3, 10, 2 * size + 10)) == 2
    assert [row.position for row in spool.take(0, 3, 10, ALL)] == [3]
    assert spool.take(0, ALL, 0, ALL) == []
    spool.close()


def test_an_acknowledgement_of_what_was_never_sent_deletes_nothing(path: Path) -> None:
    spool = Spool(path, PLENTY)
    ids = spool.put_many([draft(), draft()])
    assert spool.acknowledged([f"{spool.name}:1-900000", "zzzzzz:1"]) == []
    with pytest.raises(DecodeError):
        spool.acknowledged([f"{spool.name}:1-900000000"])
    assert [row.id for row in take_all(spool)] == ids
    spool.close()


def test_a_refused_report_is_set_aside_counted_and_never_sent_again(path: Path) -> None:
    spool = Spool(path, PLENTY)
    (name,) = spool.put(draft())
    assert not spool.refused(name, "not in flight yet", 5)
    take_all(spool)
    assert spool.refused(name, "no such device", 5)
    assert not spool.refused(name, "again", 6)
    assert (spool.stats().refused, spool.stats().reports) == (1, 0)
    spool.close()
    assert _rows(path, "SELECT id, reason, at FROM refused") == [(name, "no such device", 5)]


def test_the_quarantine_keeps_the_newest_within_its_bound(path: Path) -> None:
    spool = Spool(path, PLENTY)
    count = QUARANTINE_REPORTS + 5
    names = spool.put_many([draft(first=n) for n in range(count)])
    take_all(spool)
    for name in names:
        spool.refused(name, "poison", 1)
    spool.close()
    assert [row[0] for row in _rows(path, "SELECT id FROM refused ORDER BY position")] == names[5:]
    assert spool.stats().refused == count


def test_the_oldest_report_is_known(path: Path) -> None:
    spool = Spool(path, PLENTY)
    assert spool.oldest() is None
    ids = spool.put_many([draft(sent=7), draft(sent=9)])
    assert spool.oldest() == 7
    take_all(spool)
    spool.acknowledged(ids[:1])
    assert spool.oldest() == 9
    spool.close()


def test_notes_survive_a_restart(path: Path) -> None:
    spool = Spool(path, PLENTY)
    spool.remember("inventory.host", "[]")
    spool.close()
    again = Spool(path, PLENTY)
    assert (again.recall("inventory.host"), again.recall("nothing")) == ("[]", None)
    again.close()


# At the bound


def room_for(count: int) -> int:
    """A bound that holds about this many reports of one sample."""
    return count * 460


def told(all_reports: list[Report]) -> int:
    return sum(lost.count for report in all_reports for lost in report.lost)


def test_at_the_bound_every_second_report_gives_up_its_samples_and_its_neighbour_says_so(path: Path) -> None:
    spool = Spool(path, room_for(50))
    for n in range(70):
        spool.put(draft(first=n * 1000))
    found = kept(spool)
    assert spool.stats().bytes <= room_for(50)
    assert told(found) + sum(len(report.samples) for report in found) == 70
    assert spool.stats().lost_samples == told(found) > 0
    for report in found:
        for lost in report.lost:
            assert 0 < report.samples[0].at - lost.to <= 1000
    spool.close()


def test_old_data_is_kept_at_a_coarser_resolution_before_any_of_it_goes_entirely(path: Path) -> None:
    spool = Spool(path, room_for(60))
    for n in range(200):
        spool.put(draft(first=n * 1000))
    times = [report.samples[0].at - 1_000_000 for report in kept(spool)]
    gaps = [b - a for a, b in pairwise(times)]
    assert times[0] < 8_000
    assert max(gaps) <= 8 * 1000
    spool.close()


def test_no_collector_vanishes_when_two_take_turns(path: Path) -> None:
    spool = Spool(path, room_for(40))
    for n in range(100):
        spool.put(Draft(boot="0", mono=1, sent=1, stream="host", samples=samples(1, n, "host-1")))
        spool.put(Draft(boot="0", mono=1, sent=1, stream="volume", samples=samples(1, n, "volume-1")))
    devices = [sample.device for report in kept(spool) for sample in report.samples]
    assert abs(devices.count("host-1") - devices.count("volume-1")) <= 2
    spool.close()


def test_events_outlive_samples_and_go_oldest_first_and_whole(path: Path) -> None:
    spool = Spool(path, room_for(50))
    for n in range(60):
        spool.put(draft(12, n % 4 == 0, first=n * 20))
    found = kept(spool)
    assert sum(len(report.events) for report in found) == 15
    assert spool.stats().lost_samples > 0
    spool.close()

    again = Spool(path, room_for(50))
    for n in range(60, 180):
        again.put(draft(0, 1, first=n * 20))
    found = kept(again)
    stats = again.stats()
    assert stats.bytes <= room_for(50)
    assert stats.lost_events > 0
    happened = [report.events for report in found if report.events]
    assert happened == [events(1, n * 20) for n in range(180)][-len(happened) :]
    again.close()


def test_a_flood_of_events_takes_half_of_the_room_and_no_more(path: Path) -> None:
    spool = Spool(path, room_for(100))
    for n in range(45):
        spool.put(draft(first=n, stream="cameras"))
    for n in range(1000):
        spool.put(Draft(boot="0", mono=1, sent=1, stream="doors", events=events(9, n)))
    stats = spool.stats()
    assert stats.bytes <= room_for(100)
    assert stats.lost_events > 7000
    found = kept(spool)
    assert len([s for report in found for s in report.samples if s.device == "cam-1"]) > 10
    times = [event.at for report in found for event in report.events]
    assert times[-1] == 1_000_000 + 999 + 8
    spool.close()
    again = Spool(path, room_for(100))
    again.put(draft(0, 9, first=5000))
    assert len([s for report in kept(again) for s in report.samples if s.device == "cam-1"]) > 10
    again.close()


def test_a_report_in_flight_is_never_changed(path: Path) -> None:
    spool = Spool(path, room_for(20))
    spool.put_many([draft(first=n) for n in range(5)])
    flying = take_all(spool)
    for n in range(5, 80):
        spool.put(draft(first=n))
    on_disk = dict(_rows(path, "SELECT id, body FROM report"))
    assert {row.id: row.body for row in flying} == {row.id: on_disk[row.id] for row in flying}
    spool.close()


def test_the_files_are_bounded_and_shrink_when_the_backlog_is_gone(
    path: Path,
) -> None:
    bound = 6 * 1024 * 1024
    spool = Spool(path, bound)
    for _ in range(100):
        spool.put_many([draft(20, first=n) for n in range(50)])
    assert path.stat().st_size < 2 * bound
    assert path.with_name("spool.db-wal").stat().st_size < 8 * 1024 * 1024
    while spool.stats().reports:
        spool.acknowledged([row.id for row in spool.take(0, ALL, 500, ALL)])
    for n in range(20):
        (name,) = spool.put(draft(first=n))
        take_all(spool)
        spool.acknowledged([name])
    spool.close()
    assert path.stat().st_size < 4.5 * 1024 * 1024


# Disks that fail


@contextmanager
def full_disk() -> Iterator[None]:
    """Every write of this process to a file fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class Hands:
    """A clock set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_on_a_full_disk_reports_go_on_from_memory_and_reach_the_disk_when_it_is_well(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Hands()
    spool = Spool(path, PLENTY, mono=clock)
    ids = spool.put(draft())
    with full_disk():
        for n in range(20):
            ids += spool.put(draft(first=n))
            clock.now += 10
        assert spool.stats().failing
        assert spool.stats().reports == 21
        assert [row.id for row in spool.take(0, ALL, 100, ALL)][-5:] == ids[-5:]
        spool.acknowledged(ids[-2:])
    clock.now += 10
    ids = ids[:-2] + spool.put(draft(first=99))
    assert not spool.stats().failing
    assert [record.levelname for record in caplog.records if "spool" in record.message] == ["ERROR", "WARNING"]
    spool.close()
    again = Spool(path, PLENTY)
    assert sorted(row.id for row in take_all(again)) == sorted(ids)
    again.close()


def test_the_memory_buffer_is_bounded_and_tells_of_what_it_let_go(path: Path) -> None:
    clock = Hands()
    spool = Spool(path, PLENTY, memory_bytes=room_for(10), mono=clock)
    spool.put(draft())
    with full_disk():
        for n in range(50):
            spool.put(draft(1, n % 25 == 0, first=n))
            clock.now += 10
        assert spool.stats().bytes <= room_for(10) + room_for(1) + OVERHEAD
        lost = spool.stats().lost_samples
        assert lost > 30
        assert spool.stats().lost_events == 0
    clock.now += 10
    spool.put(draft(first=99))
    found = kept(spool)
    assert told(found) == lost
    assert sum(len(report.samples) for report in found) + lost == 52
    assert sum(len(report.events) for report in found) == 2
    spool.close()


def test_what_cannot_be_deleted_is_not_sent_again_and_is_deleted_later(path: Path) -> None:
    clock = Hands()
    spool = Spool(path, PLENTY, mono=clock)
    ids = spool.put_many([draft(first=n) for n in range(3)])
    take_all(spool)
    with full_disk():
        spool.acknowledged(ids[:2])
        clock.now += 10
        assert take_all(spool) == []
        assert spool.oldest() is not None
    clock.now += 10
    spool.put(draft())
    assert spool.stats().reports == 2
    spool.close()


@pytest.mark.parametrize(
    "damage", ["head", "middle", "not a database", "no version", "no table report", "no table note"]
)
def test_a_corrupt_file_is_moved_aside_and_a_fresh_one_begun(
    path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(path, PLENTY)
    spool.put_many([draft(20, first=n) for n in range(200)])
    spool.close()
    _damage(path, damage)
    with caplog.at_level(logging.ERROR):
        again = Spool(path, PLENTY)
    (aside,) = path.parent.glob("spool.db.corrupt-*")
    assert str(aside) in caplog.text
    (name,) = again.put(draft())
    assert [row.id for row in take_all(again)] == [name]
    again.close()


def test_a_file_of_a_newer_version_is_refused_by_name_and_left_alone(path: Path) -> None:
    spool = Spool(path, PLENTY)
    spool.put(draft())
    spool.close()
    body = bytearray(path.read_bytes())
    body[60:64] = (7).to_bytes(4, "big")
    path.write_bytes(body)
    with pytest.raises(StateError, match=r"spool\.db: the file is of version 7"):
        Spool(path, PLENTY)
    assert path.read_bytes() == body
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_the_files_can_be_read_by_nobody_else(path: Path) -> None:
    path.touch(mode=0o644)
    path.chmod(0o644)
    spool = Spool(path, PLENTY)
    spool.put(draft())
    assert {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {
        "spool.db": 0o600,
        "spool.db-wal": 0o600,
        "spool.db-shm": 0o600,
    }
    spool.close()


def flip(path: Path, where: str) -> None:
    """One bit of a body, as a worn-out card does it: SQLite sees nothing of it."""
    database = sqlite3.connect(path)
    for position, body in database.execute(f"SELECT position, body FROM report WHERE {where}").fetchall():  # noqa: S608 - a test's words
        changed = bytes([body[0] ^ 1, *body[1:]])
        database.execute("UPDATE report SET body = ? WHERE position = ?", (changed, position))
    database.commit()
    database.close()


def test_an_unreadable_report_is_set_aside_and_counted_when_it_is_to_be_sent(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(path, PLENTY)
    names = spool.put_many([draft(2, 1, first=n) for n in range(5)])
    flip(path, "position IN (2, 4)")
    assert [row.id for row in take_all(spool)] == [names[0], names[2], names[4]]
    stats = spool.stats()
    assert (stats.reports, stats.lost_samples, stats.lost_events, stats.refused) == (3, 4, 2, 2)
    assert caplog.text.count("unreadable") == 1
    spool.close()
    assert _rows(path, "SELECT id, reason FROM refused") == [
        (name, "unreadable in the spool") for name in (names[1], names[3])
    ]


@pytest.mark.parametrize("where", ["position = 1", "position = 2", "position % 3 = 0", "true"])
def test_an_unreadable_report_does_not_stop_the_thinning(path: Path, where: str) -> None:
    spool = Spool(path, room_for(50))
    for n in range(40):
        spool.put(draft(1, n % 2, first=n * 1000))
    flip(path, where)
    for n in range(40, 140):
        spool.put(draft(1, n % 2, first=n * 1000))
    found = kept(spool)
    stats = spool.stats()
    assert stats.bytes <= room_for(50)
    assert stats.refused > 0
    assert sum(len(report.samples) for report in found) + stats.lost_samples == 140
    assert sum(len(report.events) for report in found) + stats.lost_events == 70
    spool.close()


def test_a_disk_that_stays_full_is_tried_ever_more_seldom_and_not_read_through_each_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Hands()
    spool = Spool(path, PLENTY, mono=clock)
    spool.put(draft())
    openings: list[tuple[float, bool]] = []
    really = spool_file._open

    def counted(path: Path, *, check: bool) -> sqlite3.Connection:
        openings.append((clock.now, check))
        return fill(really(path, check=check))

    def fill(database: sqlite3.Connection) -> sqlite3.Connection:
        database.execute("PRAGMA max_page_count = 1")
        return database

    monkeypatch.setattr(spool_file, "_open", counted)
    assert spool._file._db is not None
    fill(spool._file._db)
    while clock.now < 3600:
        spool.put(draft(50))
        clock.now += 10
    assert 5 <= len(openings) <= 12
    assert not any(check for _, check in openings)
    gaps = [b - a for (a, _), (b, _) in pairwise(openings)]
    assert gaps[0] >= 60
    assert gaps[-1] >= 600
    spool.close()


def test_of_corrupt_files_only_the_newest_are_kept(path: Path) -> None:
    for _ in range(4):
        path.write_bytes(b"no database" * 1000)
        Spool(path, PLENTY).close()
    assert len(list(path.parent.glob("spool.db.corrupt-*"))) == 2


def test_a_file_that_becomes_corrupt_while_in_use_costs_no_new_report(path: Path) -> None:
    spool = Spool(path, PLENTY)
    spool.put_many([draft(20, first=n) for n in range(200)])
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    body = bytearray(path.read_bytes())
    body[4096:] = os.urandom(len(body) - 4096)
    path.write_bytes(body)
    # Another connection's commit makes ours forget its cached pages.
    names = [name for n in range(5) for name in spool.put(draft(first=n))]
    spool.close()
    again = Spool(path, PLENTY)
    assert {row.id for row in take_all(again)} >= set(names) or list(path.parent.glob("spool.db.corrupt-*"))
    again.close()


def test_a_report_put_before_the_disk_could_be_opened_lands_behind_what_is_on_it(path: Path) -> None:
    first = Spool(path, PLENTY)
    old = first.put_many([draft(first=n) for n in range(3)])
    first.close()
    hidden = path.with_name("elsewhere")
    path.rename(hidden)
    path.mkdir()
    clock = Hands()
    spool = Spool(path, PLENTY, mono=clock)
    new = spool.put_many([draft(first=n) for n in range(2)])
    assert spool.stats().failing
    flying = spool.take(0, ALL, 1, ALL)
    path.rmdir()
    hidden.rename(path)
    clock.now += 60
    new += spool.put(draft())
    assert not spool.stats().failing
    assert spool.acknowledged([flying[0].id]) == [new[0]]
    assert [row.id for row in take_all(spool)] == old + new[1:]
    spool.close()


_PUTTER = """
import sys
from pathlib import Path
from agent.spool import Spool
from tests.agent.drafts import draft

spool = Spool(Path(sys.argv[1]), 1 << 26)
number = 0
while True:
    number += 1
    for name in spool.put_many([draft(first=number), draft(first=number)]):
        print(name, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 37, 300])
def test_every_report_whose_put_returned_survives_sigkill(path: Path, lines: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PUTTER, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], text=True
    ) as process:
        assert process.stdout is not None
        names = [process.stdout.readline().strip() for _ in range(lines)]
        process.kill()
        # What it still printed before it died counts as well; the last line may be torn.
        names += [line.strip() for line in process.stdout.read().split("\n")[:-1]]
    spool = Spool(path, PLENTY)
    assert not list(path.parent.glob("*corrupt*"))
    found = [row.id for row in take_all(spool)]
    assert set(names) <= set(found)
    assert len(found) == len(set(found))
    assert len(found) % 2 == 0
    spool.close()


def _rows(path: Path, query: str) -> list[Any]:
    database = sqlite3.connect(path)
    rows = database.execute(query).fetchall()
    database.close()
    return rows


def _damage(path: Path, damage: str) -> None:
    body = bytearray(path.read_bytes())
    if damage == "head":
        body[:4096] = os.urandom(4096)
    elif damage == "middle":
        body[8192:-4096] = os.urandom(len(body) - 12288)
    elif damage == "not a database":
        body = bytearray(b"hello\n")
    elif damage == "no version":
        body[60:64] = (0).to_bytes(4, "big")
    else:
        database = sqlite3.connect(path)
        database.execute(f"DROP {damage.removeprefix('no ')}")
        database.close()
        return
    path.write_bytes(body)
