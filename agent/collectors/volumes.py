"""How full the machine's file systems are, by statvfs. Reads the mount table; needs no rights but to reach the path.

Configured volumes have a collector each: a dead network share blocks in the kernel for as long as it likes, and must
not take the others with it. Without any configured, every mounted disk file system is measured.
"""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal, NamedTuple, Protocol

import psutil
from pydantic import BaseModel, ConfigDict, Field

from agent.collector import CollectError, Collector, Context, Measurement, Plugin, Reading, Settings
from wire.ids import ShortText, SlugId
from wire.messages import Device, DeviceKind

IMAGE_FILE_SYSTEMS = frozenset({"squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"})
"""Full by nature: packages and discs."""

MOST_FOUND = 64
_ID_LENGTH = 40


class Volume(BaseModel):
    """One file system to watch. `overwrites`: it is full by design, the recorder replaces its oldest recordings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(pattern="^/", max_length=1000)]
    id: SlugId | None = None
    name: ShortText = ""
    role: Literal["system", "recording"] = "system"
    overwrites: bool = False
    must_be_mounted: bool = False
    """The path has to be a mount point: else a missing disk would show as the system volume's free space."""


class VolumesSettings(Settings):
    """`[[collectors.volumes.volume]]`, or none of them for every disk file system."""

    volume: Annotated[tuple[Volume, ...], Field(max_length=64)] = ()


class Stat(Protocol):
    """What is used of `os.statvfs_result`; sizes in units of `f_frsize` bytes."""

    @property
    def f_frsize(self) -> int: ...  # noqa: D102 - as the kernel names them
    @property
    def f_blocks(self) -> int: ...  # noqa: D102
    @property
    def f_bfree(self) -> int: ...  # noqa: D102
    @property
    def f_bavail(self) -> int: ...  # noqa: D102
    @property
    def f_files(self) -> int: ...  # noqa: D102
    @property
    def f_ffree(self) -> int: ...  # noqa: D102
    @property
    def f_flag(self) -> int: ...  # noqa: D102


class Mount(NamedTuple):
    """A line of the mount table."""

    device: str
    mountpoint: str
    fstype: str


Statvfs = Callable[[str], Stat]
Mounts = Callable[[], Sequence[Mount]]


def disk_mounts() -> list[Mount]:
    """Mounted file systems that have a disk behind them; in a container, which has none, its root."""
    mounts = [Mount(one.device, one.mountpoint, one.fstype) for one in psutil.disk_partitions(all=False)]
    return mounts or [Mount("", "/", "")]


@dataclass(frozen=True)
class _Place:
    """Where to measure, and the device that it is."""

    path: str
    device: Device


class ConfiguredVolume:
    """One volume of the configuration."""

    def __init__(self, volume: Volume, context: Context, statvfs: Statvfs, mounts: Mounts) -> None:
        self._volume = volume
        self._context = context
        self._statvfs = statvfs
        self._mounts = mounts
        self._told: Device | None = None

    def collect(self) -> Reading:
        """One run. Raises CollectError when the path is missing, unreachable or not mounted."""
        volume = self._volume
        mount = holding(self._mounts(), volume.path)
        device = _device(volume, self._context.host, mount)
        devices = None if device == self._told else [device]
        if volume.must_be_mounted and (mount is None or mount.mountpoint != _normal(volume.path)):
            # The device is told all the same: a disk that did not come up is still part of what we watch.
            self._told = device
            return Reading(devices=devices, problem=f"{volume.path}: nothing is mounted there")
        try:
            values = figures(self._statvfs(volume.path))
        except OSError as error:
            self._told = device
            return Reading(devices=devices, problem=f"{volume.path}: {error.strerror or error}")
        self._told = device
        return Reading(measurements=[Measurement(device.device, values)], devices=devices)

    def close(self) -> None:
        """Nothing is held."""


