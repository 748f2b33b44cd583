"""What this agent watches, put together from what each collector says it watches."""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from itertools import accumulate

from pydantic import TypeAdapter, ValidationError

from wire.codec import MAX_BYTES, inventory_hash
from wire.messages import Device, DeviceKind, Facts, Inventory

log = logging.getLogger(__name__)

_DEVICES = TypeAdapter(list[Device])
_FACTS = TypeAdapter(Facts)
_MOST_BYTES = MAX_BYTES - 1024
"""For all devices together; the rest is room for the message around them."""
_MOST_DEVICES = 4990


class InventoryBook:
    """The parts of the inventory by collector, and the whole. Safe to use from several threads.

    Parts are remembered over restarts (`recall` and `remember` a text by name): a collector that is slow or fails after
    a start must not look as if its devices were gone. Until every collector has said its part, or been given up on,
    there is no whole: an inventory is a full snapshot, and one that is only half known would retire devices.

    A device belongs to one collector, and no other may speak for it. Where several claim it, one that watches the
    device itself goes before one that merely found it behind another (its `parent` is in the same part: a recorder's
    channel), and a claim of before goes before a new one. So what a device makes up cannot take another's place.

    While collectors give way to others of the same kind, their parts stay in the whole, for the devices are not gone;
    but they count for nothing against a claim of one that runs.

    `is_guest` says of a plugin's name whether its collectors add to what others claim (whether a volume is encrypted).
    Their claims go behind all others; what they know of another's device of the same kind is added to it, and they may
    speak for it. So may a plugin towards one whose settings it `reads` (a recorder's channel that is also watched as a
    camera is one device).
    """

    def __init__(
        self,
        own: Sequence[Device],
        parts: Sequence[str],
        recall: Callable[[str], str | None],
        remember: Callable[[str, str], None],
        is_guest: Callable[[str], bool] = lambda plugin: False,
        reads: Callable[[str, str], bool] = lambda plugin, other: False,
    ) -> None:
        self._own = {device.device: device for device in own}
        self._lock = threading.Lock()
        self._remember = remember
        self._guest_plugin = is_guest
        self._reads = reads
        self._parts = {name: _read(recall(f"inventory.{name}")) for name in parts}
        self._marks: dict[str, str] = {}
        self._stale: set[str] = set()
        self._leaving: list[tuple[set[str], set[str]]] = []
        self._waiting = {name for name, part in self._parts.items() if part is None}
        self._complaints: set[str] = set()
        self._owners: dict[str, str] = {}
        self._whole: Inventory | None = None
        self._assign()
        self._rebuild()

    def update(self, name: str, devices: Sequence[Device] | None) -> None:
        """A collector's whole part, None when it is as before (or was never said, and none is expected)."""
        with self._lock:
            awaited = self._heard(name) or name in self._waiting
            self._waiting.discard(name)
            changed = devices is not None and list(devices) != self._parts.get(name)
            if devices is not None:
                awaited = awaited or name in self._stale
                self._stale.discard(name)
            if changed and devices is not None:
                self._parts[name] = list(devices)
            if changed or awaited:
                self._assign()
            if changed or awaited:
                self._rebuild()
            part = self._parts.get(name) or ()
            own = [one for one in part if self._belongs(one, name) or self._visits(one, name)]
        if changed:
            self._remember(f"inventory.{name}", _DEVICES.dump_json(_fitting(own, _MOST_BYTES), by_alias=True).decode())

    def mark(self, fact: str, text: str) -> None:
        """A fact about the agent itself; an empty text takes it away."""
        with self._lock:
            if self._marks.get(fact, "") == text:
                return
            if text:
                self._marks[fact] = text
            else:
                del self._marks[fact]
            self._rebuild()

    def declare(self, own: Sequence[Device]) -> None:
        """The agent and its host, called otherwise than before."""
        with self._lock:
            self._own = {device.device: device for device in own}
            self._rebuild()

    def hand_over(self, old: Sequence[str], new: Sequence[str]) -> None:
        """The collectors `old` gave way to `new`. A part that is nobody's any more goes when each of `new` was heard
        once; where there is none, at once."""
        with self._lock:
            gone, earlier = set(old), list(self._leaving)
            self._leaving = []
            for parts, awaited in earlier:
                if awaited & gone:
                    gone |= parts
                else:
                    self._leaving.append((parts, awaited))
            self._stale |= gone
            self._waiting -= gone
            for name in new:
                self._parts.setdefault(name, None)
            self._leaving.append((gone - set(new), set(new)))
            self._drop_left()
            self._assign()
            self._rebuild()

    def attributes(self, device: str, name: str) -> bool:
        """Whether this collector may speak for that device: its own, one it visits, or the agent or its host (and no
        namesake)."""
        with self._lock:
            own = self._own.get(device)
            if own is None:
                part = self._parts.get(name) or ()
                visits = any(self._visits(one, name) for one in part if one.device == device)
                return visits or self._owners.get(device) == name
            return all(one.kind is own.kind for one in self._parts.get(name) or () if one.device == device)

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

    def _heard(self, name: str) -> bool:
        """A collector ended its first run: whether parts were dropped because of that."""
        for _, awaited in self._leaving:
            awaited.discard(name)
        return self._drop_left()

    def _drop_left(self) -> bool:
        done = [parts for parts, awaited in self._leaving if not awaited]
        self._leaving = [one for one in self._leaving if one[1]]
        for name in set().union(*done):
            self._parts.pop(name, None)
            self._stale.discard(name)
        return bool(done)

    def _assign(self) -> None:
        """Say for every device whose it is."""
        claims: dict[str, tuple[bool, bool, bool, bool, str]] = {}
        for name, part in self._parts.items():
            ids = {device.device for device in part or ()}
            for device in part or ():
                before = self._owners.get(device.device) == name
                claim = (name in self._stale, self._is_guest(name), device.parent in ids, not before, name)
                best = claims.setdefault(device.device, claim)
                if claim[:4] < best[:4]:
                    claims[device.device] = claim
        self._owners = {device: claim[4] for device, claim in claims.items()}

    def _belongs(self, device: Device, name: str) -> bool:
        own = self._own.get(device.device)
        return own.kind is device.kind if own is not None else self._owners.get(device.device) == name

    def _is_guest(self, name: str) -> bool:
        return self._guest_plugin(_plugin(name))

    def _visits(self, device: Device, name: str) -> bool:
        """Whether it may add to a device that another collector claims as the same kind."""
        owner = self._owners.get(device.device, name)
        welcome = self._is_guest(name) or self._reads(_plugin(name), _plugin(owner))
        if not welcome or owner == name or device.device in self._own:
            return False
        return any(one.device == device.device and one.kind is device.kind for one in self._parts.get(owner) or ())

    def _rebuild(self) -> None:
        if self._waiting:
            return
        own = self._marked()
        parts: dict[str, dict[str, Device]] = {}
        visits: list[Device] = []
        for name, part in self._parts.items():
            for device in part or ():
                if self._visits(device, name):
                    visits.append(device)
                else:
                    self._add(own, parts.setdefault(name, {}), name, device)
        for device in visits:
            _enrich(parts[self._owners[device.device]], device)
        room = _MOST_BYTES - sum(map(_size, own.values()))
        devices = [*own.values(), *self._bounded({name: list(part.values()) for name, part in parts.items()}, room)]
        digest = inventory_hash(devices)
        if self._whole is None or self._whole.hash != digest:
            self._whole = Inventory(hash=digest, devices=devices)

    def _marked(self) -> dict[str, Device]:
        """Agent and host, with what is known of the agent since."""
        own = dict(self._own)
        for agent in [one for one in own.values() if one.kind is DeviceKind.AGENT]:
            own[agent.device] = agent.model_copy(update={"facts": {**agent.facts, **self._marks}})
        return own

    def _add(self, own: dict[str, Device], part: dict[str, Device], name: str, device: Device) -> None:
        """One more device; a collector may add facts about the agent and its host, and nobody may claim another's."""
        if not self._belongs(device, name) or device.device in part:
            if name in self._stale:
                return
            self._complain(f"device id is taken, this one is left out device={device.device} collector={name}")
        elif device.device in own:
            known = own[device.device]
            facts = _FACTS.validate_python(dict(list({**known.facts, **device.facts}.items())[:64]))
            update = {"facts": facts, "name": known.name or device.name, "room": known.room or device.room}
            own[device.device] = known.model_copy(update=update)
        else:
            part[device.device] = device

    def _bounded(self, parts: dict[str, list[Device]], room: int) -> list[Device]:
        """What fits into `room` bytes. Where it is too much, the largest parts are cut, to the same size; no other."""
        most = _share(sorted(sum(map(_size, part)) for part in parts.values()), room)
        count = _share(sorted(len(part) for part in parts.values()), _MOST_DEVICES)
        devices: list[Device] = []
        for name, part in parts.items():
            fitting = _fitting(part, most)[:count]
            if len(fitting) < len(part):
                self._complain(f"inventory is too large, devices left out collector={name}")
            devices += fitting
        return devices

    def _complain(self, text: str) -> None:
        if text not in self._complaints and len(self._complaints) < 1000:
            self._complaints.add(text)
            log.error("%s", text)


