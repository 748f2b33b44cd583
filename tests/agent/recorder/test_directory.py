"""Which device a channel is: the last word of whoever lists the channels."""

from agent.recorder.directory import Directory
from wire.messages import Device, DeviceKind


def test_channels_are_those_told_last_and_nobody_changes_them_behind_our_back() -> None:
    directory = Directory()
    assert directory.channels("nvr") == {}
    told = {"1": Device(device="nvr-1", kind=DeviceKind.CHANNEL), "2": Device(device="gate", kind=DeviceKind.CAMERA)}
    directory.tell("nvr", told)
    told.clear()
    assert {token: device.device for token, device in directory.channels("nvr").items()} == {"1": "nvr-1", "2": "gate"}
    directory.tell("nvr", {})
    assert directory.channels("nvr") == {}
    assert directory.channels("other") == {}
