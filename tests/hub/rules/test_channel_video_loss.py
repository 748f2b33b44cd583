"""A channel without a picture, as a timeline."""

from tests.hub.rules.timelines import MINUTE, lives, others, timeline

RULE = "channel_video_loss"


def test_lost_for_five_minutes_and_back_for_two() -> None:
    line = timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), "nvr-1-ch1", online=1, video_loss=0)
    line.samples(range(10 * MINUTE, 20 * MINUTE, MINUTE), "nvr-1-ch1", online=1, video_loss=1)
    line.samples(range(20 * MINUTE, 25 * MINUTE, MINUTE), "nvr-1-ch1", online=1, video_loss=0)
    assert lives(line, RULE) == ["600 pending", "900 opened", "1200 clearing", "1320 closed"]
    assert others(line, RULE) == []


def test_a_channel_that_is_offline_has_the_other_ticket() -> None:
    line = timeline()
    line.samples(range(0, 20 * MINUTE, MINUTE), "nvr-1-ch1", online=0, video_loss=1)
    assert lives(line, RULE) == []
    assert lives(line, "channel_offline") == ["0 pending", "300 opened"]


def test_a_lost_picture_is_not_also_a_missing_recording() -> None:
    line = timeline()
    for second in range(0, 60 * MINUTE, MINUTE):
        recorded = {"recording_active": 0.0} if second % (10 * MINUTE) == 0 else {}
        line.sample(second, "nvr-1-ch1", online=1, video_loss=1, recording_planned=1, **recorded)
    assert others(line, RULE) == []
