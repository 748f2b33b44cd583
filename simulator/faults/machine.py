"""What befalls the gateway's machine, its volumes and disks."""

from typing import Annotated, Literal

from pydantic import Field

from simulator.faults.base import FaultBase
from simulator.parts import Ratio
from wire.messages import DeviceKind as Kind


class VolumeFill(FaultBase):
    """A volume is suddenly filled to the share `to`, and freed at the end."""

    kind: Literal["volume_fill"]
    to: Ratio = 0.97
    befalls = (Kind.VOLUME,)
    tells = "volume {fault.device} fills up to {fault.to:.0%}"


class VolumeReadOnly(FaultBase):
    """A volume turns read-only, as Linux does with a failing disk."""

    kind: Literal["volume_read_only"]
    befalls = (Kind.VOLUME,)
    tells = "volume {fault.device} turns read-only"


class VolumeGrows(FaultBase):
    """A volume fills by `a_day` of its size each day, and is freed at the end."""

    kind: Literal["volume_grows"]
    a_day: Annotated[float, Field(gt=0, le=100)] = 0.05
    befalls = (Kind.VOLUME,)
    tells = "volume {fault.device} grows by {fault.a_day:.0%} a day"
    living = False


class InodesUsed(FaultBase):
    """Many small files: the share `to` of the volume's inodes is in use, whatever its space."""

    kind: Literal["inodes_used"]
    to: Ratio = 0.97
    befalls = (Kind.VOLUME,)
    tells = "{fault.to:.0%} of the inodes of {fault.device} are in use"
    living = False


class VolumeUnencrypted(FaultBase):
    """A volume that is watched for it lies on no encrypted device any more."""

    kind: Literal["volume_unencrypted"]
    befalls = (Kind.VOLUME,)
    tells = "volume {fault.device} is no longer encrypted"
    living = False


class BackupStale(FaultBase):
    """No further backup is made, until the end."""

    kind: Literal["backup_stale"]
    befalls = (Kind.VOLUME,)
    tells = "no further backup is made on {fault.device}"
    living = False


class BackupUnreadable(FaultBase):
    """A sample of the newest backup cannot be read."""

    kind: Literal["backup_unreadable"]
    befalls = (Kind.VOLUME,)
    tells = "the newest backup on {fault.device} cannot be read"
    living = False


class DiskWears(FaultBase):
    """A SMART count of the machine's disk grows by `a_day`; at the end the disk is replaced."""

    kind: Literal["disk_wears"]
    what: Literal["reallocated_sectors", "pending_sectors", "uncorrectable_sectors", "uncorrectable_errors"] = (
        "reallocated_sectors"
    )
    a_day: Annotated[float, Field(gt=0, le=1e6)] = 24.0
    befalls = (Kind.DISK,)
    tells = "{fault.what} of {fault.device} grow by {fault.a_day:g} a day"
    living = False


class DiskUnhealthy(FaultBase):
    """The disk calls itself failing (SMART)."""

    kind: Literal["disk_unhealthy"]
    befalls = (Kind.DISK,)
    tells = "{fault.device} calls itself failing"
    living = False


class DiskHot(FaultBase):
    """The disk is `celsius` hot."""

    kind: Literal["disk_hot"]
    celsius: Annotated[float, Field(ge=-40, le=150)] = 64.0
    befalls = (Kind.DISK,)
    tells = "{fault.device} is {fault.celsius:g} °C hot"
    living = False


class DiskGone(FaultBase):
    """The disk, or the whole array, is no longer there."""

    kind: Literal["disk_gone"]
    befalls = (Kind.DISK,)
    tells = "{fault.device} is gone"
    living = False


class ArrayDegraded(FaultBase):
    """An array runs without `missing` of its members."""

    kind: Literal["array_degraded"]
    missing: Annotated[int, Field(ge=1, le=64)] = 1
    befalls = (Kind.DISK,)
    tells = "array {fault.device} lacks {fault.missing} of its members"
    living = False


class HostOverloaded(FaultBase):
    """Something takes the machine's processor and memory."""

    kind: Literal["host_overloaded"]
    cpu: Ratio = 0.99
    load: Annotated[float, Field(ge=0, le=1000)] = 6.0
    """Per core."""
    memory: Ratio = 0.96
    befalls = (Kind.HOST,)
    tells = "{fault.device} is overloaded"
    living = False


class HostHot(FaultBase):
    """The machine is `celsius` hot: a dead fan, dust."""

    kind: Literal["host_hot"]
    celsius: Annotated[float, Field(ge=-40, le=150)] = 97.0
    befalls = (Kind.HOST,)
    tells = "{fault.device} is {fault.celsius:g} °C hot"
    living = False


class TimeLost(FaultBase):
    """The machine's time service has lost its servers: no reference answers."""

    kind: Literal["time_lost"]
    befalls = (Kind.HOST,)
    tells = "{fault.device} has no reference clock any more"
    living = False


class FootageRead(FaultBase):
    """Somebody other than the recorder opens recordings on the machine. Nothing heals at the end."""

    kind: Literal["footage_read"]
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = "guard"
    program: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = "cp"
    befalls = (Kind.HOST,)
    tells = "{fault.user} reads recordings on {fault.device} with {fault.program}"
    living = False
