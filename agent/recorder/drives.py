"""Disks of a recorder: present, healthy, warm; and all of them as one volume. A disk seen before and gone is missing.

An empty slot is no missing disk, and a full volume that overwrites its oldest recordings is as it should be.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from agent.collector import Measurement
from agent.device.text import printable
from agent.memory import Memory
from agent.recorder.ids import drive_id, free, storage_id, told
from agent.recorder.model import Drive, Storage
from wire.ids import ShortText, SlugId
from wire.messages import Device, DeviceKind

MAX_DRIVES = 64

KEPT_DAYS = 30
"""How long a disk that is gone is missed; then it was taken out for good."""

_DAY = 86_400
_CLOCK_IS_SET = 1_600_000_000


class _Known(BaseModel):
    model_config = ConfigDict(frozen=True)

    token: ShortText
    id: SlugId
    name: ShortText = ""
    size_bytes: float | None = None
    day: int = 0
    """When it was seen last, in days since 1970; 0 where the clock was not set."""


class DrivesNote(BaseModel):
    """What is remembered of a recorder's disks."""

    drives: list[_Known] = Field(default=[], max_length=MAX_DRIVES)


class Drives:
    """Of one recorder. `taken` says which ids are another device's. For one thread at a time."""

    def __init__(
        self,
        recorder: str,
        memory: Memory[DrivesNote],
        taken: Callable[[], Collection[str]],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._recorder = recorder
        self._memory = memory
        self._taken = taken
        self._wall = wall
        self._note = memory.recall() or DrivesNote()
        self._known = {one.token: one for one in self._note.drives}
        self._ill: dict[str, str] = {}
        self._volume: Device | None = None

    def learn(self, storage: Storage, mono: float | None = None) -> list[Measurement]:
        """What it tells of its disks now."""
        named = [replace(one, token=printable(one.token)) for one in storage.drives]
        drives = [one for one in named if one.token][:MAX_DRIVES]
        self._know(drives)
        listed = {one.token: one for one in drives}
        measured = [Measurement(one.id, _values(listed.get(one.token)), mono) for one in self._known.values()]
        volume = _volume(storage)
        if volume:
            self._volume = self._volume_entry(storage.overwrites)
            measured.append(Measurement(self._volume.device, volume, mono))
        return measured

    def devices(self) -> list[Device]:
        """How they stand in the inventory."""
        disks = [self._entry(one) for _, one in sorted(self._known.items())]
        return disks + ([self._volume] if self._volume is not None else [])

    def _know(self, drives: Sequence[Drive]) -> None:
        wall = self._wall()
        today = int(wall // _DAY) if wall >= _CLOCK_IS_SET else 0
        for drive in drives:
            before = self._known.get(drive.token)
            if before is None and not drive.present:
                continue  # whoever calls an empty slot a disk that is not there
            if before is None and len(self._known) >= MAX_DRIVES:
                continue
            seen = today if drive.present and today else before.day if before else 0
            self._known[drive.token] = _Known(
                token=drive.token,
                id=before.id if before else self._free_id(drive.token),
                name=printable(drive.name) or (before.name if before else ""),
                size_bytes=drive.size_bytes if drive.size_bytes is not None or not before else before.size_bytes,
                day=seen,
            )
        gone = [one.token for one in self._known.values() if one.day and today and today - one.day > KEPT_DAYS]
        for token in gone:
            del self._known[token]
        self._ill = {one.token: printable(one.status, 80) for one in drives if one.present and one.healthy is False}
        note = DrivesNote(drives=[one for _, one in sorted(self._known.items())])
        if note != self._note:
            self._note = note
            self._memory.remember(note)

    def _free_id(self, token: str) -> str:
        taken = {*self._taken(), *(one.id for one in self._known.values())}
        return free(self._recorder, f"disk/{token}", drive_id(self._recorder, token), taken, ())

    def _entry(self, drive: _Known) -> Device:
        facts: dict[str, str | float] = {"slot": told(drive.token)}
        if drive.size_bytes is not None:
            facts["capacity_bytes"] = drive.size_bytes
        if self._ill.get(drive.token):
            facts["status"] = self._ill[drive.token]
        return Device(device=drive.id, kind=DeviceKind.DISK, name=drive.name, parent=self._recorder, facts={**facts})

    def _volume_entry(self, overwrites: bool | None) -> Device:
        taken = self._taken()
        facts: dict[str, str | bool] = {"role": "recording"}
        if overwrites is not None:
            facts["overwrites"] = overwrites
        name = free(self._recorder, "storage", storage_id(self._recorder), taken, ())
        return Device(device=name, kind=DeviceKind.VOLUME, parent=self._recorder, facts={**facts})


def _values(drive: Drive | None) -> dict[str, float]:
    if drive is None or not drive.present:
        return {"present": 0.0}
    values = {"present": 1.0}
    if drive.healthy is not None:
        values["disk_healthy"] = float(drive.healthy)
    if drive.temperature_celsius is not None:
        values["temperature_celsius"] = drive.temperature_celsius
    return values


def _volume(storage: Storage) -> dict[str, float]:
    """Of all disks that are there. How full it is says nothing while nobody knows whether it overwrites."""
    drives = [one for one in storage.drives if one.present]
    sizes = [one.size_bytes for one in drives if one.size_bytes is not None]
    free_bytes = [one.free_bytes for one in drives if one.free_bytes is not None]
    values: dict[str, float] = {}
    if storage.overwrites is not None:
        values["overwriting"] = float(storage.overwrites)
    if not sizes or len(sizes) < len(drives):
        return values
    size = values["size_bytes"] = sum(sizes)
    if len(free_bytes) == len(drives):
        left = values["free_bytes"] = min(sum(free_bytes), size)
        if size > 0 and storage.overwrites is not None:
            values["fill_ratio"] = 1 - left / size
    return values
