"""A fleet that is not there: thousands of agents' reports, encoded beforehand, over a few MQTT connections.

A process of its own, with no MQTT library: what it costs must not be taken for the hub's. `python -m
tests.bench.fleet_load JSON` makes the fleet known, says `ready`, waits for a line, sends, and prints what came of it.
"""

import json
import random
import re
import socket
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.codec import METRICS
from wire.codec import encode, inventory_hash
from wire.messages import Device, DeviceKind, Inventory, Report, Sample

SEQ, TIME, VALUE = b"1111111111", b"2222222222222", b"0.33333"
"""Stand in the encoded reports where each round's own number, time and value go; all of one width."""

CONNECTIONS = 4
EAR = "fleet-ear"
CLIENTS = (EAR, *(f"fleet-{number}" for number in range(CONNECTIONS)))
"""Those who connect; over TLS the broker calls each by its certificate."""

FIRST = 1_000_000_000
STUCK_SECONDS = 10.0
"""Without an answer for so long, what is outstanding was dropped: it is written off, and sending goes on."""

_ACKED = re.compile(rb'load(\d+):(\d+)(?:-(\d+))?"')
_LONGEST_ID = 64


@dataclass(frozen=True)
class Order:
    """What a fleet is to send. `rate` in reports a second (0: as fast as answers come); `seconds` of sending.

    `window` bounds the reports nobody has answered yet; without `answers` nobody is expected to answer any. `count`,
    where it is not 0, ends the sending instead of `seconds`.
    """

    port: int
    agents: int
    devices: int = 1
    metrics: int = 3
    rate: float = 0.0
    seconds: float = 5.0
    window: int = 15_000
    chunk: int = 50
    answers: bool = True
    announce: bool = True
    count: int = 0
    values: Mapping[str, float] = field(default_factory=dict)
    """What every device tells; empty: its first `metrics`, whose seconds change."""
    tls: tuple[str, str] | None = None
    """Path of the authority, and of the folder that has a certificate for each of CLIENTS."""


@dataclass
class Outcome:
    """What came of it. Latencies from the sample's time to its acknowledgement, seconds."""

    sent: int = 0
    answered: int = 0
    acknowledgements: int = 0
    seconds: float = 0.0
    """From the first report to the last answer (without answers: to the last report)."""
    cpu_seconds: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    body_bytes: int = 0


def packet(topic: str, body: bytes) -> bytes:
    """An MQTT 3.1.1 PUBLISH at QoS 0."""
    name = topic.encode()
    return b"\x30" + _length(2 + len(name) + len(body)) + len(name).to_bytes(2, "big") + name + body


