"""Truths turned into lies: what a device would answer, with something wrong all over it."""

import random
import re
from collections.abc import Callable, Iterator, Mapping

from simulator.device.server import Answer, Exchange, Port
from tests.agent.hostile.trap import Trap

Lie = Callable[[bytes, Trap], bytes]


def _swap(pattern: bytes, by: bytes) -> Lie:
    return lambda body, _: re.sub(pattern, by, body)


def _elsewhere(body: bytes, trap: Trap) -> bytes:
    """Every address of the device, and every one of a stream, is the trap's; names of XML's namespaces stay."""
    body = re.sub(rb"(?<=rtsp://)[^/<\"\s?]+", trap.where.encode(), body)
    return re.sub(rb"127\.0\.0\.1(:\d+)?|192\.168\.\d+\.\d+", trap.where.encode(), body)


def _truth(body: bytes) -> bytes:
    return re.sub(
        rb"\b(true|false)\b", lambda found: b"false" if found[1] == b"true" else b"true", body, flags=re.IGNORECASE
    )


def _values(by: bytes) -> Lie:
    """Every text of XML, every value of a table."""

    def lie(body: bytes, _: Trap) -> bytes:
        body = re.sub(rb">[^<>]+<", b">" + by + b"<", body)
        return body if body.startswith(b"<") else re.sub(rb"=[^\r\n]*", b"=" + by, body)

    return lie


_FILE = b"found=1\r\nitems[0].StartTime=2026-01-01 00:00:00\r\nitems[0].EndTime=2026-01-01 01:00:00"
_LETTERS = b"\xe4\xb8\xad" * 20_000

LIES: Mapping[str, Lie] = {
    "other hosts everywhere": _elsewhere,
    "the year 1970": _swap(rb"\b20\d\d\b", b"1970"),
    "the year 9999": _swap(rb"\b20\d\d\b", b"9999"),
    "the year 0": _swap(rb"\b20\d\d\b", b"0000"),
    "the 31st of February": _swap(rb"-\d\d-\d\d(?=[T ])", b"-02-31"),
    "numbers beyond all": _swap(rb"(?<![\w.:/-])\d+(?![\w:./-])", b"9" * 40),
    "numbers below nothing": _swap(rb"(?<![\w.:/-])\d+(?![\w:./-])", b"-7"),
    "numbers that are none": _swap(rb"(?<![\w.:/-])\d+(?![\w:./-])", b"NaN"),
    "nothing but zeros": _swap(rb"(?<![\w.:/-])\d+(?![\w:./-])", b"0"),
    "false for true": lambda body, _: _truth(body),
    "more for ever": lambda body, _: (
        body.replace(b"<responseStatusStrg>OK<", b"<responseStatusStrg>MORE<")
        .replace(b"Completed<", b"Searching<")
        .replace(b"found=0", _FILE)
    ),
    "no texts": _values(b""),
    "long texts": _values(_LETTERS),
    "texts of control characters": _values(b"\x7f\xc2\x85\xe2\x80\xae&#9;"),
    "texts of markup": _values(b"&lt;b&gt;%s{0}$(id)../../etc/passwd'\"; DROP TABLE"),
    "other namespaces": _swap(rb'(xmlns(:\w+)?=")[^"]+', rb"\1urn:other"),
    "no namespaces": _swap(rb'\s?xmlns(:\w+)?="[^"]+"', b""),
    "half of it": lambda body, _: body[: len(body) // 2],
    "twice": lambda body, _: body * 2,
    "another language": lambda _, __: b'{"success": true, "items": []}',
    "upside down": lambda body, _: b"\n".join(reversed(body.split(b"\n"))) if b"\n" in body else body[::-1],
}


def mutations(seed: int) -> Lie:
    """A few bytes flipped, cut out, doubled: seldom any two alike, and the same at every run."""
    chance = random.Random(seed)

    def lie(body: bytes, _: Trap) -> bytes:
        text = bytearray(body)
        for _turn in range(chance.randint(1, 6)):
            if not text:
                break
            at, length = chance.randrange(len(text)), chance.randint(1, 40)
            kind = chance.randrange(4)
            if kind == 0:
                text[at] = chance.randrange(256)
            elif kind == 1:
                del text[at : at + length]
            elif kind == 2:
                text[at:at] = text[at : at + length] * chance.randint(1, 50)
            else:
                text[at:at] = chance.randbytes(length)
        return bytes(text)

    return lie


class Liar:
    """Sits behind a device's port and turns the answers that were allowed into `lie`, while there is one."""

    def __init__(self, port: Port, trap: Trap) -> None:
        self.lie: Lie | None = None
        self.lies = 0
        self.spares_streams = False
        self._trap = trap
        self._honest = port._respond
        port._respond = self._respond

    def _respond(self, exchange: Exchange) -> Answer:
        answer = self._honest(exchange)
        lie = self.lie
        if lie is None or answer.status == 401:
            return answer
        self.lies += 1
        if answer.pieces is not None:
            return answer._replace(pieces=self._pieces(answer.pieces, lie))
        return answer._replace(body=lie(answer.body, self._trap))

    def _pieces(self, pieces: Iterator[bytes], lie: Lie) -> Iterator[bytes]:
        for piece in pieces:
            yield lie(piece, self._trap) if piece else piece
