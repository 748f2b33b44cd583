import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.doors.told import AccessTold, Aspect, Presence, StateTold, Told
from agent.doors.topic_settings import SubscriptionSettings, TopicsSettings
from agent.doors.topics import MAX_PAYLOAD, Message, Unreadable, read

WALL = 1_740_816_000.0


def rule(**table: Any) -> SubscriptionSettings:
    return SubscriptionSettings.model_validate({"events": {"OPEN": "opened", "CLOSED": "closed"}} | table)


def message(topic: str, payload: str | bytes | dict[str, Any], retained: bool = False) -> Message:
    if isinstance(payload, dict):
        payload = json.dumps(payload)
    return Message(topic, payload.encode() if isinstance(payload, str) else payload, retained, 1000.0, WALL)


def states(told: list[Told]) -> list[tuple[str | None, Aspect, str]]:
    return [(one.door, one.aspect, one.value) for one in told if isinstance(one, StateTold)]


OPENED = [("front", Aspect.POSITION, "Open")]

CONTACT = rule(
    topic="zigbee2mqtt/+", door_level=2, value_field="/contact", events={"true": "closed", "false": "opened"}
)
TAMPER = rule(
    topic="zigbee2mqtt/+", door_level=2, value_field="/tamper", events={"true": "tamper", "false": "tamper_over"}
)


def test_a_plain_topic() -> None:
    plain = rule(topic="front/door", door="front")
    assert states(read(message("front/door", "OPEN"), [plain])) == OPENED
    assert states(read(message("front/door", ' "open"\n'), [plain])) == OPENED
    assert states(read(message("front/door", "CLOSED"), [plain])) == [
        ("front", Aspect.POSITION, "Closed"),
        ("front", Aspect.ALARM, "Normal"),
    ]
    assert read(message("back/door", "OPEN"), [plain]) == []


def test_zigbee2mqtt_tells_a_contact_and_a_tamper_switch_in_one_message() -> None:
    payload = {"battery": 97, "contact": False, "tamper": True, "linkquality": 120}
    told = read(message("zigbee2mqtt/front", payload), [CONTACT, TAMPER])
    assert states(told) == [*OPENED, ("front", Aspect.TAMPER, "TamperDetected")]
    assert all(isinstance(one, StateTold) and one.repeats and not one.initial for one in told)


def test_a_sign_of_life_without_a_value_is_heard() -> None:
    assert read(message("zigbee2mqtt/front", {"battery": 97}), [CONTACT]) == [Presence("front", True)]
    assert read(message("zigbee2mqtt/front", {"battery": 97}, retained=True), [CONTACT]) == []


def test_zigbee2mqtt_tells_that_it_lost_a_door() -> None:
    events = {"online": "alive", "offline": "lost"}
    lost = rule(topic="zigbee2mqtt/+/availability", door_level=2, value_field="/state", events=events)
    assert read(message("zigbee2mqtt/front/availability", {"state": "offline"}), [lost]) == [Presence("front", False)]
    old = rule(topic="zigbee2mqtt/+/availability", door_level=2, events=events)
    assert read(message("zigbee2mqtt/front/availability", "online"), [old]) == [Presence("front", True)]


def test_what_is_retained_is_a_state_and_no_access() -> None:
    (state,) = read(message("zigbee2mqtt/front", {"contact": False}, retained=True), [CONTACT])
    assert isinstance(state, StateTold)
    assert (state.initial, state.remembered) == (True, True)
    access = rule(topic="access/+", door_level=2, value_field="/result", events={"ok": "granted"})
    assert read(message("access/front", {"result": "ok"}, retained=True), [access]) == []


def test_a_controller_that_names_door_result_reason_and_time_in_its_message() -> None:
    access = rule(
        topic="access/#",
        door_field="/reader/door",
        value_field="/result",
        events={"1": "granted", "0": "denied"},
        reason_field="/why",
        credential_field="/card~1token",
        at_field="/ts",
    )
    payload = {
        "reader": {"door": 7},
        "result": 0,
        "why": "Expired",
        "card/token": "C1",
        "ts": (WALL - 5) * 1000,
        "holder": "Ms Li",
    }
    assert read(message("access/anything/at/all", payload), [access]) == [
        AccessTold("door.access_denied", None, "7", {"reason": "Expired", "credential": "C1"}, 995.0)
    ]
    (claimed,) = read(message("access/x", payload | {"ts": 0}), [access])
    assert isinstance(claimed, AccessTold)
    assert (claimed.mono, claimed.data["device_time"]) == (None, "1970-01-01T00:00:00.000+00:00")


