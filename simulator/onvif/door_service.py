"""The door control service, as far as it only reads: which doors there are, and how each is."""

from collections.abc import Callable, Mapping

from lxml import etree

from simulator.onvif.soap import TDC, Fault, Request, element


class DoorService:
    """`doors` maps each door's token to its properties, named as their topics; asked at every call."""

    namespace = TDC
    capability = "DoorControl"
    path = "/onvif/door_service"

    def __init__(self, doors: Callable[[], Mapping[str, Mapping[str, str]]]) -> None:
        self._doors = doors

    def handle(self, request: Request) -> etree._Element | None:
        """See Service."""
        if request.namespace != TDC:
            return None
        if request.operation == "GetDoorInfoList":
            return self._list()
        return self._state(request.text("Token") or "") if request.operation == "GetDoorState" else None

    def _list(self) -> etree._Element:
        infos = [
            element(TDC, "DoorInfo", element(TDC, "Name", text=token), element(TDC, "Capabilities"), token=token)
            for token in self._doors()
        ]
        return element(TDC, "GetDoorInfoListResponse", *infos)

    def _state(self, token: str) -> etree._Element:
        states = self._doors().get(token)
        if states is None:
            raise Fault("no such door", "InvalidArgVal", "NotFound")
        parts = [
            element(TDC, name, text=states[name])
            for name in ("DoorPhysicalState", "LockPhysicalState", "DoubleLockPhysicalState")
        ]
        parts.append(element(TDC, "Alarm", text=states["DoorAlarm"]))
        parts += [element(TDC, name, element(TDC, "State", text=states[f"Door{name}"])) for name in ("Tamper", "Fault")]
        parts.append(element(TDC, "DoorMode", text=states["DoorMode"]))
        return element(TDC, "GetDoorStateResponse", element(TDC, "DoorState", *parts))
