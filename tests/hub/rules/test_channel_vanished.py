"""Channels that are gone, deleted or dark, as timelines."""

from tests.hub.fleets import SITE
from tests.hub.rules.timelines import HOUR, MINUTE, lives, others, timeline
from wire.messages import Device, DeviceKind

RULE = "channel_vanished"


def test_deleted_on_the_recorder_and_added_again() -> None:
    line = timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), "nvr-1-ch1", online=1, listed=1)
    line.samples(range(10 * MINUTE, 20 * MINUTE, MINUTE), "nvr-1-ch1", online=0, listed=0)
    line.samples(range(20 * MINUTE, 25 * MINUTE, MINUTE), "nvr-1-ch1", online=1, listed=1)
    assert lives(line, RULE) == ["600 pending", "900 opened", "1200 clearing", "1320 closed"]
    assert others(line, RULE) == []


def test_a_channel_that_is_listed_as_offline_has_the_other_ticket() -> None:
    line = timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), "nvr-1-ch1", online=0, listed=1)
    assert lives(line, "channel_offline") == ["0 pending", "300 opened"]
    assert others(line, "channel_offline") == []


def test_a_camera_that_is_also_a_channel_has_one_ticket_when_it_is_off() -> None:
    line = timeline()
    for second in range(0, HOUR, MINUTE):
        line.sample(second, "cam-1", online=0, listed=1, video_loss=1)  # the recorder is asked before the camera
        line.sample(second + 5, "cam-1", reachable=0)
    line.samples([HOUR], "cam-1", online=0)  # the recorder takes a moment to see it again
    line.samples([HOUR + 5], "cam-1", reachable=1)
    line.samples([HOUR + MINUTE], "cam-1", online=1, video_loss=0)
    assert [entry.split()[2] for entry in line.log if entry.endswith("opened")] == ["camera_unreachable"]


def test_a_camera_that_answers_us_and_not_its_recorder_is_offline_there() -> None:
    line = timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), "cam-1", reachable=1, online=0, listed=1)
    assert lives(line, "channel_offline") == ["0 pending", "300 opened"]


def test_channels_that_are_lost_together_are_one_ticket_of_their_recorder() -> None:
    channels = [Device(device=f"nvr-1-ch{n}", kind=DeviceKind.CHANNEL, parent="nvr-1") for n in range(1, 5)]
    line = timeline(Device(device="nvr-1", kind=DeviceKind.RECORDER), *channels)
    for second in range(0, 20 * MINUTE, MINUTE):
        for n, channel in enumerate(channels):
            line.sample(second + n, channel.device, online=float(second < 5 * MINUTE or n == 0), listed=1)
    standing = [f for f in line.engine.sites[SITE].live() if f.life.state == "open"]
    assert [f.rule for f in standing if f.cause is None] == ["recorder_channels_down"]
    assert len(standing) == 4
    for second in range(20 * MINUTE, 30 * MINUTE, MINUTE):
        for n, channel in enumerate(channels):
            line.sample(second + n, channel.device, online=1, listed=1)
        line.tick(second + 10)
    assert list(line.engine.sites[SITE].live()) == []


def test_recordings_that_stop_together_are_one_ticket_of_their_recorder() -> None:
    channels = [Device(device=f"nvr-1-ch{n}", kind=DeviceKind.CHANNEL, parent="nvr-1") for n in range(1, 5)]
    line = timeline(Device(device="nvr-1", kind=DeviceKind.RECORDER), *channels)
    for second in range(0, HOUR, 10 * MINUTE):
        for n, channel in enumerate(channels):  # asked by turns
            line.sample(second + 100 * n, channel.device, recording_planned=1, recording_active=0)
    standing = [f for f in line.engine.sites[SITE].live() if f.life.state == "open" and f.cause is None]
    assert [(f.device, f.rule) for f in standing] == [("nvr-1", "recorder_not_recording")]
