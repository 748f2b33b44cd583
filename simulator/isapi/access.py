"""A simulated access controller of Hikvision: event stream, work status, event search, digest checked."""

import datetime
import itertools
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.device.auth import Gate
from simulator.device.server import Answer, Exchange, Port
from simulator.device.simulated import Simulated
from simulator.isapi.document import NEW, response, written

BOUNDARY = "MIME_boundary"
_JSON = {"Content-Type": 'application/json; charset="UTF-8"'}
_PAGE = 30
_LOOK_SECONDS = 0.02


@dataclass
class AccessDoor:
    """How one door is, in the numbers of AcsWorkStatus."""

    lock: int = 0
    mode: int = 4
    contact: int = 0


@dataclass
class _Stream:
    """One client that listens."""

    queue: deque[bytes] = field(default_factory=deque)
    dead: bool = False


class AccessController(Simulated):
    """Attributes may be set at any time from any thread. Each happening reaches every stream at once.

    `clock` gives Unix seconds; its own clock shows `clock_offset` seconds more.
    """

    def __init__(
        self,
        doors: int = 2,
        port: int = 0,
        username: str = "watchkeeper",
        password: str = "secret",  # noqa: S107 - of a device that is not there
        *,
        host: str = "127.0.0.1",
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        lockout_after: int | None = None,
    ) -> None:
        self.doors = {number: AccessDoor() for number in range(1, doors + 1)}
        self.heartbeat_seconds = 0.1
        """Real ones take 10 s or so."""
        self.clock_offset = 0.0
        self.xml = False
        """Whether events come as XML; else as JSON."""
        self.pictures = False
        """Whether a picture follows each event."""
        self.repeats = 0
        """So many of the newest events are told again on every connection, as not current."""
        self.refuses: set[str] = set()
        """Paths below /ISAPI/ that it does not know: 403 and notSupport."""
        self.forbids: set[str] = set()
        """Paths that the account may not ask for: 403 and lowPrivilege."""
        self.raw: bytes | None = None
        """What a stream consists of instead of events, again and again."""
        self.gate = Gate(username, password, self.now, monotonic, lockout_after)
        self._clock = clock
        self._numbers = itertools.count(1)
        self._log: list[dict[str, Any]] = []
        self._streams: list[_Stream] = []
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._port = Port(host, port, self._respond)

    @property
    def requests(self) -> Counter[str]:
        """Requests that passed the gate, by path below /ISAPI/ without its query."""
        with self._lock:
            return Counter(self._asked)

    @property
    def listeners(self) -> int:
        """Streams that are open and alive."""
        with self._lock:
            return sum(not stream.dead for stream in self._streams)

    def now(self) -> float:
        """Its own clock, Unix seconds."""
        return self._clock() + self.clock_offset

    # -- what happens --------------------------------------------------------------------------------------------

    def happen(self, major: int, minor: int, door: int | None = None, **more: Any) -> dict[str, Any]:
        """An event by its numbers, logged and told; what it consists of."""
        at = datetime.datetime.fromtimestamp(self.now(), datetime.timezone(datetime.timedelta(hours=8)))
        event = {"major": major, "minor": minor, "time": at.isoformat(timespec="seconds"), **more}
        if door is not None:
            event["doorNo"] = door
        with self._lock:
            event["serialNo"] = next(self._numbers)
            self._log.append(event)
            for stream in self._streams:
                if not stream.dead:
                    stream.queue.append(self._part(event, current=True))
        return event

    def open(self, door: int, contact: bool = True) -> None:
        """A door opens, as it may. Without `contact` only the event comes."""
        self.doors[door].contact = int(contact)
        self.happen(5, 25, door)

    def close(self, door: int) -> None:
        """It closes."""
        self.doors[door].contact = 0
        self.happen(5, 26, door)

    def force(self, door: int) -> None:
        """It opens without permission."""
        self.doors[door].contact = 1
        self.happen(5, 27, door)

    def hold_open(self, door: int) -> None:
        """It stands open too long."""
        self.doors[door].contact = 1
        self.happen(5, 28, door)

    def grant(self, door: int) -> None:
        """A card is let in. The event carries whose it is, as real ones do."""
        self.happen(5, 1, door, cardReaderNo=1, cardNo="0004711", name="Ms Li", employeeNoString="42")

    def kill_streams(self) -> None:
        """Let all streams die silently: they stay open, and nothing comes any more."""
        with self._lock:
            for stream in self._streams:
                stream.dead = True
                stream.queue.clear()

    # -- requests ------------------------------------------------------------------------------------------------

    def _respond(self, exchange: Exchange) -> Answer:
        whole, _, _ = exchange.path.partition("?")
        path = whole.removeprefix("/ISAPI/")
        refused = self._authenticate(exchange)
        if refused is not None:
            return refused
        with self._lock:
            self._asked[path] += 1
        if path in self.forbids:
            return self._status(403, whole, "lowPrivilege")
        if path in self.refuses:
            return self._status(403, whole, "notSupport")
        if path == "Event/notification/alertStream":
            return Answer(200, {"Content-Type": f"multipart/mixed; boundary={BOUNDARY}"}, b"", self._pieces())
        if path == "AccessControl/AcsWorkStatus":
            return Answer(200, _JSON, json.dumps({"AcsWorkStatus": self._work_status()}).encode())
        if path == "AccessControl/AcsEvent" and exchange.method == "POST":
            return Answer(200, _JSON, json.dumps({"AcsEvent": self._search(exchange.body)}).encode())
        return self._status(403, whole, "notSupport")

    def _authenticate(self, exchange: Exchange) -> Answer | None:
        stale = False
        if exchange.authorization is not None:
            passes, stale = self.gate.digest(exchange.authorization, exchange.method, exchange.path)
            if passes:
                return None
        return Answer(401, {"WWW-Authenticate": self.gate.challenge(stale)}, b"")

    def _work_status(self) -> dict[str, object]:
        doors = [self.doors[number] for number in sorted(self.doors)]
        return {
            "doorLockStatus": [door.lock for door in doors],
            "doorStatus": [door.mode for door in doors],
            "magneticStatus": [door.contact for door in doors],
            "caseStatus": [0, 0],
            "powerSupplyStatus": "ACPowerSupply",
        }

    def _search(self, body: bytes) -> dict[str, object]:
        condition = json.loads(body)["AcsEventCond"]
        begin, end = (datetime.datetime.fromisoformat(condition[name]) for name in ("startTime", "endTime"))
        with self._lock:
            found = [one for one in self._log if begin <= datetime.datetime.fromisoformat(one["time"]) <= end]
        start = condition["searchResultPosition"]
        page = found[start : start + min(_PAGE, condition["maxResults"])]
        more = start + len(page) < len(found)
        return {
            "searchID": condition["searchID"],
            "responseStatusStrg": "MORE" if more else "OK" if page else "NO MATCH",
            "numOfMatches": len(page),
            "totalMatches": len(found),
            "InfoList": page,
        }

    def _status(self, http: int, path: str, sub: str) -> Answer:
        return Answer(
            http, {"Content-Type": "application/xml"}, written(response(path, 4, "Invalid Operation", sub), NEW)
        )

    # -- the stream ----------------------------------------------------------------------------------------------

    def _pieces(self) -> Iterator[bytes]:
        stream = _Stream()
        with self._lock:
            stream.queue.extend(
                self._part(event, current=False) for event in self._log[-self.repeats or len(self._log) :]
            )
            self._streams.append(stream)
        beat = 0.0
        try:
            while True:
                if self.raw is not None:
                    yield self.raw
                elif not stream.dead:
                    while stream.queue:
                        yield stream.queue.popleft()
                    if time.monotonic() >= beat:
                        beat = time.monotonic() + self.heartbeat_seconds
                        yield self._heartbeat()
                time.sleep(_LOOK_SECONDS)
                yield b""
        finally:
            with self._lock:
                self._streams.remove(stream)

    def _heartbeat(self) -> bytes:
        return self._multipart({"eventType": "heartBeat", "eventState": "active", "eventDescription": "Heart beat"})

    def _part(self, event: dict[str, Any], current: bool) -> bytes:
        inner = {name: value for name, value in event.items() if name not in ("major", "minor", "time")}
        inner |= {"majorEventType": event["major"], "subEventType": event["minor"], "currentEvent": current}
        inner |= {"deviceName": "Access Controller", "currentVerifyMode": "card", "attendanceStatus": "undefined"}
        told = {
            "ipAddress": self.host,
            "dateTime": event["time"],
            "activePostCount": 1,
            "eventType": "AccessControllerEvent",
            "eventState": "active",
            "AccessControllerEvent": inner,
        }
        picture = _wrapped("image/jpeg", b"\xff\xd8\xff" + b"\x00--" * 2000) if self.pictures else b""
        return self._multipart(told) + picture

    def _multipart(self, told: dict[str, Any]) -> bytes:
        if not self.xml:
            return _wrapped(_JSON["Content-Type"], json.dumps(told, indent="\t").encode())
        nodes = [
            (name, [(key, str(one).lower() if isinstance(one, bool) else one) for key, one in value.items()])
            if isinstance(value, dict)
            else (name, value)
            for name, value in told.items()
        ]
        return _wrapped('application/xml; charset="UTF-8"', written(("EventNotificationAlert", nodes), NEW))


def _wrapped(kind: str, body: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body + b"\r\n"
