"""Event streams of a simulated recorder: Hikvision's alertStream and Dahua's attach, each an answer without an end.

A face answers one path; any device with a port may offer it. Pace and misdeeds are attributes, to be set at any time.
"""

import datetime
import itertools
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from simulator.device.server import Answer, Exchange
from simulator.recorder.box import Alarm, Box

_PAUSE = 0.01


class EventFace:
    """What both have in common. `hostile` pieces go out as they are, once each, ahead of anything else."""

    boundary = "boundary"
    media_type = "multipart/mixed"

    def __init__(self, box: Box) -> None:
        self.box = box
        self.heartbeat_seconds = 10.0
        """None come where this is 0."""
        self.deaf = False
        """Connections stay open and bring nothing, not even a heartbeat."""
        self.lengths = True
        """Whether parts tell their length."""
        self.flood = False
        """Whether the last event is repeated as fast as the line takes it."""
        self.hostile: list[bytes] = []
        self.opened = 0
        """Streams begun since the start."""
        self._generation = itertools.count(1)
        self._now = 0
        self._open = 0
        self._lock = threading.Lock()

    @property
    def open(self) -> int:
        """Streams that are being sent."""
        with self._lock:
            return self._open

    def end_all(self) -> None:
        """End every stream, as by a reboot."""
        self._now = next(self._generation)

    def answer(self, exchange: Exchange) -> Answer:
        """The stream."""
        headers = {"Content-Type": f"{self.media_type}; boundary={self.boundary}", "MIME-Version": "1.0"}
        return Answer(200, headers, b"", self._counted(exchange))

    def _counted(self, exchange: Exchange) -> Iterator[bytes]:
        with self._lock:
            self._open += 1
            self.opened += 1
        try:
            yield from self._pieces(exchange)
        finally:
            with self._lock:
                self._open -= 1

    def _pieces(self, exchange: Exchange) -> Iterator[bytes]:
        generation = self._now
        events = self._events(exchange)
        while generation == self._now:
            if self.hostile:
                yield self.hostile.pop(0)
            last = b""
            for body in () if self.deaf else next(events):
                last = self._part(body)
                yield last
            while last and self.flood:
                yield last * 100
            yield b""
            time.sleep(_PAUSE)

    def _part(self, body: bytes) -> bytes:
        length = f"Content-Length: {len(body)}\r\n" if self.lengths else ""
        return f"--{self.boundary}\r\nContent-Type: {self._kind(body)}\r\n{length}\r\n".encode() + body + b"\r\n"

    def _kind(self, body: bytes) -> str:
        raise NotImplementedError

    def _events(self, exchange: Exchange) -> Iterator[list[bytes]]:
        """At each look at the box, the parts that are due."""
        raise NotImplementedError


_ISAPI = {
    "storage_failure": "diskerror",
    "storage_full": "diskfull",
    "fan_failure": "fanException",
    "power_failure": "powerException",
    "temperature_critical": "highTemperature",
    "video_loss": "videoloss",
    "tamper": "shelteralarm",
    "recording_failure": "recordException",
    "network_lost": "nicbroken",
    "address_conflict": "ipconflict",
    "illegal_login": "illAccess",
    "motion": "VMD",
}


class AlertFace(EventFace):
    """`GET /ISAPI/Event/notification/alertStream`. What lasts is repeated every `repeat_seconds`; its end is not told
    unless `tells_end`. Heartbeats stop while anything lasts."""

    path = "/ISAPI/Event/notification/alertStream"

    def __init__(self, box: Box) -> None:
        super().__init__(box)
        self.repeat_seconds = 1.0
        self.tells_end = False
        self.json = False
        self._counts: dict[Alarm, int] = {}

    def _kind(self, body: bytes) -> str:
        return "application/json" if self.json else 'application/xml; charset="UTF-8"'

    def _events(self, exchange: Exchange) -> Iterator[list[bytes]]:
        due: dict[Alarm, float] = {}
        beat, seen = 0.0, self.box.last_moment
        while True:
            now, alarms, bodies = time.monotonic(), self.box.alarms, []
            for alarm in sorted(due.keys() - alarms):
                del due[alarm]
                bodies += [self._alert(alarm, "inactive", 0)] if self.tells_end else []
            for alarm in sorted(alarms):
                if now >= due.get(alarm, 0.0):
                    due[alarm] = now + self.repeat_seconds
                    bodies.append(self._alert(alarm, "active", 1))
            for number, moment in self.box.moments(seen):
                seen = number
                bodies.append(self._alert(moment, "active", 1))
            if self.heartbeat_seconds and not alarms and now >= beat:
                beat = now + self.heartbeat_seconds
                bodies.append(self._alert(("video_loss", 1), "inactive", 0))
            yield bodies

    def _alert(self, alarm: Alarm, state: str, count: int) -> bytes:
        kind, channel = alarm
        when = datetime.datetime.fromtimestamp(self.box.now(), datetime.UTC).isoformat(timespec="seconds")
        fields: Mapping[str, str | int] = {
            "ipAddress": "192.0.2.1",
            "portNo": 80,
            "protocol": "HTTP",
            "macAddress": "00:00:5e:00:53:01",
            "channelID": channel or "",
            "dateTime": when,
            "activePostCount": count,
            "eventType": _ISAPI.get(kind, kind),
            "eventState": state,
            "eventDescription": f"{kind} alarm",
        }
        if self.json:
            return json.dumps(fields).encode()
        inner = "".join(f"<{name}>{value}</{name}>\n" for name, value in fields.items())
        space = "http://www.isapi.org/ver20/XMLSchema"
        return (f'<EventNotificationAlert version="2.0" xmlns="{space}">\n{inner}</EventNotificationAlert>\n').encode()