@pytest.mark.parametrize(
    ("pattern", "topic", "fits"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("a/+/c", "a/b/c", True),
        ("a/+", "a/", True),
        ("a/+", "a", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("+/b", "/b", True),
        ("#", "$SYS/uptime", False),
        ("+/uptime", "$SYS/uptime", False),
        ("$SYS/#", "$SYS/uptime", True),
    ],
)
def test_topics_fit_filters_as_in_mqtt(pattern: str, topic: str, fits: bool) -> None:
    from paho.mqtt.client import topic_matches_sub

    assert topic_matches_sub(pattern, topic) is fits
    assert bool(read(message(topic, "OPEN"), [rule(topic=pattern, door="front")])) is fits


def test_what_no_rule_can_read_is_named_and_quoted_nowhere() -> None:
    with pytest.raises(Unreadable, match="no JSON"):
        read(message("zigbee2mqtt/front", "secret"), [CONTACT])
    with pytest.raises(Unreadable, match="larger than"):
        read(message("zigbee2mqtt/front", b"x" * (MAX_PAYLOAD + 1)), [CONTACT])
    plain = rule(topic="zigbee2mqtt/front", door="front")
    assert states(read(message("zigbee2mqtt/front", "OPEN"), [CONTACT, plain])) == OPENED, "another rule can"
    assert read(message("zigbee2mqtt/front", b"", retained=True), [CONTACT]) == [], "taken back"


_RULES = [
    CONTACT,
    rule(topic="#", door_field="/a/0", value_field="/b"),
    rule(topic="#", door_level=9),
    rule(topic="+/+", door_level=1),
]


@given(st.text(max_size=30), st.binary(max_size=200), st.booleans())
def test_any_message_is_told_or_unreadable(topic: str, payload: bytes, retained: bool) -> None:
    try:
        told = read(Message(topic, payload, retained, 0.0, WALL), _RULES)
    except Unreadable:
        return
    assert all(one.door for one in told)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab") | st.text(), inner, max_size=3),
)


@given(_JSON)
def test_any_json_is_told_or_unreadable(payload: object) -> None:
    try:
        read(Message("zigbee2mqtt/front", json.dumps(payload).encode(), False, 0.0, WALL), _RULES)
    except Unreadable:
        return


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"topic": "a/#/b", "door": "x"}, "topic filter"),
        ({"topic": "a+", "door": "x"}, "topic filter"),
        ({"topic": "", "door": "x"}, "at least 1"),
        ({"topic": "a"}, "one of door"),
        ({"topic": "a", "door": "x", "door_level": 1}, "one of door"),
        ({"topic": "a", "door": "x", "value_field": "contact"}, "JSON pointer"),
        ({"topic": "a", "door": "x", "value_field": "/a~2"}, "JSON pointer"),
        ({"topic": "a", "door": "x", "events": {}}, "at least 1"),
        ({"topic": "a", "door": "x", "events": {"1": "open"}}, "granted"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(table: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        rule(**table)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"username": "u", "password_file": "/p"}, "plaintext = true"),
        ({"password_env": "P"}, "needs a username"),
        ({"username": "u", "password_file": "/p", "password_env": "P", "tls": {}}, "not both"),
        ({"tls": {"certificate": "/c"}}, "belong together"),
    ],
)
def test_a_password_goes_nowhere_unprotected(table: dict[str, Any], reason: str) -> None:
    base = {"id": "z", "host": "10.0.0.3", "doors": [{"id": "front"}], "subscriptions": [CONTACT.model_dump()]}
    with pytest.raises(ValidationError, match=reason):
        TopicsSettings.model_validate(base | table)
    account = {"username": "u", "password_file": "/p"}
    protected: list[dict[str, Any]] = [{"host": "127.0.0.1"}, {"tls": {}}, {"plaintext": True}]
    for fine in protected:
        TopicsSettings.model_validate(base | account | fine)


def test_a_payload_is_read_once_however_many_rules_look_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[object] = []
    loads = json.loads

    def counting(text: str, **more: Any) -> Any:
        parsed.append(text)
        return loads(text, **more)

    monkeypatch.setattr("agent.doors.topics.json.loads", counting)
    rules = [CONTACT, TAMPER] * 20
    assert len(read(message("zigbee2mqtt/front", {"contact": False, "tamper": True}), rules)) == 40
    with pytest.raises(Unreadable, match="no JSON"):
        read(message("zigbee2mqtt/front", "[" * 60_000), rules)
    assert len(parsed) == 2


def test_a_topic_without_end_is_not_looked_at() -> None:
    with pytest.raises(Unreadable, match="a topic of more than 1000 characters"):
        read(message("/" * 60_000, "OPEN"), [rule(topic="#", door="front")])
