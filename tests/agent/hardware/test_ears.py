"""What was heard between two rounds: bounded, settled, and told once."""

import datetime

import pytest

from agent.hardware.ears import MAX_CHANGES, MAX_STRANGERS, SETTLING_SECONDS, Ears
from agent.hardware.model import Kind, Stranger, Told

T0 = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)


def loss(channel: str = "1", active: bool = True) -> Told:
    return Told(Kind.VIDEO_LOSS, "videoloss", active, channel, lasting=False)


def boot(seconds: float) -> Told:
    return Told(Kind.REBOOTED, "LastReboot", None, initial=True, at=T0 + datetime.timedelta(seconds=seconds))


def taken(ears: Ears, now: float) -> list[tuple[str, bool | None, bool]]:
    return [(h.change.told.channel, h.change.active, h.change.after_gap) for h in ears.take(now)[0]]


def test_what_a_stream_repeats_from_its_beginning_went_on_already() -> None:
    ears = Ears("it", 60)
    ears.began(100)
    ears.hear(loss("1"), 101)
    ears.hear(loss("2"), 100 + SETTLING_SECONDS)
    assert taken(ears, 120) == [("2", True, False)]
    assert ears.values("1") == ears.values("2") == {"video_loss": 1}


def test_what_began_while_a_stream_was_away_says_so() -> None:
    ears = Ears("it", 60)
    ears.began(100)
    ears.ended(200)
    assert not ears.subscribed
    ears.began(210)
    ears.hear(loss(), 211)
    assert taken(ears, 220) == [("1", True, True)]


def test_nothing_is_present_while_we_do_not_listen_and_nothing_ends_then() -> None:
    ears = Ears("it", 60)
    ears.began(0)
    for now in (20, 21, 22):
        ears.hear(loss(), now)
    assert taken(ears, 23) == [("1", True, False)]
    ears.ended(24)
    assert ears.values("1") == {}
    assert ears.channels() == set()
    assert taken(ears, 1000) == []
    ears.began(1000)
    assert taken(ears, 1070) == [("1", False, True)]


def test_a_later_reboot_is_an_event_and_the_same_one_reckoned_anew_is_none() -> None:
    ears = Ears("it", 60)
    ears.began(0)
    for at in (0, 3, -2, 1):
        ears.hear(boot(at), 1)
    assert taken(ears, 2) == []
    ears.hear(boot(5000), 3)
    assert len(taken(ears, 4)) == 1


def test_a_camera_has_one_view_and_a_recorder_many() -> None:
    ears = Ears("it", 60)
    ears.began(0)
    ears.hear(loss("VideoSourceToken"), 1)
    ears.hear(Told(Kind.STORAGE_FULL, "diskfull", False), 1)
    assert ears.views() == {"video_loss": 1}
    assert ears.values() == {"storage_failure": 0}
    assert ears.silence(11) == 10


def test_strangers_are_counted_and_named_once_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    ears = Ears("it", 60)
    for n in range(3 * MAX_STRANGERS):
        for _ in range(2):
            ears.hear(Stranger(f"odd-{n}"), 1)
    assert ears.unknown == 6 * MAX_STRANGERS
    assert len(caplog.records) == MAX_STRANGERS


def test_changes_between_two_rounds_are_bounded_and_the_rest_is_counted() -> None:
    ears = Ears("it", 60)
    ears.began(0)
    for n in range(MAX_CHANGES + 5):
        ears.hear(loss(active=n % 2 == 0), 100 + n)
    heard, dropped = ears.take(101 + MAX_CHANGES)
    assert (len(heard), dropped) == (MAX_CHANGES, 5)
    assert ears.take(102 + MAX_CHANGES) == ([], 0)
