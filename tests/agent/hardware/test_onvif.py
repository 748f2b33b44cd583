"""What notifications mean: ONVIF's own topics, vendors' variations of them, and nothing of all the rest."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.hardware.model import Kind, Stranger, Told
from agent.hardware.onvif import configuration, interpret
from agent.onvif.notification import Notification

AT = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)


def note(topic: str, source: dict[str, str], data: dict[str, str], operation: str | None = "Changed") -> Notification:
    return Notification(topic, operation, AT, source, data)


@pytest.mark.parametrize(
    ("topic", "source", "data", "kind", "active", "channel", "part"),
    [
        *[
            (f"Device/HardwareFailure/{name}", {"Token": "T1"}, {"Failed": value}, kind, value == "true", "", "T1")
            for name, kind in [
                ("StorageFailure", Kind.STORAGE_FAILURE),
                ("FanFailure", Kind.FAN_FAILURE),
                ("PowerSupplyFailure", Kind.POWER_FAILURE),
            ]
            for value in ("true", "false")
        ],
        ("Device/HardwareFailure/TemperatureCritical", {}, {"Critical": "1"}, Kind.TEMPERATURE_CRITICAL, True, "", ""),
        ("VideoSource/SignalLoss", {"Source": "ch1"}, {"State": "true"}, Kind.VIDEO_LOSS, True, "ch1", ""),
        ("MediaControl/VideoLoss", {"VideoSource": "ch2"}, {"State": "0"}, Kind.VIDEO_LOSS, False, "ch2", ""),
        *[
            (f"VideoSource/{name}/{service}", {"Source": "ch1"}, {"State": "true"}, Kind.TAMPER, True, "ch1", name)
            for name in ("GlobalSceneChange",)
            for service in ("ImagingService", "AnalyticsService", "RecordingService")
        ],
        (
            *("RuleEngine/TamperDetector/Tamper", {"VideoSourceConfigurationToken": "vsc", "Rule": "R"}),
            *({"IsTamper": "true"}, Kind.TAMPER, True, "vsc", "TamperDetector"),
        ),
        (
            *("Device/HardwareFailure/PowerSupplyFailure/PTZPowerFailure", {"Token": "0"}, {"Failed": "true"}),
            *(Kind.POWER_FAILURE, True, "", "0"),
        ),
        ("Storage/Disruption", {"disk_id": "SD"}, {"disruption": "1"}, Kind.STORAGE_FAILURE, True, "", "SD"),
        ("Device/Network/Lost", {"interface": "eth0"}, {"lost": "true"}, Kind.NETWORK_LOST, True, "", ""),
        ("Device/Casing/Open", {}, {"Open": "true"}, Kind.TAMPER, True, "", "Open"),
        *[
            (
                *("RecordingConfig/JobState", {"RecordingJobToken": "J"}, {"State": state}),
                *(Kind.RECORDING_FAILURE, state == "Error", "", "J"),
            )
            for state in ("Error", "Active", "Idle", "PartiallyActive")
        ],
    ],
)
def test_a_topic_has_one_meaning(
    topic: str, source: dict[str, str], data: dict[str, str], kind: Kind, active: bool, channel: str, part: str
) -> None:
    assert interpret(note(topic, source, data)) == Told(kind, topic, active, channel, part, at=AT)
    told = interpret(note(topic, source, data, "Initialized"))
    assert isinstance(told, Told)
    assert told.initial


@pytest.mark.parametrize(
    "topic",
    [
        *("VideoSource/MotionAlarm", "RuleEngine/CellMotionDetector/Motion", "Device/Trigger/DigitalInput"),
        *("Monitoring/ProcessorUsage", "PTZController/PTZPresets/Reached", "Device/OperationMode/ShutdownInitiated"),
        *("Door/State/DoorMode", "Configuration/Profile", "AudioAnalytics/Audio/DetectedSound"),
    ],
)
def test_what_does_not_concern_the_hardware_is_nothing(topic: str) -> None:
    assert interpret(note(topic, {}, {"State": "true"})) is None


def test_an_unknown_topic_is_a_stranger() -> None:
    assert interpret(note("Device/Coffee/Empty", {}, {"State": "true"})) == Stranger("Device/Coffee/Empty")
    assert interpret(note("Acme/Odd", {}, {})) == Stranger("Acme/Odd")


def test_a_value_that_says_neither_yes_nor_no_says_nothing() -> None:
    assert interpret(note("Device/HardwareFailure/FanFailure", {}, {"Speed": "1200"})) is None
    assert interpret(note("RecordingConfig/JobState", {}, {"State": "Odd"})) is None
    assert interpret(note("VideoSource/SignalLoss", {"Source": "1"}, {"State": "true"}, "Deleted")) is None


def test_tampering_that_is_no_state_happened() -> None:
    told = interpret(note("VideoSource/Tampering", {"channel": "1"}, {}, None))
    assert told == Told(Kind.TAMPER, "VideoSource/Tampering", None, "1", "Tampering", at=AT)


def test_the_last_reboot_is_a_time() -> None:
    told = interpret(note("Monitoring/OperatingTime/LastReboot", {}, {"Status": "2026-03-01T11:00:00Z"}))
    assert isinstance(told, Told)
    assert (told.kind, told.active, told.at) == (Kind.REBOOTED, None, AT.replace(hour=11))
    assert interpret(note("Monitoring/OperatingTime/LastReboot", {}, {"Status": "yesterday"})) is None


def test_a_rule_names_the_configuration_of_its_source() -> None:
    rule = note("RuleEngine/TamperDetector/Tamper", {"VideoSourceConfigurationToken": "vsc"}, {"IsTamper": "true"})
    assert configuration(rule) == "vsc"
    assert configuration(note("VideoSource/SignalLoss", {"Source": "ch1"}, {})) == ""


_WORDS = ["Device", "StorageFailure", "LastReboot", "TamperDetector", "JobState", "Lost", ""]
_TEXTS = st.sampled_from(_WORDS) | st.text(max_size=8)


@given(
    st.lists(_TEXTS, max_size=5).map("/".join),
    st.dictionaries(_TEXTS, _TEXTS, max_size=3),
    st.dictionaries(_TEXTS, _TEXTS, max_size=3),
    st.sampled_from([None, "Initialized", "Changed", "Deleted"]),
)
def test_any_notification_is_told_strange_or_nothing(
    topic: str, source: dict[str, str], data: dict[str, str], operation: str | None
) -> None:
    told = interpret(note(topic, source, data, operation))
    assert told is None or isinstance(told, Told | Stranger)
