"""Channels of a recorder: which there are, which device each is, and what becomes of one that vanishes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.memory import Memory
from agent.recorder.channels import Channels, ChannelsNote
from agent.recorder.languages import Language
from agent.recorder.model import Input
from agent.recorder.settings import ChannelSettings, RecorderSettings
from wire.messages import DeviceKind

DAY = 86_400.0
NOW = 1_780_000_000.0


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def channels(
    folder: Path | None = None,
    *,
    configured: Sequence[Mapping[str, str]] = (),
    cameras: Mapping[str, str] | None = None,
    wall: Clock | None = None,
    monotonic: Clock | None = None,
    most: int = 64,
    reserved: Sequence[str] = (),
) -> Channels:
    recorder = RecorderSettings(
        id="nvr", host="10.0.0.5", room="vault", channels=[ChannelSettings.model_validate(one) for one in configured]
    )
    memory = Memory(folder, "nvr-channels", ChannelsNote)
    return Channels(
        *(recorder, most, reserved, ("nvr-disk-",), cameras or {}, memory),
        wall=wall or Clock(NOW),
        monotonic=monotonic or Clock(0.0),
    )


def devices(one: Channels) -> dict[str, tuple[str, str]]:
    return {token: (device.device, str(device.kind)) for token, device in one.devices({}).items()}


def test_what_it_does_not_tell_of_a_channel_is_missing() -> None:
    told = channels().learn([Input("1", online=True, video_loss=False), Input("2", online=False), Input("3")])
    assert told == {"1": {"online": 1, "video_loss": 0}, "2": {"online": 0}, "3": {}}


def test_a_recorder_that_lists_channels_that_are_off_says_which_are_gone() -> None:
    recorder = RecorderSettings(id="nvr", host="10.0.0.5", speaks=Language.ISAPI)
    one = Channels(recorder, 64, (), (), {}, Memory(None, "nvr-channels", ChannelsNote))
    one.learn([Input("1"), Input("2")])
    assert one.learn([Input("1", online=False)]) == {"1": {"online": 0, "listed": 1}, "2": {"online": 0, "listed": 0}}


def test_a_vanished_channel_is_down_over_restarts_of_the_agent(tmp_path: Path) -> None:
    channels(tmp_path).learn([Input("1", "Gate"), Input("2", "Yard")])
    again = channels(tmp_path)
    assert devices(again) == {"1": ("nvr-1", "channel"), "2": ("nvr-2", "channel")}, "before it is asked"
    assert again.learn([Input("1", online=True)]) == {"1": {"online": 1}, "2": {"online": 0}}
    assert again.devices({})["2"].name == "Yard"


def test_one_that_was_gone_for_a_month_was_taken_away(tmp_path: Path) -> None:
    channels(tmp_path).learn([Input("1"), Input("2")])
    wall = Clock(NOW + 29 * DAY)
    later = channels(tmp_path, wall=wall)
    assert later.learn([Input("1")])["2"] == {"online": 0}
    wall.now = NOW + 31 * DAY
    assert "2" not in later.learn([Input("1")])
    assert "2" not in channels(tmp_path, wall=wall).learn([Input("1")])


def test_a_configured_one_is_missed_for_ever(tmp_path: Path) -> None:
    wall = Clock(NOW)
    one = channels(tmp_path, configured=[{"token": "7"}], wall=wall)
    one.learn([Input("1")])
    wall.now = NOW + 400 * DAY
    assert one.learn([Input("1")])["7"] == {"online": 0}


def test_a_clock_from_1970_makes_nothing_old(tmp_path: Path) -> None:
    channels(tmp_path, wall=Clock(5000.0)).learn([Input("1"), Input("2")])
    assert channels(tmp_path).learn([Input("1")])["2"] == {"online": 0}


def test_a_whim_is_not_remembered(tmp_path: Path) -> None:
    monotonic = Clock(0.0)
    one = channels(tmp_path, monotonic=monotonic)
    one.learn([Input("1")])
    one.learn([Input("1"), Input("2")])
    assert "2" not in channels(tmp_path).learn([Input("1")])
    monotonic.now = 3601.0
    one.learn([Input("1"), Input("2")])
    assert channels(tmp_path).learn([Input("1")])["2"] == {"online": 0}


def test_a_camera_that_is_watched_by_itself_is_one_device() -> None:
    one = channels(cameras={"gate": "10.0.0.21", "yard": "yard.local"})
    one.learn([Input("1", "D1", address="10.0.0.21"), Input("2", "D2", address="YARD.local."), Input("3", "D3")])
    assert devices(one) == {"1": ("gate", "camera"), "2": ("yard", "camera"), "3": ("nvr-3", "channel")}
    gate = one.devices({})["1"]
    assert (gate.parent, gate.facts) == ("nvr", {"recorder": "nvr", "recorder_channel": "1"})
    assert one.device("1") == "gate"


def test_a_camera_stays_itself_while_the_recorder_tells_no_address(tmp_path: Path) -> None:
    cameras = {"gate": "10.0.0.21"}
    one = channels(tmp_path, cameras=cameras)
    one.learn([Input("1", address="10.0.0.21"), Input("2")])
    one.learn([Input("1"), Input("2")])
    one.learn([Input("2")])
    assert devices(one)["1"] == ("gate", "camera")
    again = channels(tmp_path, cameras=cameras)
    again.learn([Input("2")])
    assert devices(again)["1"] == ("gate", "camera"), "over a restart, too"
    again.learn([Input("1", address="10.0.0.99")])
    assert devices(again)["1"] == ("nvr-1", "channel"), "another camera was put there"


def test_without_the_cameras_it_is_a_channel_again(tmp_path: Path) -> None:
    channels(tmp_path, cameras={"gate": "10.0.0.21"}).learn([Input("1", address="10.0.0.21")])
    assert devices(channels(tmp_path)) == {"1": ("nvr-1", "channel")}


def test_an_address_that_stands_for_several_says_nothing() -> None:
    forwarded = channels(cameras={"a": "10.0.0.1", "b": "10.0.0.1"})
    forwarded.learn([Input("1", address="10.0.0.1")])
    assert devices(forwarded) == {"1": ("nvr-1", "channel")}
    lenses = channels(cameras={"dome": "10.0.0.2"})
    lenses.learn([Input("1", address="10.0.0.2"), Input("2", address="10.0.0.2")])
    assert devices(lenses) == {"1": ("nvr-1", "channel"), "2": ("nvr-2", "channel")}


def test_the_configuration_says_which_camera_a_channel_is_or_that_it_is_none() -> None:
    one = channels(
        configured=[{"token": "1", "camera": "gate"}, {"token": "2", "id": "lobby"}],
        cameras={"gate": "gate.local", "hall": "10.0.0.22", "yard": "10.0.0.21"},
    )
    one.learn([Input("1", address="10.0.0.21"), Input("2", address="10.0.0.22"), Input("3", address="10.0.0.21")])
    assert devices(one)["1"] == ("gate", "camera"), "whatever its address"
    assert devices(one)["2"] == ("lobby", "channel"), "it has an id of its own"


def test_a_camera_is_one_channel_only() -> None:
    one = channels(configured=[{"token": "1", "camera": "gate"}], cameras={"gate": "10.0.0.21"})
    one.learn([Input("1"), Input("2", address="10.0.0.21")])
    assert devices(one) == {"1": ("gate", "camera"), "2": ("nvr-2", "channel")}


def test_a_channel_takes_no_id_of_a_camera_or_a_disk() -> None:
    one = channels(cameras={"nvr-1": "10.0.0.21"}, reserved=["nvr-storage"])
    one.learn([Input("1"), Input("storage"), Input("disk-1"), Input("2")])
    ids = {device for device, _ in devices(one).values()}
    assert len(ids) == 4
    assert not ids & {"nvr-1", "nvr-storage", "nvr-disk-1"}
    assert "nvr-2" in ids


def test_an_id_that_had_to_be_made_up_stays_over_restarts(tmp_path: Path) -> None:
    one = channels(tmp_path)
    one.learn([Input("a_b"), Input("a-b")])
    before = devices(one)
    again = channels(tmp_path)
    again.learn([Input("a-b")])
    assert devices(again) == before


@pytest.mark.parametrize("token", ["", "\x00", "\ud800", "x" * 201])
def test_what_is_no_token_is_no_channel(token: str, tmp_path: Path) -> None:
    one = channels(tmp_path)
    assert one.learn([Input(token, "\ud800\x00"), Input("1", "\ud800" + "n" * 300)]) == {"1": {}}
    assert one.devices({})["1"].name == "n" * 200
    assert channels(tmp_path).learn([]) == {"1": {"online": 0}}


def test_an_id_and_a_camera_contradict_each_other() -> None:
    with pytest.raises(ValidationError, match="not both"):
        ChannelSettings.model_validate({"token": "1", "id": "a", "camera": "b"})


def test_facts_of_others_are_added() -> None:
    one = channels()
    one.learn([Input("1", address="192.168.254.3")])
    device = one.devices({"1": {"plan": "motion"}})["1"]
    assert device.kind is DeviceKind.CHANNEL
    assert device.facts == {"token": "1", "address": "192.168.254.3", "plan": "motion"}
