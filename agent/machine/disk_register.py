"""The disks of a machine over time: who each is, and which of those once seen are missing.

A disk is known by its serial number, else by its world-wide name, else by where it is plugged in: /dev/sda is another
disk after the next reboot. Two that claim the same serial number (cheap USB bridges do) are told apart by their place.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from agent.device_ids import device_id
from agent.machine.block_devices import MOST_DISKS, BlockDevice
from agent.memory import Memory
from wire.messages import Device, DeviceKind

log = logging.getLogger(__name__)

_NO_SERIALS = frozenset({"", "0", "00000000", "000000000000", "0123456789abcdef", "123456789012", "none", "n/a"})


class Known(BaseModel):
    """A disk that was seen: `facts` as the kernel has them, `smart` those it gave itself, which go before; `hidden`
    when only a RAID controller shows it."""

    model_config = ConfigDict(extra="ignore")

    facts: dict[str, str | float] = {}
    smart: dict[str, str | float] = {}
    hidden: bool = False

    @property
    def told(self) -> dict[str, str | float]:
        """The facts of the inventory. smartctl knows the whole model, the kernel its first 16 letters; what the disk
        hangs on, the kernel knows better unless it calls it "scsi"."""
        kernels = self.facts.get("interface", "scsi")
        interface = self.smart.get("interface", kernels) if kernels == "scsi" else kernels
        return {**self.facts, **self.smart, "interface": interface}


class DisksMemory(BaseModel):
    """Every disk seen, by device id."""

    disks: dict[str, Known] = {}


def identify(devices: Iterable[BlockDevice], host: str) -> dict[str, BlockDevice]:
    """The disks with a medium, by device id. Several ways to the same disk (multipath, namespaces) are one."""
    named: dict[str, BlockDevice] = {}
    # By place, not by name: names are dealt anew at every boot.
    for device in sorted(devices, key=lambda one: (one.place, one.name)):
        if device.size == 0:
            continue  # an empty slot
        key = _key(device)
        name = device_id(host, "disk", key.lower())
        other = named.get(name)
        if other is not None and not _same(other, device):
            name = device_id(host, "disk", f"{key} {device.place}".lower())
        named.setdefault(name, device)
    return named


def hidden_id(host: str, serial: str) -> str:
    """The id of a disk behind a RAID controller, of which the kernel shows nothing."""
    return device_id(host, "disk", serial.lower())


def _key(device: BlockDevice) -> str:
    if device.serial.lower() not in _NO_SERIALS:
        return device.serial
    return device.wwn or device.place or device.name


def _same(one: BlockDevice, other: BlockDevice) -> bool:
    if one.interface == other.interface == "nvme":
        return True  # namespaces of one controller share its serial number
    return bool(one.wwn) and one.wwn == other.wwn


def facts_of(device: BlockDevice) -> dict[str, str | float]:
    """What the kernel knows of a disk; what it does not know is left out."""
    told: dict[str, str | float] = {
        "model": device.model,
        "serial": device.serial,
        "firmware": device.firmware,
        "wwn": device.wwn,
        "interface": device.interface,
        "path": device.path,
        "place": device.place,
    }
    facts = {name: value for name, value in told.items() if value}
    # virtio says "rotating" whatever lies beneath.
    rotation: dict[str, str | float] = {"rotates": "yes" if device.rotational else "no"}
    return facts | {"capacity_bytes": float(device.size)} | ({} if device.interface == "virtio" else rotation)


class Register:
    """Every disk of `host` ever seen, remembered over restarts. `forget` are serials or ids of disks taken away."""

    def __init__(self, host: str, state: Path | None, forget: Collection[str]) -> None:
        self._host = host
        self._forget = {text.lower() for text in forget}
        self._memory = Memory(state, "disks", DisksMemory)
        self._known = (self._memory.recall() or DisksMemory()).disks

    def note(self, present: Mapping[str, Known]) -> dict[str, bool]:
        """Take in what is there now; whether each disk ever seen is present, but for those that are forgotten."""
        known = {name: one for name, one in self._known.items() if name in present or not self._forgotten(name, one)}
        for name, one in present.items():
            if name not in known and len(known) >= MOST_DISKS:
                log.warning("too many disks were seen, this one is left out disk=%s", name)
                continue
            before = known.get(name, Known())
            known[name] = Known(
                facts={**before.facts, **one.facts}, smart={**before.smart, **one.smart}, hidden=one.hidden
            )
        if known != self._known:
            self._known = known
            self._memory.remember(DisksMemory(disks=known))
        return {name: name in present for name in known}

    def is_hidden(self, name: str) -> bool:
        """Whether only a RAID controller shows this disk."""
        return name in self._known and self._known[name].hidden

    def devices(self) -> list[Device]:
        """The inventory: every disk known, missing ones too."""
        return [
            Device(
                device=name,
                kind=DeviceKind.DISK,
                name=str(one.told.get("model", "") or one.told.get("path", ""))[:200],
                parent=self._host,
                facts={**one.told},
            )
            for name, one in sorted(self._known.items())
        ]

    def _forgotten(self, name: str, one: Known) -> bool:
        serials = {str(facts.get("serial", "")).lower() for facts in (one.facts, one.smart)}
        return bool({name, *serials} & self._forget)
