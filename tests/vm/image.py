"""Disks of virtual machines: overlays that begin where another disk ends, and empty ones."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

FOLDER = Path("build/vm")


class Disk(NamedTuple):
    """A file that QEMU takes for a disk. `format` is raw or qcow2."""

    path: Path
    format: str = "qcow2"


class Image(NamedTuple):
    """What a machine boots: a kernel, its initial file system and the root disk."""

    kernel: Path
    initrd: Path
    root: Disk


def built() -> Image:
    """The image of `make vm`. Raises FileNotFoundError, saying what to run."""
    if not (FOLDER / "stamp").is_file():
        raise FileNotFoundError(f"{FOLDER} holds no image: run `make vm`")
    return Image(FOLDER / "vmlinuz", FOLDER / "initrd.img", Disk(FOLDER / "debian.ext4", "raw"))


def overlay(base: Disk, path: Path) -> Disk:
    """A disk that begins as `base` is, and leaves it as it is."""
    _create("-b", str(base.path.resolve()), "-F", base.format, str(path))
    return Disk(path)


def growing(path: Path, megabytes: int) -> Disk:
    """An empty disk that others can be overlays of."""
    _create(str(path), f"{megabytes}M")
    return Disk(path)


def empty(path: Path, megabytes: int) -> Path:
    """An empty raw disk, sparse."""
    with path.open("wb") as file:
        os.truncate(file.fileno(), megabytes * 1024 * 1024)
    return path


def _create(*arguments: str) -> None:
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *arguments], check=True, capture_output=True)
