"""How full the machine's file systems are, how fast they fill, and whether one fell back to read-only.

Read by statvfs and from the mount table (`/proc/self/mountinfo`); needs no rights but to reach the path. Configured
volumes have a collector each: a dead network share blocks in the kernel for as long as it likes, and must not take the
others with it. Without any configured, every mounted disk file system is measured; one that was mounted for a day and
is no longer stays in the inventory as a problem, until its path is in `forget`.

`read_only` is what the file system itself says (the options of its superblock), whatever our own mounts are: a service
under `ProtectSystem=strict`, or a container given a volume with `:ro`, sees every mount read-only that the recorder
goes on writing to. So a bind mount that is read-only by its own flag alone, over a writable file system, counts as
writable. Where the superblock says nothing, statvfs is asked.

`fill_bytes_per_second` is the robust growth over the last `trend_hours` and is told once an eighth of them was seen;
`full_in_days` follows from it and is left out for volumes that shrink, stand still or overwrite. `overwriting` (of
recording volumes) is 1 when the volume came near full (85 %) and within those hours space was both taken and given
back, at least 0.02 % of its size and neither more than twice the other. It is 0 when that was not seen in half of those
hours: so it is for a recorder that has stopped, and for one that allots all its files in advance.

A volume seen read-write before and read-only now sends the event `volume.remounted_read_only` once, and
`volume.remounted_read_write` when that is over. One that was never seen read-write is so by design: its fact `writable`
is false and no event is sent.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.clock import Clock, SystemClock
from agent.collector import CollectError, Collector, Context, Happening, Measurement, Need, Plugin, Reading, Settings
from agent.machine.mounts import Mount, Mounts, disk_mounts, every_mount, found, holding, is_at
from agent.machine.volume import REMOUNTED_READ_ONLY, REMOUNTED_READ_WRITE, Statvfs, Unusable, VolumeWatch, volume_id
from agent.memory import Memory
from wire.ids import ShortText, SlugId
from wire.messages import Device, DeviceKind

log = logging.getLogger(__name__)

__all__ = ["Mount", "Volume", "VolumesSettings", "build", "plugin", "plugin_with"]

BELONGS_SECONDS = 86_400.0
"""A found volume that was mounted for so long is part of the machine, and missed when it is gone."""

PASSING_PLACES = ("/media/", "/run/media/")
"""Where desktops mount what somebody plugs in."""

_HOUR_SECONDS = 3600.0


class Volume(BaseModel):
    """One file system to watch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(pattern="^/", max_length=1000)]
    """Where it is mounted, or any folder in it."""
    id: SlugId | None = None
    """Its device id; left out, one is made of host and path."""
    name: ShortText = ""
    """What people call it; left out, its path."""
    role: Literal["system", "recording"] = "system"
    """Whether recordings are kept there."""
    overwrites: bool = False
    """It is full by design, the recorder replaces its oldest recordings."""
    must_be_mounted: bool | None = None
    """The path has to be a mount point: else a missing disk would show as the system volume's free space. Left out, it
    has to be one once it was seen to be."""


class VolumesSettings(Settings):
    """`[[collectors.volumes.volume]]`, or none of them for every disk file system."""

    volume: Annotated[tuple[Volume, ...], Field(max_length=64)] = ()
    """The file systems to watch; none means every mounted disk."""
    trend_hours: float = Field(default=48.0, ge=1.0, le=336.0)
    """How far back growth and overwriting are judged. Two days see a nightly clean-up twice."""
    forget: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    """Paths of found volumes that were taken away for good, and are not missed."""


def _device(volume: Volume, host: str, mount: Mount | None, writable: bool) -> Device:
    facts: dict[str, str | bool] = {
        "path": volume.path,
        "role": volume.role,
        "overwrites": volume.overwrites,
        "writable": writable,
    }
    if mount is not None:
        facts |= {"fstype": mount.fstype[:200], "device": mount.device[:1000], "mount": mount.mountpoint[:1000]}
    return Device(
        device=volume.id or volume_id(host, volume.path),
        kind=DeviceKind.VOLUME,
        name=volume.name or volume.path[:200],
        parent=host,
        facts={**facts},
    )


def _watch(volume: Volume, settings: VolumesSettings, context: Context, clock: Clock) -> VolumeWatch:
    return VolumeWatch(
        volume.id or volume_id(context.host, volume.path),
        volume.path,
        context.state,
        clock,
        settings.trend_hours * _HOUR_SECONDS,
        recording=volume.role == "recording",
        overwrites=volume.overwrites,
    )


class ConfiguredVolume:
    """One volume of the configuration."""

    def __init__(self, volume: Volume, watch: VolumeWatch, host: str, statvfs: Statvfs, mounts: Mounts) -> None:
        self._volume = volume
        self._watch = watch
        self._host = host
        self._statvfs = statvfs
        self._mounts = mounts
        self._mount: Mount | None = None
        self._told: Device | None = None

    def collect(self) -> Reading:
        """One run. A path that is missing, unreachable or not mounted is a problem, and the device is told all the
        same: a disk that did not come up is still part of what we watch."""
        volume, watch = self._volume, self._watch
        mount = holding(self._mounts(), volume.path)
        own_point = is_at(mount, volume.path)
        expected = watch.was_mounted if volume.must_be_mounted is None else volume.must_be_mounted
        if expected and not own_point:
            again = " any more" if watch.was_mounted else ""
            return Reading(
                devices=self._devices(self._mount), problem=f"{volume.path}: nothing is mounted there{again}"
            )
        try:
            measurement, happenings = watch.look(mount, own_point, self._statvfs)
        except Unusable as error:
            return Reading(devices=self._devices(mount), problem=str(error))
        self._mount = mount
        return Reading([measurement], happenings, devices=self._devices(mount))

    def _devices(self, mount: Mount | None) -> list[Device] | None:
        device = _device(self._volume, self._host, mount, self._watch.writable)
        changed = device != self._told
        self._told = device
        return [device] if changed else None

    def close(self) -> None:
        """Nothing is held."""


