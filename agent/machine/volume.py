"""One volume as it is watched over time: its figures, how it fills, and whether it was remounted read-only."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from agent.clock import Clock
from agent.collector import Happening, Measurement
from agent.machine.fill import FillHistory, Point
from agent.machine.mounts import Access, Mount, access, device_gone
from agent.memory import Memory

REMOUNTED_READ_ONLY = "volume.remounted_read_only"
REMOUNTED_READ_WRITE = "volume.remounted_read_write"

LONGEST_FORECAST_DAYS = 3650.0
"""Beyond that a volume does not fill."""

_ID_LENGTH = 40
_DAY_SECONDS = 86_400.0


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


Statvfs = Callable[[str], Stat]


class Unusable(Exception):  # noqa: N818 - a state of the volume, not an error of ours
    """A volume that gives no figures; the text is one line that says why."""


class VolumeMemory(BaseModel):
    """What outlives a restart. `writable`: it was seen read-write; `told`: its remount read-only was told."""

    model_config = ConfigDict(extra="ignore")

    mounted: bool = False
    writable: bool = False
    told: bool = False
    size: float = 0.0
    points: list[Point] = []


class VolumeWatch:
    """Watches one volume. `overwrites` and `recording` as configured; `window` seconds of fill are looked back on."""

    def __init__(
        self,
        device: str,
        path: str,
        state: Path | None,
        clock: Clock,
        window: float,
        *,
        recording: bool,
        overwrites: bool,
    ) -> None:
        self.device = device
        self.path = path
        self._clock = clock
        self._recording = recording
        self._overwrites = overwrites
        self._memory = Memory(state, device, VolumeMemory)
        self._kept = self._memory.recall() or VolumeMemory()
        self._history = FillHistory(window, self._kept.points, self._kept.size)

    @property
    def was_mounted(self) -> bool:
        """Whether its path was once seen as a mount point of its own."""
        return self._kept.mounted

    @property
    def writable(self) -> bool:
        """Whether it was once seen read-write: so that it is read-only now is not by design."""
        return self._kept.writable

    def look(self, mount: Mount | None, own_point: bool, statvfs: Statvfs) -> tuple[Measurement, list[Happening]]:
        """Measure it. Raises Unusable where it can't be."""
        mono = self._clock.mono()
        try:
            stat = statvfs(self.path)
        except OSError as error:
            raise Unusable(f"{self.path}: {error.strerror or error}") from None
        state = access(mount, stat.f_flag)
        if state is Access.GONE or device_gone(self.path):
            raise Unusable(f"{self.path}: mounted, but its device is gone")
        values = figures(stat) | {"read_only": float(state is Access.READ_ONLY)}
        happenings = self._note_access(state is Access.READ_ONLY, own_point, mount, mono)
        values |= self._filling(stat, values, mono)
        return Measurement(self.device, values, mono), happenings

    def _note_access(self, read_only: bool, own_point: bool, mount: Mount | None, mono: float) -> list[Happening]:
        """The event of a remount, once per transition. A volume first seen read-only is so by design."""
        kept = self._kept
        changes: dict[str, bool] = {"mounted": kept.mounted or own_point}
        happenings = []
        if read_only and kept.writable and not kept.told:
            changes["told"] = True
            happenings.append(self._remounted(REMOUNTED_READ_ONLY, mount, mono))
        elif not read_only:
            if kept.told:
                happenings.append(self._remounted(REMOUNTED_READ_WRITE, mount, mono))
            changes |= {"writable": True, "told": False}
        if any(getattr(kept, name) != value for name, value in changes.items()):
            self._kept = kept.model_copy(update=changes)
            self._remember()
        return happenings

    def _remounted(self, kind: str, mount: Mount | None, mono: float) -> Happening:
        data = {"path": self.path} | ({"options": mount.options[:500]} if mount is not None and mount.options else {})
        return Happening(self.device, kind, data, mono)

    def _filling(self, stat: Stat, values: dict[str, float], mono: float) -> dict[str, float]:
        """Growth, days until full, and whether it overwrites: each only where it is known."""
        used = float((stat.f_blocks - stat.f_bfree) * stat.f_frsize)
        fill = values.get("fill_ratio")
        if fill is None:
            return {}
        if self._history.note(self._clock.wall(), mono, used, values["size_bytes"], fill):
            self._remember()
        trend = self._history.trend
        told: dict[str, float] = {}
        if trend.rate is not None:
            told["fill_bytes_per_second"] = trend.rate
        if self._recording and trend.overwriting is not None:
            told["overwriting"] = float(trend.overwriting)
        if trend.rate and trend.rate > 0 and not self._overwrites and not told.get("overwriting"):
            days = values["free_bytes"] / trend.rate / _DAY_SECONDS
            if days <= LONGEST_FORECAST_DAYS:
                told["full_in_days"] = days
        return told

    def _remember(self) -> None:
        self._kept = self._kept.model_copy(update={"size": self._history.size, "points": self._history.points()})
        self._memory.remember(self._kept)


def figures(stat: Stat) -> dict[str, float]:
    """The metrics that are statvfs's to say; `read_only` is not.

    Space kept for root counts as used, as in df: nobody else can write there.
    """
    used = stat.f_blocks - stat.f_bfree
    usable = used + stat.f_bavail
    values = {
        "free_bytes": float(stat.f_bavail * stat.f_frsize),
        "size_bytes": float(stat.f_blocks * stat.f_frsize),
    }
    if usable > 0:
        values["fill_ratio"] = used / usable
    # Some file systems (btrfs, exFAT) have no fixed number of inodes and say 0.
    if stat.f_files > 0:
        values["inodes_used_ratio"] = (stat.f_files - stat.f_ffree) / stat.f_files
    return values


def volume_id(host: str, path: str) -> str:
    """An id for the volume at a path of a host: readable, unique within the site, at most 40 characters."""
    slug = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "root"
    whole = f"{host}-{slug}"
    faithful = re.fullmatch(r"/|(/[a-z0-9]+)+", path)
    if len(whole) <= _ID_LENGTH and faithful:
        return whole
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:6]
    return f"{whole[: _ID_LENGTH - 7].rstrip('-')}-{digest}"
