"""What each kind of fault does to the site's devices, and how it is undone: a function a kind."""

from dataclasses import replace
from functools import singledispatch
from typing import Protocol

from simulator import faults
from simulator.device.server import Misbehaviour
from simulator.device.simulated import Simulated
from simulator.onvif import Camera, Device, Door, Recorder
from simulator.pictures.place import Fault as PictureFault
from simulator.recorder.box import DAY, Box, Channel, Disk, Entry, User
from simulator.rtsp import RtspServer
from simulator.snmp import Fault as SwitchFault
from simulator.snmp import Port as SwitchPort
from simulator.snmp import Switch

COMMUNITY = "not-public"
PASSWORD = "not-a-secret"  # noqa: S105 - of devices that are not there
OTHER_PASSWORD = "changed-by-somebody"  # noqa: S105 - the same


class Equipment(Protocol):
    """A site's devices by their ids. Each raises KeyError."""

    def device(self, name: str) -> Simulated:
        """A camera, recorder or door controller."""
        ...

    def camera(self, name: str) -> Camera:
        """A camera."""
        ...

    def stream(self, camera: str) -> RtspServer:
        """A camera's streams."""
        ...

    def box(self, recorder: str) -> Box:
        """A recorder's inside."""
        ...

    def channel(self, name: str) -> tuple[Box, Channel]:
        """A channel, and the box it is in."""
        ...

    def door(self, name: str) -> Door:
        """A door."""
        ...

    def switch(self, name: str) -> Switch:
        """A switch."""
        ...

    def port(self, name: str) -> SwitchPort:
        """A switch's port."""
        ...

    def spoil(self, name: str, how: PictureFault | None) -> None:
        """The picture of a camera or channel from now on; None: well."""
        ...

    def fill(self, volume: str, share: float | None) -> None:
        """A volume of a gateway; None: as the script says."""
        ...

    def read_only(self, volume: str, on: bool) -> None:
        """The same, whether it can be written."""
        ...


@singledispatch
def befall(fault: faults.FaultBase, site: Equipment, ill: bool) -> None:
    """Let a fault befall its device (`ill`), or heal it. An agent's silence is none of the site's."""


@befall.register
def _(fault: faults.CameraOff | faults.RecorderOff, site: Equipment, ill: bool) -> None:
    device = site.device(fault.device)
    device.off() if ill else device.on()


@befall.register
def _(fault: faults.CameraHang, site: Equipment, ill: bool) -> None:
    site.device(fault.device).misbehaviour = Misbehaviour.HANG if ill else None


@befall.register
def _(fault: faults.Misbehaves, site: Equipment, ill: bool) -> None:
    site.device(fault.device).misbehaviour = fault.how if ill else None


@befall.register
def _(fault: faults.CameraPassword | faults.RecorderPassword, site: Equipment, ill: bool) -> None:
    site.device(fault.device).gate.password = OTHER_PASSWORD if ill else PASSWORD


@befall.register
def _(fault: faults.ClockJump, site: Equipment, ill: bool) -> None:
    there: Box | Device
    try:
        there = site.box(fault.device)
    except KeyError:
        there = site.camera(fault.device)
    there.clock_offset = fault.by if ill else 0.0


@befall.register
def _(fault: faults.FirmwareChanged, site: Equipment, ill: bool) -> None:
    device = site.device(fault.device)
    there: Box | Device = device if isinstance(device, Device) else site.box(fault.device)
    there.firmware = fault.to if ill else "1.0"


@befall.register
def _(fault: faults.StreamLost, site: Equipment, ill: bool) -> None:
    stream = site.stream(fault.device)
    stream.off() if ill else stream.on()


@befall.register
def _(fault: faults.PictureSpoilt, site: Equipment, ill: bool) -> None:
    site.spoil(fault.device, fault.how if ill else None)


@befall.register
def _(fault: faults.ChannelOff, site: Equipment, ill: bool) -> None:
    site.channel(fault.device)[1].online = not ill


@befall.register
def _(fault: faults.VideoLoss, site: Equipment, ill: bool) -> None:
    site.channel(fault.device)[1].video_loss = ill


