"""Where a device is, and which of the addresses it advertises we follow."""

import ipaddress
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from agent.device.errors import BadAnswer

DEVICE_SERVICE = "/onvif/device_service"
"""The path of the device service, the same everywhere (ONVIF Core, 5.1.1)."""

MAX_PATH = 1024
"""The longest path and query we take from a device."""


@dataclass(frozen=True)
class Endpoint:
    """A device as configured: the one host and port that ever get a request or a credential of ours.

    With `follow_ports` a device may send us to other ports of its host.
    """

    host: str
    port: int = 80
    follow_ports: bool = field(default=False, compare=False)

    @property
    def place(self) -> tuple[str, int]:
        """Host and port, the same for every spelling of an address or name: turns and pauses go by it."""
        try:
            return str(ipaddress.ip_address(self.host)), self.port
        except ValueError:
            return self.host.lower().removesuffix("."), self.port

    @property
    def device_service(self) -> str:
        """The address of the device service."""
        return self.url_at(self.port, DEVICE_SERVICE)

    def follow(self, advertised: str) -> str:
        """An address a device advertises (XAddr, subscription), as one on the configured host.

        Devices behind a port forwarding advertise their inner address; a hostile one would collect digests elsewhere.
        So the host is always ours, and the port too: behind it may be another device, whose account would be locked.
        With `follow_ports` the port is the device's own word where it names the configured host; else it belongs to a
        network that we do not see. Raises BadAnswer for what is no HTTP address.
        """
        try:
            parts = urlsplit(advertised.strip())
            host, port = parts.hostname, parts.port
        except ValueError:
            raise BadAnswer(f"advertises the address {advertised[:80]!r}") from None
        if parts.scheme not in ("http", "https") or not host:
            raise BadAnswer(f"advertises the address {advertised[:80]!r}")
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if len(path) > MAX_PATH or not path.isascii() or not path.isprintable():
            raise BadAnswer(f"advertises a path of {len(path)} characters")
        own = self.follow_ports and host == self.host.lower() and parts.scheme == "http"
        return self.url_at((port or 80) if own else self.port, path or "/")

    def owns(self, url: str) -> bool:
        """Whether a request to this URL goes to the configured host, and to a port it may go to."""
        parts = urlsplit(url)
        port = self.follow_ports or (parts.port or 80) == self.port
        return parts.scheme == "http" and parts.hostname == self.host.lower() and port

    def at(self, url: str) -> "Endpoint":
        """The same host, at the port of this URL."""
        try:
            return replace(self, port=urlsplit(url).port or 80)
        except ValueError:  # no URL: whoever sends to it says so
            return self

    def url(self, path: str) -> str:
        """A path at the configured host and port."""
        return self.url_at(self.port, path)

    def url_at(self, port: int, path: str) -> str:
        """A path at another port of the host: only for what `owns` allows."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{port}{path}"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
