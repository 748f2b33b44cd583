"""What may befall a device, a class a kind of fault: whom it befalls and how it is told.

Nothing here starts or touches anything: `simulator.effects` makes it happen, `simulator.virtual.effects` tells of it.
"""

from typing import Annotated

from pydantic import Field

from simulator.faults.agents import (
    AgentClockDrift,
    AgentClockJump,
    AgentReboot,
    AgentSilent,
    UplinkDown,
    UplinkSlow,
)
from simulator.faults.base import Expectation, FaultBase
from simulator.faults.cameras import (
    CameraHang,
    CameraOff,
    CameraPassword,
    CertificateExpires,
    ClockDrift,
    ClockJump,
    EventsLost,
    FirmwareChanged,
    Misbehaves,
    NtpOff,
    PictureSpoilt,
    PicturesRefused,
    RecorderOff,
    RecorderPassword,
    SlowAnswers,
    StreamLost,
)
from simulator.faults.doors import (
    DoorDenied,
    DoorDuress,
    DoorFails,
    DoorForced,
    DoorHeld,
    DoorSilent,
    DoorTampered,
)
from simulator.faults.machine import (
    ArrayDegraded,
    BackupStale,
    BackupUnreadable,
    DiskGone,
    DiskHot,
    DiskUnhealthy,
    DiskWears,
    FootageRead,
    HostHot,
    HostOverloaded,
    InodesUsed,
    TimeLost,
    VolumeFill,
    VolumeGrows,
    VolumeReadOnly,
    VolumeUnencrypted,
)
from simulator.faults.network import (
    CircuitOff,
    PoeLost,
    PortDown,
    PortErrors,
    PowerLost,
    SwitchOff,
    TrafficChanged,
    WaySlow,
)
from simulator.faults.recorders import (
    AccountAdded,
    ChannelGone,
    ChannelOff,
    DiskFails,
    FootageTaken,
    HardwareAlarm,
    HistoryShort,
    PlanOff,
    ProcessDown,
    RecordingGap,
    RecordingsIncomplete,
    RecordingStopped,
    RetentionFalls,
    VideoLoss,
    WriteRate,
)
from simulator.faults.room import (
    BatteryWorn,
    RoomHot,
    RoomHumid,
    UpsOnBattery,
)

__all__ = [
    "KINDS",
    "AccountAdded",
    "AgentClockDrift",
    "AgentClockJump",
    "AgentReboot",
    "AgentSilent",
    "AnyFault",
    "ArrayDegraded",
    "BackupStale",
    "BackupUnreadable",
    "BatteryWorn",
    "CameraHang",
    "CameraOff",
    "CameraPassword",
    "CertificateExpires",
    "ChannelGone",
    "ChannelOff",
    "CircuitOff",
    "ClockDrift",
    "ClockJump",
    "DiskFails",
    "DiskGone",
    "DiskHot",
    "DiskUnhealthy",
    "DiskWears",
    "DoorDenied",
    "DoorDuress",
    "DoorFails",
    "DoorForced",
    "DoorHeld",
    "DoorSilent",
    "DoorTampered",
    "EventsLost",
    "Expectation",
    "Fault",
    "FaultBase",
    "FirmwareChanged",
    "FootageRead",
    "FootageTaken",
    "HardwareAlarm",
    "HistoryShort",
    "HostHot",
    "HostOverloaded",
    "InodesUsed",
    "Misbehaves",
    "NtpOff",
    "PictureSpoilt",
    "PicturesRefused",
    "PlanOff",
    "PoeLost",
    "PortDown",
    "PortErrors",
    "PowerLost",
    "ProcessDown",
    "RecorderOff",
    "RecorderPassword",
    "RecordingGap",
    "RecordingStopped",
    "RecordingsIncomplete",
    "RetentionFalls",
    "RoomHot",
    "RoomHumid",
    "SlowAnswers",
    "StreamLost",
    "SwitchOff",
    "TimeLost",
    "TrafficChanged",
    "UplinkDown",
    "UplinkSlow",
    "UpsOnBattery",
    "VideoLoss",
    "VolumeFill",
    "VolumeGrows",
    "VolumeReadOnly",
    "VolumeUnencrypted",
    "WaySlow",
    "WriteRate",
    "tell",
]

AnyFault = (
    CameraOff
    | CameraHang
    | CameraPassword
    | RecorderOff
    | RecorderPassword
    | Misbehaves
    | ClockJump
    | ClockDrift
    | FirmwareChanged
    | StreamLost
    | PictureSpoilt
    | NtpOff
    | EventsLost
    | PicturesRefused
    | CertificateExpires
    | SlowAnswers
    | ChannelGone
    | ChannelOff
    | VideoLoss
    | RecordingStopped
    | RecordingGap
    | RecordingsIncomplete
    | PlanOff
    | HistoryShort
    | DiskFails
    | HardwareAlarm
    | AccountAdded
    | FootageTaken
    | RetentionFalls
    | WriteRate
    | ProcessDown
    | DoorHeld
    | DoorForced
    | DoorTampered
    | DoorFails
    | DoorDenied
    | DoorDuress
    | DoorSilent
    | SwitchOff
    | PortDown
    | PortErrors
    | PowerLost
    | PoeLost
    | WaySlow
    | TrafficChanged
    | CircuitOff
    | VolumeFill
    | VolumeReadOnly
    | VolumeGrows
    | InodesUsed
    | VolumeUnencrypted
    | BackupStale
    | BackupUnreadable
    | DiskWears
    | DiskUnhealthy
    | DiskHot
    | DiskGone
    | ArrayDegraded
    | HostOverloaded
    | HostHot
    | TimeLost
    | FootageRead
    | UpsOnBattery
    | BatteryWorn
    | RoomHot
    | RoomHumid
    | AgentSilent
    | AgentReboot
    | AgentClockJump
    | AgentClockDrift
    | UplinkDown
    | UplinkSlow
)
Fault = Annotated[AnyFault, Field(discriminator="kind")]

KINDS: dict[str, type[FaultBase]] = {
    one.model_fields["kind"].annotation.__args__[0]: one  # type: ignore[union-attr] # a Literal of one
    for one in FaultBase.__subclasses__()
}
"""Every kind of fault by its name."""


def tell(fault: AnyFault) -> str:
    """What befalls whom, in a few words."""
    return fault.tells.format(fault=fault)
