"""A door controller that is not there."""

import threading
from collections.abc import Sequence
from typing import Any

from simulator.onvif.access import AccessService
from simulator.onvif.device import Device
from simulator.onvif.door_service import DoorService
from simulator.onvif.events import EventService, Message


class Door:
    """One door of a controller. Every method may be called from any thread; each tells the subscribers at once."""

    def __init__(self, controller: "DoorController", token: str) -> None:
        self.token = token
        self.access_point = f"{token}-reader"
        self._controller = controller
        self._lock = threading.Lock()
        self._states = {
            "DoorPhysicalState": "Closed",
            "LockPhysicalState": "Locked",
            "DoubleLockPhysicalState": "Unlocked",
            "DoorAlarm": "Normal",
            "DoorTamper": "NotInTamper",
            "DoorFault": "NotInFault",
            "DoorMode": "Locked",
        }

    @property
    def is_open(self) -> bool:
        """Whether it stands open."""
        return self._states["DoorPhysicalState"] == "Open"

    def open(self) -> None:
        """It opens, as it may."""
        self._set("DoorPhysicalState", "Open")

    def close(self) -> None:
        """It closes; an alarm for standing open ends with that."""
        self._set("DoorPhysicalState", "Closed")
        self._set("DoorAlarm", "Normal")

    def hold_open(self) -> None:
        """It stands open too long."""
        self.open()
        self._set("DoorAlarm", "DoorOpenTooLong")

    def force(self) -> None:
        """It opens without permission."""
        self._set("DoorAlarm", "DoorForcedOpen")
        self.open()

    def tamper(self, on: bool = True) -> None:
        """Somebody is at its contacts."""
        self._set("DoorTamper", "TamperDetected" if on else "NotInTamper")

    def fault(self, on: bool = True) -> None:
        """Its hardware fails."""
        self._set("DoorFault", "FaultDetected" if on else "NotInFault")

    def lock(self, on: bool = True) -> None:
        """Its bolt moves."""
        self._set("LockPhysicalState", "Locked" if on else "Unlocked")

    def run_as(self, mode: str) -> None:
        """Somebody sets how it is run: Locked, Unlocked, Blocked, LockedDown, LockedOpen, …"""
        self._set("DoorMode", mode)

    def pass_through(self, credential: str) -> None:
        """The controller lets somebody through: unlocked for a moment, and taken."""
        self.run_as("Accessed")
        self._happen("AccessControl/AccessTaken/Credential", CredentialToken=credential)
        self.run_as("Locked")

    def turn_back(self, credential: str) -> None:
        """Somebody was let in and did not go."""
        self._happen("AccessControl/AccessNotTaken/Credential", CredentialToken=credential)

    def tamper_reader(self, on: bool = True) -> None:
        """Somebody is at its reader."""
        source, data = {"AccessPointToken": self.access_point}, {"Active": "true" if on else "false"}
        at = self._controller.device_time()
        self._controller.events.publish(Message("AccessPoint/State/Tampering", source, data, "Changed", at))

    def grant(self, credential: str) -> None:
        """A credential is let in."""
        self._happen("AccessControl/AccessGranted/Credential", CredentialToken=credential)

    def deny(self, credential: str, reason: str = "NotPermittedAtThisTime") -> None:
        """A credential is turned away."""
        self._happen("AccessControl/Denied/Credential", CredentialToken=credential, Reason=reason)

    def deny_unknown(self, card: str) -> None:
        """A card nobody knows is turned away."""
        self._happen("AccessControl/Denied/CredentialNotFound/Card", Card=card)

    def duress(self, credential: str) -> None:
        """Somebody opens under threat."""
        self._happen("AccessControl/Duress", CredentialToken=credential, Reason="Duress code")

    def present(self) -> dict[str, str]:
        """Every property as it is."""
        with self._lock:
            return dict(self._states)

    def states(self) -> list[Message]:
        """The same as notifications."""
        return [self._state(name, value, "Initialized") for name, value in self.present().items()]

    def _set(self, name: str, value: str) -> None:
        with self._lock:
            if self._states[name] == value:
                return
            self._states[name] = value
        self._controller.events.publish(self._state(name, value, "Changed"))

    def _state(self, name: str, value: str, operation: str) -> Message:
        source, data = {"DoorToken": self.token}, {"State": value}
        return Message(f"Door/State/{name}", source, data, operation, self._controller.device_time())

    def _happen(self, topic: str, **data: str) -> None:
        source = {"AccessPointToken": self.access_point}
        self._controller.events.publish(Message(topic, source, data, None, self._controller.device_time()))


class DoorController(Device):
    """Device, event, access and door services for some doors; other arguments as Device's."""

    kind = "door controller"

    def __init__(self, *args: Any, doors: Sequence[str] = ("door1", "door2"), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.doors = {token: Door(self, token) for token in doors}
        self.tells_states = True
        """Whether it tells states to a subscriber at all; else they have to be asked for."""
        monotonic = {"monotonic": kwargs["monotonic"]} if "monotonic" in kwargs else {}
        self.events = EventService(self._states, self.device_time, self.xaddr, lambda: self.gone, **monotonic)
        self.add(self.events)
        self.add(AccessService(lambda: {door.access_point: token for token, door in self.doors.items()}))
        self.add(DoorService(lambda: {token: door.present() for token, door in self.doors.items()}))

    def _states(self) -> list[Message]:
        if not self.tells_states:
            return []
        return [message for door in self.doors.values() for message in door.states()]
