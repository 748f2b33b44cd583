"""A simulated recorder's ISAPI face: its port, its account, its paths, and what vendors do differently."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable

from simulator.device.auth import Gate
from simulator.device.server import Answer, Exchange, Port
from simulator.device.simulated import Simulated
from simulator.isapi import channels, system
from simulator.isapi.calendar import Calendar
from simulator.isapi.document import NEW, Node, response, written
from simulator.isapi.searches import BadRequest, Searches
from simulator.recorder.box import Box
from simulator.recorder.streams import AlertFace

_XML = {"Content-Type": 'application/xml; charset="UTF-8"'}


class IsapiRecorder(Simulated):
    """Attributes may be set at any time from any thread. Everything it tells is in `box`."""

    def __init__(
        self,
        box: Box,
        port: int = 0,
        username: str = "watchkeeper",
        password: str = "secret",  # noqa: S107 - of a device that is not there
        *,
        host: str = "127.0.0.1",
        monotonic: Callable[[], float] = time.monotonic,
        lockout_after: int | None = None,
    ) -> None:
        self.box = box
        self.calendar = Calendar(box.utc_offset_seconds)
        """Its zone, and whether the Z behind its search results is true."""
        self.searches = Searches(box, self.calendar)
        self.alerts = AlertFace(box)
        self.namespace = NEW
        self.anonymous_time = False
        """Whether the time is told without an account."""
        self.hides_offline = False
        """Whether a channel leaves all lists while its camera is away."""
        self.analogue: set[int] = set()
        """Channels on its own video inputs; all others come over the network."""
        self.poe_slots: list[int] = []
        """Numbers of PoE ports with nothing on them, listed all the same."""
        self.empty_slots = 0
        """Empty disk slots, listed all the same."""
        self.refuses: set[str] = set()
        """Paths below /ISAPI/, or their beginnings, that it does not know: 403 and notSupport."""
        self.forbids: set[str] = set()
        """Paths that the account may not ask for: 403 and lowPrivilege."""
        self.instead: dict[str, Callable[[Exchange], Answer]] = {}
        """Path → what it answers instead of the truth."""
        self.most_connections: int | None = None
        """More than so many at once get `busy_status`."""
        self.busy_status = 503
        self.gate = Gate(username, password, box.now, monotonic, lockout_after)
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._port = Port(host, port, self._respond)

    @property
    def requests(self) -> Counter[str]:
        """Requests that passed the gate since the start, by path below /ISAPI/ (without its query)."""
        with self._lock:
            return Counter(self._asked)

    # -- requests ------------------------------------------------------------------------------------------------

    def _respond(self, exchange: Exchange) -> Answer:
        if self.most_connections is not None and self._port.open_connections > self.most_connections:
            return self._busy()
        whole, _, query = exchange.path.partition("?")
        if not whole.startswith("/ISAPI/"):
            return Answer(404, {}, b"")
        path = whole.removeprefix("/ISAPI/")
        refused = self._authenticate(exchange, path)
        if refused is not None:
            return refused
        with self._lock:
            self._asked[path] += 1
        if path in self.instead:
            return self.instead[path](exchange)
        if whole == self.alerts.path:
            return self.alerts.answer(exchange)
        if any(path.startswith(beginning) for beginning in self.refuses):
            return self._status(403, whole, 4, "Invalid Operation", "notSupport")
        if any(path.startswith(beginning) for beginning in self.forbids):
            return self._status(403, whole, 4, "Invalid Operation", "lowPrivilege")
        try:
            return self._answer(exchange, path, query) or self._status(403, whole, 4, "Invalid Operation", "notSupport")
        except BadRequest as problem:
            return self._status(400, whole, 6, "Invalid XML Content", str(problem))

    def _authenticate(self, exchange: Exchange, path: str) -> Answer | None:
        """None to let it pass."""
        if path == "System/time" and self.anonymous_time:
            return None
        stale = False
        if exchange.authorization is not None:
            passes, stale = self.gate.digest(exchange.authorization, exchange.method, exchange.path)
            if passes:
                return None
        locked = self.gate.locked_seconds
        facts: list[Node] = [
            ("statusValue", 401),
            ("statusString", "Unauthorized"),
            ("isActivated", "true"),
            ("lockStatus", "lock" if locked else "unlock"),
            ("unlockTime", int(locked)),
        ]
        if self.gate.tries_left is not None:
            facts.append(("retryLoginTime", self.gate.tries_left))
        challenge = {"WWW-Authenticate": self.gate.challenge(stale)}
        return Answer(401, challenge | _XML, written(("userCheck", facts), self.namespace))

    def _busy(self) -> Answer:
        if self.busy_status == 401:
            return Answer(401, {"WWW-Authenticate": self.gate.challenge()}, b"")
        return self._status(self.busy_status, "/ISAPI", 2, "Device Busy", "deviceBusy")

    def _answer(self, exchange: Exchange, path: str, query: str) -> Answer | None:
        if exchange.method == "POST":
            node = self._searched(path, exchange.body)
            return self._document(node) if node is not None else None
        if path.startswith("Streaming/channels/") and path.endswith("/picture"):
            return self._picture(path.split("/")[2])
        if path == "System/workingstatus" and query == "format=json":
            body = json.dumps(channels.working(self.box)).encode()
            return Answer(200, {"Content-Type": "application/json"}, body)
        told = self._told(path)
        return self._document(told) if told is not None else None

    def _told(self, path: str) -> Node | None:
        box = self.box
        network = channels.network(box, self.analogue, self.hides_offline)
        documents: dict[str, Callable[[], Node]] = {
            "System/deviceInfo": lambda: system.device_info(box),
            "System/time": lambda: system.time(box, self.calendar),
            "System/time/ntpServers": lambda: system.ntp_servers(box),
            "System/status": lambda: system.status(box),
            "Security/users": lambda: system.users(box),
            "ContentMgmt/Storage": lambda: system.storage(box, self.empty_slots),
            "ContentMgmt/Storage/extension": lambda: system.extension(box),
            "ContentMgmt/InputProxy/channels": lambda: channels.proxied(network, self.poe_slots),
            "ContentMgmt/InputProxy/channels/status": lambda: channels.statuses(network, self.poe_slots),
            "System/Video/inputs/channels": lambda: channels.wired(box, self.analogue),
            "ContentMgmt/record/tracks": lambda: channels.tracks(box),
        }
        parts = path.split("/")
        if parts[:3] == ["ContentMgmt", "Storage", "hdd"] and parts[4:] == ["SMARTTest", "status"]:
            return system.smart(box, parts[3])
        found = documents.get(path)
        return found() if found is not None else None

    def _searched(self, path: str, body: bytes) -> Node | None:
        if path == "ContentMgmt/search":
            return self.searches.recordings(body)
        if path == "ContentMgmt/logSearch":
            return self.searches.log(body)
        parts = path.split("/")
        if parts[:3] == ["ContentMgmt", "record", "tracks"] and parts[4:] == ["dailyDistribution"]:
            return self.searches.days(parts[3], body)
        return None

    def _picture(self, stream: str) -> Answer | None:
        try:
            channel = self.box.channel(int(stream) // 100)
        except (KeyError, ValueError):
            return None
        # Firmware calls an offline camera's picture a success, and sends none.
        body = channel.snapshot() if channel.online else b""
        return Answer(200, {"Content-Type": "image/jpeg"}, body)

    def _document(self, node: Node) -> Answer:
        return Answer(200, _XML, written(node, self.namespace))

    def _status(self, http: int, path: str, code: int, string: str, sub: str) -> Answer:
        return Answer(http, _XML, written(response(path, code, string, sub), self.namespace))
