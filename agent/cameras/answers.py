"""What a camera answers about its profiles, streams, time servers and network, out of ONVIF's XML. Pure functions.

Any tree gives values or BadAnswer; texts are cut and printable. Answers are read by hand, since devices leave out what
the schema requires.
"""

import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from agent.device.address import MAX_PATH
from agent.device.errors import BadAnswer
from agent.device.text import printable
from agent.network.neighbours import plain_mac

if TYPE_CHECKING:
    from lxml import etree

MAX_PROFILES = 32
"""Profiles of one camera that are looked at; real ones have two to ten."""

_MAX_TOKEN = 64
_MAX_NAME = 40
_MAX_SERVERS = 4
_MAX_PIXELS = 100_000
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True)
class Profile:
    """A media profile. `token` is the camera's name for it, `name` the one for people; 0 and empty are unknown."""

    token: str
    name: str
    encoding: str = ""
    width: int = 0
    height: int = 0
    rate: float = 0.0

    @property
    def resolution(self) -> str:
        """`1920x1080`, empty where it is not told."""
        return f"{self.width}x{self.height}" if self.width and self.height else ""

    def __str__(self) -> str:
        parts = (self.encoding, self.resolution, f"{self.rate:g}/s" if self.rate else "")
        return " ".join(part for part in parts if part)


class StreamAddress(NamedTuple):
    """Where a camera says its stream is: the host and port are its word, the path is what we use."""

    host: str
    port: int
    path: str


def profiles(answer: "etree._Element") -> tuple[Profile, ...]:
    """Of GetProfiles, in their order. Raises BadAnswer for another answer."""
    if next(answer.iter("{*}GetProfilesResponse"), None) is None:
        raise BadAnswer("no profiles in the answer to GetProfiles")
    found: dict[str, Profile] = {}
    for element in answer.iter("{*}Profiles"):
        token = element.get("token") or ""
        if token and len(token) <= _MAX_TOKEN and token.isprintable() and len(found) < MAX_PROFILES:
            found.setdefault(token, _profile(token, element))
    return tuple(found.values())


def main_profile(known: Sequence[Profile]) -> Profile | None:
    """The one with the most pixels, the first of several: devices name and order them as they like."""
    return max(known, key=lambda profile: profile.width * profile.height, default=None)


def stream_address(answer: "etree._Element") -> StreamAddress:
    """Of GetStreamUri. Raises BadAnswer for what is no RTSP address."""
    told = (answer.findtext(".//{*}MediaUri/{*}Uri") or "").strip()
    try:
        parts = urllib.parse.urlsplit(told)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme != "rtsp":
        # Some carry the password in their query: not into a log.
        raise BadAnswer(f"tells a stream that is no RTSP ({printable(told.partition(':')[0], 10)})")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    path = urllib.parse.quote(path or "/", safe=_PRINTABLE)
    path = path if path.startswith("/") else f"/{path}"
    if len(path) > MAX_PATH:
        raise BadAnswer(f"tells a stream with a path of {len(path)} characters")
    return StreamAddress(host, port or 554, path)


def time_servers(answer: "etree._Element") -> str:
    """Of GetNTP, with commas between them; empty where there are none. Raises BadAnswer for another answer."""
    information = next(answer.iter("{*}NTPInformation"), None)
    if information is None:
        raise BadAnswer("no time servers in the answer to GetNTP")
    by_dhcp = (information.findtext("{*}FromDHCP") or "").strip().lower() in ("true", "1")
    names: list[str] = []
    for server in information.iterfind("{*}NTPFromDHCP" if by_dhcp else "{*}NTPManual"):
        tags = ("{*}DNSname", "{*}IPv4Address", "{*}IPv6Address")
        name = next((text for tag in tags if (text := printable(server.findtext(tag), 100))), "")
        if name and name not in names:
            names.append(name)
    return ", ".join(names[:_MAX_SERVERS])


def mac(answer: "etree._Element") -> str | None:
    """Of GetNetworkInterfaces: the hardware address of the first interface that is on, else of the first."""
    found: list[tuple[bool, str]] = []
    for interface in answer.iter("{*}NetworkInterfaces"):
        address = plain_mac(printable(interface.findtext("{*}Info/{*}HwAddress"), 40))
        if address is not None:
            found.append(((interface.findtext("{*}Enabled") or "").strip() in ("true", "1"), address))
    return next((address for on, address in found if on), found[0][1] if found else None)


def _profile(token: str, element: "etree._Element") -> Profile:
    encoder = element.find("{*}VideoEncoderConfiguration")
    name = printable(element.findtext("{*}Name"), _MAX_NAME)
    if encoder is None:
        return Profile(token, name)
    return Profile(
        token,
        name,
        printable(encoder.findtext("{*}Encoding"), 20).upper(),
        _pixels(encoder.findtext("{*}Resolution/{*}Width")),
        _pixels(encoder.findtext("{*}Resolution/{*}Height")),
        _rate(encoder.findtext("{*}RateControl/{*}FrameRateLimit")),
    )


def _pixels(text: str | None) -> int:
    text = (text or "").strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else 0
    return number if number <= _MAX_PIXELS else 0


def _rate(text: str | None) -> float:
    text = (text or "").strip()
    try:
        number = float(text) if len(text) <= 12 else 0.0
    except ValueError:
        return 0.0
    return round(number, 2) if 0 < number <= 1000 else 0.0
