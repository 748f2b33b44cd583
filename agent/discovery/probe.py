"""WS-Discovery as ONVIF uses it (Core, 7): the question, and what a device answers to it. Pure.

SOAP over UDP, 239.255.255.250:3702 or a device's own address. The versions are of 2005 and 2004, as in the standard.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from lxml import etree

from agent.device.errors import BadAnswer
from agent.device.text import printable
from agent.device.xml import parse

GROUP, PORT = "239.255.255.250", 3702
MAX_DATAGRAM = 65_507
MAX_MARKUP = 2_000
MAX_MATCHES = 8
"""Devices that one datagram may tell of; a gateway may speak for a few."""
MAX_SCOPES = 64
MAX_ADDRESSES = 8

TYPES = ("dn:NetworkVideoTransmitter", "tds:Device")
"""What is asked for, each by itself: cameras and most recorders are the first, all newer devices the second."""

_SCOPE = "onvif://www.onvif.org/"
_QUESTION = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
    "<s:Header><a:MessageID>{id}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
    "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></s:Header>"
    "<s:Body><d:Probe><d:Types>{types}</d:Types></d:Probe></s:Body></s:Envelope>"
)


@dataclass(frozen=True)
class Question:
    """One probe; `id` is what answers to it name."""

    id: str
    body: bytes


@dataclass(frozen=True)
class Match:
    """What a device says of itself: names, models and profiles of its scopes, and where its service is."""

    identity: str = ""
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    hardware: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def question(types: str) -> Question:
    """A new question for devices of a type."""
    number = f"uuid:{uuid.uuid4()}"
    return Question(number, _QUESTION.format(id=number, types=types).encode())


def answer(body: bytes, asked: frozenset[str]) -> list[Match]:
    """The devices in a datagram that answers one of our questions. Raises BadAnswer for anything else."""
    root = parse(body, MAX_MARKUP)
    relates = _text(root, "RelatesTo")
    if not any(relates.endswith(number.removeprefix("uuid:")) for number in asked):
        raise BadAnswer("answers nothing that we asked")
    found = list(_matches(root))
    if not found:
        raise BadAnswer("tells of no device")
    return found


def port_at(addresses: tuple[str, ...], sender: str) -> int | None:
    """The port of the first HTTP address that is the sender's own; an address elsewhere is nobody's to visit."""
    for address in addresses:
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            continue
        if parts.scheme == "http" and host == sender:
            return port or 80
    return None


def _matches(root: etree._Element) -> Iterator[Match]:
    for number, element in enumerate(root.iter("{*}ProbeMatch")):
        if number >= MAX_MATCHES:
            return
        scopes = [printable(unquote(one), 200) for one in _text(element, "Scopes").split()[:MAX_SCOPES]]
        yield Match(
            identity=_identity(element),
            types=tuple(one.rpartition(":")[2][:64] for one in _text(element, "Types").split()[:MAX_ADDRESSES]),
            names=_of(scopes, "name"),
            hardware=_of(scopes, "hardware"),
            profiles=_of(scopes, "profile"),
            addresses=tuple(one[:300] for one in _text(element, "XAddrs").split()[:MAX_ADDRESSES]),
        )


def _identity(element: etree._Element) -> str:
    reference = element.find("{*}EndpointReference")
    return "" if reference is None else _text(reference, "Address").lower()


def _of(scopes: list[str], kind: str) -> tuple[str, ...]:
    start = f"{_SCOPE}{kind}/"
    found = [one[len(start) :] for one in scopes if one.lower().startswith(start)]
    return tuple(dict.fromkeys(one for one in found if one))[:MAX_ADDRESSES]


def _text(element: etree._Element, name: str) -> str:
    """The text of the first element of that name within, printable; spaces stay, for they separate lists."""
    found = next(element.iter(f"{{*}}{name}"), None)
    text = "" if found is None else str(found.text or "")
    return "".join(letter if letter.isprintable() else " " for letter in text[:16_384]).strip()
