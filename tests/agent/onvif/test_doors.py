import datetime

import pytest

from agent.onvif.doors import AccessTold, Aspect, StateTold, interpret
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
        Notification("Door/State/DoorMode", "Changed", AT, {"DoorToken": "D1"}, {"State": "Locked"}),
        Notification("Door/State/DoorAlarm", "Changed", AT, {}, {"State": "Normal"}),
        Notification("Door/State/DoorAlarm", "Changed", AT, {"DoorToken": "D1"}, {}),
        Notification("Door/State/DoorAlarm", "Deleted", AT, {"DoorToken": "D1"}, {"State": "Normal"}),
        Notification("AccessControl/AccessTaken/Credential", None, AT, {"AccessPointToken": "R1"}, {}),
        Notification("VideoSource/MotionAlarm", "Changed", AT, {"Source": "V"}, {"State": "true"}),
    ],
)
def test_the_rest_means_nothing_here(notification: Notification) -> None:
    assert interpret(notification) is None
