"""The doors of a source as they stand in the inventory."""

from collections.abc import Mapping
from typing import Self

from agent.doors.inputs import InputSettings
from agent.doors.settings import ControllerSettings
from wire.messages import Device, DeviceKind


class Inventory:
    """Told once: what is configured does not change."""

    def __init__(self, devices: list[Device]) -> None:
        self._devices: list[Device] | None = devices

    @classmethod
    def of_controller(cls, controller: ControllerSettings) -> Self:
        """The doors of a controller."""
        return cls(
            [
                Device(
                    device=door.id,
                    kind=DeviceKind.DOOR,
                    name=door.name,
                    parent=controller.parent,
                    room=door.room or controller.room,
                    facts={"controller": controller.id, "token": door.token, "address": str(controller.endpoint)},
                )
                for door in controller.doors
            ]
        )

    @classmethod
    def of_input(cls, settings: InputSettings, facts: Mapping[str, str]) -> Self:
        """The doors that a program of others tells of; `facts` say how."""
        return cls(
            [
                Device(
                    device=door.id,
                    kind=DeviceKind.DOOR,
                    name=door.name,
                    parent=settings.parent,
                    room=door.room,
                    facts={"controller": settings.id, "token": door.token, **facts},
                )
                for door in settings.doors
            ]
        )

    def fresh(self) -> list[Device] | None:
        """All of them the first time, then None."""
        devices, self._devices = self._devices, None
        return devices
