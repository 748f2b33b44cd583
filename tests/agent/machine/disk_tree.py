"""A /sys with disks in it, as the kernel lays it out: real folders and links in a temporary one."""

import shutil
from pathlib import Path

SATA = "pci0000:00/0000:00:17.0/ata{n}/host{n}/target{n}:0:0/{n}:0:0:0"
USB = "pci0000:00/0000:00:14.0/usb2/2-{n}/2-{n}:1.0/host9/target9:0:0/9:0:0:0"
SAS = "pci0000:00/0000:03:00.0/host0/port-0:{n}/end_device-0:{n}/target0:0:{n}/0:0:{n}:0"


class DiskTree:
    """`sys` is the folder to read. Sizes in bytes."""

    def __init__(self, folder: Path) -> None:
        self.sys = folder / "sys"
        (self.sys / "block").mkdir(parents=True)

    def scsi(
        self, name: str, at: str, *, serial: str = "", wwn: str = "", size: int = 4_000_787_030_016, **files: str
    ) -> None:
        """An ATA, SAS or USB disk at a place of the tree, with a serial number on page 80h where it has one."""
        device = self.sys / "devices" / at
        texts = {"vendor": "ATA     ", "model": "WDC WD40PURX-64G", "rev": "0A80", "type": "0", **files}
        block = self._block(name, device, size, texts.pop("removable", "0"), texts.pop("rotational", "1"))
        for file, text in texts.items():
            (device / file).write_text(f"{text}\n")
        if wwn:
            (device / "wwid").write_text(f"{wwn}\n")
        if serial:
            page = serial.encode().rjust(20)
            (device / "vpd_pg80").write_bytes(bytes([0, 0x80, 0, len(page)]) + page)
        (block / "device").symlink_to(device)

    def usb_plug(self, n: int, serial: str = "") -> None:
        """The USB descriptor's texts of what is plugged into port `n`, on a hub with a serial number of its own."""
        hub = self.sys / "devices/pci0000:00/0000:00:14.0/usb2"
        for folder, text in ((hub, "0000:00:14.0"), (hub / f"2-{n}", serial)):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "idVendor").write_text("1d6b\n")
            if text:
                (folder / "serial").write_text(f"{text}\n")

    def nvme(self, name: str, *, serial: str, subsystem: bool = False, celsius: float | None = None) -> None:
        """An NVMe disk; `subsystem` as where the kernel has native multipath."""
        controller = "virtual/nvme-subsystem/nvme-subsys0" if subsystem else "pci0000:00/0000:01:00.0/nvme/nvme0"
        device = self.sys / "devices" / controller
        block = self._block(name, device, 1_000_204_886_016, "0", "0", inside="")
        texts = {"serial": f"{serial}      ", "model": "Samsung SSD 970 EVO Plus 1TB", "firmware_rev": "2B2QEXM7"}
        for file, text in texts.items():
            (device / file).write_text(f"{text}\n")
        (block / "wwid").write_text("eui.0025385b71b00a4c\n")
        if celsius is not None:
            (device / "hwmon3").mkdir()
            (device / "hwmon3/temp1_input").write_text(f"{celsius * 1000:.0f}\n")
        (block / "device").symlink_to(device)

    def virtio(self, name: str, serial: str = "") -> None:
        """A virtual machine's disk."""
        device = self.sys / "devices/pci0000:00/0000:00:02.0/virtio1"
        block = self._block(name, device, 274_877_906_944, "0", "1")
        (device / "vendor").write_text("0x1af4\n")
        (block / "serial").write_text(f"{serial}\n")
        (block / "device").symlink_to(device)

    def virtual(self, name: str) -> None:
        """loop0, md0, dm-0, zram0."""
        self._block(name, self.sys / "devices/virtual", 1_000_000, "0", "0")

    def pull(self, name: str) -> None:
        """Take a disk out."""
        link = self.sys / "block" / name
        shutil.rmtree(link.resolve())
        link.unlink()

    def _block(
        self, name: str, device: Path, size: int, removable: str, rotational: str, inside: str = "block"
    ) -> Path:
        block = device / inside / name
        (block / "queue").mkdir(parents=True)
        (block / "size").write_text(f"{size // 512}\n")
        (block / "removable").write_text(f"{removable}\n")
        (block / "queue/rotational").write_text(f"{rotational}\n")
        (self.sys / "block" / name).symlink_to(block)
        return block
