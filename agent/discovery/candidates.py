"""What is known of each address, put together, and what it probably is. Pure."""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from agent.discovery.listening import MAX_ANSWERS
from agent.discovery.probe import Match, port_at
from agent.discovery.vendors import maker
from agent.network.neighbours import Neighbour

PORTS: Mapping[int, str] = {80: "HTTP", 554: "RTSP", 8000: "Hikvision SDK", 37777: "Dahua SDK"}
"""Where a device is knocked at, and what usually listens there."""

_RECORDER = re.compile(r"(?<![A-Za-z])(NVR|DVR|XVR|HVR|HCVR|HUHI|DHI-NVR|DS-[789]\d{3}|recorder)", re.IGNORECASE)
_DOOR_PROFILES = frozenset({"a", "c", "d"})


class Onvif(StrEnum):
    """What came of asking for the time, anonymously."""

    NOT_ASKED = ""
    ANSWERS = "ONVIF"
    WANTS_ACCOUNT = "ONVIF, wants an account"
    NONE = "no ONVIF"


class Kind(StrEnum):
    """What a device probably is."""

    CAMERA = "camera"
    RECORDER = "recorder"
    DOOR = "door controller"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Candidate:
    """One address. `open` are ports that take connections; `port` is that of its service, where it said so itself."""

    address: str
    mac: str | None = None
    match: Match | None = None
    port: int | None = None
    open: tuple[int, ...] = ()
    onvif: Onvif = Onvif.NOT_ASKED
    remarks: tuple[str, ...] = ()

    @property
    def maker(self) -> str:
        """By its hardware address; a guess."""
        return maker(self.mac)

    @property
    def name(self) -> str:
        """What it calls itself."""
        return " ".join(self.match.names[:1]) if self.match else ""

    @property
    def hardware(self) -> str:
        """The model it says it is."""
        return " ".join(self.match.hardware[:1]) if self.match else ""

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles of ONVIF that it claims."""
        return self.match.profiles if self.match else ()

    @property
    def http_port(self) -> int:
        """Where its ONVIF service is, or would be."""
        return self.port or 80

    @property
    def speaks_onvif(self) -> bool:
        """Whether it said or showed so."""
        return self.match is not None or self.onvif in (Onvif.ANSWERS, Onvif.WANTS_ACCOUNT)

    @property
    def kind(self) -> Kind:
        """A guess, of its name, model, profiles and ports."""
        if _RECORDER.search(f"{self.name} {self.hardware}"):
            return Kind.RECORDER
        claimed = {profile.lower() for profile in self.profiles}
        if claimed & _DOOR_PROFILES and "streaming" not in claimed and "t" not in claimed:
            return Kind.DOOR
        watches = bool({554, 8000, 37777} & set(self.open))
        return Kind.CAMERA if self.speaks_onvif or (watches and self.maker) else Kind.UNKNOWN


def gathered(
    heard: Mapping[str, Sequence[Match]], neighbours: Iterable[Neighbour], subnets: Sequence[ipaddress.IPv4Network]
) -> list[Candidate]:
    """Everyone who answered, and the neighbours in the named subnets, by address; at most `MAX_ANSWERS`."""
    macs = {one.address: one.mac for one in neighbours}
    wanted = [address for address in macs if any(ipaddress.IPv4Address(address) in net for net in subnets)]
    first: dict[str, str] = {}
    found: list[Candidate] = []
    for address in [*heard, *(one for one in wanted if one not in heard)][:MAX_ANSWERS]:
        candidate = Candidate(address, macs.get(address))
        if heard.get(address):
            candidate = _told(candidate, heard[address], first)
        found.append(candidate)
    return sorted(found, key=lambda one: ipaddress.IPv4Address(one.address))


def named(found: Iterable[Candidate], neighbours: Iterable[Neighbour]) -> list[Candidate]:
    """The same, with the hardware addresses that are known by now."""
    macs = {one.address: one.mac for one in neighbours}
    return [replace(one, mac=macs.get(one.address, one.mac)) for one in found]


def _told(candidate: Candidate, matches: Sequence[Match], first: dict[str, str]) -> Candidate:
    """With what it said; several answers of one address are put together."""
    match = Match(
        identity=matches[0].identity,
        **{
            field: tuple(dict.fromkeys(value for one in matches for value in getattr(one, field)))
            for field in ("types", "names", "hardware", "profiles", "addresses")
        },
    )
    remarks = []
    port = port_at(match.addresses, candidate.address)
    if match.addresses and port is None:
        remarks.append("advertises an address elsewhere, which is not followed")
    if match.identity:
        known = first.setdefault(match.identity, candidate.address)
        if known != candidate.address:
            remarks.append(f"says to be the same device as {known}")
    return replace(candidate, match=match, port=port, remarks=tuple(remarks))
