"""A gateway without a battery boots in 1970: what it measured is kept, and sent once its time is known."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import dating
from agent.draft import Draft
from agent.spool import Spool
from tests.agent.drafts import BOOT, draft, reports
from tests.agent.test_spool import full_disk
from wire.messages import Offset, Report

PLENTY = 1 << 26
ALL = 1 << 60
TRUE = 1_800_000_000_000
"""When the machine booted, in truth (ms)."""
OTHER_BOOT = BOOT.replace("0b", "0c")


def made(mono: int, *, wall: int = 0, boot: str = BOOT, offset: Offset | None = None) -> Draft:
    """A report made `mono` ms after the boot, by a wall clock that began at `wall` then."""
    base = draft(2, 1, first=mono, sent=wall + mono)
    return replace(base, boot=boot, mono=mono, offset=offset or Offset())


def sent(spool: Spool) -> list[Report]:
    return reports([row.body for row in spool.take(0, ALL, 10_000, ALL)])


def true_times(found: list[Report]) -> list[float]:
    return [report.sent + (report.offset.ms or 0.0) for report in found]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool.db", PLENTY)


def test_a_timeline_from_1970_to_a_reference(spool: Spool) -> None:
    spool.hold_unset(BOOT)
    spool.put_many([made(1_000), made(61_000)])
    assert sent(spool) == [], "nobody could place it"
    assert spool.date(TRUE, "ntp.example") == 2
    found = sent(spool)
    assert true_times(found) == [TRUE + 1_000, TRUE + 61_000]
    assert {report.offset.source for report in found} == {"ntp.example"}
    assert [report.sent for report in found] == [1_000, 61_000], "what the clock said stays on record"
    spool.put(made(121_000, offset=Offset(ms=TRUE, source="ntp.example")))
    assert spool.oldest() is not None


def test_what_is_dated_is_written_before_it_is_sent_and_says_the_same_after_a_crash(tmp_path: Path) -> None:
    first = Spool(tmp_path / "spool.db", PLENTY)
    first.hold_unset(BOOT)
    first.put(made(5_000))
    first.date(TRUE, "ntp")
    before = sent(first)
    again = Spool(tmp_path / "spool.db", PLENTY)  # the first was killed: never closed
    again.hold_unset(BOOT)
    assert again.date(TRUE + 999, "another reading") == 0
    assert sent(again) == before
    again.close()
    first.close()


def test_an_agent_restarted_in_the_same_boot_still_dates_what_it_left(tmp_path: Path) -> None:
    first = Spool(tmp_path / "spool.db", PLENTY)
    first.hold_unset(BOOT)
    first.put(made(5_000))
    first.close()
    second = Spool(tmp_path / "spool.db", PLENTY)
    second.hold_unset(BOOT)
    second.put(made(90_000))
    assert sent(second) == []
    assert second.date(TRUE, "ntp") == 2
    assert true_times(sent(second)) == [TRUE + 5_000, TRUE + 90_000]
    second.close()


def test_reports_of_an_earlier_boot_are_sent_as_they_are(tmp_path: Path) -> None:
    first = Spool(tmp_path / "spool.db", PLENTY)
    first.hold_unset(OTHER_BOOT)
    first.put(made(5_000, boot=OTHER_BOOT))
    first.close()
    second = Spool(tmp_path / "spool.db", PLENTY)
    second.hold_unset(BOOT)
    second.put(made(7_000))
    assert [report.boot for report in sent(second)] == [OTHER_BOOT]
    assert second.date(TRUE, "ntp") == 1, "no reading of this boot says anything of another"
    second.close()


def test_what_an_earlier_process_may_have_sent_is_never_said_otherwise(tmp_path: Path) -> None:
    first = Spool(tmp_path / "spool.db", PLENTY)
    first.hold_unset(BOOT)
    first.put(made(1_000, wall=TRUE - 3 * 3_600_000))
    before = sent(first)
    first.close()
    second = Spool(tmp_path / "spool.db", PLENTY)
    second.hold_unset(BOOT)
    assert second.date(TRUE, "ntp") == 0
    assert sent(second) == before
    second.close()


def test_a_clock_that_was_merely_not_compared_is_taken_for_right_where_nobody_knows_better(spool: Spool) -> None:
    spool.hold_unset(BOOT)
    spool.put_many([made(1_000), made(2_000, wall=TRUE)])
    assert spool.date(TRUE, "clock set later", unset_only=True) == 1
    assert true_times(sent(spool)) == [TRUE + 1_000, TRUE + 2_000]


def test_large_reports_are_dated_a_megabyte_at_a_time(spool: Spool) -> None:
    spool.hold_unset(BOOT)
    large = [replace(made(n), samples=draft(1000, first=n).samples) for n in range(60)]
    spool.put_many(large)
    tracemalloc.start()
    assert spool.date(TRUE, "ntp") == 60
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024
    assert len(sent(spool)) == 60


def test_where_the_disk_refuses_dating_is_tried_again(spool: Spool) -> None:
    spool.hold_unset(BOOT)
    spool.put(made(1_000))
    with full_disk():
        assert spool.date(TRUE, "ntp") is None
        assert spool.unset
    assert spool.date(TRUE, "ntp") == 1
    assert not spool.unset
    assert not spool.undated
    assert true_times(sent(spool)) == [TRUE + 1_000]


def test_a_clock_that_is_only_some_hours_off_holds_nothing_back_but_is_corrected_where_it_can_be(spool: Spool) -> None:
    spool.hold_unset(BOOT)
    wrong = TRUE - 3 * 3_600_000
    spool.put(made(1_000, wall=wrong))
    taken = spool.take(0, ALL, 1, ALL)
    spool.put(made(2_000, wall=wrong))
    assert spool.date(TRUE, "ntp") == 1, "one is in flight: what was said once is never said otherwise"
    assert reports([taken[0].body])[0].offset.ms is None
    assert true_times(sent(spool)) == [TRUE + 2_000]


def test_a_known_offset_is_never_replaced(spool: Spool) -> None:
    spool.put(made(1_000, wall=TRUE, offset=Offset(ms=12.0, source="first")))
    assert spool.date(TRUE + 99, "second") == 0


def test_a_disk_that_fails_does_not_keep_reports_undated(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", PLENTY)
    spool.hold_unset(BOOT)
    with full_disk():
        spool.put(made(3_000))
        assert sent(spool) == []
        assert spool.date(TRUE, "ntp") == 1
        assert true_times(sent(spool)) == [TRUE + 3_000]
    spool.close()


def test_more_than_a_batch_is_dated_whole(spool: Spool) -> None:
    spool.hold_unset(BOOT)
    spool.put_many([made(n * 1000) for n in range(1, 1203)])
    assert spool.date(TRUE, "ntp") == 1202
    assert true_times(sent(spool)) == [TRUE + n * 1000 for n in range(1, 1203)]


@given(st.integers(0, 10**11), st.integers(0, 10**12), st.floats(0, 2e12))
def test_the_corrected_time_is_the_reference_s_at_that_moment(mono: int, wall: int, ahead: float) -> None:
    report = made(mono, wall=wall).numbered("abcdef:1")
    fixed = dating.dated(report, ahead, "ntp")
    assert fixed.offset.ms is not None
    assert abs(fixed.sent + fixed.offset.ms - (ahead + mono)) <= 0.01
