"""What ONVIF notifications say of a device's hardware. Pure.

Topics are ONVIF's own (Core, Imaging, Analytics and Recording Control services; Profile T calls the four of the image
tampering). Vendors add levels before and behind, and call the value what they like: so a topic is known by the last of
its parts that has a meaning, and its value is the first that can only mean yes or no.
"""

import datetime
from collections.abc import Mapping

from agent.hardware.model import MAX_TEXT, PER_CHANNEL, Kind, Stranger, Told
from agent.onvif.notification import Notification

_PARTS: Mapping[str, Kind] = {
    "storagefailure": Kind.STORAGE_FAILURE,
    "storagefull": Kind.STORAGE_FULL,
    "fanfailure": Kind.FAN_FAILURE,
    "powersupplyfailure": Kind.POWER_FAILURE,
    "temperaturecritical": Kind.TEMPERATURE_CRITICAL,
    "signalloss": Kind.VIDEO_LOSS,
    "videoloss": Kind.VIDEO_LOSS,
    "globalscenechange": Kind.TAMPER,
    "tamperdetector": Kind.TAMPER,
    "tampering": Kind.TAMPER,
    "jobstate": Kind.RECORDING_FAILURE,
    "lastreboot": Kind.REBOOTED,
    # Axis: Storage/Disruption, Device/Network/Lost, Device/Casing/Open
    "disruption": Kind.STORAGE_FAILURE,
    "network/lost": Kind.NETWORK_LOST,
    "casing/open": Kind.TAMPER,
}

TOPICS = (
    *("tns1:Device//.", "tns1:VideoSource/SignalLoss", "tns1:VideoSource/GlobalSceneChange//."),
    *("tns1:RuleEngine/TamperDetector//.", "tns1:RecordingConfig/JobState"),
    "tns1:Monitoring/OperatingTime/LastReboot",
)
"""All that we subscribe to where a device lets us choose: motion on 64 channels is a thousand messages a minute."""

_NOT_TAKEN = frozenset(
    {
        *("RuleEngine", "VideoAnalytics", "AudioAnalytics", "AudioSource", "Media", "MediaControl", "MediaClip"),
        *("PTZController", "Configuration", "Monitoring", "RecordingConfig", "Recording", "RecordingHistory"),
        *("UserAlarm", "Door", "AccessControl", "AccessPoint", "Credential", "Schedule", "Advancedsecurity"),
        *("VideoSource", "VideoEncoder", "VideoOutput", "AudioEncoder", "AudioOutput", "Receiver", "LightControl"),
    }
)
"""First parts of topics of which nothing else concerns the hardware: motion, people, positions, changed settings.

ImageTooDark and its like too: a camera says so every night, and `pictures` knows what is usual at that hour."""

_DEVICE_NOT_TAKEN = frozenset({"Trigger", "IO", "OperationMode", "Status", "Sensor"})

_YES = frozenset({"true", "1", "active", "yes", "on"})
_NO = frozenset({"false", "0", "inactive", "no", "off"})

_VIEW_ITEMS = ("VideoSource", "VideoSourceToken", "Source", "VideoSourceConfigurationToken", "channel")
_PART_ITEMS = ("Token", "RecordingJobToken", "disk_id", "Rule", "Name")


def interpret(notification: Notification) -> Told | Stranger | None:
    """None for what is not about hardware, or says neither yes nor no."""
    parts = notification.topic.split("/")
    kind = _kind(parts)
    if kind is None:
        taken = parts[0] in _NOT_TAKEN or (parts[0] == "Device" and parts[1:2] and parts[1] in _DEVICE_NOT_TAKEN)
        return None if taken else Stranger(notification.topic[:MAX_TEXT])
    if notification.operation == "Deleted":
        return None
    if kind is Kind.REBOOTED:
        return _reboot(notification)
    active = _recording_failed(notification) if kind is Kind.RECORDING_FAILURE else _active(notification)
    if active is None and notification.operation is not None:
        return None
    return Told(
        kind=kind,
        code=notification.topic[:MAX_TEXT],
        active=active,
        channel=_item(notification, _VIEW_ITEMS) if kind in PER_CHANNEL else "",
        part=_part(notification, kind),
        initial=notification.operation == "Initialized",
        at=notification.at,
    )


def configuration(notification: Notification) -> str:
    """The token of the video source configuration that it names instead of a source, "" where it names none."""
    named = any(notification.source.get(name) for name in _VIEW_ITEMS[:3])
    return "" if named else notification.source.get("VideoSourceConfigurationToken", "")[:MAX_TEXT]


def _kind(parts: list[str]) -> Kind | None:
    names = [part.lower() for part in parts]
    for n in range(len(names) - 1, -1, -1):
        found = _PARTS.get(names[n]) or _PARTS.get("/".join(names[max(0, n - 1) : n + 1]))
        if found is not None:
            return found
    return None


def _active(notification: Notification) -> bool | None:
    for value in notification.data.values():
        word = value.strip().lower()
        if word in _YES or word in _NO:
            return word in _YES
    return None


def _recording_failed(notification: Notification) -> bool | None:
    """A job is Idle, Active, PartiallyActive or in Error (Recording Control, 5.21)."""
    state = notification.data.get("State", "").strip().lower()
    return state == "error" if state in ("idle", "active", "partiallyactive", "error") else None


def _part(notification: Notification, kind: Kind) -> str:
    """Several aspects of a view count for the same kind; of the box, it is the token of the disk or fan."""
    if kind is Kind.TAMPER:
        parts = notification.topic.split("/")
        return next((part for part in reversed(parts) if part.lower() in _PARTS), parts[-1])[:MAX_TEXT]
    return _item(notification, _PART_ITEMS)


def _reboot(notification: Notification) -> Told | None:
    """The time of the last reboot is a property: who keeps it sees by its change that the device was rebooted."""
    value = next(iter(notification.data.values()), "").strip()
    try:
        when = datetime.datetime.fromisoformat(value)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=datetime.UTC)
    return Told(Kind.REBOOTED, notification.topic[:MAX_TEXT], None, initial=True, at=when)


def _item(notification: Notification, names: tuple[str, ...]) -> str:
    return next((notification.source[name] for name in names if notification.source.get(name)), "")[:MAX_TEXT]