@befall.register
def _(fault: faults.RecordingStopped, site: Equipment, ill: bool) -> None:
    box, channel = site.channel(fault.device)
    if ill:
        channel.stopped_at = box.now()
    elif channel.stopped_at is not None:
        # What was not recorded meanwhile stays missing.
        channel.gaps, channel.stopped_at = [*channel.gaps, (channel.stopped_at, box.now())], None


@befall.register
def _(fault: faults.RecordingGap, site: Equipment, ill: bool) -> None:
    box, channel = site.channel(fault.device)
    if ill:
        begin = box.now() - fault.ago
        channel.gaps = [*channel.gaps, (begin, begin + fault.length)]
    else:
        channel.gaps = channel.gaps[:-1]


@befall.register
def _(fault: faults.PlanOff, site: Equipment, ill: bool) -> None:
    site.channel(fault.device)[1].plan_enabled = not ill


@befall.register
def _(fault: faults.HistoryShort, site: Equipment, ill: bool) -> None:
    site.channel(fault.device)[1].oldest_seconds = (fault.days if ill else Channel(0).oldest_seconds / DAY) * DAY


@befall.register
def _(fault: faults.DiskFails, site: Equipment, ill: bool) -> None:
    box = site.box(fault.device)

    def changed(disk: Disk) -> Disk:
        return replace(disk, state=fault.state if ill else "ok") if disk.slot == fault.slot else disk

    box.disks = [changed(disk) for disk in box.disks]


@befall.register
def _(fault: faults.HardwareAlarm, site: Equipment, ill: bool) -> None:
    device = site.device(fault.device)
    if not isinstance(device, Camera | Recorder):
        site.box(fault.device).alarm(fault.alarm, on=ill)
        return
    tell = {
        "storage_failure": device.hardware.storage,
        "fan_failure": device.hardware.fan,
        "power_failure": device.hardware.power,
        "temperature_critical": device.hardware.temperature,
    }
    tell[fault.alarm](ill)


@befall.register
def _(fault: faults.AccountAdded, site: Equipment, ill: bool) -> None:
    box = site.box(fault.device)
    others = [user for user in box.users if user.name != fault.user]
    box.users = [*others, User(fault.user, fault.level)] if ill else others


@befall.register
def _(fault: faults.FootageTaken, site: Equipment, ill: bool) -> None:
    if ill:
        box, channel = site.channel(fault.device)
        box.note(Entry(box.now(), "download", fault.user, fault.address, channel.number))


@befall.register
def _(fault: faults.DoorHeld, site: Equipment, ill: bool) -> None:
    door = site.door(fault.device)
    door.open() if ill else door.close()


@befall.register
def _(fault: faults.DoorForced, site: Equipment, ill: bool) -> None:
    door = site.door(fault.device)
    door.force() if ill else door.close()


@befall.register
def _(fault: faults.DoorTampered, site: Equipment, ill: bool) -> None:
    site.door(fault.device).tamper(ill)


@befall.register
def _(fault: faults.DoorFails, site: Equipment, ill: bool) -> None:
    site.door(fault.device).fault(ill)


@befall.register
def _(fault: faults.DoorDenied, site: Equipment, ill: bool) -> None:
    for _ in range(fault.times if ill else 0):
        site.door(fault.device).deny("card-7")


@befall.register
def _(fault: faults.DoorDuress, site: Equipment, ill: bool) -> None:
    if ill:
        site.door(fault.device).duress("card-7")


@befall.register
def _(fault: faults.SwitchOff, site: Equipment, ill: bool) -> None:
    site.switch(fault.device).fault = SwitchFault.SILENT if ill else None


@befall.register
def _(fault: faults.PortDown, site: Equipment, ill: bool) -> None:
    site.port(fault.device).up = not ill


@befall.register
def _(fault: faults.PortErrors, site: Equipment, ill: bool) -> None:
    site.port(fault.device).error_rate = fault.rate if ill else 0.0


@befall.register
def _(fault: faults.PowerLost, site: Equipment, ill: bool) -> None:
    port = site.port(fault.device)
    port.poe, port.up = (SwitchPort.FAULT, False) if ill else (SwitchPort.DELIVERING, True)


@befall.register
def _(fault: faults.VolumeFill, site: Equipment, ill: bool) -> None:
    site.fill(fault.device, fault.to if ill else None)


@befall.register
def _(fault: faults.VolumeReadOnly, site: Equipment, ill: bool) -> None:
    site.read_only(fault.device, ill)
