"""The speaker against a simulated recorder, over real sockets with digest."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.dahua.speaker import DahuaSpeaker, Quirks
from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    DeviceError,
    Forbidden,
    HeldBack,
    Interrupted,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.device.manners import Manners
from agent.device.pause import Pauses
from agent.recorder.model import Condition, Extent, Identity, Input, Operation, RecordingPlan, TimeSettings, User
from agent.recorder.speaker import Speaker
from agent.recordings.plan import Window
from simulator.dahua import DahuaRecorder
from simulator.device.server import Misbehaviour
from simulator.recorder.box import DAY, Box, Channel, Entry
from tests.waiting import answer_of, wait_until

NOW = 1_790_000_000.0
HOUR = 3600.0
SECRET = "secret"
JPEG = b"\xff\xd8\xff\xe0 a picture"

Make = Callable[..., DahuaSpeaker]


@pytest.fixture
def recorder() -> Iterator[DahuaRecorder]:
    with DahuaRecorder(Box(4, clock=lambda: NOW)) as made:
        yield made


@pytest.fixture
def speak(recorder: DahuaRecorder, tmp_path: Path) -> Make:
    pauses, manners = Pauses(), Manners()

    def make(password: str = SECRET, **more: Any) -> DahuaSpeaker:
        file = tmp_path / "password"
        file.write_text(password)
        account = Account(recorder.gate.username, file)
        options: dict[str, Any] = {
            "timeout": 5.0,
            "max_bytes": 4 * 2**20,
            "max_requests": 36_000,
            "pause_seconds": 1800.0,
            "pauses": pauses,
            "manners": manners,
        }
        return DahuaSpeaker(Endpoint("127.0.0.1", recorder.port), account, **(options | more))

    return make


@pytest.fixture
def speaker(speak: Make) -> DahuaSpeaker:
    return speak()


def calls(recorder: DahuaRecorder) -> int:
    return sum(recorder.requests.values())


def nothing_leaks(recorder: DahuaRecorder) -> None:
    assert recorder.finders.open == 0
    assert recorder.log_searches.open == 0


# -- what it tells ---------------------------------------------------------------------------------------------------


def test_it_offers_everything_a_recorders_language_must(speaker: DahuaSpeaker) -> None:
    kept: Speaker = speaker
    assert kept.answers == 0


def test_its_clock_is_turned_to_utc_by_its_own_zone(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    assert speaker.device_time() == NOW
    recorder.box.clock_offset = -7200.0
    assert speaker.device_time() == NOW - 7200
    assert speaker.account_shown
    assert recorder.requests == {"NTP": 1, "Locales": 1, "getCurrentTime": 2}, "the zone is asked for once"


def test_a_clock_that_is_told_to_everybody_is_asked_without_the_account(
    recorder: DahuaRecorder, speaker: DahuaSpeaker
) -> None:
    recorder.anonymous_time = True
    speaker.device_time()
    received = recorder.received
    speaker.device_time()
    assert recorder.received == received + 1
    assert not speaker.account_shown


def test_a_clock_of_1970_is_read_as_it_is(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.box.clock_offset = -NOW - 8 * HOUR + 5
    assert speaker.device_time() == -8 * HOUR + 5


def test_a_clock_without_a_zone_is_no_time(recorder: DahuaRecorder, speak: Make) -> None:
    recorder.time_zone = None
    with pytest.raises(BadAnswer, match="without a time zone"):
        speak().device_time()
    recorder.time_zone = 99
    with pytest.raises(BadAnswer, match="without a time zone"):
        speak().device_time()
    configured = speak(quirks=Quirks(utc_offset_seconds=8 * 3600))
    assert configured.device_time() == NOW


def test_where_the_zone_may_not_be_read_that_is_said(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.forbidden = {"NTP"}
    with pytest.raises(Forbidden, match="lacks the right"):
        speaker.device_time()
    assert not speaker.paused


def test_firmware_without_summer_time_has_none(recorder: DahuaRecorder, speak: Make) -> None:
    recorder.missing = {"Locales"}
    speaker = speak()
    assert speaker.device_time() == NOW
    recorder.missing, recorder.forbidden = set(), {"Locales"}
    with pytest.raises(BadAnswer, match="without a time zone"):
        speak().device_time()


def test_the_hour_that_comes_twice_is_read_as_the_one_nearer_to_ours(recorder: DahuaRecorder, speak: Make) -> None:
    # Berlin, 2026-10-25: 02:30 comes at 00:30 and at 01:30 UTC.
    first = 1_792_888_200.0
    recorder.time_zone, recorder.box.utc_offset_seconds = 1, 7200
    for which, month, hour in (("DSTStart", 3, 2), ("DSTEnd", 10, 3)):
        turn = {"Month": month, "Week": -1, "Day": 0, "Hour": hour, "Minute": 0}
        recorder.locales |= {f"{which}.{name}": str(value) for name, value in turn.items()}
    recorder.locales["DSTEnable"] = "true"
    recorder.box.clock = lambda: first
    assert speak(wall=lambda: first + 20).device_time() == first
    assert speak(wall=lambda: first + 3580).device_time() == first + 3600


def test_who_it_is(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    expected = Identity("Simulated", "NVR-4", "V4.1.0 build 2026-01-02", "SIMNVR0001")
    assert speaker.identity() == expected
    assert speaker.account_shown
    assert speaker.identity() == expected
    assert recorder.requests == {"getSystemInfo": 2, "getSoftwareVersion": 2, "getDeviceType": 1, "getVendor": 1}
    assert speaker.elapsed > 0


def test_who_it_is_on_old_firmware(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.missing = {"getVendor", "getDeviceType", "getSoftwareVersion"}
    recorder.missing_status = 501
    assert speaker.identity() == Identity("Dahua", "NVR-4", "", "SIMNVR0001")
    speaker.identity()
    assert recorder.requests["getVendor"] == 1, "what it does not know is asked once"
    speaker.forget()
    speaker.identity()
    assert recorder.requests["getVendor"] == 2


def test_how_it_keeps_its_time(speaker: DahuaSpeaker) -> None:
    assert speaker.time_settings() == TimeSettings(True, ("ntp.example",), "Beijing", 28_800)


def test_how_it_keeps_its_time_in_a_zone_that_is_not_told(recorder: DahuaRecorder, speak: Make) -> None:
    recorder.time_zone = None
    assert speak().time_settings() == TimeSettings(True, ("ntp.example",))
    configured = speak(quirks=Quirks(utc_offset_seconds=3600))
    assert configured.time_settings().utc_offset_seconds == 3600


def test_its_channels(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    one, two, three, four = recorder.box.channels
    one.address, one.serial, one.mac = "10.0.0.1", "CAM1", "08:00:00:00:00:01"
    two.online = False
    three.video_loss = True
    four.listed = False
    assert speaker.inputs() == [
        Input("1", "Camera 01", True, False, "10.0.0.1", "CAM1", "08:00:00:00:00:01"),
        Input("2", "Camera 02", False, False),
        Input("3", "Camera 03", True, True),
    ]
    assert calls(recorder) == 4


def test_names_of_channels_are_asked_for_seldom_and_their_cameras_always(recorder: DahuaRecorder, speak: Make) -> None:
    now = [0.0]
    speaker = speak(monotonic=lambda: now[0])
    speaker.inputs()
    recorder.box.channels[0].online = False
    recorder.box.channels[1].name = "Hall"
    recorder.requests.clear()
    found = speaker.inputs()
    assert (found[0].online, found[1].name) == (False, "Camera 02")
    assert recorder.requests == {"getCameraState": 1, "getEventIndexes": 1}
    assert speaker.answers == 12, "a challenge and an answer each"
    now[0] = 301.0
    assert speaker.inputs()[1].name == "Hall"


@pytest.mark.parametrize("status", [400, 404, 501])
def test_its_channels_where_states_are_told_in_json_only(recorder: DahuaRecorder, speak: Make, status: int) -> None:
    recorder.missing, recorder.missing_status = {"getCameraState"}, status
    speaker = speak()
    recorder.box.channels[1].online = False
    assert [one.online for one in speaker.inputs()] == [True, False, True, True]
    speaker.inputs()
    assert recorder.requests["getCameraState"] == 1
    assert recorder.requests["LogicDeviceManager/getCameraState"] == 2


def test_its_channels_where_little_is_known_or_allowed(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.missing = {"getCameraState", "LogicDeviceManager/getCameraState", "getEventIndexes"}
    recorder.forbidden = {"RemoteDevice"}
    assert speaker.inputs() == [Input(str(n), f"Camera {n:02}") for n in range(1, 5)]
    recorder.forbidden |= {"ChannelTitle"}
    speaker.forget()
    with pytest.raises((Forbidden, Unsupported)):
        speaker.inputs()


def test_errors_under_status_200_are_errors(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.errors_under_200 = True
    recorder.forbidden, recorder.missing = {"getUserInfoAll"}, {"getDeviceAllInfo"}
    with pytest.raises(Forbidden, match="No Permission"):
        speaker.users()
    with pytest.raises(Unsupported, match="Bad Request"):
        speaker.storage()
    assert not speaker.paused


def test_when_it_records(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.box.channels[1].plan = [(0, 8 * 3600, 12 * 3600), (6, 8 * 3600, 12 * 3600)]
    recorder.box.channels[1].motion_plan = [(0, 12 * 3600, 86_400)]
    recorder.box.channels[2].plan_enabled = False
    found = speaker.plans()
    assert found["1"] == RecordingPlan(True, (Window(),))
    assert found["2"] == RecordingPlan(
        True,
        (Window(days=("mon", "sun"), from_="08:00", to="12:00"),),
        (Window(days=("mon",), from_="12:00", to="24:00"),),
    )
    assert found["3"] == RecordingPlan(False)
    assert calls(recorder) == 2


def test_what_it_records_now(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.box.channels[1].stopped_at = NOW - 60
    assert speaker.recording() == {"1": True, "2": False, "3": True, "4": True}
    recorder.missing = {"recordManager/getStateAll"}
    for _ in range(2):
        with pytest.raises(Unsupported):
            speaker.recording()
    assert recorder.requests["recordManager/getStateAll"] == 2


def test_its_disks(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.box.disks[0].free_bytes = 1e12
    recorder.box.disks[1].state = "error"
    found = speaker.storage()
    assert [(d.token, d.healthy, d.size_bytes, d.free_bytes) for d in found.drives] == [
        ("/dev/sda", True, 4e12, 1e12),
        ("/dev/sdb", False, 4e12, 0.0),
    ]
    assert found.overwrites is True
    recorder.box.disks[1].state, recorder.box.overwrites = "missing", False
    assert (len(speaker.storage().drives), speaker.storage().overwrites) == (1, False)


def test_how_it_fares(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    assert speaker.condition() == Condition(None, 0.2, 0.5, 10 * DAY)
    recorder.missing = {"getMemoryInfo", "getCPUUsage"}
    assert speaker.condition() == Condition(uptime_seconds=10 * DAY)
    recorder.missing |= {"getUpTime"}
    with pytest.raises(Unsupported):
        speaker.condition()
    before = calls(recorder)
    with pytest.raises(Unsupported):
        speaker.condition()
    assert calls(recorder) == before


def test_its_accounts(speaker: DahuaSpeaker) -> None:
    assert speaker.users() == [User("admin", "admin", True), User("watchkeeper", "user", False)]


# -- pictures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", [0, 1])
def test_a_picture_of_the_right_channel_however_it_counts(recorder: DahuaRecorder, speak: Make, base: int) -> None:
    recorder.picture_base = base
    for channel in recorder.box.channels:
        channel.picture = JPEG + str(channel.number).encode()
    speaker = speak()
    assert [speaker.snapshot(str(n)) for n in (1, 2, 4)] == [JPEG + n for n in (b"1", b"2", b"4")]
    assert recorder.requests["snapshot"] == 4, "one of them to find out"
    configured = speak(quirks=Quirks(picture_base=base))
    assert configured.snapshot("3") == JPEG + b"3"
    assert recorder.requests["snapshot"] == 5


def test_a_camera_without_a_picture_here_is_unsupported(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.box.channels[0].picture = JPEG
    with pytest.raises(Unsupported, match="Bad Request"):
        speaker.snapshot("2")
    assert speaker.snapshot("1") == JPEG


def test_something_else_than_a_picture_is_a_bad_answer(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.instead = {"snapshot": b"<html>"}
    with pytest.raises(BadAnswer, match="no picture"):
        speaker.snapshot("1")


def test_a_refusal_for_want_of_connections_rests_the_account_and_says_what_it_may_be(
    recorder: DahuaRecorder, speaker: DahuaSpeaker
) -> None:
    speaker.identity()
    recorder.exhausted = {"snapshot"}
    with pytest.raises(AuthRefused, match="accepted before: all connections"):
        speaker.snapshot("1")
    assert speaker.paused
    with pytest.raises(AuthPaused):
        speaker.identity()


# -- recordings ------------------------------------------------------------------------------------------------------


def test_oldest_and_newest_in_eight_questions(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    speaker.device_time()
    recorder.requests.clear()
    recorder.box.channels[1].oldest_seconds = 12 * DAY + 500
    assert speaker.extent("2") == Extent(NOW - 12 * DAY - 500, NOW)
    assert recorder.requests == {
        **{"factory.create": 1, "findFile": 2, "findNextFile": 2},
        **{"close": 2, "destroy": 1},
    }
    assert recorder.reused_nonces == 0
    nothing_leaks(recorder)


def test_the_oldest_is_known_for_an_hour_unless_everything_is_gone(recorder: DahuaRecorder, speak: Make) -> None:
    now = [0.0]
    speaker = speak(monotonic=lambda: now[0])
    speaker.extent("1")
    recorder.requests.clear()
    recorder.box.channels[0].oldest_seconds = 2 * DAY
    assert speaker.extent("1") == Extent(NOW - 30 * DAY, NOW)
    assert calls(recorder) == 5
    now[0] = 3601.0
    assert speaker.extent("1") == Extent(NOW - 2 * DAY, NOW)
    recorder.box.channels[0].oldest_seconds = 0.0
    assert speaker.extent("1") == Extent(None, None)


def test_64_channels_are_searched_one_by_one_in_512_questions(tmp_path: Path) -> None:
    with DahuaRecorder(Box(64, clock=lambda: NOW)) as recorder:
        (tmp_path / "password").write_text(SECRET)
        speaker = DahuaSpeaker(
            Endpoint("127.0.0.1", recorder.port),
            Account("watchkeeper", tmp_path / "password"),
            timeout=5.0,
            max_bytes=2**20,
            max_requests=36_000,
            pause_seconds=1800.0,
            manners=Manners(),
        )
        assert len(speaker.inputs()) == 64
        assert len(speaker.plans()) == 64
        speaker.device_time()
        recorder.requests.clear()
        assert {speaker.extent(str(n)) for n in range(1, 65)} == {Extent(NOW - 30 * DAY, NOW)}
        assert calls(recorder) == 512
        assert recorder.most_at_once == 1
        nothing_leaks(recorder)


def test_a_channel_that_stopped_is_looked_for_further_and_further_back(
    recorder: DahuaRecorder, speaker: DahuaSpeaker
) -> None:
    for seconds in (3 * HOUR, 2 * DAY, 20 * DAY, 29 * DAY):
        recorder.box.channels[0].stopped_at = NOW - seconds
        assert speaker.extent("1") == Extent(NOW - 30 * DAY, NOW - seconds)
    nothing_leaks(recorder)


@pytest.mark.parametrize("refuses", [True, False])
def test_a_channel_without_recordings(recorder: DahuaRecorder, speaker: DahuaSpeaker, refuses: bool) -> None:
    recorder.refuses_empty = refuses
    recorder.box.channels[0].oldest_seconds = recorder.box.channels[3].oldest_seconds = 0.0
    assert speaker.extent("1") == speaker.extent("4") == Extent(None, None)
    assert speaker.extent("2").newest == NOW
    nothing_leaks(recorder)


def test_many_short_recordings_are_not_paged_through_for_the_newest(
    recorder: DahuaRecorder, speaker: DahuaSpeaker
) -> None:
    recorder.box.channels[0] = Channel(1, segment_seconds=20.0, oldest_seconds=3 * DAY, stopped_at=NOW - 11 * HOUR)
    recorder.page = 20
    speaker.device_time()
    recorder.requests.clear()
    assert speaker.extent("1") == Extent(NOW - 3 * DAY, NOW - 11 * HOUR)
    assert calls(recorder) < 60, "and not 2,300 files by 20"


@pytest.mark.parametrize(("search", "told"), [(1, 0), (1, 1), (0, 0), (1, None)])
def test_channels_are_told_apart_however_the_recorder_counts_them(
    recorder: DahuaRecorder, speak: Make, search: int, told: int | None
) -> None:
    recorder.search_base, recorder.told_base = search, told
    ages = [5 * DAY, 6 * DAY, 7 * DAY, 8 * DAY]
    for channel, age in zip(recorder.box.channels, ages, strict=True):
        channel.oldest_seconds = age
    for order in ((1, 2, 3, 4), (4, 1), (3,)):
        speaker = speak()
        for number in order:
            assert speaker.extent(str(number)).oldest == NOW - ages[number - 1], (order, number)
    nothing_leaks(recorder)


def test_a_configured_base_is_not_searched_for(recorder: DahuaRecorder, speak: Make) -> None:
    recorder.search_base = 0
    speaker = speak(quirks=Quirks(search_base=0))
    speaker.device_time()
    recorder.requests.clear()
    assert speaker.extent("1").newest == NOW
    assert calls(recorder) == 8


@pytest.mark.parametrize("longest", [DAY, 7 * DAY])
def test_a_recorder_that_searches_short_times_only(
    recorder: DahuaRecorder, speaker: DahuaSpeaker, longest: float
) -> None:
    recorder.longest_search = longest
    recorder.box.channels[1].stopped_at = NOW - 3 * DAY
    recorder.box.channels[2].oldest_seconds = 0.0
    speaker.device_time()
    recorder.requests.clear()
    assert speaker.extent("1") == Extent(NOW - 30 * DAY, NOW)
    assert calls(recorder) < 60
    assert speaker.extent("2") == Extent(NOW - 30 * DAY, NOW - 3 * DAY)
    assert speaker.extent("3") == Extent(None, None)
    assert speaker.spans("1", NOW - 10 * DAY, NOW) == [(int(NOW - 10 * DAY), int(NOW))]
    nothing_leaks(recorder)


def test_pieces_with_their_gaps(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.box.channels[0].gaps = [(NOW - 5 * HOUR, NOW - 4 * HOUR), (NOW - 600, NOW - 300)]
    begin = NOW - DAY
    assert speaker.spans("1", begin, NOW) == [
        (int(begin), int(NOW - 5 * HOUR)),
        (int(NOW - 4 * HOUR), int(NOW - 600)),
        (int(NOW - 300), int(NOW)),
    ]
    assert speaker.spans("1", NOW - 5 * HOUR + 60, NOW - 4 * HOUR - 60) == []
    nothing_leaks(recorder)


def test_pieces_over_many_pages_of_whatever_length(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.page = 64
    recorder.box.channels[0].segment_seconds = 300.0
    recorder.box.channels[0].gaps = [(NOW - 2 * DAY, NOW - 2 * DAY + 900)]
    found = speaker.spans("1", NOW - 3 * DAY, NOW)
    assert found == [(int(NOW - 3 * DAY), int(NOW - 2 * DAY)), (int(NOW - 2 * DAY + 900), int(NOW))]
    with pytest.raises(BadAnswer, match="more than 100 recordings"):
        speaker.spans("1", NOW - 3 * DAY, NOW, most=100)
    nothing_leaks(recorder)


def test_nothing_recorded_in_a_long_time_is_told_in_few_questions(
    recorder: DahuaRecorder, speaker: DahuaSpeaker
) -> None:
    recorder.box.channels[1].oldest_seconds = 0.0
    speaker.extent("1")
    recorder.requests.clear()
    assert speaker.spans("2", NOW - 30 * DAY, NOW) == []
    assert calls(recorder) == 5


# -- the log ---------------------------------------------------------------------------------------------------------


def test_who_did_what(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.logs_logins = True
    recorder.box.log = [
        Entry(NOW - 7200, "login", "admin", "10.0.0.9"),
        Entry(NOW - 90, "playback", "guard", "10.0.0.8", 3),
        Entry(NOW - 80, "format", "admin", "10.0.0.9"),
    ]
    speaker.identity()  # leaves logins of its own
    found = speaker.log(NOW - 3600, NOW)
    assert [(e.at, e.operation, e.user, e.address, e.channel) for e in found] == [
        (NOW - 90, Operation.PLAYED_BACK, "guard", "10.0.0.8", "3"),
        (NOW - 80, Operation.DISK_FORMATTED, "admin", "10.0.0.9", ""),
    ]
    nothing_leaks(recorder)


def test_of_a_long_log_the_newest(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.box.log = [Entry(NOW - 3600 + n, "configure", f"u{n}") for n in range(1200)]
    found = speaker.log(NOW - DAY, NOW, most=50)
    assert [e.user for e in found] == [f"u{n}" for n in range(1150, 1200)]
    nothing_leaks(recorder)


def test_an_empty_log(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    assert speaker.log(NOW - DAY, NOW) == []
    recorder.instead = {"doFind": b"Error: No Events\r\n"}
    assert speaker.log(NOW - DAY, NOW) == []
    nothing_leaks(recorder)


# -- accounts and manners --------------------------------------------------------------------------------------------


def test_one_refused_login_only(recorder: DahuaRecorder, speak: Make) -> None:
    speaker = speak("wrong")
    with pytest.raises(AuthRefused, match="Invalid Authority"):
        speaker.identity()
    asks: list[Callable[[], object]] = [
        *(speaker.identity, speaker.device_time, speaker.inputs, speaker.plans, speaker.storage, speaker.users),
        *(lambda: speaker.extent("1"), lambda: speaker.snapshot("1"), lambda: speaker.log(NOW - 60, NOW)),
    ]
    received = recorder.received
    for ask in asks:
        with pytest.raises(AuthRefused):
            ask()
    assert recorder.gate.refused_logins == 1
    assert recorder.received <= received + 1, "the clock may be asked without the account"
    assert speaker.paused


def test_a_locked_account_is_left_alone(recorder: DahuaRecorder, speak: Make) -> None:
    recorder.gate.lockout_after = 1
    with pytest.raises(AuthRefused):
        speak("wrong", pauses=Pauses()).identity()
    speaker = speak(pauses=Pauses())
    with pytest.raises(AuthRefused, match=r"locked for 1[78]\d\d s"):
        speaker.identity()
    with pytest.raises(AuthPaused):
        speaker.identity()
    assert recorder.gate.refused_logins == 1


def test_no_account_is_said_so(recorder: DahuaRecorder) -> None:
    options: dict[str, Any] = {"timeout": 5.0, "max_bytes": 2**20, "max_requests": 100, "pause_seconds": 60.0}
    speaker = DahuaSpeaker(Endpoint("127.0.0.1", recorder.port), None, **options)
    for ask in (speaker.identity, speaker.device_time):
        with pytest.raises(AuthRefused, match="none is configured"):
            ask()


def test_two_speakers_of_a_recorder_never_ask_it_at_once(recorder: DahuaRecorder, speak: Make) -> None:
    recorder.parallel = 1
    speakers = [speak(timeout=10.0) for _ in range(3)]
    threads = [threading.Thread(target=one.inputs) for one in speakers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.most_at_once == 1
    assert recorder.requests["ChannelTitle"] == 3


def test_the_hours_budget_ends_searches_without_leaving_them_behind(recorder: DahuaRecorder, speak: Make) -> None:
    for most in range(8, 30):
        speaker = speak(max_requests=most, manners=Manners())
        try:
            speaker.extent("1")
        except HeldBack:
            pass
        else:
            break
        nothing_leaks(recorder)
    assert recorder.finders.made > 4, "more than a recorder has"


def test_an_interruption_ends_a_search_at_once_and_gives_it_back(recorder: DahuaRecorder, speak: Make) -> None:
    speaker = speak(timeout=20.0)
    speaker.device_time()
    failed: list[BaseException] = []

    def search() -> None:
        try:
            speaker.extent("1")
        except DeviceError as error:
            failed.append(error)

    hanging = threading.Event()
    recorder.box.channels[0].segment_seconds = 600.0
    original = recorder.box.recorded

    def slow(number: int, begin: float, end: float) -> list[tuple[float, float]]:
        hanging.set()
        recorder.gone.wait(1.0)
        return original(number, begin, end)

    recorder.box.recorded = slow  # type: ignore[method-assign]
    thread = threading.Thread(target=search)
    thread.start()
    assert hanging.wait(30.0)
    begun = time.monotonic()
    speaker.interrupt()
    thread.join()
    assert time.monotonic() - begun < 5
    assert [type(error) for error in failed] == [Interrupted]
    wait_until(lambda: recorder.finders.open == 0, what="the finder was given back")


# -- bad recorders ---------------------------------------------------------------------------------------------------

FILE = "items[{0}].StartTime=2026-09-21 10:00:00\nitems[{0}].EndTime=2026-09-21 10:10:00\nitems[{0}].Channel=0\n"

HOSTILE = {
    "garbage": b"<html>Login</html>",
    "nothing": b"",
    "binary": bytes(range(256)) * 10,
    "a count without end": b"found=100\n" + "".join(FILE.format(n) for n in range(100)).encode(),
    "a negative count": b"found=-5\n",
    "a count beyond all": b"found=1000000000\nitems[1000000000].StartTime=2026-01-01 00:00:00\n",
    "indexes beyond all": b"found=1\nitems[999999999].StartTime=2026-01-01 00:00:00\n",
    "recordings of 1970": b"found=1\nitems[0].StartTime=1970-01-01 00:00:00\nitems[0].EndTime=1970-01-01 01:00:00\n",
    "recordings of 2100": b"found=1\nitems[0].StartTime=2100-01-01 00:00:00\nitems[0].EndTime=2100-01-01 01:00:00\n",
    "someone else's": b"found=1\nitems[0].StartTime=2026-09-21 10:00:00\nitems[0].EndTime=2026-09-21 10:10:00\n"
    b"items[0].Channel=77\n",
    "an error": b"Error\r\nBad Request!\r\n",
    "three megabytes": b"found=1\n" + b"items[0].X=" + b"y" * 3_000_000,
    "a flood of lines": b"found=1\n" + b"items[0].X=y\n" * 100_000,
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("where", ["findNextFile", "findFile", "factory.create"])
def test_whatever_a_search_answers_ends_well_and_leaks_nothing(
    recorder: DahuaRecorder, speak: Make, what: str, where: str
) -> None:
    speaker = speak()
    speaker.device_time()
    recorder.requests.clear()
    recorder.instead = {where: HOSTILE[what]}
    for ask in (lambda: speaker.extent("1"), lambda: speaker.spans("1", NOW - DAY, NOW)):
        with contextlib.suppress(BadAnswer, Unsupported):
            ask()
    assert calls(recorder) < 260
    nothing_leaks(recorder)
    recorder.instead = {}
    assert speak().extent("1") == Extent(NOW - 30 * DAY, NOW)


@pytest.mark.parametrize("what", HOSTILE)
def test_whatever_a_log_answers_ends_well_and_leaks_nothing(recorder: DahuaRecorder, speak: Make, what: str) -> None:
    for where in ("startFind", "doFind"):
        speaker = speak()
        recorder.instead = {where: HOSTILE[what]}
        with contextlib.suppress(BadAnswer, Unsupported):
            assert len(speaker.log(NOW - DAY, NOW)) <= 500
        nothing_leaks(recorder)


ASKS: dict[str, tuple[str, Callable[[DahuaSpeaker], object]]] = {
    "device_time": ("getCurrentTime", lambda s: s.device_time()),
    "zone": ("NTP", lambda s: s.device_time()),
    "identity": ("getSystemInfo", lambda s: s.identity()),
    "time_settings": ("NTP", lambda s: s.time_settings()),
    "inputs": ("ChannelTitle", lambda s: s.inputs()),
    "cameras": ("RemoteDevice", lambda s: s.inputs()),
    "states": ("getCameraState", lambda s: s.inputs()),
    "lost": ("getEventIndexes", lambda s: s.inputs()),
    "plans": ("Record", lambda s: s.plans()),
    "recording": ("recordManager/getStateAll", lambda s: s.recording()),
    "storage": ("getDeviceAllInfo", lambda s: s.storage()),
    "condition": ("getCPUUsage", lambda s: s.condition()),
    "users": ("getUserInfoAll", lambda s: s.users()),
}


@pytest.mark.parametrize("ask", ASKS)
def test_whatever_is_answered_gives_records_or_a_clear_state(recorder: DahuaRecorder, speak: Make, ask: str) -> None:
    name, call = ASKS[ask]
    for body in HOSTILE.values():
        recorder.instead = {name: body}
        with contextlib.suppress(BadAnswer, Unsupported):
            call(speak())
    recorder.instead = {name: b"<html>Login</html>"}
    with pytest.raises(BadAnswer):
        call(speak())


@pytest.mark.parametrize("how", list(Misbehaviour))
def test_misbehaviour_ends_in_time_as_a_state(recorder: DahuaRecorder, speak: Make, how: Misbehaviour) -> None:
    speaker = speak(timeout=0.3, max_bytes=100_000)
    recorder.misbehaviour = how
    begun = time.monotonic()
    with pytest.raises((BadAnswer, TimedOut)):
        speaker.identity()
    assert time.monotonic() - begun < 10
    recorder.misbehaviour = None
    assert answer_of(speaker.identity, though=DeviceError).serial == "SIMNVR0001"


def test_a_recorder_that_hangs_in_the_middle_of_a_search_gets_its_finder_back(
    recorder: DahuaRecorder, speak: Make
) -> None:
    speaker = speak(timeout=0.3)
    speaker.device_time()
    original = recorder.box.recorded

    def slow(number: int, begin: float, end: float) -> list[tuple[float, float]]:
        recorder.gone.wait(1.2)
        return original(number, begin, end)

    recorder.box.recorded = slow  # type: ignore[method-assign]
    with pytest.raises(TimedOut):
        speaker.extent("1")
    wait_until(lambda: recorder.finders.open == 0, what="the finder was given back")


def test_finders_that_others_leaked_are_their_recorders_trouble(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    while recorder.finders.make():
        pass
    with pytest.raises(Unsupported):
        speaker.extent("1")


def test_nobody_there_is_unreachable(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.off()
    with pytest.raises(Unreachable):
        speaker.identity()
    with pytest.raises(Unreachable):
        speaker.extent("1")


def test_no_redirect_is_followed(recorder: DahuaRecorder, speaker: DahuaSpeaker) -> None:
    recorder.misbehaviour = Misbehaviour.REDIRECT
    with pytest.raises(BadAnswer, match="redirects"):
        speaker.identity()
