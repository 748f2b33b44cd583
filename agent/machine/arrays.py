"""The arrays of disks of a machine over time, from /proc/mdstat: what each lacks, and which once seen is gone."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from agent.collector import CollectError, Measurement, Reading
from agent.device_ids import device_id
from agent.machine.mdstat import Array, parse
from agent.memory import Memory
from wire.messages import Device, DeviceKind

log = logging.getLogger(__name__)

MOST_REMEMBERED = 128
_MAX_BYTES = 256 * 1024


class ArraysMemory(BaseModel):
    """The facts of every array seen, by the kernel's name."""

    model_config = ConfigDict(extra="ignore")

    arrays: dict[str, dict[str, str | float]] = {}


class Arrays:
    """Every array of `host`. `forget` are names (md0) or device ids of arrays taken apart for good."""

    def __init__(self, host: str, state: Path | None, forget: Collection[str], mdstat: Path) -> None:
        self._host = host
        self._forget = set(forget)
        self._mdstat = mdstat
        self._memory = Memory(state, "arrays", ArraysMemory)
        self._known = (self._memory.recall() or ArraysMemory()).arrays
        self._told: list[Device] | None = None

    def collect(self) -> Reading:
        """One run. A kernel without md has no arrays, and that is well. Raises CollectError."""
        now = {array.name: array for array in self._read()}
        self._note(now)
        measurements = [Measurement(self._id(name), figures(now.get(name))) for name in self._known]
        devices = [
            Device(device=self._id(name), kind=DeviceKind.DISK, name=f"/dev/{name}", parent=self._host, facts={**facts})
            for name, facts in sorted(self._known.items())
        ]
        changed = devices != self._told
        self._told = devices
        return Reading(measurements, devices=devices if changed else None)

    def close(self) -> None:
        """Nothing is held."""

    def _read(self) -> list[Array]:
        try:
            with self._mdstat.open("rb") as file:
                return parse(file.read(_MAX_BYTES).decode("utf-8", "replace"))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CollectError(f"{self._mdstat}: {error.strerror or error}") from None

    def _note(self, now: Mapping[str, Array]) -> None:
        kept = {name: facts for name, facts in self._known.items() if name in now or not self._forgotten(name)}
        for name, array in now.items():
            if name in kept or len(kept) < MOST_REMEMBERED:
                kept[name] = {**kept.get(name, {}), **facts_of(array)}
        if kept != self._known:
            self._known = kept
            self._memory.remember(ArraysMemory(arrays=kept))

    def _forgotten(self, name: str) -> bool:
        return name in self._forget or self._id(name) in self._forget

    def _id(self, name: str) -> str:
        return device_id(self._host, "array", name)


def figures(array: Array | None) -> dict[str, float]:
    """The metrics of an array; of one that is gone or does not run only that it is not there."""
    if array is None or not array.running:
        return {"present": 0.0}
    values = {"present": 1.0}
    if array.wanted is not None and array.working is not None:
        missing = max(0, array.wanted - array.working)
        values |= {
            "raid_disks": float(array.wanted),
            "raid_disks_missing": float(missing),
            "raid_degraded": float(missing > 0),
        }
    if array.progress is not None:
        values["raid_resync_ratio"] = array.progress
    return values


def facts_of(array: Array) -> dict[str, str | float]:
    """What the inventory says of an array. The level of one that does not run is not known."""
    failed = [member.name for member in array.members if "F" in member.flags]
    spare = [member.name for member in array.members if "S" in member.flags]
    facts: dict[str, str | float] = {
        "interface": "md",
        "path": f"/dev/{array.name}",
        "state": array.state + (" read-only" if array.read_only else ""),
        "members": " ".join(sorted(member.name for member in array.members))[:500],
        "failed": " ".join(sorted(failed))[:500],
        "spare": " ".join(sorted(spare))[:500],
        "action": array.action,
    }
    if array.level:
        facts["level"] = array.level
    if array.size_bytes is not None and array.running:
        facts["capacity_bytes"] = float(array.size_bytes)
    return facts
