"""What this agent watches, put together from what each collector says it watches."""

import json
import logging
import threading
from collections.abc import Callable, Sequence

from pydantic import TypeAdapter, ValidationError

from wire.codec import MAX_BYTES, inventory_hash
from wire.messages import Device, Facts, Inventory

log = logging.getLogger(__name__)

_DEVICES = TypeAdapter(list[Device])
_FACTS = TypeAdapter(Facts)
_ROOM_BYTES = 1024


class InventoryBook:
    """The parts of the inventory by collector, and the whole. Safe to use from several threads.

    Parts are remembered over restarts (`recall` and `remember` a text by name): a collector that is slow or fails after
    a start must not look as if its devices were gone. Until every collector has said its part, or been given up on,
    there is no whole: an inventory is a full snapshot, and one that is only half known would retire devices.
    """

    def __init__(
        self,
        own: Sequence[Device],
        parts: Sequence[str],
        recall: Callable[[str], str | None],
        remember: Callable[[str, str], None],
    ) -> None:
        self._own = {device.device: device for device in own}
        self._lock = threading.Lock()
        self._remember = remember
        self._parts = {name: _read(recall(f"inventory.{name}")) for name in parts}
        self._waiting = {name for name, part in self._parts.items() if part is None}
        self._complaints: set[str] = set()
        self._whole: Inventory | None = None
        self._rebuild()

    def update(self, name: str, devices: Sequence[Device] | None) -> None:
        """A collector's whole part, None when it is as before (or was never said, and none is expected)."""
        with self._lock:
            awaited = name in self._waiting
            self._waiting.discard(name)
            changed = devices is not None and list(devices) != self._parts.get(name)
            if changed and devices is not None:
                self._parts[name] = list(devices)
            if changed or awaited:
                self._rebuild()
        if changed and devices is not None:
            self._remember(f"inventory.{name}", _DEVICES.dump_json(list(devices), by_alias=True).decode())

    def whole(self) -> Inventory | None:
        """The inventory, None while parts of it are awaited."""
        with self._lock:
            return self._whole

    def settle(self) -> None:
        """Wait no longer for parts that were not said."""
        with self._lock:
            if self._waiting:
                self._waiting.clear()
                self._rebuild()

    def _rebuild(self) -> None:
        if self._waiting:
            return
        merged = dict(self._own)
        for name, part in self._parts.items():
            for device in part or ():
                self._add(merged, name, device)
        devices = self._bounded(list(merged.values()))
        digest = inventory_hash(devices)
        if self._whole is None or self._whole.hash != digest:
            self._whole = Inventory(hash=digest, devices=devices)

    def _add(self, merged: dict[str, Device], name: str, device: Device) -> None:
        """One more device; a collector may add facts about the agent and its host, and nobody may claim another's."""
        known = merged.get(device.device)
        own = self._own.get(device.device)
        if known is None:
            merged[device.device] = device
        elif own is not None and own.kind is device.kind:
            facts = _FACTS.validate_python(dict(list({**known.facts, **device.facts}.items())[:64]))
            update = {"facts": facts, "name": known.name or device.name, "room": known.room or device.room}
            merged[device.device] = known.model_copy(update=update)
        else:
            self._complain(f"device id is taken, this one is left out device={device.device} collector={name}")

    def _bounded(self, devices: list[Device]) -> list[Device]:
        """What fits on the wire."""
        size = 0
        for count, device in enumerate(devices):
            size += len(device.model_dump_json(by_alias=True, exclude_none=True).encode()) + 1
            if size > MAX_BYTES - _ROOM_BYTES or count >= 5000:
                self._complain(f"inventory is too large, devices left out count={len(devices) - count}")
                return devices[:count]
        return devices

    def _complain(self, text: str) -> None:
        if text not in self._complaints and len(self._complaints) < 1000:
            self._complaints.add(text)
            log.error("%s", text)


def _read(text: str | None) -> list[Device] | None:
    """A remembered part, None where there is none or it cannot be read."""
    if text is None:
        return None
    try:
        return _DEVICES.validate_python(json.loads(text))
    except (ValueError, ValidationError):
        return None
