"""WS-Discovery's other end: answers probes of the multicast group, and of its own address, over real UDP."""

import contextlib
import selectors
import socket
import struct
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self
from xml.sax.saxutils import escape

from lxml import etree

from agent.discovery.probe import GROUP, PORT
from agent.network.wake import Wake


class Manner(StrEnum):
    """How a responder answers."""

    WELL = "well"
    GARBAGE = "bytes that are no XML"
    BOMB = "a document type with entities"
    STRANGER = "an answer to somebody else's question"
    FLOOD = "two hundred different answers"


@dataclass
class Responder:
    """One device. `address` is the interface it listens on; its service is at `xaddrs`."""

    address: str
    xaddrs: Sequence[str] = ()
    name: str = "camera"
    hardware: str = "SIM-1"
    profiles: Sequence[str] = ("Streaming", "G")
    types: Sequence[str] = ("dn:NetworkVideoTransmitter", "tds:Device")
    manner: Manner = Manner.WELL
    identity: str = field(default_factory=lambda: f"urn:uuid:{uuid.uuid4()}")
    probes: int = 0
    """Questions heard."""

    def start(self) -> Self:
        """Listen."""
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._line.bind(("", PORT))
        member = struct.pack("=4s4s", socket.inet_aton(GROUP), socket.inet_aton(self.address))
        self._line.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        self._line.setblocking(False)
        self._wake = Wake()
        self._thread = threading.Thread(target=self._serve, name="responder", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Listen no more."""
        self._wake.set()
        self._thread.join()
        self._line.close()
        self._wake.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def answers(self, probe: bytes) -> list[bytes]:
        """What it says to a question; nothing to one for other types."""
        root = etree.fromstring(probe)
        asked = (root.findtext(".//{*}Types") or "").split()
        number = root.findtext(".//{*}MessageID") or ""
        known = {one.rpartition(":")[2] for one in self.types}
        if not all(one.rpartition(":")[2] in known for one in asked):
            return []
        if self.manner is Manner.GARBAGE:
            return [b"\x00\xffnot XML at all"]
        if self.manner is Manner.BOMB:
            return [b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]>' + self._matches(number, self.name)]
        if self.manner is Manner.STRANGER:
            return [self._matches(f"uuid:{uuid.uuid4()}", self.name)]
        if self.manner is Manner.FLOOD:
            return [self._matches(number, f"{self.name}{count}") for count in range(200)]
        return [self._matches(number, self.name)]

    def _matches(self, number: str, name: str) -> bytes:
        scopes = [f"name/{name}", f"hardware/{self.hardware}", *(f"Profile/{profile}" for profile in self.profiles)]
        told = " ".join(f"onvif://www.onvif.org/{scope}" for scope in scopes)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
            ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
            ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
            f"<s:Header><a:MessageID>uuid:{uuid.uuid4()}</a:MessageID><a:RelatesTo>{escape(number)}</a:RelatesTo>"
            "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action></s:Header>"
            "<s:Body><d:ProbeMatches><d:ProbeMatch>"
            f"<a:EndpointReference><a:Address>{escape(self.identity)}</a:Address></a:EndpointReference>"
            f"<d:Types>{escape(' '.join(self.types))}</d:Types><d:Scopes>{escape(told)}</d:Scopes>"
            f"<d:XAddrs>{escape(' '.join(self.xaddrs))}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>"
            "</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
        ).encode()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._line, selectors.EVENT_READ)
            self._wake.watch(selector)
            while not self._wake.called:
                selector.select()
                with contextlib.suppress(BlockingIOError, etree.XMLSyntaxError):
                    datagram, peer = self._line.recvfrom(65_507)
                    self._reply(datagram, peer)

    def _reply(self, datagram: bytes, peer: Any) -> None:
        self.probes += 1
        # From the address it is known by: with several on one machine the kernel would choose another.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
            mouth.bind((self.address, 0))
            for body in self.answers(datagram):
                mouth.sendto(body, peer)
