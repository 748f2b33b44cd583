import calendar

import pytest

from agent.dahua import system
from agent.dahua.table import parse
from agent.device.errors import BadAnswer
from agent.recorder.model import Condition, Identity, TimeSettings, User


def test_what_the_clock_shows() -> None:
    wall = calendar.timegm((2026, 7, 3, 21, 2, 32))
    assert system.shown(parse(b"result=2026-7-3 21:02:32\r\n")) == wall
    assert system.shown(parse(b"time=2026-07-03 21:02:32")) == wall
    for body in (b"", b"result=", b"result=soon", b"result=2026-13-01 00:00:00"):
        with pytest.raises(BadAnswer, match="tells no time"):
            system.shown(parse(body))


def test_who_it_is_from_what_firmwares_tell_in_different_places() -> None:
    told = parse(b"deviceType=31\nprocessor=ST7108\nserialNumber=4C0048DPAJ8F3C9\nupdateSerial=NVR6XX-4KS2")
    software = parse(b"version=4.001.0000000.2,build:2023-05-18")
    expected = Identity("Dahua", "NVR6XX-4KS2", "4.001.0000000.2 build 2023-05-18", "4C0048DPAJ8F3C9")
    assert system.identity(told, software, {}, {}, {}) == expected
    older = parse(b"deviceType=DHI-NVR5216")
    found = system.identity(older, {}, {}, parse(b"Vendor=Intelbras"), parse(b"sn=ABC"))
    assert found == Identity("Intelbras", "DHI-NVR5216", "", "ABC")
    assert system.identity(older, {}, parse(b"type=NVR5216-4KS2"), {}, {}).model == "NVR5216-4KS2"


def test_somebody_who_tells_nothing_is_no_recorder() -> None:
    with pytest.raises(BadAnswer, match="neither model"):
        system.identity(parse(b"login=please"), {}, {}, {}, {})


def test_its_time_keeping() -> None:
    body = b"""
table.NTP.Address=ntp.example
table.NTP.Enable=true
table.NTP.ServerList[0].Address=ntp.example
table.NTP.ServerList[0].Enable=true
table.NTP.ServerList[1].Address=other.example
table.NTP.ServerList[1].Enable=true
table.NTP.ServerList[2].Address=off.example
table.NTP.ServerList[2].Enable=false
table.NTP.TimeZone=13
"""
    assert system.time_settings(parse(body)) == TimeSettings(True, ("ntp.example", "other.example"), "UTC+08:00")
    named = parse(b"table.NTP.TimeZone=23\ntable.NTP.TimeZoneDesc=Newfoundland\ntable.NTP.Enable=false")
    assert system.time_settings(named) == TimeSettings(False, (), "Newfoundland")
    assert system.time_settings(parse(b"table.NTP.TimeZone=23")) == TimeSettings(None, (), "UTC-03:30")
    assert system.time_settings({}) == TimeSettings(None)


def test_how_it_fares() -> None:
    found = system.condition(
        parse(b"usage=37"),
        parse(b"status.Total=1000.0\nstatus.Used=250.0"),
        parse(b"info.last=86400\ninfo.total=9999999"),
    )
    assert found == Condition(cpu_ratio=0.37, memory_used_ratio=0.25, uptime_seconds=86400.0)
    assert system.condition(None, parse(b"free=250\ntotal=1000"), None) == Condition(memory_used_ratio=0.75)


def test_figures_that_cannot_be_are_left_out() -> None:
    found = system.condition(parse(b"usage=900"), parse(b"total=0\nused=5"), parse(b"up=99999999999"))
    assert found == Condition()


def test_accounts_and_who_has_all_rights() -> None:
    body = b"""
users[0].Group=admin
users[0].Name=admin
users[0].Password=******
users[1].Group=user
users[1].Name=viewer1
users[2].Name=guest
users[3].Group=user
"""
    assert system.users(parse(body)) == [User("admin", "admin", True), User("viewer1", "user", False), User("guest")]
