"""A survey of simulated recorders over real sockets, in each language; of one box, so that all must tell the same."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import AuthRefused, Unreachable
from agent.recorder import languages
from agent.recorder.languages import Language
from agent.survey.examine import Wanted, survey
from agent.survey.report import ChannelFound, Found, Remark, Subject
from simulator.dahua.recorder import DahuaRecorder
from simulator.device.simulated import Simulated
from simulator.isapi.recorder import IsapiRecorder
from simulator.onvif import Recorder
from simulator.recorder.box import DAY, Box

Face = Callable[[Box], AbstractContextManager[Simulated]]

FACES: dict[Language, Face] = {
    Language.ISAPI: IsapiRecorder,
    Language.DAHUA: DahuaRecorder,
    Language.ONVIF: lambda box: Recorder(box=box, channels=["1", "2", "3", "4"]),
}
TELL_ALL = (Language.ISAPI, Language.DAHUA)
"""ONVIF has nothing about plans, gaps and disks."""


@pytest.fixture
def box() -> Box:
    made = Box(4)
    for channel in made.channels:
        channel.oldest_seconds = 31 * DAY
    return made


SECRET = "secret"


def look(
    box: Box,
    language: Language,
    tmp_path: Path,
    wanted: Wanted = Wanted(clock_samples=1),  # noqa: B008 - frozen
    password: str = SECRET,
) -> tuple[Found, list[str]]:
    file = tmp_path / "password"
    file.write_text(password)
    said: list[str] = []
    with FACES[language](box) as device:
        speaker = languages.speaker(
            language,
            Endpoint("127.0.0.1", device.port),
            Account("watchkeeper", file),
            timeout=5.0,
            max_bytes=2**20,
            max_requests=10_000,
            pause_seconds=0.0,
        )
        try:
            return survey(speaker, f"127.0.0.1:{device.port}", language, wanted, said.append), said
        finally:
            speaker.release()


def by_token(found: Found) -> dict[str, ChannelFound]:
    return {channel.token: channel for channel in found.channels}


def remarks(channel: ChannelFound) -> list[Remark]:
    return [one.remark for one in channel.noticed]


@pytest.mark.parametrize("language", FACES)
def test_a_healthy_recorder_is_told_in_full(box: Box, language: Language, tmp_path: Path) -> None:
    found, said = look(box, language, tmp_path, Wanted(clock_samples=3))
    assert found.identity is not None
    assert found.identity.manufacturer
    assert found.clock_ahead == pytest.approx(0, abs=0.5)
    assert found.clock_error is not None
    assert found.clock_error < 0.3
    assert found.time is not None
    assert found.time.ntp is True
    assert [channel.online for channel in found.channels] == [True] * 4
    assert [channel.recording for channel in found.channels] == [True] * 4
    assert found.bad == 0, found.noticed
    assert any("4 of 4" in line for line in said)
    if language in TELL_ALL:
        assert not found.untold
        assert {channel.plan for channel in found.channels} == {"continuous"}
        assert [channel.gaps.count for channel in found.channels if channel.gaps] == [0] * 4
        assert found.storage is not None
        assert [drive.healthy for drive in found.storage.drives] == [True, True]
        assert found.storage.overwrites is True


@pytest.mark.parametrize("language", TELL_ALL)
def test_each_kind_of_bad_news_is_found(box: Box, language: Language, tmp_path: Path) -> None:
    box.clock_offset = -42.0
    box.ntp = False
    box.disks[1].state = "error"
    box.channel(1).online = False
    box.channel(2).oldest_seconds = 9.2 * DAY
    box.channel(3).plan_enabled = False
    yesterday = (box.now() // DAY) * DAY - 12 * 3600 - box.utc_offset_seconds
    box.channel(4).gaps = [(yesterday, yesterday + 5400)]
    found, _ = look(box, language, tmp_path, Wanted(gap_days=2, clock_samples=1))
    channels = by_token(found)
    assert Remark.OFFLINE in remarks(channels["1"])
    assert remarks(channels["2"]) == [Remark.SHORT]
    assert Remark.PLAN_OFF in remarks(channels["3"])
    assert remarks(channels["4"]) == [Remark.GAPS]
    gaps = channels["4"].gaps
    assert gaps is not None
    assert gaps.longest_seconds == pytest.approx(5400, abs=2)
    assert gaps.ratio == pytest.approx(1 - 5400 / (2 * DAY), abs=0.001)
    assert {one.remark for one in found.noticed} == {Remark.CLOCK, Remark.NO_NTP, Remark.DISK_BAD}


def test_over_onvif_what_is_not_told_is_named_and_is_no_fault(box: Box, tmp_path: Path) -> None:
    found, _ = look(box, Language.ONVIF, tmp_path)
    assert {one.subject for one in found.untold} == {Subject.DISKS, Subject.PLANS}
    assert {channel.plan for channel in found.channels} == {""}
    assert [channel.gaps for channel in found.channels] == [None] * 4
    assert found.bad == 0


@pytest.mark.parametrize("language", FACES)
def test_a_refused_login_ends_it_after_one_try(box: Box, language: Language, tmp_path: Path) -> None:
    with pytest.raises(AuthRefused):
        look(box, language, tmp_path, password="wrong")


@pytest.mark.parametrize("language", FACES)
def test_nobody_there_ends_it(language: Language, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("secret")
    with FACES[language](Box(4)) as device:
        device.off()
        speaker = languages.speaker(
            language,
            Endpoint("127.0.0.1", device.port),
            Account("watchkeeper", file),
            timeout=10.0,
            max_bytes=2**20,
            max_requests=100,
            pause_seconds=0.0,
        )
        with pytest.raises(Unreachable):
            survey(speaker, "x", language, Wanted(clock_samples=1))
