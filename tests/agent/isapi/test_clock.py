from datetime import UTC, datetime

import pytest

from agent.device.errors import BadAnswer, Unsupported
from agent.isapi import clock
from agent.isapi.zone import Zone

OLD = "http://www.hikvision.com/ver10/XMLSchema"
EAST = "CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00"


def told(local: str, zone: str | None = "CST-8:00:00", mode: str = "NTP", more: str = "") -> bytes:
    zone_element = f"<timeZone>{zone}</timeZone>" if zone is not None else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Time version="1.0" xmlns="{OLD}">\n<timeMode>{mode}</timeMode>\n'
        f"<localTime>{local}</localTime>\n{zone_element}{more}</Time>"
    ).encode()


def utc(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc] # six of them


def test_local_time_is_turned_to_utc_by_the_zone() -> None:
    read = clock.read(told("2026-07-01T08:10:11+08:00"))
    assert read.moment == utc(2026, 7, 1, 0, 10, 11)
    assert (read.ntp, read.word, read.zone) == (True, "CST-8:00:00", Zone(8 * 3600))


def test_an_offset_that_leaves_out_daylight_saving_is_not_believed() -> None:
    assert clock.read(told("2026-09-09T07:24:29-05:00", EAST)).moment == utc(2026, 9, 9, 11, 24, 29)
    assert clock.read(told("2026-12-09T07:24:29-05:00", EAST)).moment == utc(2026, 12, 9, 12, 24, 29)


def test_without_a_readable_zone_the_offset_counts() -> None:
    assert clock.read(told("2026-09-09T07:24:29-04:00", "Eastern")).moment == utc(2026, 9, 9, 11, 24, 29)
    assert clock.read(told("2026-09-09T07:24:29+05:30", None)).moment == utc(2026, 9, 9, 1, 54, 29)
    assert clock.read(told("2026-09-09T07:24:29Z", None)).moment == utc(2026, 9, 9, 7, 24, 29)


def test_a_z_is_local_time_unless_the_recorder_says_that_it_tells_utc() -> None:
    assert clock.read(told("2026-07-01T08:00:00Z")).moment == utc(2026, 7, 1, 0, 0, 0)
    explicit = told("2026-07-01T00:00:00Z", more="<timeType>UTC</timeType>")
    assert clock.read(explicit).moment == utc(2026, 7, 1, 0, 0, 0)


def test_a_clock_of_1970_is_measured_all_the_same() -> None:
    assert clock.read(told("1970-01-01T00:00:30+08:00")).moment == 30 - 8 * 3600


@pytest.mark.parametrize(("mode", "ntp"), [("NTP", True), ("manual", False), ("platform", False), ("stars", None)])
def test_what_sets_the_clock(mode: str, ntp: bool | None) -> None:
    assert clock.read(told("2026-07-01T08:10:11", mode=mode)).ntp is ntp


@pytest.mark.parametrize(
    "body",
    [
        told("soon"),
        told("2026-07-01T08:10:11", None),
        told("2026-07-01T08:10:11", "nowhere"),
        told(""),
        b"<Time/>",
        b"<html><body>Login</body></html>",
    ],
)
def test_what_tells_no_time_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        clock.read(body)


def test_a_status_instead_of_the_time_says_what_it_means() -> None:
    with pytest.raises(Unsupported, match="notSupport"):
        clock.read(
            b"<ResponseStatus><statusCode>4</statusCode><statusString>Invalid Operation</statusString>"
            b"<subStatusCode>notSupport</subStatusCode></ResponseStatus>"
        )


def test_servers_that_set_the_clock() -> None:
    body = (
        b'<NTPServerList xmlns="http://www.isapi.org/ver20/XMLSchema"><NTPServer><id>1</id>'
        b"<addressingFormatType>hostname</addressingFormatType><hostName>ntp.example</hostName><portNo>123</portNo>"
        b"</NTPServer><NTPServer><id>2</id><ipAddress>10.0.0.1</ipAddress></NTPServer>"
        b"<NTPServer><id>3</id><ipAddress>0.0.0.0</ipAddress></NTPServer></NTPServerList>"
    )
    assert clock.servers(body) == ("ntp.example", "10.0.0.1")
