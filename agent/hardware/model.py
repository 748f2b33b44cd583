"""What a device tells of itself, in one vocabulary for all languages."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be the matter, as the types of events say it."""

    STORAGE_FAILURE = "hardware.storage_failure"
    STORAGE_FULL = "hardware.storage_full"
    FAN_FAILURE = "hardware.fan_failure"
    POWER_FAILURE = "hardware.power_failure"
    TEMPERATURE_CRITICAL = "hardware.temperature_critical"
    VIDEO_LOSS = "hardware.video_loss"
    TAMPER = "hardware.tamper"
    RECORDING_FAILURE = "hardware.recording_failure"
    NETWORK_LOST = "hardware.network_lost"
    ADDRESS_CONFLICT = "hardware.address_conflict"
    ILLEGAL_LOGIN = "hardware.illegal_login"
    REBOOTED = "device.rebooted"


OF_THE_BOX: Mapping[str, tuple[Kind, ...]] = {
    "storage_failure": (Kind.STORAGE_FAILURE, Kind.STORAGE_FULL),
    "fan_failure": (Kind.FAN_FAILURE,),
    "power_failure": (Kind.POWER_FAILURE,),
    "temperature_critical": (Kind.TEMPERATURE_CRITICAL,),
}
"""Metrics of the recorder or camera itself, and the kinds that each is made of."""

OF_A_VIEW: Mapping[str, tuple[Kind, ...]] = {"video_loss": (Kind.VIDEO_LOSS,), "tampered": (Kind.TAMPER,)}
"""Metrics of a channel, or of a camera."""

PER_CHANNEL = frozenset({Kind.VIDEO_LOSS, Kind.TAMPER, Kind.RECORDING_FAILURE})
"""Kinds that concern one channel; of all others a channel that a device names along means nothing."""


@dataclass(frozen=True)
class Told:
    """One thing told. `code` is the device's own word for it; `channel` its token, "" for the device itself; `part`
    what of it is meant where a device has several (a disk, a fan).

    `active` None: it happened, and lasts no time. `lasting`: its end will be told too; else it is repeated while it
    lasts, and then no more. `initial`: how things are, not that they changed. `at` is the device's clock.
    """

    kind: Kind
    code: str
    active: bool | None
    channel: str = ""
    part: str = ""
    lasting: bool = True
    initial: bool = False
    at: datetime.datetime | None = None
    detail: str = ""


@dataclass(frozen=True)
class Stranger:
    """An event of a kind that nobody here knows: whether it matters, a person may judge by its name."""

    code: str


MAX_TEXT = 80
"""The longest word of a device that goes on."""