class FoundVolumes:
    """Every mounted disk file system. A path that fails does not hide the others."""

    def __init__(self, context: Context, statvfs: Statvfs, mounts: Mounts) -> None:
        self._context = context
        self._statvfs = statvfs
        self._mounts = mounts
        self._told: list[Device] = []

    def collect(self) -> Reading:
        """One run. Raises CollectError when there is nothing to measure."""
        places = [
            _Place(mount.mountpoint, _device(Volume(path=mount.mountpoint), self._context.host, mount))
            for mount in found(self._mounts())
        ]
        if not places:
            raise CollectError("no mounted disk found: name them in [[collectors.volumes.volume]]")
        measurements: list[Measurement] = []
        problems: list[str] = []
        for place in places:
            try:
                measurements.append(Measurement(place.device.device, figures(self._statvfs(place.path))))
            except OSError as error:
                problems.append(f"{place.path}: {error.strerror or error}")
        devices = [place.device for place in places]
        changed = devices != self._told
        self._told = devices
        return Reading(measurements, devices=devices if changed else None, problem="; ".join(problems))

    def close(self) -> None:
        """Nothing is held."""


def figures(stat: Stat) -> dict[str, float]:
    """The metrics in what statvfs says. Space kept for root counts as used, as in df: nobody else can write there."""
    used = stat.f_blocks - stat.f_bfree
    usable = used + stat.f_bavail
    values = {
        "free_bytes": float(stat.f_bavail * stat.f_frsize),
        "size_bytes": float(stat.f_blocks * stat.f_frsize),
        "read_only": float(bool(stat.f_flag & os.ST_RDONLY)),
    }
    if usable > 0:
        values["fill_ratio"] = used / usable
    # Some file systems (btrfs, exFAT) have no fixed number of inodes and say 0.
    if stat.f_files > 0:
        values["inodes_used_ratio"] = (stat.f_files - stat.f_ffree) / stat.f_files
    return values


def found(mounts: Sequence[Mount]) -> list[Mount]:
    """What of the mount table to measure: one mount a disk (bind mounts repeat it), no images, in order of path."""
    shortest: dict[str, Mount] = {}
    for mount in sorted(mounts, key=lambda one: (len(one.mountpoint), one.mountpoint)):
        if mount.fstype not in IMAGE_FILE_SYSTEMS and not mount.device.startswith("/dev/loop"):
            shortest.setdefault(mount.device, mount)
    return sorted(shortest.values(), key=lambda one: one.mountpoint)[:MOST_FOUND]


def holding(mounts: Sequence[Mount], path: str) -> Mount | None:
    """The mount a path lies in; the last one over the same point is what is seen."""
    normal = _normal(path)
    inside = [one for one in mounts if normal == one.mountpoint or normal.startswith(one.mountpoint.rstrip("/") + "/")]
    return max(reversed(inside), key=lambda one: len(one.mountpoint), default=None)


def volume_id(host: str, path: str) -> str:
    """An id for the volume at a path of a host: readable, unique within the site, at most 40 characters."""
    slug = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "root"
    whole = f"{host}-{slug}"
    faithful = re.fullmatch(r"/|(/[a-z0-9]+)+", path)
    if len(whole) <= _ID_LENGTH and faithful:
        return whole
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:6]
    return f"{whole[: _ID_LENGTH - 7].rstrip('-')}-{digest}"


def _normal(path: str) -> str:
    return os.path.normpath(path)


def _device(volume: Volume, host: str, mount: Mount | None) -> Device:
    facts: dict[str, str | bool] = {"path": volume.path, "role": volume.role, "overwrites": volume.overwrites}
    if mount is not None:
        facts |= {"fstype": mount.fstype[:200], "device": mount.device[:1000], "mount": mount.mountpoint[:1000]}
    return Device(
        device=volume.id or volume_id(host, volume.path),
        kind=DeviceKind.VOLUME,
        name=volume.name or volume.path[:200],
        parent=host,
        facts={**facts},
    )


def build(
    settings: VolumesSettings, context: Context, *, statvfs: Statvfs = os.statvfs, mounts: Mounts = disk_mounts
) -> Sequence[Collector]:
    """The collectors of these settings; `statvfs` and `mounts` may be another machine's."""
    if settings.volume:
        return [ConfiguredVolume(volume, context, statvfs, mounts) for volume in settings.volume]
    return [FoundVolumes(context, statvfs, mounts)]


def plugin_with(statvfs: Statvfs, mounts: Mounts) -> Plugin:
    """The same plugin over other figures than the kernel's: a simulated machine's."""
    return Plugin("volumes", VolumesSettings, partial(build, statvfs=statvfs, mounts=mounts))


plugin = Plugin("volumes", VolumesSettings, build)
