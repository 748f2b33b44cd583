"""Time during which nothing could be heard."""

from hub.blindness import Blindness


def test_absence_counts_only_outside_blind_time() -> None:
    blindness = Blindness()
    blindness.begin(1_000, "broker")
    blindness.end(4_000)
    assert blindness.milliseconds(0, 10_000) == 3_000
    assert blindness.milliseconds(2_000, 3_000) == 1_000
    assert blindness.milliseconds(5_000, 10_000) == 0


def test_blindness_that_lasts_counts_until_now() -> None:
    blindness = Blindness()
    blindness.begin(1_000, "broker")
    blindness.begin(2_000, "broker")
    assert blindness.milliseconds(0, 10_000) == 9_000
    assert blindness.current is not None


def test_overlapping_blindness_counts_once() -> None:
    blindness = Blindness()
    blindness.begin(3_000, "broker")
    blindness.was(1_000, 3_500, "hub")
    blindness.end(5_000)
    assert blindness.milliseconds(0, 10_000) == 4_000
    blindness.was(4_000, 6_000, "hub")
    assert blindness.milliseconds(0, 10_000) == 5_000
    assert blindness.current is None


def test_every_interval_is_reported_for_saving_once_per_change() -> None:
    blindness = Blindness()
    blindness.begin(1_000, "broker")
    assert [i.end for i in blindness.unsaved] == [None]
    blindness.unsaved.clear()
    blindness.end(2_000)
    assert [(i.start, i.end) for i in blindness.unsaved] == [(1_000, 2_000)]
