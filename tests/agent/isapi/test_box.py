"""What a recorder tells of itself: who it is, how it fares, its accounts, what it works at."""

import json

import pytest

from agent.device.errors import BadAnswer, Unsupported
from agent.isapi import deviceinfo, status, users, working
from agent.isapi.working import Working
from agent.recorder.model import Condition, Identity, User


def test_who_it_is() -> None:
    body = (
        b'<DeviceInfo version="1.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"><deviceName>NVR</deviceName>'
        b"<deviceID>4844</deviceID><model>DS-7716NI-I4</model><serialNumber>DS-7716NI-I4 1620</serialNumber>"
        b"<firmwareVersion>V4.61.030</firmwareVersion><firmwareReleasedDate>build 240123</firmwareReleasedDate>"
        b"</DeviceInfo>"
    )
    expected = Identity("", "DS-7716NI-I4", "V4.61.030 build 240123", "DS-7716NI-I4 1620")
    assert deviceinfo.read(body) == expected
    with pytest.raises(BadAnswer, match="does not say"):
        deviceinfo.read(b"<DeviceInfo><deviceName>x</deviceName></DeviceInfo>")


def test_how_it_fares() -> None:
    body = (
        b'<DeviceStatus xmlns="http://www.isapi.org/ver20/XMLSchema"><currentDeviceTime>x</currentDeviceTime>'
        b"<deviceUpTime>12345</deviceUpTime><TemperatureList><Temperature><tempSensorDescription>board"
        b"</tempSensorDescription><temperature>44.5</temperature></Temperature></TemperatureList>"
        b"<CPUList><CPU><cpuUtilization>20</cpuUtilization></CPU><CPU><cpuUtilization>40</cpuUtilization></CPU></CPUList>"
        b"<MemoryList><Memory><memoryUsage>512.5</memoryUsage><memoryAvailable>512.5</memoryAvailable></Memory>"
        b"</MemoryList></DeviceStatus>"
    )
    assert status.read(body) == Condition(44.5, 0.3, 0.5, 12345.0)


def test_what_is_not_told_is_missing() -> None:
    assert status.read(b"<DeviceStatus/>") == Condition()
    odd = (
        b"<DeviceStatus><deviceUpTime>-5</deviceUpTime><CPUList><CPU><cpuUtilization>250</cpuUtilization></CPU></CPUList>"
        b"<memoryUsage>0</memoryUsage><memoryAvailable>0</memoryAvailable><temperature>9999</temperature></DeviceStatus>"
    )
    assert status.read(odd) == Condition()


def test_accounts_by_name_and_level() -> None:
    one = "<User><id>1</id><userName>{}</userName>{}<password>never</password></User>"
    level = "<userLevel>{}</userLevel>"
    listed = one.format("admin", level.format("Administrator")) + one.format("eve", level.format("Operator"))
    body = f"<UserList>{listed}{one.format('old', '')}{one.format('', '')}</UserList>".encode()
    assert users.read(body) == [
        User("admin", "Administrator", True),
        User("eve", "Operator", False),
        User("old", "", None),
    ]
    many = "".join(one.format(f"u{number}", "") for number in range(1000))
    assert len(users.read(f"<UserList>{many}</UserList>".encode())) == users.MAX_USERS


CHANNEL = {"chanNo": 1, "online": 1, "record": 0, "signal": 0, "bitRate": 4096}


@pytest.mark.parametrize(
    "told",
    [
        {"WorkingStatus": {"ChanStatus": [CHANNEL]}},
        {"JSON_WorkingStatus": {"ChanStatus": [CHANNEL]}},
        {"ChanStatus": {"JSON_ChanStatus": [CHANNEL]}},
        {"ChanStatus": [CHANNEL]},
        {"ChanStatus": CHANNEL},
    ],
)
def test_what_channels_work_at_in_every_firmwares_shape(told: object) -> None:
    assert working.read(json.dumps(told).encode()) == {"1": Working(True, False, False)}


def test_flags_that_are_neither_yes_nor_no_are_unknown() -> None:
    odd = {"ChanStatus": [{"chanNo": 1, "online": "1", "record": 7}, {"chanNo": -1}, {"chanNo": 1e300}, 5, None]}
    assert working.read(json.dumps(odd).encode()) == {"1": Working()}


@pytest.mark.parametrize(
    "body", [b"", b"<html/>", b"{}", b"[]", b"5", b'{"ChanStatus": 5}', b"[" * 100_000, b"1" * 5000]
)
def test_json_without_channels_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        working.read(body)


def test_a_status_instead_says_what_it_means() -> None:
    with pytest.raises(Unsupported):
        working.read(b'{"statusCode": 4, "statusString": "Invalid Operation", "subStatusCode": "notSupport"}')
