"""What alerts mean: samples as firmware of several years sends them, and any bytes."""

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.device.errors import BadAnswer
from agent.device.multipart import Part
from agent.hardware.isapi import interpret
from agent.hardware.model import Kind, Stranger, Told


def alert(event: str, state: str = "active", channel: str = "<channelID>3</channelID>", when: str = "") -> Part:
    body = f"""<EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">
<ipAddress>192.0.2.10</ipAddress>
<portNo>80</portNo>
<protocol>HTTP</protocol>
<macAddress>00:00:5e:00:53:01</macAddress>
{channel}
<dateTime>{when or "2026-03-01T12:00:00+08:00"}</dateTime>
<activePostCount>1</activePostCount>
<eventType>{event}</eventType>
<eventState>{state}</eventState>
<eventDescription>alarm</eventDescription>
</EventNotificationAlert>"""
    return Part("application/xml", body.encode())


@pytest.mark.parametrize(
    ("event", "kind", "channel"),
    [
        ("diskerror", Kind.STORAGE_FAILURE, ""),
        ("diskError", Kind.STORAGE_FAILURE, ""),
        ("diskunformat", Kind.STORAGE_FAILURE, ""),
        ("raidException", Kind.STORAGE_FAILURE, ""),
        ("spareException", Kind.STORAGE_FAILURE, ""),
        ("diskfull", Kind.STORAGE_FULL, ""),
        ("fanException", Kind.FAN_FAILURE, ""),
        ("poePowerException", Kind.POWER_FAILURE, ""),
        ("highTemperature", Kind.TEMPERATURE_CRITICAL, ""),
        ("highHDTemperature", Kind.TEMPERATURE_CRITICAL, ""),
        ("videoloss", Kind.VIDEO_LOSS, "3"),
        ("badvideo", Kind.VIDEO_LOSS, "3"),
        ("shelteralarm", Kind.TAMPER, "3"),
        ("tamperdetection", Kind.TAMPER, "3"),
        ("sceneChangeDetection", Kind.TAMPER, "3"),
        ("recordException", Kind.RECORDING_FAILURE, "3"),
        ("nicbroken", Kind.NETWORK_LOST, ""),
        ("ipconflict", Kind.ADDRESS_CONFLICT, ""),
    ],
)
def test_an_alert_has_one_meaning_however_it_is_spelled(event: str, kind: Kind, channel: str) -> None:
    told = interpret(alert(event))
    at = datetime.datetime.fromisoformat("2026-03-01T12:00:00+08:00")
    assert told == Told(kind, event, True, channel, event.lower(), lasting=False, at=at)
    if kind is not Kind.VIDEO_LOSS:
        over = interpret(alert(event, "inactive"))
        assert isinstance(over, Told)
        assert over.active is False


def test_a_refused_login_happened() -> None:
    told = interpret(alert("illAccess"))
    assert isinstance(told, Told)
    assert (told.kind, told.active, told.channel) == (Kind.ILLEGAL_LOGIN, None, "")


@pytest.mark.parametrize("channel", ["<channelID>1</channelID>", "<dynChannelID/>\n<channelID/>", ""])
def test_the_heartbeat_says_nothing_of_any_channel(channel: str) -> None:
    assert interpret(alert("videoloss", "inactive", channel)) is None
    assert interpret(alert("heartBeat", "active", channel)) is None


def test_motion_and_people_are_nothing_and_the_unknown_is_a_stranger() -> None:
    assert interpret(alert("VMD")) is None
    assert interpret(alert("faceSnap")) is None
    assert interpret(alert("coffeeMachineEmpty")) == Stranger("coffeeMachineEmpty")


@pytest.mark.parametrize(
    ("channel", "token"),
    [
        ("<dynChannelID>12</dynChannelID>", "12"),
        ("<dynChannelID/>\n<channelID>7</channelID>", "7"),
        ("<channelID>0</channelID>", ""),
        ("<channelID>many</channelID>", ""),
    ],
)
def test_a_channel_is_numbered_in_either_way(channel: str, token: str) -> None:
    told = interpret(alert("shelteralarm", channel=channel))
    assert isinstance(told, Told)
    assert told.channel == token


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2017-12-01T09:01:18-6:00", "2017-12-01T09:01:18-06:00"),
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00+00:00"),
        ("2025-04-06T14:16:04", None),
        ("soon", None),
    ],
)
def test_the_device_time_is_taken_where_it_is_a_moment(text: str, when: str | None) -> None:
    told = interpret(alert("diskerror", when=text))
    assert isinstance(told, Told)
    assert told.at == (datetime.datetime.fromisoformat(when) if when else None)


def test_an_alert_may_be_json_and_wrapped() -> None:
    fields = {"eventType": "diskerror", "eventState": "active", "channelID": 1, "dateTime": "2026-03-01T12:00:00Z"}
    plain = interpret(Part("application/json", json.dumps(fields).encode()))
    wrapped = interpret(Part("", json.dumps({"EventNotificationAlert": fields}).encode()))
    assert isinstance(plain, Told)
    assert plain == wrapped
    assert plain.kind is Kind.STORAGE_FAILURE


@pytest.mark.parametrize("body", [b"", b"<html/>", b"{", b"{}", b'{"eventType": []}', b"{" * 200_000, b"[1]"])
def test_what_is_no_alert_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        interpret(Part("", body))


_PIECES = st.lists(
    st.sampled_from([b"<eventType>", b"</eventType>", b"diskerror", b"<channelID>", b"9", b"<", b'{"eventType":', b'"'])
    | st.binary(max_size=12),
    max_size=20,
).map(b"".join)


@given(_PIECES)
def test_any_bytes_are_told_strange_nothing_or_a_bad_answer(body: bytes) -> None:
    try:
        told = interpret(Part("", body))
    except BadAnswer:
        return
    assert told is None or isinstance(told, Told | Stranger)
