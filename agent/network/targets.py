"""Whom we ping: the devices that other collectors watch, out of those collectors' settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from agent.collector import Settings
from agent.device.address import Endpoint
from agent.device.manners import MAX_REQUESTS
from wire.messages import Device, DeviceKind

KINDS: Mapping[str, DeviceKind] = {
    "cameras": DeviceKind.CAMERA,
    "recorders": DeviceKind.RECORDER,
    "doors": DeviceKind.DOOR,
    "switches": DeviceKind.SWITCH,
}
"""The collectors whose devices are pinged, and what those are."""


@dataclass(frozen=True)
class Target:
    """A host that is pinged, and the devices it speaks for: itself, or the doors of a controller.

    `endpoint` is where its service listens. `listens` tells whether that is TCP, so that a connect must be answered.
    `budget` is the most requests an hour that its collector allows.
    """

    endpoint: Endpoint
    devices: tuple[Device, ...]
    listens: bool = True
    budget: int = MAX_REQUESTS

    @property
    def host(self) -> str:
        """Its address or name."""
        return self.endpoint.host


def targets(others: Mapping[str, Settings]) -> list[Target]:
    """All of them, in the order of the configuration. A device that is configured without a host is passed over."""
    return [
        Target(
            Endpoint(item.host, item.port),
            tuple(_device(one, item, kind) for one in getattr(item, "doors", None) or [item]),
            listens=kind is not DeviceKind.SWITCH,
            budget=getattr(others[name], "max_requests_per_hour", MAX_REQUESTS),
        )
        for name, kind in KINDS.items()
        if name in others
        for item in _hosts(others[name])
    ]


def _hosts(settings: Settings) -> Iterator[Any]:
    """Every entry of its lists that has an id, a host and a port: `devices`, `controllers`."""
    for field in type(settings).model_fields:
        value = getattr(settings, field)
        for item in value if isinstance(value, list | tuple) else ():
            if isinstance(item, BaseModel) and all(getattr(item, name, None) for name in ("id", "host", "port")):
                yield item


def _device(one: Any, host: Any, kind: DeviceKind) -> Device:
    """As its own collector claims it, without what that one finds out."""
    room = getattr(one, "room", None) or getattr(host, "room", None)
    return Device(device=one.id, kind=kind, name=one.name, parent=getattr(host, "parent", None), room=room)
