"""A machine's sysfs in a folder, as the kernel lays it out."""

from collections.abc import Mapping
from pathlib import Path


def lay_out(sysfs: Path, files: Mapping[str, str | int]) -> Path:
    """Write attribute files by their path below sysfs, each with a line's end as the kernel gives it."""
    for name, text in files.items():
        path = sysfs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return sysfs


def interface(
    name: str, *, carrier: int = 1, state: str = "up", speed: int | str = 1000, flags: str = "0x1003", kind: int = 1
) -> dict[str, str | int]:
    """A physical network adapter; take away `device/vendor` for a virtual one."""
    folder = f"class/net/{name}"
    return {
        f"{folder}/carrier": carrier,
        f"{folder}/operstate": state,
        f"{folder}/speed": speed,
        f"{folder}/flags": flags,
        f"{folder}/type": kind,
        f"{folder}/address": "02:fc:00:00:00:01",
        f"{folder}/device/vendor": "0x8086",
    }
