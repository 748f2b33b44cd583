"""The access control service: which reader belongs to which door."""

from collections.abc import Callable, Mapping

from lxml import etree

from simulator.onvif.soap import TAC, Request, element


class AccessService:
    """`readers` maps each access point's token to its door's, asked at every call."""

    namespace = TAC
    capability = "AccessControl"
    path = "/onvif/access_service"

    def __init__(self, readers: Callable[[], Mapping[str, str]]) -> None:
        self._readers = readers

    def handle(self, request: Request) -> etree._Element | None:
        """See Service."""
        if (request.namespace, request.operation) != (TAC, "GetAccessPointInfoList"):
            return None
        infos = [
            element(
                TAC,
                "AccessPointInfo",
                element(TAC, "Name", text=reader),
                element(TAC, "Entity", text=door),
                element(TAC, "Capabilities", DisableAccessPoint="false"),
                token=reader,
            )
            for reader, door in self._readers().items()
        ]
        return element(TAC, "GetAccessPointInfoListResponse", *infos)
