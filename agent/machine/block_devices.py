"""The machine's disks as the kernel lists them in /sys/block: what is there, and who it is. Cheap, needs no rights.

No command goes to a disk, so a sleeping one is not woken: sizes, serial numbers (page 80h of its vital product data)
and world-wide names are what the kernel read when the disk appeared. A USB disk that has neither goes by the serial
number its plug tells (the USB descriptor's), where that is one.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

MOST_DISKS = 256
_SECTOR_BYTES = 512
"""/sys/block/*/size counts these, whatever the disk's own are."""
_MAX_TEXT = 4096
_DISK_TYPES = {"0", "14", "20"}
"""SCSI: direct access, reduced block commands, zoned."""
_NO_DISKS = re.compile(r"sr\d+|fd\d+|nbd\d+|mtdblock.*|mmcblk\d+(boot\d+|rpmb|gp\d+)")
_PASSING_NUMBERS = re.compile(r"host\d+|target[\d:]+|virtio\d+|nvme\d+|nvme|block|rport-.*|session\d+|port-.*")
_SEQUENCES = ("0123456789abcdef" * 2, "1234567890" * 4)
"""Cheap USB bridges count where a serial number should be."""
_SHORTEST_SERIAL = 4
_SCSI_ADDRESS = re.compile(r"\d+:(\d+:\d+:\d+)")


@dataclass(frozen=True)
class BlockDevice:
    """One disk. `size` in bytes, 0 where no medium is in; `place` where it is plugged in; texts empty where unknown.

    `interface` is ata, sas, nvme, usb, mmc, virtio, xen or scsi (a controller that tells no more).
    """

    name: str
    size: int
    removable: bool
    rotational: bool
    interface: str
    serial: str = ""
    wwn: str = ""
    model: str = ""
    firmware: str = ""
    place: str = ""
    folder: Path = field(default=Path(), compare=False)
    """Its folder in /sys."""

    @property
    def path(self) -> str:
        """Its device file."""
        return f"/dev/{self.name}"


def read(sys: Path = Path("/sys")) -> list[BlockDevice]:
    """Every disk, by name; empty slots of card readers too (size 0). Raises OSError where /sys/block can't be read."""
    names = sorted(entry.name for entry in (sys / "block").iterdir())
    found = (_disk(sys, name) for name in names if not _NO_DISKS.fullmatch(name))
    return [disk for disk in found if disk is not None][:MOST_DISKS]


def celsius(disk: BlockDevice) -> float | None:
    """The temperature of an NVMe disk as its driver tells it, without a command to a sleeping one; None elsewhere."""
    if disk.interface != "nvme":
        return None
    for file in _sensors(disk.folder / "device"):
        with suppress(ValueError):
            return int(_text(file)) / 1000.0
    return None


def _sensors(folder: Path) -> Iterator[Path]:
    # Linux moved it: device/hwmon/hwmon3 before 5.12, device/hwmon3 since.
    for pattern in ("hwmon*/temp1_input", "hwmon/hwmon*/temp1_input"):
        yield from sorted(folder.glob(pattern))


def page80_serial(page: bytes) -> str:
    """The serial number in page 80h of a SCSI disk's vital product data (SPC: a header of 4 bytes, then text)."""
    if len(page) < 4 or page[1] != 0x80:
        return ""
    length = int.from_bytes(page[2:4], "big")
    return _printable(page[4 : 4 + length].decode("ascii", "replace"))


def _disk(sys: Path, name: str) -> BlockDevice | None:
    """A disk by its name in /sys/block; None for what has no hardware: loop, zram, dm, md, paths of an NVMe."""
    folder = sys / "block" / name
    try:
        parts = folder.resolve(strict=True).parts
    except OSError:
        return None  # gone since it was listed
    virtual = "virtual" in parts and "nvme-subsystem" not in parts
    if virtual or _text(folder / "hidden") == "1" or (_text(folder / "device/type") or "0") not in _DISK_TYPES:
        return None
    device = folder / "device"
    sectors = _text(folder / "size")
    interface = _interface(name, parts, _text(device / "vendor"))
    serial, wwn = _serial(folder), _text(folder / "wwid") or _text(device / "wwid")
    if interface == "usb" and not serial and not wwn:
        serial = _usb_serial(Path(*parts))
    return BlockDevice(
        name=name,
        size=int(sectors) * _SECTOR_BYTES if sectors.isdecimal() else 0,
        removable=_text(folder / "removable") == "1",
        rotational=_text(folder / "queue/rotational") == "1",
        interface=interface,
        serial=serial,
        wwn=wwn,
        model=_model(device),
        firmware=_text(device / "firmware_rev") or _text(device / "rev") or _text(device / "fwrev"),
        place=_place(parts[parts.index("devices") + 1 :] if "devices" in parts else parts, name),
        folder=folder,
    )


def _serial(folder: Path) -> str:
    for path in (folder / "serial", folder / "device/serial"):  # virtio; NVMe and mmc
        if text := _text(path):
            return text
    try:
        with (folder / "device/vpd_pg80").open("rb") as file:
            return page80_serial(file.read(_MAX_TEXT))
    except OSError:
        return ""


def _usb_serial(folder: Path) -> str:
    """The serial number of the USB device a disk is part of, and which of its disks it is; empty for nonsense."""
    # The nearest only: above it are hubs, whose serial numbers are not the disk's.
    plug = next((one for one in folder.parents if (one / "idVendor").exists()), None)
    serial = _text(plug / "serial") if plug is not None else ""
    plain = serial.lower()
    if len(plain) < _SHORTEST_SERIAL or len(set(plain)) == 1 or any(plain in one for one in _SEQUENCES):
        return ""
    # Docks with two bays have one plug: target and unit tell the bays apart.
    address = next((found[1] for one in folder.parts if (found := _SCSI_ADDRESS.fullmatch(one))), "0:0:0")
    return serial if address == "0:0:0" else f"{serial}-{address}"


def _model(device: Path) -> str:
    vendor, model = _text(device / "vendor"), _text(device / "model") or _text(device / "name")
    # libata puts "ATA" where a vendor's name would be; virtio puts PCI's number of the vendor there.
    known = "" if vendor in {"ATA", "NVMe"} or vendor.startswith("0x") else vendor
    return f"{known} {model}".strip()


def _interface(name: str, parts: tuple[str, ...], vendor: str) -> str:
    if name.startswith("nvme"):
        return "nvme"
    if name.startswith("mmcblk"):
        return "mmc"
    if name.startswith("vd"):
        return "virtio"
    if name.startswith("xvd"):
        return "xen"
    if any(re.fullmatch(r"usb\d+", part) for part in parts):
        return "usb"
    if vendor == "ATA" or any(re.fullmatch(r"ata\d+", part) for part in parts):
        return "ata"
    return "sas" if any(part.startswith("end_device-") for part in parts) else "scsi"


def _place(parts: tuple[str, ...], name: str) -> str:
    """Where it is plugged in, without the numbers that are given anew at every boot."""
    kept = (_SCSI_ADDRESS.sub(r"\1", part) for part in parts if part != name and not _PASSING_NUMBERS.fullmatch(part))
    return "/".join(kept)


def _text(path: Path) -> str:
    """A file of /sys in one line; empty where there is none."""
    try:
        with path.open("rb") as file:
            return _printable(file.read(_MAX_TEXT).decode("utf-8", "replace"))
    except OSError:
        return ""


def _printable(text: str) -> str:
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()[:200]