def _length(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def _text(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


def connect(order: Order, name: str) -> socket.socket:
    """An MQTT session without keep-alive."""
    plain = socket.create_connection(("127.0.0.1", order.port), timeout=30)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link: socket.socket = plain
    if order.tls is not None:
        context = ssl.create_default_context(cafile=order.tls[0])
        context.load_cert_chain(f"{order.tls[1]}/{name}.crt", f"{order.tls[1]}/{name}.key")
        link = context.wrap_socket(plain, server_hostname="localhost")
    body = _text("MQTT") + b"\x04\x02\x00\x00" + _text(name)
    link.sendall(b"\x10" + _length(len(body)) + body)
    if link.recv(4)[:4] != b"\x20\x02\x00\x00":
        raise ConnectionError("the broker refuses the fleet")
    return link


class Answers:
    """Hears the acknowledgements in a thread of its own, and knows when each was asked for."""

    def __init__(self, order: Order) -> None:
        self.answered = 0
        self.messages = 0
        self.last = time.perf_counter()
        self.asked: dict[tuple[int, int], float] = {}
        """(chunk, number) → when its reports were sent."""
        self.waits: deque[float] = deque(maxlen=200_000)
        self._link = connect(order, EAR)
        body = b"\x00\x01" + _text("wk/v1/+/+/ack") + b"\x00"
        self._link.sendall(b"\x82" + _length(len(body)) + body)
        self._link.recv(5)
        self._link.settimeout(None)
        threading.Thread(target=self._listen, daemon=True).start()

    def forget(self) -> None:
        """Begin counting."""
        self.answered = self.messages = 0
        self.waits.clear()

    def _listen(self) -> None:
        rest = b""
        while data := self._link.recv(1 << 18):
            now, end = time.perf_counter(), 0
            self.messages += data.count(b'"committed"')
            data = rest + data
            for found in _ACKED.finditer(data):
                end = found.end()
                first = int(found[2])
                last = int(found[3] or first)
                self.answered += last - first + 1
                chunk = int(found[1])
                self.waits.extend(now - self.asked.get((chunk, seq), now) for seq in range(first, last + 1))
            self.last = now
            rest = data[end:][-_LONGEST_ID:]


@dataclass
class Fleet:
    """The encoded reports of all agents in chunks, and the connections they go over."""

    order: Order
    chunks: list[bytes] = field(default_factory=list)
    round: int = 0
    outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        order = self.order
        self.links = [connect(order, name) for name in CLIENTS if name != EAR]
        self.answers = Answers(order) if order.answers else None
        self._devices = [Device(device=f"cam-{n:03}", kind=DeviceKind.CAMERA) for n in range(order.devices)]
        for first in range(0, order.agents, order.chunk):
            names = range(first, min(first + order.chunk, order.agents))
            self.chunks.append(b"".join(self._packet(name, len(self.chunks)) for name in names))
        self._boot = f"{random.getrandbits(64):x}"

    def _packet(self, agent: int, chunk: int) -> bytes:
        few = {name: 0.33333 if name.endswith("seconds") else 1.0 for name in METRICS[: self.order.metrics]}
        values = self.order.values or few
        at = int(TIME)
        report = Report(
            id=f"load{chunk:06}:{SEQ.decode()}",
            boot="b",
            mono=int(SEQ),
            sent=at,
            inventory_hash=inventory_hash(self._devices),
            samples=[Sample(device=device.device, at=at, values=values) for device in self._devices],
        )
        body = encode(report)
        self.outcome.body_bytes = len(body)
        return packet(f"wk/v1/{_site(agent)}/gateway/report", body)

    def announce(self) -> None:
        """Every agent's inventory, then reports until each has been acknowledged."""
        body = encode(Inventory(hash=inventory_hash(self._devices), devices=self._devices))
        whole = [packet(f"wk/v1/{_site(agent)}/gateway/inventory", body) for agent in range(self.order.agents)]
        for first in range(0, len(whole), 1000):
            self.links[0].sendall(b"".join(whole[first : first + 1000]))
            self._await_one()
        for _ in range(2):
            self.send(len(self.chunks), 0.0, time.perf_counter() + 600)

    def _await_one(self) -> None:
        """The hub has come to what was sent last: it answers a report sent behind it."""
        if self.answers is None:
            return
        for _ in range(200):
            before = self.answers.answered
            self._put(0)
            deadline = time.perf_counter() + 1.0
            while self.answers.answered == before and time.perf_counter() < deadline:
                time.sleep(0.01)
            if self.answers.answered > before:
                return
        raise TimeoutError("the hub answers nothing")

    def send(self, chunks: int, rate: float, until: float) -> int:
        """So many chunks (0: until the time is over) at so many reports a second; how many reports were sent."""
        began, sent, number = time.perf_counter(), 0, 0
        base = self.answers.answered if self.answers else 0
        while (number < chunks or not chunks) and time.perf_counter() < until:
            now = time.perf_counter()
            answered = self.answers.answered - base if self.answers else sent
            if self.answers and sent > answered and now - max(self.answers.last, began) > STUCK_SECONDS:
                base -= sent - answered
            early = bool(rate) and sent >= rate * (now - began)
            if early or sent - answered >= self.order.window:
                time.sleep(0.001)
                continue
            sent += self._put(number % len(self.chunks))
            number += 1
        while self.answers and self.answers.answered - base < sent:
            if time.perf_counter() - max(self.answers.last, began) > STUCK_SECONDS:
                break
            time.sleep(0.002)
        return sent

    def _put(self, chunk: int) -> int:
        if chunk == 0:
            self.round += 1
        seq = FIRST + self.round
        body = self.chunks[chunk].replace(SEQ, b"%d" % seq).replace(TIME, b"%d" % (time.time_ns() // 1_000_000))
        body = body.replace(VALUE, b"0.%05d" % random.randrange(10_000, 90_000))
        if self.answers:
            self.answers.asked[chunk, seq] = time.perf_counter()
        self.links[chunk % len(self.links)].sendall(body)
        first = chunk * self.order.chunk
        return min(first + self.order.chunk, self.order.agents) - first

    def run(self) -> Outcome:
        """The order itself, after everybody is known."""
        if self.answers:
            self.answers.forget()
        order, result = self.order, self.outcome
        cpu, began = time.process_time(), time.perf_counter()
        chunks = -(-order.count // order.chunk) if order.count else 0
        result.sent = self.send(chunks, order.rate, began + (order.seconds if not chunks else 600))
        result.cpu_seconds = time.process_time() - cpu
        result.seconds = time.perf_counter() - began
        if self.answers:
            result.answered, result.acknowledgements = self.answers.answered, self.answers.messages
            result.seconds = max(self.answers.last - began, 1e-9)
            waits = sorted(self.answers.waits)
            if waits:
                result.p50, result.p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        return result


def _site(agent: int) -> str:
    return f"s{agent:06}"


def main(arguments: list[str]) -> None:
    """One order."""
    told: dict[str, Any] = json.loads(Path(arguments[0]).read_text())
    if told.get("tls"):
        told["tls"] = tuple(told["tls"])
    fleet = Fleet(Order(**told))
    if fleet.order.announce:
        fleet.announce()
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(asdict(fleet.run())), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
