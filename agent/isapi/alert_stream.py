"""Hikvision's event stream (`GET /ISAPI/Event/notification/alertStream`): recorders, cameras, access controllers.

multipart/mixed: an XML `EventNotificationAlert` or a JSON object per event, pictures between them. While nothing
happens a recorder or camera sends a `videoloss` that is `inactive` every ten seconds or so, an access controller
`heartBeat`. An event that lasts is repeated about once a second. A user with the right to be notified (operators have
it) may read it.
"""

import time
from collections.abc import Callable

from agent.device.event_stream import SILENCE_SECONDS, EventStream
from agent.device.http import DeviceHttp
from agent.device.multipart import Part

PATH = "/ISAPI/Event/notification/alertStream"

__all__ = ["PATH", "AlertStream", "Part"]


class AlertStream(EventStream):
    """The alert stream of one device; see EventStream."""

    def __init__(
        self,
        http: DeviceHttp,
        silence: float = SILENCE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(http, PATH, silence, monotonic, opened)
