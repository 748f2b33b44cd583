import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.device import xml
from agent.device.errors import BadAnswer
from agent.doors.told import AccessTold, Aspect, StateTold
from agent.isapi.doors import Occurrence, of_json, of_search, of_status, of_xml, search

AT = "2025-03-01T16:00:00+08:00"
TIME = {"device_time": "2025-03-01T16:00:00.000+08:00"}


def part(major: object, minor: object, **event: Any) -> bytes:
    inner = {"majorEventType": major, "subEventType": minor, "serialNo": 7, "currentEvent": True} | event
    return json.dumps({"eventType": "AccessControllerEvent", "dateTime": AT, "AccessControllerEvent": inner}).encode()


def read(major: int, minor: int, **event: Any) -> Occurrence:
    found = of_json(part(major, minor, **event))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("numbers", "states"),
    [
        ((5, 25), [(Aspect.POSITION, "Open")]),
        ((5, 26), [(Aspect.POSITION, "Closed"), (Aspect.ALARM, "Normal")]),
        ((5, 27), [(Aspect.ALARM, "DoorForcedOpen"), (Aspect.POSITION, "Open")]),
        ((5, 28), [(Aspect.POSITION, "Open"), (Aspect.ALARM, "DoorOpenTooLong")]),
        ((5, 21), [(Aspect.LOCK, "Unlocked")]),
        ((5, 22), [(Aspect.LOCK, "Locked")]),
        ((5, 19), [(Aspect.MODE, "LockedOpen")]),
        ((5, 31), [(Aspect.MODE, "Blocked")]),
        ((5, 32), [(Aspect.MODE, "Locked")]),
        ((5, 87), [(Aspect.POSITION, "Fault")]),
        ((5, 84), [(Aspect.LOCK, "Fault")]),
    ],
)
def test_what_happens_to_a_door_is_a_state_of_it(numbers: tuple[int, int], states: list[tuple[Aspect, str]]) -> None:
    told = read(*numbers, doorNo=2).told
    assert [(one.aspect, one.value) for one in told if isinstance(one, StateTold)] == states
    assert {one.door for one in told} == {"2"}
    assert all(isinstance(one, StateTold) and not one.initial and TIME.items() <= one.data.items() for one in told)


@pytest.mark.parametrize(
    ("numbers", "event", "reason"),
    [
        ((5, 1), "door.access_granted", None),
        ((5, 75), "door.access_granted", None),
        ((5, 23), "door.access_granted", "ExitButton"),
        ((3, 1024), "door.access_granted", "RemoteOpen"),
        ((5, 6), "door.access_denied", "Unauthorized"),
        ((5, 8), "door.access_denied", "CredentialExpired"),
        ((5, 9), "door.access_denied", "CredentialNotFound"),
        ((5, 10), "door.access_denied", "AntipassbackViolation"),
        ((5, 76), "door.access_denied", "Mismatch"),
        ((1, 1034), "door.duress", None),
    ],
)
def test_who_was_let_in_is_told_without_names_and_numbers(
    numbers: tuple[int, int], event: str, reason: str | None
) -> None:
    private: dict[str, Any] = {
        "cardNo": "0004711",
        "name": "Ms Li",
        "employeeNoString": "42",
        "currentVerifyMode": "face",
    }
    (told,) = read(*numbers, doorNo=1, cardReaderNo=2, **private).told
    assert told == AccessTold(event, "reader 2", "1", ({"reason": reason} if reason else {}) | TIME)


@pytest.mark.parametrize(
    ("numbers", "aspect", "value", "part", "door"),
    [
        ((1, 1028), Aspect.TAMPER, "TamperDetected", "controller", None),
        ((1, 1029), Aspect.TAMPER, "NotInTamper", "controller", None),
        ((1, 1030), Aspect.TAMPER, "TamperDetected", "reader 3", "1"),
        ((2, 1029), Aspect.FAULT, "FaultDetected", "power", None),
        ((2, 1030), Aspect.FAULT, "NotInFault", "power", None),
        ((2, 1033), Aspect.FAULT, "FaultDetected", "reader 3", "1"),
        ((2, 1027), Aspect.FAULT, "FaultDetected", "battery", None),
    ],
)
def test_what_is_ill_side_by_side_is_told_apart(
    numbers: tuple[int, int], aspect: Aspect, value: str, part: str, door: str | None
) -> None:
    (told,) = read(*numbers, doorNo=1, cardReaderNo=3).told
    assert told == StateTold(door, aspect, value, False, {"state": value} | TIME, part)


def test_a_reader_without_a_door_is_not_the_door_of_its_number() -> None:
    (tampered,) = read(1, 1030, cardReaderNo=2).told
    assert tampered.door == "reader 2"
    (granted,) = read(5, 1, cardReaderNo=2, doorNo=0).told
    assert granted == AccessTold("door.access_granted", "reader 2", None, TIME)


