"""A recorder that answers Dahua's CGI over HTTP with digest, from a box's inside, with the quirks of its firmwares."""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

from simulator.dahua import tables
from simulator.dahua.searches import Search, Searches, files, take, walk_log
from simulator.device.auth import Gate
from simulator.device.server import Answer, Exchange, Port
from simulator.device.simulated import Simulated
from simulator.recorder.box import Box, Entry
from simulator.recorder.streams import AttachFace

_TEXT = {"Content-Type": "text/plain; charset=utf-8"}
_BAD_REQUEST = b"Error\r\nBad Request!\r\n"
_NONCE = re.compile(r'nonce="([^"]*)"')

Asked = dict[str, str]


class DahuaRecorder(Simulated):
    """A box behind Dahua's CGI. Attributes may be set at any time.

    Questions go by name: the action (`getCurrentTime`, `findNextFile`, `snapshot`), the configuration (`NTP`) or the
    newer call (`recordManager/getStateAll`).
    """

    def __init__(
        self,
        box: Box | None = None,
        username: str = "watchkeeper",
        password: str = "secret",  # noqa: S107 - a simulated device's
        port: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
        lockout_after: int | None = None,
    ) -> None:
        self.box = box or Box()
        self.gate = Gate(username, password, self.box.now, monotonic, lockout_after)
        self.attach = AttachFace(self.box)
        self.search_base = 1
        """What `condition.Channel` calls the first channel."""
        self.told_base: int | None = 0
        """What found items call it; None: they do not say."""
        self.picture_base = 1
        """What `snapshot.cgi` calls it."""
        self.time_zone: int | None = 13
        """Index of `NTP.TimeZone`; the box's own offset is what its clock goes by."""
        self.locales = {"DSTEnable": "false", "TimeFormat": "yyyy-MM-dd HH:mm:ss"}
        self.anonymous_time = False
        self.missing: set[str] = set()
        """Questions this firmware does not know, answered with `missing_status`."""
        self.missing_status = 400
        self.forbidden: set[str] = set()
        """Questions the account may not ask: 403, or an `Error` under 200 with `errors_under_200`."""
        self.errors_under_200 = False
        self.exhausted: set[str] = set()
        """Questions answered 401 to anybody: all connections are taken."""
        self.instead: dict[str, bytes] = {}
        """Answers to give, whatever is asked."""
        self.refuses_empty = True
        """A search without a result is an error, not an empty list."""
        self.longest_search: float | None = None
        """Seconds that may be searched at once."""
        self.page = 100
        """Files told at once, at most."""
        self.parallel: int | None = None
        """Requests worked on at once; one more wedges it: it hangs."""
        self.logs_logins = False
        """Every question leaves a login over CGI in the log, as on the real ones."""
        self.finders, self.log_searches = Searches(4), Searches(2)
        self.requests: Counter[str] = Counter()
        """Answered with the account, by name."""
        self.most_at_once = 0
        self.reused_nonces = 0
        self._used: set[str] = set()
        self._inside = 0
        self._lock = threading.Lock()
        self._port = Port("127.0.0.1", port, self._respond)

    # -- who asks ------------------------------------------------------------------------------------------------

    def _respond(self, exchange: Exchange) -> Answer:
        with self._working():
            url = urlsplit(exchange.path)
            if not url.path.startswith("/cgi-bin/"):
                return Answer(404, {}, b"")
            asked = dict(parse_qsl(url.query, keep_blank_values=True))
            name = _name(url.path, asked)
            if not (name == "getCurrentTime" and self.anonymous_time):
                refused = self._admit(exchange, name)
                if refused is not None:
                    return refused
            with self._lock:
                self.requests[name] += 1
            if self.logs_logins:
                self.box.note(Entry(self.box.now(), "cgi_login", self.gate.username, "127.0.0.1"))
            if name == "attach" or (name == "getEventIndexes" and asked.get("code") != "VideoLoss"):
                return self.attach.answer(exchange)
            return self._answer(name, asked)

    def _admit(self, exchange: Exchange, name: str) -> Answer | None:
        challenge = {"WWW-Authenticate": self.gate.challenge(), **_TEXT}
        if exchange.authorization is None:
            return Answer(401, challenge, b"")
        if self.gate.locked_seconds:
            lock = {"ErrorCode": 268632081, "Result": False, "RmLock": int(self.gate.locked_seconds), "RmLogin": 0}
            return Answer(403, {"Content-Type": "application/json"}, json.dumps(lock).encode())
        with self._lock:
            nonce = _NONCE.search(exchange.authorization)
            again = nonce is not None and nonce[1] in self._used
            self._used |= {nonce[1]} if nonce else set()
            self.reused_nonces += again
        if again or not self.gate.digest(exchange.authorization, exchange.method, exchange.path)[0]:
            return Answer(401, challenge, b"Invalid Authority!")
        if name in self.exhausted:
            return Answer(401, challenge, b"")
        return None

    @contextmanager
    def _working(self) -> Iterator[None]:
        with self._lock:
            self._inside += 1
            self.most_at_once = max(self.most_at_once, self._inside)
            wedged = self.parallel is not None and self._inside > self.parallel
        try:
            if wedged:
                self._port.gone.wait(60.0)
            yield
        finally:
            with self._lock:
                self._inside -= 1

    # -- what is asked -------------------------------------------------------------------------------------------

    def _answer(self, name: str, asked: Asked) -> Answer:
        if name in self.instead:
            return Answer(200, _TEXT, self.instead[name])
        if name in self.forbidden:
            if self.errors_under_200:
                return Answer(200, _TEXT, b"Error: No Permission\r\n")
            return Answer(403, _TEXT, b"Authority:check failure.")
        answer = None if name in self.missing else self._known(name, asked)
        if answer is None:
            status = self.missing_status if name in self.missing else 400
            return Answer(200 if self.errors_under_200 else status, _TEXT, _BAD_REQUEST)
        return answer if isinstance(answer, Answer) else Answer(200, _TEXT, answer)

    def _known(self, name: str, asked: Asked) -> bytes | Answer | None:
        """The answer, None for an error."""
        lines = self._lines(name)
        if lines is not None:
            return tables.body(lines)
        if asked.get("object") is not None or name == "factory.create":
            return self._finder(name, asked)
        if name in ("startFind", "doFind", "stopFind"):
            return walk_log(self.box, self.log_searches, name, asked)
        if name == "snapshot":
            return self._picture(asked)
        if name == "LogicDeviceManager/getCameraState":
            states = [{"channel": index, "connectionState": state} for index, state in tables.states(self.box)]
            return json.dumps({"states": states}).encode()
        if name == "recordManager/getStateAll":
            recorded = [{"Main": {"State": int(tables.records(channel))}} for channel in self.box.channels]
            return json.dumps({"state": recorded}).encode()
        return None

    def _lines(self, name: str) -> list[str] | None:
        here: dict[str, Callable[[], list[str]]] = {
            "Locales": lambda: [f"table.Locales.{key}={value}" for key, value in self.locales.items()],
            "NTP": lambda: tables.ntp(self.box, self.time_zone),
        }
        found = here.get(name)
        return found() if found else tables.plain(self.box, name)

    # -- searches ------------------------------------------------------------------------------------------------

    def _finder(self, name: str, asked: Asked) -> bytes | None:
        if name == "factory.create":
            made = self.finders.make()
            return None if made is None else tables.body([f"result={made}"])
        search = self.finders.get(asked["object"])
        if search is None:
            return None
        if name == "destroy":
            self.finders.end(asked["object"])
        elif name == "close":
            search.begun, search.files = False, []
        elif name == "findFile":
            return self._find(search, asked)
        elif name == "findNextFile":
            return self._next(search, asked) if search.begun else None
        else:
            return None
        return b"OK\r\n"

    def _find(self, search: Search, asked: Asked) -> bytes | None:
        index = int(asked["condition.Channel"]) - self.search_base
        begin = tables.read(self.box, asked["condition.StartTime"])
        end = tables.read(self.box, asked["condition.EndTime"])
        known = 0 <= index < len(self.box.channels)
        if not known or (self.longest_search is not None and end - begin > self.longest_search):
            return None
        search.begun, search.files = True, files(self.box, index, begin, end)
        return None if self.refuses_empty and not search.files else b"OK\r\n"

    def _next(self, search: Search, asked: Asked) -> bytes:
        page = take(search.files, min(int(asked["count"]), self.page))
        lines = [f"found={len(page)}"]
        for n, (index, (begin, end)) in enumerate(page):
            if self.told_base is not None:
                lines.append(f"items[{n}].Channel={index + self.told_base}")
            lines += [
                f"items[{n}].EndTime={tables.written(self.box, end)}",
                f"items[{n}].FilePath=/mnt/dvr/sda0/{n}.dav",
                f"items[{n}].StartTime={tables.written(self.box, begin)}",
                f"items[{n}].Type=dav",
            ]
        return tables.body(lines)

    def _picture(self, asked: Asked) -> Answer | None:
        try:
            channel = self.box.channel(int(asked.get("channel", "1")) - self.picture_base + 1)
        except KeyError:
            return None
        picture = channel.snapshot()
        return Answer(200, {"Content-Type": "image/jpeg"}, picture) if picture else None


def _name(path: str, asked: Asked) -> str:
    script = path.removeprefix("/cgi-bin/")
    if script.startswith("api/"):
        return script.removeprefix("api/")
    if script == "snapshot.cgi":
        return "snapshot"
    return asked.get("name", "") if asked.get("action") == "getConfig" else asked.get("action", script)