_DAHUA = {
    "storage_failure": "StorageFailure",
    "storage_full": "StorageLowSpace",
    "fan_failure": "FanSpeed",
    "power_failure": "PowerFault",
    "temperature_critical": "Temperature",
    "video_loss": "VideoLoss",
    "tamper": "VideoBlind",
    "recording_failure": "RecordFailed",
    "network_lost": "NetAbort",
    "address_conflict": "IPConflict",
    "illegal_login": "LoginFailure",
    "motion": "VideoMotion",
}


class AttachFace(EventFace):
    """`/cgi-bin/eventManager.cgi`: `attach` tells what begins and ends, to those who asked for its code, and nothing
    of what went on already; `getEventIndexes` tells that. `beats` False: it knows no heartbeat."""

    path = "/cgi-bin/eventManager.cgi"
    boundary = "myboundary"
    media_type = "multipart/x-mixed-replace"

    def __init__(self, box: Box) -> None:
        super().__init__(box)
        self.beats = True
        self.knows_indexes = True
        self.empty_status = 400
        """Under which it says that an event goes on nowhere; older firmware: 200."""

    def answer(self, exchange: Exchange) -> Answer:
        """The stream, or a list of channels."""
        asked = parse_qs(urlsplit(exchange.path).query)
        action = asked.get("action", [""])[0]
        if action == "attach":
            return super().answer(exchange)
        if action == "getEventIndexes" and self.knows_indexes:
            return self._indexes(asked.get("code", [""])[0])
        return Answer(400, {}, b"Error\r\nBad Request!\r\n")

    def _indexes(self, code: str) -> Answer:
        found = sorted(channel for kind, channel in self.box.alarms if _DAHUA.get(kind, kind) == code)
        lines = [f"channels[{n}]={max(0, channel - 1)}\r\n" for n, channel in enumerate(found)]
        if not lines:
            return Answer(self.empty_status, {"Content-Type": "text/plain"}, b"Error: No Events\r\n")
        return Answer(200, {"Content-Type": "text/plain"}, "".join(lines).encode())

    def _kind(self, body: bytes) -> str:
        return "text/plain"

    def _events(self, exchange: Exchange) -> Iterator[list[bytes]]:
        query = unquote(urlsplit(exchange.path).query)
        listed = re.search(r"codes=\[([^\]]*)\]", query)
        wanted = set(listed[1].split(",")) if listed else set()
        heartbeat = re.search(r"heartbeat=(\d+)", query)
        known, seen = self.box.alarms, self.box.last_moment
        beat = 0.0
        while True:
            now, alarms = time.monotonic(), self.box.alarms
            told = [(alarm, "Start") for alarm in sorted(alarms - known)]
            told += [(alarm, "Stop") for alarm in sorted(known - alarms)]
            for number, moment in self.box.moments(seen):
                seen = number
                told.append((moment, "Pulse"))
            known = alarms
            bodies = [_event(alarm, action) for alarm, action in told if {_code(alarm), "All"} & wanted]
            if heartbeat and self.beats and now >= beat:
                beat = now + (self.heartbeat_seconds or float(heartbeat[1]))
                bodies.append(b"Heartbeat")
            yield bodies


def _code(alarm: Alarm) -> str:
    return _DAHUA.get(alarm[0], alarm[0])


def _event(alarm: Alarm, action: str) -> bytes:
    data = '{\n   "Address" : "192.0.2.66",\n   "User" : "admin"\n}' if alarm[0] == "illegal_login" else "{}"
    return f"Code={_code(alarm)};action={action};index={max(0, alarm[1] - 1)};data={data}\n\n".encode()