def test_what_is_repeated_later_says_so() -> None:
    (told,) = read(5, 25, doorNo=1, currentEvent=False).told
    assert isinstance(told, StateTold)
    assert told.data["after_gap"] is True
    assert read(5, 25).live
    assert not read(5, 25, currentEvent=False).live


def test_number_and_time_tell_events_apart() -> None:
    assert read(5, 25).key == "7 2025-03-01T16:00:00+08:00"
    assert read(5, 25, serialNo=None).key is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"eventType":"heartBeat","eventState":"active"}',
        b'{"eventType":"videoloss","eventState":"inactive","channelID":1}',
        part(5, 37),
        part(9, 9),
        part("x", None),
        part(True, 1.5),
        b'{"AccessControllerEvent":[1]}',
    ],
)
def test_heartbeats_and_the_rest_mean_nothing_here(body: bytes) -> None:
    assert of_json(body) is None


def test_xml_says_the_same() -> None:
    text = f"""<EventNotificationAlert xmlns="http://www.isapi.org/ver20/XMLSchema"><dateTime>{AT}</dateTime>
    <eventType>AccessControllerEvent</eventType><AccessControllerEvent><majorEventType>5</majorEventType>
    <subEventType>25</subEventType><doorNo>2</doorNo><serialNo>7</serialNo><name>Ms Li</name>
    <currentEvent>false</currentEvent></AccessControllerEvent></EventNotificationAlert>"""
    assert of_xml(xml.parse(text.encode())) == read(5, 25, doorNo=2, currentEvent=False)
    assert (
        of_xml(xml.parse(b"<EventNotificationAlert><eventType>videoloss</eventType></EventNotificationAlert>")) is None
    )


def test_work_status_tells_every_door_as_it_is() -> None:
    body = {"AcsWorkStatus": {"magneticStatus": [0, 1, 3], "doorLockStatus": [0, 1, 4], "doorStatus": [4, 2, 1]}}
    told = of_status(json.dumps(body).encode())
    assert [(one.door, one.aspect, one.value) for one in told] == [
        ("1", Aspect.POSITION, "Closed"),
        ("2", Aspect.POSITION, "Open"),
        ("3", Aspect.POSITION, "Fault"),
        ("1", Aspect.LOCK, "Locked"),
        ("2", Aspect.LOCK, "Unlocked"),
        ("3", Aspect.LOCK, "Fault"),
        ("1", Aspect.MODE, "Locked"),
        ("2", Aspect.MODE, "LockedOpen"),
        ("1", Aspect.ALARM, "Normal"),
    ]
    assert all(one.initial for one in told)


def test_a_search_is_read_page_by_page() -> None:
    rows = [{"major": 5, "minor": 25, "time": AT, "serialNo": 1, "doorNo": 1}, {"major": 9, "minor": 1}, 7]
    page = of_search(json.dumps({"AcsEvent": {"responseStatusStrg": "MORE", "InfoList": rows}}).encode())
    assert (page.count, page.more) == (3, True)
    (found,) = page.occurrences
    assert not found.live
    assert found.told[0].door == "1"
    assert not of_search(b'{"AcsEvent":{"responseStatusStrg":"NO MATCH"}}').more
    assert not of_search(b'{"AcsEvent":{"responseStatusStrg":"MORE","InfoList":[]}}').more, "it would be asked for ever"


def test_a_search_asks_in_the_controllers_own_time() -> None:
    begin = datetime.datetime.fromisoformat(AT)
    asked = json.loads(search("id", 30, 30, begin, begin + datetime.timedelta(hours=1)))["AcsEventCond"]
    assert (asked["startTime"], asked["endTime"]) == (AT, "2025-03-01T17:00:00+08:00")
    assert (asked["searchResultPosition"], asked["major"], asked["minor"]) == (30, 0, 0)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(AT),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
_FIELDS = ("majorEventType", "subEventType", "doorNo", "cardReaderNo", "serialNo", "currentEvent")
_EVENTS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([5, 25, 1030, 1, 2, 0, -1]) | _JSON for name in _FIELDS}
)


@given(_EVENTS, _JSON)
def test_any_event_is_told_or_means_nothing(event: dict[str, object], at: object) -> None:
    found = of_json(json.dumps({"AccessControllerEvent": event, "dateTime": at}).encode())
    assert found is None or found.told


@given(_JSON)
def test_any_answer_is_states_or_bad(answer: object) -> None:
    for body in (
        {"AcsWorkStatus": {"magneticStatus": answer}},
        {"AcsWorkStatus": answer},
        {"AcsEvent": answer},
        answer,
    ):
        text = json.dumps(body).encode()
        for parse in (of_status, of_search, of_json):
            try:
                parse(text)
            except BadAnswer:
                continue


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_bad(body: bytes) -> None:
    for parse in (of_status, of_search, of_json):
        try:
            parse(body)
        except BadAnswer:
            continue
