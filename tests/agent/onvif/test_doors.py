import datetime

import pytest

from agent.doors.told import AccessTold, Aspect, StateTold
from agent.onvif import envelope
from agent.onvif.doors import door_states, door_tokens, interpret
from agent.onvif.notification import Notification

AT = datetime.datetime(2025, 3, 1, 8, tzinfo=datetime.UTC)
TIME = {"device_time": "2025-03-01T08:00:00.000+00:00"}


def state(aspect: str, value: str, operation: str = "Changed") -> Notification:
    return Notification(f"Door/State/{aspect}", operation, AT, {"DoorToken": "D1"}, {"State": value})


@pytest.mark.parametrize(
    ("aspect", "value", "event"),
    [
        ("DoorPhysicalState", "Open", "door.opened"),
        ("DoorPhysicalState", "Closed", "door.closed"),
        ("DoorPhysicalState", "Fault", "door.fault"),
        ("DoorPhysicalState", "Unknown", None),
        ("DoorAlarm", "DoorForcedOpen", "door.alarm"),
        ("DoorAlarm", "DoorOpenTooLong", "door.alarm"),
        ("DoorAlarm", "Normal", None),
        ("DoorTamper", "TamperDetected", "door.tamper"),
        ("DoorTamper", "NotInTamper", None),
        ("DoorFault", "FaultDetected", "door.fault"),
        ("LockPhysicalState", "Locked", None),
        ("LockPhysicalState", "Fault", "door.fault"),
        ("DoubleLockPhysicalState", "Unlocked", None),
        ("DoorMode", "Locked", None),
        ("DoorMode", "Accessed", None),
        ("DoorMode", "LockedDown", "door.mode_changed"),
    ],
)
def test_states_name_their_events(aspect: str, value: str, event: str | None) -> None:
    told = interpret(state(aspect, value))
    assert told == StateTold("D1", Aspect(aspect), value, False, {"state": value} | TIME)
    assert told.event == event


def test_a_state_told_as_it_is_is_initial() -> None:
    told = interpret(state("DoorPhysicalState", "Open", "Initialized"))
    assert isinstance(told, StateTold)
    assert told.initial


@pytest.mark.parametrize(
    ("topic", "data", "event", "kept"),
    [
        (
            "AccessControl/AccessGranted/Credential",
            {"CredentialToken": "C1"},
            "door.access_granted",
            {"credential": "C1"},
        ),
        ("AccessControl/AccessGranted/Anonymous", {}, "door.access_granted", {}),
        (
            "AccessControl/Denied/Credential",
            {"CredentialToken": "C1", "Reason": "Expired", "CredentialHolderName": "Ms Li"},
            "door.access_denied",
            {"credential": "C1", "reason": "Expired"},
        ),
        (
            "AccessControl/Denied/CredentialNotFound/Card",
            {"Card": "0004711"},
            "door.access_denied",
            {"reason": "CredentialNotFound"},
        ),
        (
            "AccessControl/Denied/CredentialNotFound/Card",
            {"Card": "1", "Reason": "Other"},
            "door.access_denied",
            {"reason": "Other"},
        ),
        ("AccessControl/AccessTaken/Credential", {"CredentialToken": "C1"}, "door.access_taken", {"credential": "C1"}),
        ("AccessControl/AccessNotTaken/Anonymous", {}, "door.access_not_taken", {}),
        ("AccessControl/Duress", {"CredentialToken": "C1"}, "door.duress", {"credential": "C1"}),
    ],
)
def test_access_is_told_without_names_and_card_numbers(
    topic: str, data: dict[str, str], event: str, kept: dict[str, str]
) -> None:
    told = interpret(Notification(topic, None, AT, {"AccessPointToken": "R1"}, data))
    assert told == AccessTold(event, "R1", None, kept | TIME)


@pytest.mark.parametrize(
    "notification",
    [
        Notification("Door/State/Opened", "Changed", AT, {"DoorToken": "D1"}, {"State": "true"}),
        Notification("Door/State/DoorAlarm", "Changed", AT, {}, {"State": "Normal"}),
        Notification("Door/State/DoorAlarm", "Changed", AT, {"DoorToken": "D1"}, {}),
        Notification("Door/State/DoorAlarm", "Deleted", AT, {"DoorToken": "D1"}, {"State": "Normal"}),
        Notification("AccessControl/Request/Credential", None, AT, {"AccessPointToken": "R1"}, {}),
        Notification("AccessPoint/State/Enabled", "Changed", AT, {"AccessPointToken": "R1"}, {"State": "false"}),
        Notification("AccessPoint/State/Tampering", "Changed", AT, {"AccessPointToken": "R1"}, {"Active": "maybe"}),
        Notification("AccessPoint/State/Tampering", "Changed", AT, {}, {"Active": "true"}),
        Notification("VideoSource/MotionAlarm", "Changed", AT, {"Source": "V"}, {"State": "true"}),
    ],
)
def test_the_rest_means_nothing_here(notification: Notification) -> None:
    assert interpret(notification) is None


@pytest.mark.parametrize(
    ("active", "value"), [("true", "TamperDetected"), ("1", "TamperDetected"), ("false", "NotInTamper")]
)
def test_a_reader_that_is_tampered_with_is_a_part_of_its_door(active: str, value: str) -> None:
    topic, source = "AccessPoint/State/Tampering", {"AccessPointToken": "R1"}
    told = interpret(Notification(topic, "Initialized", AT, source, {"Active": active, "Reason": "Lid"}))
    assert told == StateTold("R1", Aspect.TAMPER, value, True, {"state": value, "reason": "Lid"} | TIME, part="R1")


STATE = b"""<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:t="http://www.onvif.org/ver10/doorcontrol/wsdl">
<e:Body><t:GetDoorStateResponse><t:DoorState><t:DoorPhysicalState>Open</t:DoorPhysicalState><t:Alarm>Normal</t:Alarm>
<t:Tamper><t:Reason>x</t:Reason><t:State>NotInTamper</t:State></t:Tamper><t:DoorMode>Locked</t:DoorMode></t:DoorState>
</t:GetDoorStateResponse></e:Body></e:Envelope>"""


def test_a_door_that_is_asked_tells_the_properties_it_has_as_they_are() -> None:
    told = door_states(envelope.parse(STATE), "D1")
    assert [(one.aspect, one.value) for one in told] == [
        (Aspect.POSITION, "Open"),
        (Aspect.ALARM, "Normal"),
        (Aspect.TAMPER, "NotInTamper"),
        (Aspect.MODE, "Locked"),
    ]
    assert all(one.initial and one.door == "D1" for one in told)


def test_an_answer_without_a_state_tells_nothing() -> None:
    assert door_states(envelope.parse(STATE.replace(b"DoorState>", b"Other>")), "D1") == []


def test_a_list_of_doors_says_whether_it_is_whole() -> None:
    def listed(more: str) -> tuple[list[str], bool]:
        text = f"""<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:t="urn:t"><e:Body><t:Response>
        {more}<t:DoorInfo token="D1"/><t:DoorInfo/><t:DoorInfo token="D2"/></t:Response></e:Body></e:Envelope>"""
        return door_tokens(envelope.parse(text.encode()))

    assert listed("") == (["D1", "D2"], True)
    assert listed("<t:NextStartReference>x</t:NextStartReference>") == (["D1", "D2"], False)