def _plugin(name: str) -> str:
    """Parts are named as their plugin is, with a number behind it where it made several collectors."""
    return name.partition("-")[0]


def _enrich(part: dict[str, Device], guest: Device) -> None:
    """Add what a guest knows of a device to what its owner says, which goes before."""
    known = part[guest.device]
    facts = dict(list({**known.facts, **guest.facts, **known.facts}.items())[:64])
    part[guest.device] = known.model_copy(update={"facts": facts})


def _read(text: str | None) -> list[Device] | None:
    """A remembered part, None where there is none or it cannot be read."""
    if text is None:
        return None
    try:
        return _DEVICES.validate_python(json.loads(text))
    except (ValueError, ValidationError):
        return None


def _size(device: Device) -> int:
    """Bytes it takes in an encoded inventory."""
    return len(device.model_dump_json(by_alias=True, exclude_none=True).encode()) + 1


def _fitting(devices: Sequence[Device], most: int) -> list[Device]:
    """The first of them, of at most so many bytes together."""
    sums = accumulate(map(_size, devices))
    return [device for device, total in zip(devices, sums, strict=True) if total <= most]


def _share(sizes: Sequence[int], room: int) -> int:
    """The most that each may have so that all of these (in ascending order) fit."""
    for number, size in enumerate(sizes):
        if size * (len(sizes) - number) > room:
            return room // (len(sizes) - number)
        room -= size
    return max(sizes, default=0)
