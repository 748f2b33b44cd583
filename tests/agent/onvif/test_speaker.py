"""A recorder asked over ONVIF: the simulated one over real sockets, as honest or dishonest as they come."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import (
    BadAnswer,
    Forbidden,
    Interrupted,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.onvif.speaker import OnvifSpeaker
from agent.recorder import languages
from agent.recorder.languages import Language
from agent.recorder.model import Extent, Input, TimeSettings
from agent.recorder.speaker import Speaker, Summary
from simulator.onvif import Misbehaviour, Recorder
from simulator.recorder.box import DAY, Box, User
from tests.waiting import answer_of


@pytest.fixture
def box() -> Box:
    return Box(3)


@pytest.fixture
def recorder(box: Box) -> Iterator[Recorder]:
    with Recorder(name="nvr", channels=["a", "b", "c"], box=box) as recorder:
        yield recorder


def asking(recorder: Recorder, folder: Path, timeout: float = 10.0) -> OnvifSpeaker:
    password = folder / "password"
    password.write_text("secret")
    return OnvifSpeaker(
        Endpoint(recorder.host, recorder.port),
        Account("watchkeeper", password_file=password),
        timeout=timeout,
        max_bytes=2**20,
        max_requests=1200,
        pause_seconds=1800.0,
    )


@pytest.fixture
def speaker(recorder: Recorder, tmp_path: Path) -> Iterator[OnvifSpeaker]:
    made = asking(recorder, tmp_path)
    yield made
    made.release()


def test_it_is_a_recorders_language(recorder: Recorder) -> None:
    where = Endpoint(recorder.host, recorder.port)
    made: Speaker = languages.speaker(
        Language.ONVIF, where, None, timeout=1.0, max_bytes=2**20, max_requests=100, pause_seconds=60.0
    )
    assert isinstance(made, OnvifSpeaker)
    assert isinstance(made, Summary)


def test_who_and_when_it_is(speaker: OnvifSpeaker, box: Box, recorder: Recorder) -> None:
    assert speaker.device_time() == pytest.approx(time.time(), abs=2)
    assert not speaker.account_shown, "the time is told to everyone"
    assert speaker.identity().model == "NVR-4"
    assert speaker.account_shown
    assert speaker.time_settings() == TimeSettings(True, ("192.0.2.123",), "UTC0", 8 * 3600)
    recorder.date_time_type, recorder.utc_offset_seconds, recorder.time_zone = "Manual", None, "CST-8"
    recorder.forbidden |= {"GetNTP"}
    assert speaker.time_settings() == TimeSettings(False, (), "CST-8", None)
    assert not speaker.paused
    assert speaker.answers == 7, "with the challenge of the digest"


def test_channels_are_the_video_sources_that_are_present(speaker: OnvifSpeaker, recorder: Recorder, box: Box) -> None:
    assert speaker.inputs() == [Input(t, f"Camera {n:02}", online=True) for n, t in enumerate("abc", 1)]
    recorder.lose_channel("b")
    assert [one.token for one in speaker.inputs()] == ["a", "c"]
    recorder.restore_channel("b")
    assert [one.token for one in speaker.inputs()] == ["a", "b", "c"]
    assert recorder.answered["GetProfiles"] == 1, "names are asked once"
    recorder.channels = ("a", "b", "c", "d")
    assert speaker.inputs()[3].name == "Channel d"
    assert recorder.answered["GetProfiles"] == 2
    recorder.lists_only_online = False
    recorder.lose_channel("b")
    assert speaker.inputs()[1].online, "this one hides that its camera is gone"


def test_names_that_are_refused_cost_the_names_only(speaker: OnvifSpeaker, recorder: Recorder) -> None:
    speaker.identity()
    recorder.forbidden |= {"GetProfiles"}
    assert [one.name for one in speaker.inputs()] == ["", "", ""]
    assert [one.token for one in speaker.inputs()] == ["a", "b", "c"]
    assert not speaker.paused


def test_each_channels_extent_comes_from_one_search(speaker: OnvifSpeaker, recorder: Recorder, box: Box) -> None:
    speaker.inputs()
    box.channel(2).oldest_seconds = 3 * DAY
    box.channel(3).stopped_at = box.now() - 7200
    now = box.now()
    told = {token: speaker.extent(token) for token in "abc"}
    reach = {
        token: (round((now - (e.oldest or 0)) / DAY), round(now - (e.newest or 0), -1)) for token, e in told.items()
    }
    assert reach == {"a": (30, 0), "b": (3, 0), "c": (30, 7200)}
    assert (recorder.answered["FindRecordings"], recorder.answered["GetRecordingSearchResults"]) == (1, 1)
    assert speaker.recording() == {"a": True, "b": True, "c": False}
    assert recorder.answered["FindRecordings"] == 1
    assert recorder.search.open_searches == 0, "recorders keep a handful of searches"
    speaker.release()
    speaker.extent("a")
    assert recorder.answered["FindRecordings"] == 2, "the next round asks anew"


def test_a_search_that_trickles_is_waited_for(speaker: OnvifSpeaker, recorder: Recorder) -> None:
    recorder.search.piecemeal = True
    assert speaker.extent("c").oldest is not None
    assert recorder.answered["GetRecordingSearchResults"] == 3
    assert recorder.search.open_searches == 0


def test_times_that_a_search_leaves_out_are_asked_for(speaker: OnvifSpeaker, recorder: Recorder) -> None:
    recorder.search.timeless = True
    assert speaker.extent("b").oldest is not None
    assert recorder.answered["GetRecordingInformation"] == 1


def test_a_channel_that_is_gone_keeps_its_recordings(speaker: OnvifSpeaker, recorder: Recorder) -> None:
    recorder.lose_channel("b")
    assert [one.token for one in speaker.inputs()] == ["a", "c"]
    assert speaker.extent("b").oldest is not None


def test_the_camera_behind_a_channel_is_known_by_where_its_recording_comes_from(
    speaker: OnvifSpeaker, box: Box
) -> None:
    box.channel(1).address = "10.0.0.21"
    assert speaker.inputs()[0].address == ""
    speaker.extent("a")
    assert speaker.inputs()[0].address == "10.0.0.21"


def test_where_recordings_do_not_say_whether_they_grow_their_jobs_do(
    speaker: OnvifSpeaker, recorder: Recorder, box: Box
) -> None:
    recorder.knows_status = False
    box.channel(2).plan_enabled = False
    box.channel(3).stopped_at = box.now() - 60
    assert speaker.recording() == {"a": True, "b": False, "c": False}
    assert recorder.answered["GetRecordingJobState"] == 2, "what is switched off is not asked about"


def test_a_recorder_that_lies_is_repeated(speaker: OnvifSpeaker, recorder: Recorder, box: Box) -> None:
    recorder.lies_about_recordings = True
    box.channel(1).stopped_at = box.now() - DAY
    assert speaker.extent("a").newest == pytest.approx(box.now(), abs=2)


def test_no_recordings_and_no_recording_of_a_channel_are_two_things(
    speaker: OnvifSpeaker, recorder: Recorder, box: Box
) -> None:
    recorder.has_recordings = False
    assert speaker.whole() == Extent(None, None)
    with pytest.raises(Unsupported, match="no recording says that it is of video source 'a'"):
        speaker.extent("a")


def test_the_whole_recorders_extent_is_one_request(speaker: OnvifSpeaker, recorder: Recorder, box: Box) -> None:
    told = speaker.whole()
    assert told.oldest == pytest.approx(box.now() - 30 * DAY, abs=2)
    assert recorder.answered["GetRecordingSummary"] == 1


def test_a_recorder_that_does_not_search_says_so(speaker: OnvifSpeaker, recorder: Recorder) -> None:
    recorder.search.denied = True
    for ask in (speaker.whole, lambda: speaker.extent("a"), speaker.recording):
        with pytest.raises(Unsupported):
            ask()


def test_what_onvif_has_no_word_for_is_unsupported_and_asks_nothing(speaker: OnvifSpeaker, recorder: Recorder) -> None:
    for ask in (
        speaker.plans,
        speaker.storage,
        speaker.condition,
        lambda: speaker.log(0.0, 1.0),
        lambda: speaker.spans("a", 0.0, 1.0),
    ):
        with pytest.raises(Unsupported, match="ONVIF tells nothing of"):
            ask()
    assert recorder.connections == 0


def test_only_an_administrator_sees_accounts(speaker: OnvifSpeaker, recorder: Recorder, box: Box) -> None:
    speaker.inputs()
    with pytest.raises(Forbidden):
        speaker.users()
    assert not speaker.paused, "the password was right"
    assert recorder.refused_logins == 0
    recorder.forbidden = frozenset()
    box.users.append(User("guard", "operator"))
    assert [(one.name, one.level, one.administrator) for one in speaker.users()] == [
        ("admin", "Administrator", True),
        ("watchkeeper", "User", False),
        ("guard", "Operator", False),
    ]


def test_a_picture_comes_from_the_configured_host(speaker: OnvifSpeaker, recorder: Recorder, box: Box) -> None:
    box.channel(2).picture = b"\xff\xd8picture\xff\xd9"
    recorder.wrong_xaddr = "192.0.2.1:80"
    assert speaker.snapshot("b") == b"\xff\xd8picture\xff\xd9"
    assert speaker.account_shown
    with pytest.raises(Unsupported):
        speaker.snapshot("a")
    with pytest.raises(Unsupported):
        speaker.snapshot("nobody")


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (Misbehaviour.GARBAGE, BadAnswer),
        (Misbehaviour.HUGE, BadAnswer),
        (Misbehaviour.ENTITY_BOMB, BadAnswer),
        (Misbehaviour.REDIRECT, BadAnswer),
        (Misbehaviour.HANG, TimedOut),
        (Misbehaviour.DRIP, TimedOut),
    ],
)
def test_a_recorder_that_misbehaves_is_a_clear_state(
    recorder: Recorder, tmp_path: Path, how: Misbehaviour, error: type[Exception]
) -> None:
    speaker = asking(recorder, tmp_path, 1.0 if error is TimedOut else 10.0)
    answer_of(speaker.inputs, though=TimedOut)
    recorder.misbehaviour = how
    for ask in (speaker.inputs, lambda: speaker.extent("a")):
        with pytest.raises(error):
            ask()
    speaker.release()


def test_one_that_is_gone_and_one_whose_agent_stops(speaker: OnvifSpeaker, recorder: Recorder) -> None:
    recorder.off()
    with pytest.raises(Unreachable):
        speaker.device_time()
    recorder.on()
    speaker.forget()
    assert speaker.identity().model == "NVR-4"
    speaker.interrupt()
    asks: list[Callable[[], object]] = [speaker.inputs, speaker.identity, lambda: speaker.snapshot("a")]
    for ask in asks:
        with pytest.raises(Interrupted):
            ask()
