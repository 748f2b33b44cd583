"""A recorder of which only the event streams are there: its port, its account, both faces."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

from simulator.device.auth import Gate
from simulator.device.server import Answer, Exchange, Misbehaviour, Port
from simulator.recorder.box import Box
from simulator.recorder.streams import AlertFace, AttachFace, EventFace


class StreamingRecorder:
    """Attributes may be set at any time from any thread."""

    def __init__(
        self,
        box: Box,
        username: str = "watchkeeper",
        password: str = "secret",  # noqa: S107 - of a device that is not there
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.box = box
        self.alerts = AlertFace(box)
        self.attach = AttachFace(box)
        self.status: int | None = None
        """Answered instead of any stream, after a login that was good."""
        self.one_time_nonces = False
        """Whether a digest's nonce is taken once, as Dahua does, and its second use refused as a wrong login."""
        self.gate = Gate(username, password, box.now, monotonic)
        self._used: set[str] = set()
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._port = Port("127.0.0.1", 0, self._respond)

    def on(self) -> None:
        """Switch on."""
        self._port.on()

    def off(self) -> None:
        """Switch off: connections are cut and refused."""
        self._port.off()

    def __enter__(self) -> Self:
        self.on()
        return self

    def __exit__(self, *_: object) -> None:
        self._port.close()

    @property
    def host(self) -> str:
        """Where it listens."""
        return self._port.host

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port.number

    @property
    def requests(self) -> Counter[str]:
        """Requests since the start by path, those that were only challenged included."""
        with self._lock:
            return Counter(self._asked)

    @property
    def misbehaviour(self) -> Misbehaviour | None:
        """What it does instead of answering; None: it answers."""
        return self._port.misbehaviour

    @misbehaviour.setter
    def misbehaviour(self, how: Misbehaviour | None) -> None:
        self._port.misbehaviour = how

    def _respond(self, exchange: Exchange) -> Answer:
        path = exchange.path.partition("?")[0]
        with self._lock:
            self._asked[path] += 1
        passes, stale = False, False
        if exchange.authorization is not None and not self._used_before(exchange.authorization):
            passes, stale = self.gate.digest(exchange.authorization, exchange.method, exchange.path)
        if not passes:
            return Answer(401, {"WWW-Authenticate": self.gate.challenge(stale)}, b"")
        faces: dict[str, EventFace] = {self.alerts.path: self.alerts, self.attach.path: self.attach}
        if self.status is not None:
            return Answer(self.status, {}, b"")
        return faces[path].answer(exchange) if path in faces else Answer(404, {}, b"")

    def _used_before(self, authorization: str) -> bool:
        nonce = re.search(r'nonce="([^"]*)"', authorization)
        if not self.one_time_nonces or nonce is None:
            return False
        with self._lock:
            used = nonce[1] in self._used
            self._used.add(nonce[1])
        return used