class FoundVolume(BaseModel):
    """A found volume as it is remembered: its line of the mount table, and when it was first seen (wall clock)."""

    device: str
    path: str
    fstype: str
    first: float


class FoundMemory(BaseModel):
    """Every found volume."""

    volumes: list[FoundVolume] = []


class FoundVolumes:
    """Every mounted disk file system. A path that fails does not hide the others."""

    def __init__(
        self, settings: VolumesSettings, context: Context, statvfs: Statvfs, mounts: Mounts, clock: Clock
    ) -> None:
        self._settings = settings
        self._context = context
        self._statvfs = statvfs
        self._mounts = mounts
        self._clock = clock
        self._memory = Memory(context.state, "found", FoundMemory)
        kept = self._memory.recall() or FoundMemory()
        self._known = {one.path: one for one in kept.volumes}
        self._watches: dict[str, VolumeWatch] = {}
        self._told: list[Device] = []

    def collect(self) -> Reading:
        """One run. Raises CollectError when there is nothing to measure."""
        mounted = {mount.mountpoint: mount for mount in found(self._mounts())}
        # A path that is no UTF-8 fits no message: one such stick must not hide the others.
        table = {path: mount for path, mount in mounted.items() if path.isprintable()}
        missing = self._note(table)
        if not table and not missing:
            raise CollectError("no mounted disk found: name them in [[collectors.volumes.volume]]")
        measurements: list[Measurement] = []
        happenings: list[Happening] = []
        problems = [f"{path}: is mounted no more" for path in missing]
        odd = mounted.keys() - table.keys()
        problems += [f"{path!r}: not measured, the path is no printable UTF-8" for path in sorted(odd)]
        for mount in table.values():
            try:
                measurement, events = self._watch_of(mount.mountpoint).look(mount, True, self._statvfs)
            except Unusable as error:
                problems.append(str(error))
                continue
            measurements.append(measurement)
            happenings += events
        devices = self._devices({**missing, **table})
        changed = devices != self._told
        self._told = devices
        return Reading(measurements, happenings, devices if changed else None, problem="; ".join(problems))

    def _note(self, table: dict[str, Mount]) -> dict[str, Mount]:
        """Remember what is mounted; what is missed of what was."""
        now = self._clock.wall()
        known = {path: FoundVolume(device=m.device, path=path, fstype=m.fstype, first=now) for path, m in table.items()}
        missing: dict[str, Mount] = {}
        for path, one in self._known.items():
            if path in table:
                known[path] = known[path].model_copy(update={"first": min(one.first, now)})
            elif self._belongs(one, now):
                known[path] = one
                missing[path] = Mount(one.device, path, one.fstype)
            else:
                log.info("volume is mounted no more, not missed path=%s", path)
        if known != self._known:
            self._known = known
            self._memory.remember(FoundMemory(volumes=list(known.values())))
        return missing

    def _belongs(self, volume: FoundVolume, now: float) -> bool:
        passing = volume.path.startswith(PASSING_PLACES) or volume.path in self._settings.forget
        return now - volume.first >= BELONGS_SECONDS and not passing

    def _watch_of(self, path: str) -> VolumeWatch:
        if path not in self._watches:
            self._watches[path] = _watch(Volume(path=path), self._settings, self._context, self._clock)
        return self._watches[path]

    def _devices(self, mounts: dict[str, Mount]) -> list[Device]:
        return [
            _device(Volume(path=path), self._context.host, mounts[path], self._watch_of(path).writable)
            for path in sorted(mounts)
        ]

    def close(self) -> None:
        """Nothing is held."""


def build(
    settings: VolumesSettings,
    context: Context,
    *,
    statvfs: Statvfs = os.statvfs,
    mounts: Mounts | None = None,
    clock: Clock | None = None,
) -> Sequence[Collector]:
    """The collectors of these settings; `statvfs`, `mounts` and `clock` may be another machine's."""
    clock = clock or SystemClock()
    if not settings.volume:
        return [FoundVolumes(settings, context, statvfs, mounts or disk_mounts, clock)]
    return [
        ConfiguredVolume(volume, _watch(volume, settings, context, clock), context.host, statvfs, mounts or every_mount)
        for volume in settings.volume
    ]


def plugin_with(statvfs: Statvfs, mounts: Mounts) -> Plugin:
    """The same plugin over other figures than the kernel's: a simulated machine's."""
    return replace(plugin, build=partial(build, statvfs=statvfs, mounts=mounts))


plugin = Plugin(
    "volumes",
    VolumesSettings,
    build,
    metrics=(
        *("fill_ratio", "free_bytes", "size_bytes", "inodes_used_ratio", "read_only"),
        *("fill_bytes_per_second", "full_in_days", "overwriting"),
    ),
    events=(REMOUNTED_READ_ONLY, REMOUNTED_READ_WRITE),
    needs=(Need("search permission on the way to each path", "a volume that can't be reached gives no figures"),),
)
