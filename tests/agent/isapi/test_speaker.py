"""Against a simulated recorder over real sockets."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    Forbidden,
    HeldBack,
    Interrupted,
    Unreachable,
    Unsupported,
)
from agent.isapi import journal
from agent.isapi.speaker import NAMES_SECONDS
from agent.recorder.model import Condition, Identity, Input, Operation, RecordingPlan, TimeSettings, User
from agent.recorder.speaker import Speaker
from agent.recordings.plan import Window
from simulator.device.server import Answer
from simulator.isapi.document import NEW, OLD, STANDARD
from simulator.recorder.box import Disk, Entry
from tests.agent.isapi.recorders import DAY, NOON, Bench

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100


def test_it_is_a_speaker(bench: Bench) -> None:
    speaker: Speaker = bench.speaker
    assert speaker.answers == 0


@pytest.mark.parametrize("namespace", [OLD, NEW, STANDARD, ""])
def test_everything_in_every_firmwares_namespace(bench: Bench, namespace: str) -> None:
    bench.recorder.namespace = namespace
    speaker = bench.speaker
    assert speaker.device_time() == NOON
    assert speaker.identity() == Identity("Simulated", "NVR-4", "V4.1.0 build 240123", "SIMNVR0001")
    assert speaker.time_settings() == TimeSettings(True, ("ntp.example",), "CST-8:00:00", 8 * 3600)
    assert [one.token for one in speaker.inputs()] == ["1", "2", "3", "4"]
    assert speaker.plans()["4"] == RecordingPlan(True, (Window(),))
    assert speaker.storage().overwrites is True
    assert speaker.condition() == Condition(45.0, 0.2, 0.5, 10 * DAY)
    assert speaker.users() == [User("admin", "Administrator", True), User("watchkeeper", "Viewer", False)]
    assert speaker.extent("1").newest == NOON
    assert speaker.account_shown
    assert not speaker.paused
    assert speaker.elapsed > 0


# -- channels ----------------------------------------------------------------------------------------------------


def test_sixty_four_channels_cost_one_request_a_round(tmp_path: Path) -> None:
    bench = Bench(tmp_path, channels=64)
    with bench.recorder:
        with bench.counted() as first:
            assert len(bench.speaker.inputs()) == 64
        assert first == {
            "ContentMgmt/InputProxy/channels": 1,
            "ContentMgmt/InputProxy/channels/status": 1,
            "System/Video/inputs/channels": 1,
        }
        bench.box.channels[7].online = False
        with bench.counted() as later:
            told = bench.speaker.inputs()
        assert later == {"ContentMgmt/InputProxy/channels/status": 1}
        assert [one.token for one in told if not one.online] == ["8"]
        assert told[0] == Input("1", "Camera 01", True, address="10.0.0.1")
        assert len(bench.speaker.plans()) == 64
        bench.speaker.release()


def test_names_are_asked_again_in_time_and_when_a_channel_is_new(bench: Bench) -> None:
    bench.speaker.inputs()
    bench.box.channels[0].name = "Renamed"
    assert bench.speaker.inputs()[0].name == "Camera 01"
    bench.clock.now += NAMES_SECONDS
    assert bench.speaker.inputs()[0].name == "Renamed"
    bench.recorder.hides_offline = True
    bench.box.channels[1].online = False
    bench.speaker.forget()
    assert [one.token for one in bench.speaker.inputs()] == ["1", "3", "4"], "a channel may leave the list"
    bench.box.channels[1].online = True
    told = bench.speaker.inputs()
    assert [(one.token, one.name) for one in told][1] == ("2", "Camera 02"), "and come back with its name"


def test_ports_of_its_own_with_nothing_on_them_are_no_channels(bench: Bench) -> None:
    bench.recorder.poe_slots = [5, 6, 7, 8]
    bench.box.channels[3].address = "192.168.254.9"
    told = bench.speaker.inputs()
    assert [one.token for one in told] == ["1", "2", "3", "4"]
    assert told[3].address == "192.168.254.9"


def test_analogue_channels_beside_network_ones(bench: Bench) -> None:
    bench.recorder.analogue = {1, 2}
    bench.box.channels[1].video_loss = True
    told = {one.token: one for one in bench.speaker.inputs()}
    assert (told["1"].online, told["1"].video_loss) == (True, False)
    assert (told["2"].online, told["2"].video_loss) == (False, True)
    assert (told["3"].online, told["3"].video_loss) == (True, None)
    bench.recorder.refuses = {"ContentMgmt/InputProxy"}
    bench.speaker.forget()
    assert [one.token for one in bench.speaker.inputs()] == ["1", "2"]


def test_a_recorder_without_a_status_of_all_channels_tells_by_its_working_status(bench: Bench) -> None:
    bench.recorder.refuses = {"ContentMgmt/InputProxy/channels/status"}
    bench.box.channels[2].online = False
    assert [one.online for one in bench.speaker.inputs()] == [True, True, False, True]
    bench.recorder.refuses |= {"System/workingstatus"}
    bench.speaker.forget()
    assert [one.online for one in bench.speaker.inputs()] == [None] * 4


def test_what_it_does_not_know_is_asked_once(bench: Bench) -> None:
    bench.recorder.refuses = {"ContentMgmt/InputProxy/channels/status", "System/Video", "System/workingstatus"}
    bench.speaker.inputs()
    with bench.counted() as later:
        bench.speaker.inputs()
    assert later == {"ContentMgmt/InputProxy/channels": 1}


def test_a_recorder_with_neither_list_is_unsupported(bench: Bench) -> None:
    bench.recorder.refuses = {"ContentMgmt/InputProxy", "System/Video"}
    with pytest.raises(Unsupported):
        bench.speaker.inputs()


def test_a_list_that_the_account_may_not_see_is_no_empty_list(bench: Bench) -> None:
    bench.recorder.forbids = {"ContentMgmt/InputProxy/channels"}
    with pytest.raises(Forbidden, match="lowPrivilege"):
        bench.speaker.inputs()
    assert not bench.speaker.paused


def test_which_channels_are_being_recorded(bench: Bench) -> None:
    bench.speaker.inputs()
    bench.box.channels[1].stopped_at = NOON - DAY
    assert bench.speaker.recording() == {"1": True, "2": False, "3": True, "4": True}


def test_a_working_status_with_numbers_of_its_own_tells_nothing(bench: Bench) -> None:
    bench.speaker.inputs()
    body = b'{"WorkingStatus": {"ChanStatus": [{"chanNo": 33, "online": 1, "record": 1}]}}'
    bench.recorder.instead["System/workingstatus"] = lambda _: Answer(200, {}, body)
    with pytest.raises(Unsupported, match="otherwise"):
        bench.speaker.recording()


def test_plans_in_the_recorders_own_hours(bench: Bench) -> None:
    one = bench.box.channels[0]
    one.plan = [(day, 8 * 3600, 18 * 3600) for day in range(5)]
    one.motion_plan = [(5, 0, 86_400), (6, 0, 86_400)]
    bench.box.channels[1].plan_enabled = False
    plans = bench.speaker.plans()
    week = ("mon", "tue", "wed", "thu", "fri")
    hours = Window(days=week, from_="08:00", to="18:00")
    assert plans["1"] == RecordingPlan(True, (hours,), (Window(days=("sat", "sun")),))
    assert not plans["2"].enabled


# -- the box -----------------------------------------------------------------------------------------------------


def test_disks_and_empty_slots(bench: Bench) -> None:
    bench.recorder.empty_slots = 6
    bench.box.disks += [Disk(3, state="smart_failing"), Disk(4, state="sleeping"), Disk(5, state="missing")]
    drives = {drive.token: drive for drive in bench.speaker.storage().drives}
    assert {token: drive.healthy for token, drive in drives.items()} == {"1": True, "2": True, "3": False, "4": True}
    assert drives["1"].free_bytes == 0.0
    assert [drives[token].temperature_celsius for token in "1234"] == [38.0, 38.0, 38.0, None]
    asked = [path.split("/")[3] for path in bench.recorder.requests if path.endswith("SMARTTest/status")]
    assert asked == ["1", "2", "3"], "a disk that sleeps is not woken"


def test_a_disk_that_says_it_fails_is_believed_before_the_recorder_is(bench: Bench) -> None:
    body = b"<SMARTTest><temprature>61</temprature><selfEvaluaingStatus>error</selfEvaluaingStatus></SMARTTest>"
    bench.recorder.instead["ContentMgmt/Storage/hdd/2/SMARTTest/status"] = lambda _: Answer(200, {}, body)
    first, second = bench.speaker.storage().drives
    assert (first.healthy, second.healthy, second.status) == (True, False, "ok")
    assert second.temperature_celsius == 61.0


def test_disks_that_tell_nothing_of_themselves_are_asked_once(bench: Bench) -> None:
    bench.recorder.refuses = {"ContentMgmt/Storage/hdd/"}
    assert [drive.healthy for drive in bench.speaker.storage().drives] == [True, True]
    with bench.counted() as later:
        bench.speaker.storage()
    assert later == {"ContentMgmt/Storage": 1, "ContentMgmt/Storage/extension": 1}


def test_whether_it_overwrites_is_unknown_where_it_does_not_say(bench: Bench) -> None:
    bench.recorder.refuses = {"ContentMgmt/Storage/extension"}
    assert bench.speaker.storage().overwrites is None
    with bench.counted() as later:
        bench.speaker.storage()
    assert "ContentMgmt/Storage/extension" not in later


@pytest.mark.parametrize(
    ("zone", "word", "moment"),
    [
        ("America/New_York", "CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00", NOON),
        ("America/New_York", "CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00", NOON + 180 * DAY),
        ("Europe/Berlin", "CET-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00", NOON),
        ("Australia/Sydney", "AEST-10:00:00DST01:00:00,M10.1.0/02:00:00,M4.1.0/03:00:00", NOON + 180 * DAY),
    ],
)
@pytest.mark.parametrize("knows", [False, True])
def test_clock_and_recordings_of_zones_with_daylight_saving(
    bench: Bench, zone: str, word: str, moment: float, knows: bool
) -> None:
    calendar = bench.recorder.calendar
    calendar.zone, calendar.word, calendar.states_summer = ZoneInfo(zone), word, knows
    bench.clock.now = moment
    assert bench.speaker.device_time() == moment
    offset = ZoneInfo(zone).utcoffset(datetime.fromtimestamp(moment, UTC).replace(tzinfo=ZoneInfo(zone)))
    assert offset is not None
    assert bench.speaker.time_settings().utc_offset_seconds == offset.total_seconds()
    extent = bench.speaker.extent("1")
    assert (extent.oldest, extent.newest) == (moment - 30 * DAY, moment)
    assert bench.speaker.spans("1", moment - DAY, moment) == [(int(moment - DAY), int(moment))]


def test_the_log_of_who_did_what(bench: Bench) -> None:
    for ago, kind, user, channel in [
        (7200, "login", "early", None),
        (600, "playback", "eve", 3),
        (500, "remoteGetParm", "us", None),
        (400, "download", "eve", 2),
        (300, "login_failed", "mallory", None),
        (0, "login", "late", None),
    ]:
        bench.box.note(Entry(NOON - ago, kind, user, "10.9.9.9", channel))
    told = bench.speaker.log(NOON - 3600, NOON)
    assert [(e.at, e.operation, e.user, e.address, e.channel) for e in told] == [
        (NOON - 600, Operation.PLAYED_BACK, "eve", "10.9.9.9", "3"),
        (NOON - 400, Operation.DOWNLOADED, "eve", "10.9.9.9", "2"),
        (NOON - 300, Operation.LOGIN_FAILED, "mallory", "10.9.9.9", ""),
    ]
    assert told[1].detail == "remoteDownloadRecFile"


@pytest.mark.parametrize("cap", [300, 2000])
def test_a_long_log_is_read_to_its_newest_end(bench: Bench, cap: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "CAP", cap)
    bench.recorder.searches.log_limit = cap
    for number in range(1000):
        bench.box.note(Entry(NOON - 1000 + number, "login", f"u{number}"))
    bench.speaker.device_time()
    with bench.counted() as asked:
        told = bench.speaker.log(NOON - DAY, NOON, most=300)
    assert [one.user for one in told] == [f"u{number}" for number in range(700, 1000)]
    assert sum(asked.values()) <= 23


def test_of_a_log_that_is_too_long_the_later_part_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_PAGES", 2)
    for number in range(300):
        bench.box.note(Entry(NOON - 300 + number, "login", f"u{number}"))
    told = bench.speaker.log(NOON - 300, NOON)
    assert told[-1].user == "u299"
    assert 80 <= len(told) <= 90, "of 300 lines 128 were read, then the later half of the rest"


def test_a_log_of_some_pages(bench: Bench) -> None:
    for number in range(150):
        bench.box.note(Entry(NOON - 1000 + number, "configure", f"u{number}"))
    bench.speaker.device_time()
    with bench.counted() as asked:
        assert len(bench.speaker.log(NOON - 3600, NOON)) == 150
    assert asked == {"ContentMgmt/logSearch": 4}, "three pages, and one of failed logins"


def test_a_picture_of_a_channel(bench: Bench) -> None:
    bench.box.channels[0].picture = JPEG
    assert bench.speaker.snapshot("1") == JPEG
    bench.box.channels[0].online = False
    with pytest.raises(BadAnswer, match="0 bytes that are no JPEG"):
        bench.speaker.snapshot("1")
    with pytest.raises(Unsupported):
        bench.speaker.snapshot("../../System/reboot")


def test_older_firmware_has_its_pictures_elsewhere(bench: Bench) -> None:
    bench.recorder.refuses = {"Streaming"}
    bench.recorder.instead["ContentMgmt/StreamingProxy/channels/101/picture"] = lambda _: Answer(200, {}, JPEG)
    assert bench.speaker.snapshot("1") == JPEG
    with bench.counted() as later:
        bench.speaker.snapshot("1")
    assert sum(later.values()) == 1


# -- what it refuses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("System/time", "device_time"),
        ("System/time", "time_settings"),
        ("System/deviceInfo", "identity"),
        ("ContentMgmt/record/tracks", "plans"),
        ("System/workingstatus", "recording"),
        ("ContentMgmt/Storage", "storage"),
        ("System/status", "condition"),
        ("Security/users", "users"),
    ],
)
def test_each_refusal_is_a_state_and_pauses_nothing(bench: Bench, path: str, call: str) -> None:
    bench.recorder.forbids = {path}
    with pytest.raises(Forbidden, match="lowPrivilege"):
        getattr(bench.speaker, call)()
    bench.recorder.forbids, bench.recorder.refuses = set(), {path}
    with pytest.raises(Unsupported, match="notSupport"):
        getattr(bench.speaker, call)()
    bench.recorder.refuses = set()
    getattr(bench.speaker, call)()
    assert not bench.speaker.paused


def test_one_refused_login_and_no_more(bench: Bench) -> None:
    bench.password.write_text("wrong")
    bench.recorder.gate.lockout_after = 5
    with pytest.raises(AuthRefused, match="4 tries until it is locked"):
        bench.speaker.identity()
    for call in (bench.speaker.identity, bench.speaker.inputs, bench.speaker.storage, bench.another().identity):
        with pytest.raises(AuthPaused):
            call()
    assert bench.speaker.paused
    assert bench.recorder.refused_logins == 1


def test_a_locked_account_says_so(bench: Bench) -> None:
    bench.password.write_text("wrong")
    bench.recorder.gate.lockout_after = 1
    with pytest.raises(AuthRefused, match="the account is locked for 30 min more"):
        bench.speaker.identity()
    assert bench.recorder.refused_logins == 1


def test_the_clock_is_read_on_while_the_account_rests_where_the_recorder_tells_everyone(bench: Bench) -> None:
    bench.password.write_text("wrong")
    with pytest.raises(AuthRefused):
        bench.speaker.identity()
    with pytest.raises(AuthPaused):
        bench.speaker.device_time()
    bench.recorder.anonymous_time = True
    assert bench.speaker.device_time() == NOON
    assert not bench.speaker.account_shown
    assert bench.recorder.refused_logins == 1


@pytest.mark.parametrize("algorithms", [("SHA-256",), ("MD5", "SHA-256"), ("SHA-256", "MD5")])
def test_digests_of_newer_firmware(bench: Bench, algorithms: tuple[str, ...]) -> None:
    bench.speaker.identity()
    bench.speaker.release()
    bench.recorder.gate.algorithms = algorithms
    assert bench.speaker.identity().model == "NVR-4"
    assert bench.recorder.refused_logins == 0


def test_a_recorder_whose_sessions_are_taken(bench: Bench) -> None:
    bench.recorder.most_connections = 0
    with pytest.raises(BadAnswer, match="Device Busy"):
        bench.speaker.identity()
    assert not bench.speaker.paused


def test_a_recorder_that_says_401_when_its_sessions_are_taken_is_left_alone(bench: Bench) -> None:
    bench.recorder.most_connections, bench.recorder.busy_status = 0, 401
    with pytest.raises(AuthRefused, match="401"):
        bench.speaker.identity()
    assert bench.speaker.paused
    assert bench.recorder.refused_logins == 0, "it was no wrong password, and nobody can tell from outside"


def test_one_session_is_all_we_take(bench: Bench) -> None:
    bench.recorder.most_connections = 1
    bench.speaker.inputs()
    bench.speaker.extent("1")
    assert bench.recorder.connections == 1


def test_the_hourly_budget_holds(bench: Bench) -> None:
    thrifty = bench.another(max_requests=6)
    for _ in range(5):
        thrifty.identity()
    with pytest.raises(HeldBack):
        thrifty.identity()
    assert sum(bench.recorder.requests.values()) == 5, "and the challenge"


def test_a_recorder_that_is_away_and_one_that_is_interrupted(bench: Bench) -> None:
    bench.recorder.off()
    with pytest.raises(Unreachable):
        bench.speaker.identity()
    bench.recorder.on()
    bench.speaker.interrupt()
    with pytest.raises(Interrupted):
        bench.speaker.identity()
