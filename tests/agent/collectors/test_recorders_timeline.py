"""The collector over hours and days of a simulated box: the silence before, the fault, the recovery."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agent.device.account import PasswordMissing
from agent.device.errors import (
    AuthRefused,
    BadAnswer,
    DeviceError,
    Forbidden,
    HeldBack,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.recorder.model import Identity
from simulator.recorder.box import DAY, Box, Disk, Entry, User
from tests.agent.recorder.box_speaker import BoxSpeaker
from tests.agent.recorder.worlds import World, at
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

HOUR = 3600.0


def world(tmp_path: Path | None, now: float = at(25, 12), channels: int = 3, **more: Any) -> tuple[World, BoxSpeaker]:
    box = Box(channels)
    speaker = BoxSpeaker(box)
    return World(box, lambda: speaker, tmp_path, now, **more), speaker


def test_a_healthy_recorder_tells_everything_it_knows_and_nothing_happens(tmp_path: Path) -> None:
    one, _ = world(tmp_path)
    one.round()
    assert one.values["nvr"] == {
        "connectable": 1,
        "reachable": 1,
        "authenticated": 1,
        "account_paused": 0,
        "requests_per_hour": one.values["nvr"]["requests_per_hour"],
        "requests_held_back": 0,
        "response_seconds": 0.01,
        "clock_offset_seconds": pytest.approx(0, abs=1),
        "clock_offset_error_seconds": pytest.approx(0.5, abs=0.1),
        "ntp_enabled": 1,
        "temperature_celsius": 45,
        "cpu_ratio": 0.2,
        "memory_used_ratio": 0.5,
        "uptime_seconds": 10 * DAY,
        "accounts": 2,
        "administrators": 1,
        "recording_age_seconds": pytest.approx(30 * DAY, abs=2),
        "recording_newest_age_seconds": pytest.approx(0, abs=2),
    }
    assert one.values["nvr-2"] == {
        "online": 1,
        "video_loss": 0,
        "recording_plan_enabled": 1,
        "recording_planned": 1,
        "recording_active": 1,
        "recording_stalled": 0,
        "recording_age_seconds": pytest.approx(30 * DAY, abs=2),
        "recording_newest_age_seconds": pytest.approx(0, abs=2),
        "recording_retention_days": pytest.approx(30, abs=0.001),
        "recording_integrity_ratio": 1,
        "recording_gaps": 0,
        "recording_longest_gap_seconds": 0,
    }
    one.now += 60
    one.round()
    assert one.fresh["nvr-2"] == {
        "online": 1,
        "video_loss": 0,
        "recording_plan_enabled": 1,
        "recording_planned": 1,
    }
    assert one.values["nvr-disk-1"] == {"present": 1, "disk_healthy": 1, "temperature_celsius": 38}
    assert one.values["nvr-storage"]["overwriting"] == one.values["nvr-storage"]["fill_ratio"] == 1
    assert one.facts["nvr"]["ntp_servers"] == "ntp.example"
    assert one.facts["nvr-2"] == {
        "token": "2",
        "plan": "continuous",
        "recording_since": pytest.approx((at(25, 12) - 30 * DAY) * 1000, abs=2000),
    }
    one.run(at(27, 12), 600)
    assert one.events == []
    assert len([reading for reading in one.readings if reading.devices is not None]) <= 3, "an inventory that is quiet"
    kinds = {device.device: device.kind for reading in one.readings for device in reading.devices or ()}
    assert all(DeviceKind(kinds[d]) in BY_NAME[name].kinds for d, values in one.values.items() for name in values)


def test_a_recording_that_stops_is_noticed_and_its_gap_told_once_when_it_goes_on(tmp_path: Path) -> None:
    one, _ = world(tmp_path)
    one.run(at(25, 15), 300)
    assert [one.values[f"nvr-{n}"]["recording_stalled"] for n in (1, 2, 3)] == [0, 0, 0]
    one.box.channel(2).stopped_at = one.now
    one.run(at(25, 15, 25))
    assert one.values["nvr-2"]["recording_active"] == 0
    assert one.values["nvr-2"]["recording_stalled"] == 1
    assert one.values["nvr-2"]["recording_newest_age_seconds"] >= 600
    assert [one.values[f"nvr-{n}"]["recording_stalled"] for n in (1, 3)] == [0, 0]
    one.run(at(25, 17), 300)
    one.box.channel(2).stopped_at = None
    one.box.channel(2).gaps = [(at(25, 15), one.now)]
    one.run(at(25, 17, 15))
    assert one.values["nvr-2"]["recording_stalled"] == 0
    assert one.events == []
    one.restart()
    one.run(at(26, 1), 300)
    (gap,) = one.events
    assert (gap.device, gap.type) == ("nvr-2", "recording.gap")
    assert gap.data == {
        "from": at(25, 15) * 1000,
        "to": pytest.approx(at(25, 17) * 1000, abs=1000),
        "seconds": 7200,
        "plan": "continuous",
    }
    assert one.values["nvr-2"]["recording_integrity_ratio"] == 1, "of the day before, still"
    one.run(at(26, 12), 300)
    assert one.values["nvr-2"]["recording_integrity_ratio"] == pytest.approx(22 / 24)
    assert (one.values["nvr-2"]["recording_gaps"], one.values["nvr-2"]["recording_longest_gap_seconds"]) == (1, 7200)
    assert one.values["nvr-1"]["recording_integrity_ratio"] == 1
    one.run(at(28, 12), 600)
    assert one.values["nvr-2"]["recording_integrity_ratio"] == 1
    assert len(one.events) == 1


def test_a_recorder_that_says_it_records_is_believed_for_two_hours(tmp_path: Path) -> None:
    one, speaker = world(tmp_path)
    speaker.says_recording = True
    one.run(at(25, 13))
    one.box.channel(1).stopped_at = one.now
    one.run(at(25, 14, 30), 300)
    assert one.values["nvr-1"]["recording_stalled"] == 0, "some list a recording when its file is complete"
    one.run(at(25, 15, 30), 300)
    assert one.values["nvr-1"]["recording_stalled"] == 1


def test_motion_only_channels_never_stall_and_have_no_gaps(tmp_path: Path) -> None:
    one, _ = world(tmp_path)
    channel = one.box.channel(1)
    channel.motion_plan, channel.plan = channel.plan, []
    channel.stopped_at = at(24, 12)
    one.run(at(26, 12), 600)
    assert not {"recording_stalled", "recording_gaps", "recording_integrity_ratio"} & one.values["nvr-1"].keys()
    assert one.values["nvr-1"]["recording_planned"] == 0
    assert one.facts["nvr-1"]["plan"] == "motion"
    assert one.events == []


def test_a_plan_that_is_switched_off_is_not_missed_and_says_so(tmp_path: Path) -> None:
    one, _ = world(tmp_path)
    one.box.channel(1).plan_enabled = False
    one.box.channel(1).stopped_at = at(20, 12)
    one.run(at(25, 14), 600)
    assert one.values["nvr-1"]["recording_plan_enabled"] == one.values["nvr-1"]["recording_planned"] == 0
    assert one.values["nvr-1"]["recording_stalled"] == 0


def test_plans_are_of_the_recorders_own_wall_clock(tmp_path: Path) -> None:
    one, _ = world(tmp_path, at(25, 7))
    one.box.channel(1).plan = [(day, 8 * 3600, 18 * 3600) for day in range(5)]
    one.run(at(25, 7, 55))
    assert one.values["nvr-1"]["recording_planned"] == 0
    one.run(at(25, 8, 5))
    assert one.values["nvr-1"]["recording_planned"] == 1
    assert one.facts["nvr-1"]["plan"] == "scheduled"


@pytest.mark.parametrize("offset", [-(at(25, 12) - 40 * DAY), -(at(25, 12) - 7 * HOUR), 365 * DAY, 8 * HOUR])
def test_a_wrong_clock_is_measured_and_ages_are_by_it(tmp_path: Path, offset: float) -> None:
    one, _ = world(tmp_path)
    one.box.clock_offset = offset
    for channel in one.box.channels:
        channel.oldest_seconds = 5 * HOUR
    one.run(one.now + 3 * HOUR, 600)
    assert one.values["nvr"]["clock_offset_seconds"] == pytest.approx(-offset, abs=1)
    assert one.values["nvr-1"]["recording_newest_age_seconds"] == pytest.approx(0, abs=2)
    assert one.values["nvr-1"]["recording_age_seconds"] == pytest.approx(5 * HOUR, abs=2)
    assert one.values["nvr-1"].get("recording_stalled", 0) == 0
    assert one.events == []


def test_a_gap_is_told_by_our_clock_whatever_the_recorders_shows(tmp_path: Path) -> None:
    one, _ = world(tmp_path)
    one.box.clock_offset = 3 * DAY
    one.box.channel(1).gaps = [(at(28, 3), at(28, 4))]
    one.round()
    (gap,) = one.events
    assert gap.data["from"] == pytest.approx(at(25, 3) * 1000, abs=1500)
    assert gap.data["seconds"] == HOUR


def test_recordings_that_were_overwritten_are_not_missed(tmp_path: Path) -> None:
    one, _ = world(tmp_path)
    for channel in one.box.channels:
        channel.oldest_seconds = 6 * HOUR
    one.run(at(27, 12), 600)
    assert one.events == []
    assert "recording_integrity_ratio" not in one.values["nvr-1"]
    assert one.values["nvr-1"]["recording_retention_days"] == pytest.approx(0.25, abs=0.01)


def test_gaps_of_days_in_which_no_agent_ran_are_told(tmp_path: Path) -> None:
    one, _ = world(tmp_path)
    one.run(at(25, 13), 600)
    one.box.channel(3).gaps = [(at(26, 3), at(26, 4))]
    one.now = at(30, 12)
    one.restart()
    one.run(at(30, 13), 600)
    assert [(e.device, e.data["seconds"]) for e in one.events] == [("nvr-3", HOUR)]


def test_video_loss_and_a_channel_that_vanished(tmp_path: Path) -> None:
    one, _ = world(tmp_path)
    one.round()
    one.box.channel(1).video_loss = True
    one.box.channel(2).online = False
    one.box.channel(3).listed = False
    one.now += 60
    one.round()
    told = {n: (one.fresh[f"nvr-{n}"]["online"], one.fresh[f"nvr-{n}"].get("video_loss")) for n in (1, 2, 3)}
    assert told == {1: (1, 1), 2: (0, 0), 3: (0, None)}
    one.restart()
    one.box.channel(1).video_loss, one.box.channel(2).online = False, True
    one.now += 60
    one.round()
    told = {n: (one.fresh[f"nvr-{n}"]["online"], one.fresh[f"nvr-{n}"].get("video_loss")) for n in (1, 2, 3)}
    assert told == {1: (1, 0), 2: (1, 0), 3: (0, None)}, "the agent was started anew meanwhile"


def test_a_disk_that_fails_and_one_that_goes(tmp_path: Path) -> None:
    one, _ = world(tmp_path)
    one.round()
    one.box.disks[0].state = "smart_failing"
    one.box.disks[1].state = "missing"
    one.run(at(25, 13, 15))
    assert one.values["nvr-disk-1"]["disk_healthy"] == 0
    assert one.values["nvr-disk-2"]["present"] == 0
    assert one.facts["nvr-disk-1"]["status"] == "smart_failing"
    one.box.disks[:] = [Disk(1), Disk(2)]
    one.run(at(25, 14, 30))
    assert one.values["nvr-disk-1"]["disk_healthy"] == one.values["nvr-disk-2"]["present"] == 1


def test_who_did_what_is_told_once_with_the_channels_device(tmp_path: Path) -> None:
    one, _ = world(tmp_path, device={"channels": [{"token": "2", "id": "back-door"}]})
    one.box.note(Entry(at(25, 9), "login", "admin"))
    one.run(at(25, 12, 10))
    one.box.note(Entry(one.now, "playback", "li", "10.0.0.9", 2, "morning"))
    one.box.note(Entry(one.now, "download", "li", "10.0.0.9", 1))
    one.run(at(25, 12, 30))
    one.restart()
    one.box.note(Entry(one.now, "login_failed", "root", "10.0.0.66"))
    one.run(at(25, 13))
    assert [(e.device, e.type, e.data.get("user"), e.data.get("channel")) for e in one.events] == [
        ("nvr", "footage.played_back", "li", "back-door"),
        ("nvr", "footage.downloaded", "li", "nvr-1"),
        ("nvr", "recorder.login_failed", "root", None),
    ]


def test_accounts_that_come_and_go(tmp_path: Path) -> None:
    one, _ = world(tmp_path)
    one.round()
    one.box.users.append(User("guest2", "administrator"))
    one.run(at(25, 13, 15))
    assert one.values["nvr"]["administrators"] == 2
    one.box.users.pop()
    one.restart()
    one.run(at(25, 14, 30))
    assert one.types() == ["recorder.account_added", "recorder.account_removed"]


@pytest.mark.parametrize(("error", "fact"), [(Unsupported, "unsupported"), (Forbidden, "forbidden")])
def test_what_it_will_not_tell_is_a_fact_and_asked_again_daily(
    tmp_path: Path, error: type[DeviceError], fact: str
) -> None:
    one, speaker = world(tmp_path)
    refused = ("time_settings", "plans", "recording", "extent", "spans", "storage", "condition", "users", "log")
    speaker.raises = {call: error("no") for call in refused}
    one.run(at(28, 12), 600)
    assert one.facts["nvr"][fact] == "accounts, condition, disks, log, plans, recording, recordings, time"
    assert all(reading.problem == "" for reading in one.readings)
    assert one.values["nvr-1"] == {"online": 1, "video_loss": 0}
    assert max(speaker.calls[call] for call in refused if call != "extent") <= 4
    assert speaker.calls["extent"] <= 12
    assert speaker.calls["spans"] == 0, "without a plan no gap is one"
    speaker.raises = {}
    one.run(at(29, 13), 600)
    assert fact not in one.facts["nvr"]
    assert one.values["nvr-1"]["recording_stalled"] == 0


def test_one_channel_it_tells_nothing_of_costs_the_others_nothing(tmp_path: Path) -> None:
    one, speaker = world(tmp_path, channels=6)
    told, extent = [], speaker.extent

    def of_some(token: str) -> object:
        told.append(token)
        if token in ("1", "4"):
            raise Unsupported("no such track")
        return extent(token)

    speaker.extent = of_some  # type: ignore[method-assign,assignment]
    one.run(at(25, 12, 30))
    assert {n for n in range(1, 7) if "recording_age_seconds" in one.values[f"nvr-{n}"]} == {2, 3, 5, 6}
    assert "unsupported" not in one.facts["nvr"]
    assert Counter(told)["2"] >= 2


def test_a_subject_that_hangs_starves_no_other(tmp_path: Path) -> None:
    one, speaker = world(tmp_path)
    speaker.raises = {"storage": TimedOut("slow"), "extent": TimedOut("slow")}
    one.run(at(25, 15))
    assert {"accounts", "temperature_celsius"} <= one.values["nvr"].keys()
    assert "recording_integrity_ratio" in one.values["nvr-3"]
    assert speaker.calls["log"] >= 10
    assert one.values["nvr"]["reachable"] == 1
    assert one.fresh["nvr-1"]["online"] == 1


@pytest.mark.parametrize(
    ("error", "values"),
    [
        (Unreachable("gone"), {"connectable": 0, "reachable": 0}),
        (TimedOut("hangs"), {"connectable": 0, "reachable": 0}),
        (BadAnswer("garbage"), {"connectable": 1, "reachable": 1}),
        (Unsupported("404"), {"connectable": 1, "reachable": 1}),
        (AuthRefused("401"), {"connectable": 1, "reachable": 1, "authenticated": 0}),
        (HeldBack("enough"), {}),
    ],
)
def test_what_becomes_of_a_recorder_that_does_not_tell_its_time(
    tmp_path: Path, error: DeviceError, values: dict[str, float]
) -> None:
    one, speaker = world(tmp_path)
    speaker.account_shown = False
    speaker.raises = dict.fromkeys(("device_time", "inputs", "identity", "log"), error)
    one.round()
    ours = ("requests_per_hour", "requests_held_back", "account_paused")
    told = {name: value for name, value in one.fresh["nvr"].items() if name not in ours}
    if isinstance(error, BadAnswer | Unsupported):
        assert speaker.calls["extent"] == 0, "without its time an age is anybody's guess"
        told = {name: value for name, value in told.items() if name in ("connectable", "reachable")}
    assert told == values
    assert set(one.fresh) == {"nvr"} or isinstance(error, BadAnswer | Unsupported)


def test_a_missing_password_is_no_refusal_and_asks_nothing(tmp_path: Path) -> None:
    one, speaker = world(tmp_path)
    speaker.raises = {"identity": PasswordMissing("no file")}  # type: ignore[dict-item] # what accounts raise
    one.round()
    assert "authenticated" not in one.fresh["nvr"]
    assert one.fresh["nvr"]["reachable"] == 1
    assert speaker.calls["inputs"] == 0
    speaker.raises = {}
    one.now += 60
    one.round()
    assert one.fresh["nvr"]["authenticated"] == 1


def test_a_resting_account_is_not_asked_with(tmp_path: Path) -> None:
    one, speaker = world(tmp_path)
    one.round()
    speaker.paused = True
    before = speaker.calls.copy()
    one.run(at(25, 12, 20))
    assert (speaker.calls - before).keys() == {"device_time"}
    assert one.values["nvr"]["account_paused"] == 1
    assert one.values["nvr"]["authenticated"] == 0
    assert one.fresh.keys() == {"nvr"}
    speaker.paused = False
    one.now += 60
    one.round()
    assert one.fresh["nvr"]["authenticated"] == 1


def test_another_firmware_is_asked_everything_anew(tmp_path: Path) -> None:
    one, speaker = world(tmp_path)
    speaker.raises = {"log": Unsupported("no")}
    one.round()
    assert one.facts["nvr"]["unsupported"] == "log"
    one.box.firmware = "V5"
    del speaker.raises["log"]
    one.run(at(25, 12, 20))
    assert one.facts["nvr"]["firmware"] == "V5"
    assert "unsupported" not in one.facts["nvr"]


def test_after_an_outage_it_is_asked_who_it_is(tmp_path: Path) -> None:
    one, speaker = world(tmp_path)
    one.round()
    speaker.raises = {"device_time": Unreachable("gone")}
    one.run(at(25, 12, 5))
    assert speaker.forgotten == 5
    assert one.fresh.keys() == {"nvr"}, "nothing is known of channels meanwhile"
    speaker.raises = {}
    one.run(at(25, 12, 6))
    assert speaker.calls["identity"] == 2
    assert one.fresh["nvr-1"]["online"] == 1


def test_channels_take_turns_and_keep_within_their_share(tmp_path: Path) -> None:
    one, speaker = world(tmp_path, channels=64)
    speaker.cost = {"extent": 3, "spans": 4}
    for channel in one.box.channels:
        channel.oldest_seconds = 3 * DAY
    most, began = 0, one.now
    while one.now < began + 3 * HOUR:
        before = speaker.answers
        one.round()
        most = max(most, speaker.answers - before)
        one.now += 60
    per_hour = speaker.answers / 3
    assert most <= 45, "no heap"
    assert per_hour <= 600 + 60 * 3
    assert all("recording_stalled" in one.values[f"nvr-{n}"] for n in range(1, 65))
    assert all("recording_integrity_ratio" in one.values[f"nvr-{n}"] for n in range(1, 65))


def test_a_channel_that_is_said_not_to_be_recorded_goes_before_the_others(tmp_path: Path) -> None:
    one, speaker = world(tmp_path, channels=64)
    speaker.cost = {"extent": 20, "spans": 10}
    for channel in one.box.channels:
        channel.oldest_seconds = 3 * DAY
    one.run(at(25, 16), 120)
    assert speaker.calls["extent"] < 150, "a costly language: each channel once in two hours"
    one.box.channel(50).stopped_at = one.now
    one.run(at(25, 16, 30))
    assert one.values["nvr-50"]["recording_stalled"] == 1


def test_a_single_run_tells_of_every_channel() -> None:
    one, speaker = world(None, channels=64)
    speaker.cost = {"extent": 3, "spans": 4}
    one.round()
    assert all("recording_integrity_ratio" in one.values[f"nvr-{n}"] for n in range(1, 65))


def test_small_recorders_are_asked_modestly(tmp_path: Path) -> None:
    one, speaker = world(tmp_path, channels=8)
    one.round()
    before = speaker.answers
    one.run(at(25, 16))
    assert (speaker.answers - before) / 4 <= 220


def test_an_agent_that_stops_ends_the_round_and_tells_no_outage(tmp_path: Path) -> None:
    one, speaker = world(tmp_path)
    one.round()
    one.collector.interrupt()
    one.now += 60
    one.round()
    assert "reachable" not in one.fresh["nvr"]
    assert speaker.released == 2


def test_one_that_is_another_recorder_now_is_no_defect(tmp_path: Path) -> None:
    one, speaker = world(tmp_path)
    one.round()
    speaker.identity = lambda: Identity("", "", "", "")  # type: ignore[method-assign]
    one.run(at(25, 12, 40))
    assert one.facts["nvr"]["model"] == ""
