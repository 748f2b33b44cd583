import pytest

from agent.isapi import smart, storage
from agent.isapi.smart import Smart
from agent.recorder.model import Drive


def disk(status: str, capacity: str = "1907729", free: str = "0", more: str = "", number: str = "2") -> bytes:
    return (
        '<storage version="1.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"><hddList>'
        f"<hdd><id>{number}</id><hddName>hdd{number}</hddName><hddType>SATA</hddType><status>{status}</status>"
        f"<capacity>{capacity}</capacity><freeSpace>{free}</freeSpace><property>RW</property>{more}</hdd>"
        "</hddList><nasList></nasList><workMode>quota</workMode></storage>"
    ).encode()


def test_a_full_disk_of_two_terabytes() -> None:
    told = storage.read(disk("ok"))
    assert told.drives == (Drive("2", True, True, "ok", "hdd2", 1907729 * 1024.0**2, 0.0),)
    assert told.overwrites is None


@pytest.mark.parametrize(
    ("status", "healthy"),
    [
        ("ok", True),
        ("idle", True),
        ("sleeping", True),
        ("error", False),
        ("smartFailed", False),
        ("SMART Failed", False),
        ("unformatted", False),
        ("mismatch", False),
        ("offline", False),
        ("formating", None),
        ("repairing", None),
    ],
)
def test_the_recorders_verdict(status: str, healthy: bool | None) -> None:
    [drive] = storage.read(disk(status)).drives
    assert (drive.healthy, drive.status) == (healthy, status)


def test_an_empty_slot_is_no_disk() -> None:
    assert storage.read(disk("notexist", "0")).drives == ()


@pytest.mark.parametrize("capacity", ["-1", "1" + "0" * 300, "NaN", "", "0", "1e9"])
def test_a_size_that_cannot_be_is_not_told(capacity: str) -> None:
    [drive] = storage.read(disk("ok", capacity, "-5")).drives
    assert (drive.size_bytes, drive.free_bytes) == (None, None)


def test_rebrands_that_tell_bytes_and_capitals() -> None:
    one = b"<HDD><id>1</id><status>OK</status><capacity>2000398934016</capacity></HDD>"
    body = b"<Storage><HDDList>" + one + b"</HDDList></Storage>"
    [drive] = storage.read(body).drives
    assert (drive.size_bytes, drive.free_bytes, drive.healthy) == (2000398934016.0, None, True)


def test_network_volumes_are_drives_of_their_own() -> None:
    body = (
        b"<storage><hddList><hdd><id>1</id><status>ok</status></hdd></hddList><nasList><nas><id>1</id>"
        b"<path>/volume1/cctv</path><status>offline</status><capacity>1000</capacity></nas></nasList></storage>"
    )
    first, second = storage.read(body).drives
    assert (first.token, second.token, second.name, second.healthy) == ("1", "nas1", "/volume1/cctv", False)


def test_whether_it_overwrites_and_how_warm_a_disk_is() -> None:
    told = storage.read(disk("ok", more="<overWrite>true</overWrite><temperature>41</temperature>"))
    assert told.overwrites is True
    assert told.drives[0].temperature_celsius == 41.0
    assert storage.extension(b"<storageExtension><LoopEnable>false</LoopEnable></storageExtension>") is False


def test_more_disks_than_any_recorder_has_are_cut() -> None:
    one = b"<hdd><id>%d</id><status>ok</status></hdd>"
    body = b"<storage><hddList>" + b"".join(one % number for number in range(1, 500)) + b"</hddList></storage>"
    assert len(storage.read(body).drives) == storage.MAX_DRIVES


@pytest.mark.parametrize(
    ("own", "whole", "healthy"),
    [
        ("ok", "functional", True),
        ("error", "functional", False),
        ("ok", "fault", False),
        ("ok", "", True),
        ("", "", None),
        ("odd", "functional", None),
    ],
)
def test_what_a_disk_says_of_itself(own: str, whole: str, healthy: bool | None) -> None:
    body = (
        "<SMARTTest><id>2</id><temprature>40</temprature><powerOnDay>23</powerOnDay>"
        f"<selfEvaluaingStatus>{own}</selfEvaluaingStatus><allEvaluaingStatus>{whole}</allEvaluaingStatus></SMARTTest>"
    )
    assert smart.read(body.encode()) == Smart(healthy, 40.0)


@pytest.mark.parametrize("degrees", ["0", "-5", "300", "warm", "1" + "0" * 300, ""])
def test_a_warmth_that_cannot_be_is_not_told(degrees: str) -> None:
    assert smart.read(f"<SmartTestStatus><temprature>{degrees}</temprature></SmartTestStatus>".encode()) == Smart()
