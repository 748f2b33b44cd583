"""The ways out of here: to the default gateway, to the hub's broker, to reference hosts. Which of them are up. Pure.

`path_up` is 1 where the other end answers, 0 where it does not, and missing where nobody can tell: a gateway that never
answered anything may well forward. `path_seconds` beside `path_up` 0 means that a connect was refused: somebody was
there to refuse it, so the network is well and the service is not.
"""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from agent.network.connects import Connect, Outcome, Place
from agent.network.reach import Findings

GATEWAY_PORTS = (80, 443, 53)
"""What a gateway that answers no ping is likely to listen on; a refusal shows it as well."""

UP, SECONDS = "path_up", "path_seconds"


class Role(StrEnum):
    """What the other end of a path is."""

    GATEWAY = "gateway"
    HUB = "hub"
    REFERENCE = "reference"


@dataclass(frozen=True)
class Path:
    """One path: the device id it goes by, and where it leads. Without a port the other end is pinged."""

    id: str
    role: Role
    host: str
    port: int | None = None
    name: str = ""

    @property
    def where(self) -> str:
        """The other end, as it is told."""
        host = f"[{self.host}]" if ":" in self.host and self.port else self.host
        return host if self.port is None else f"{host}:{self.port}"

    def place(self, address: str) -> Place | None:
        """Where to connect to, None where it is pinged."""
        return None if self.port is None else (address, self.port)


def gateway_places(address: str) -> list[Place]:
    """Where to knock at a gateway that answers no ping."""
    return [(address, port) for port in GATEWAY_PORTS]


def judge(path: Path, address: str, found: Findings) -> dict[str, float]:
    """The metrics of a path to the hub, or to a reference host, at that address."""
    if path.port is None:
        echoes = found.echo(address)
        return {} if echoes is None else _told(bool(echoes.seconds), echoes.typical)
    tried = found.connect((address, path.port))
    return {} if tried is None else _told(tried.outcome is Outcome.ACCEPTED, tried.seconds)


def judge_gateway(address: str, found: Findings, answered_before: bool) -> dict[str, float]:
    """The metrics of the path to the gateway. `answered_before`: whether it ever did, so that silence means much."""
    echoes = found.echo(address)
    if echoes is not None and echoes.seconds:
        return _told(True, echoes.typical)
    tried = [one for place in gateway_places(address) if (one := found.connect(place)) is not None]
    answers = [one for one in tried if one.answered]
    if answers:
        return _told(True, _shortest(answers))
    gone = any(one.outcome is Outcome.UNREACHABLE for one in tried)
    silent = bool(tried) and all(one.outcome is Outcome.SILENT for one in tried)
    return _told(False, None) if gone or (silent and answered_before) else {}


def loopback(host: str) -> bool:
    """Whether it is this very machine: no path to speak of."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() in ("localhost", "localhost.localdomain", "ip6-localhost")


def _shortest(answers: list[Connect]) -> float | None:
    return min((one.seconds for one in answers if one.seconds is not None), default=None)


def _told(up: bool, seconds: float | None) -> dict[str, float]:
    return {UP: float(up)} | ({} if seconds is None else {SECONDS: seconds})
