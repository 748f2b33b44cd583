"""A simulated ONVIF device: the device service, accounts, and the way requests reach its other services."""

import datetime
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from lxml import etree

from simulator.device.auth import Gate
from simulator.device.server import Answer, Exchange, Misbehaviour, Port
from simulator.device.simulated import Simulated
from simulator.onvif import installation, soap
from simulator.onvif.soap import TDS, TT, Request, element

ANONYMOUS = frozenset({"GetSystemDateAndTime", "GetServices", "GetCapabilities", "GetServiceCapabilities"})
"""What ONVIF Core 5.9 lets everyone ask (access class PRE_AUTH)."""

_PICTURES = "/snapshot/"
_SOAP_TYPE = {"Content-Type": "application/soap+xml; charset=utf-8"}


class Service(Protocol):
    """One ONVIF service of a device."""

    namespace: str
    capability: str
    """Its element in GetCapabilities."""
    path: str

    def handle(self, request: Request) -> etree._Element | None:
        """The operation's response, None where it knows no such operation. Raises soap.Fault."""
        ...


class Device(Simulated):
    """Common to all devices. Attributes may be set at any time from any thread.

    `clock` gives Unix seconds; the device's own clock shows `clock_offset` seconds more. `accepts` are the ways to log
    in it takes: "digest", "token" or both.
    """

    kind = "device"

    def __init__(
        self,
        port: int = 0,
        name: str = "device",
        username: str = "watchkeeper",
        password: str = "secret",  # noqa: S107 - of a device that is not there
        *,
        host: str = "127.0.0.1",
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        accepts: Sequence[str] = ("digest",),
        lockout_after: int | None = None,
    ) -> None:
        self.name = name
        self.manufacturer = "Simulated"
        self.model = self.kind
        self.firmware = "1.0"
        self.serial = f"SIM-{name}"
        self.date_time_type = "NTP"
        """How it sets its clock, by its own word: `NTP` or `Manual`."""
        self.time_zone = "UTC0"
        self.utc_offset_seconds: int | None = 0
        """What its local time shows more than UTC; None: it tells no local time."""
        self.ntp_servers: Sequence[str] = ("192.0.2.123",)
        self.ntp_from_dhcp = False
        self.mac = "02:00:00:00:00:01"
        self.forbidden: frozenset[str] = frozenset()
        """Operations that our account may not ask."""
        self.lacking: frozenset[str] = frozenset()
        """Operations that it does not know."""
        self.clock = clock
        self.clock_offset = 0.0
        self.accepts = frozenset(accepts)
        self.wrong_xaddr: str | None = None
        """`host:port` to advertise instead of the true one, as devices behind a port forwarding do."""
        self.anonymous = True
        """Whether time and services are told without an account, as the standard wants; Axis asks for one."""
        self.knows_services = True
        """Whether GetServices exists; devices before 2011 know GetCapabilities only."""
        self.gate = Gate(username, password, self.device_time, monotonic, lockout_after)
        self._services: dict[str, Service] = {}
        self._asked: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._port = Port(host, port, self._respond)
        self.add(_DeviceService(self))

    # -- where and what ------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The device service's address."""
        return f"http://{self.host}:{self.port}/onvif/device_service"

    @property
    def hang(self) -> bool:
        """Whether it takes requests and never answers."""
        return self.misbehaviour is Misbehaviour.HANG

    @hang.setter
    def hang(self, on: bool) -> None:
        self.misbehaviour = Misbehaviour.HANG if on else None

    @property
    def requests(self) -> Counter[str]:
        """Requests received since the start, by operation; those that were only challenged count too."""
        with self._lock:
            return Counter(self._asked)

    @property
    def answered(self) -> Counter[str]:
        """Requests that were answered, by operation."""
        with self._lock:
            return Counter(self._answered)

    def device_time(self) -> float:
        """Its own clock, Unix seconds."""
        return self.clock() + self.clock_offset

    def users(self) -> Sequence[tuple[str, str]]:
        """Its accounts: name and level."""
        return [("admin", "Administrator"), (self.gate.username, "User")]

    def picture(self, profile: str) -> bytes:
        """A snapshot (JPEG) of a media profile; empty where there is none."""
        return b""

    def add(self, service: Service) -> None:
        """Offer a service."""
        self._services[service.namespace] = service

    def remove(self, namespace: str) -> None:
        """Offer it no more."""
        del self._services[namespace]

    @property
    def services(self) -> tuple[Service, ...]:
        """All that are offered."""
        return tuple(self._services.values())

    def xaddr(self, path: str) -> str:
        """The address it advertises for a path."""
        return f"http://{self.wrong_xaddr or f'{self.host}:{self.port}'}{path}"

    # -- requests ------------------------------------------------------------------------------------------------

    def _respond(self, exchange: Exchange) -> Answer:
        if exchange.method != "POST":
            return self._show(exchange)
        try:
            request = soap.parse_request(exchange.body, urlsplit(exchange.path).path)
        except soap.BadRequest as error:
            problem = soap.Fault(str(error), "WellFormed")
            return Answer(400, _SOAP_TYPE, soap.fault(problem))
        with self._lock:
            self._asked[request.operation] += 1
        try:
            refused = self._authenticate(exchange, request)
            if refused is not None:
                return refused
            body = self._handle(request)
        except soap.Fault as problem:
            return Answer(problem.status, _SOAP_TYPE, soap.fault(problem))
        with self._lock:
            self._answered[request.operation] += 1
        return Answer(200, _SOAP_TYPE, soap.answer(body))

    def _show(self, exchange: Exchange) -> Answer:
        """A snapshot, for which a picture has to be there and an account to be shown."""
        path = urlsplit(exchange.path).path
        picture = self.picture(path[len(_PICTURES) : -len(".jpg")]) if path.startswith(_PICTURES) else b""
        if not picture:
            return Answer(404, {}, b"")
        with self._lock:
            self._asked["GET"] += 1
        passes, stale = False, False
        if exchange.authorization is not None:
            passes, stale = self.gate.digest(exchange.authorization, exchange.method, exchange.path)
        if not passes:
            return Answer(401, {"WWW-Authenticate": self.gate.challenge(stale)}, b"")
        with self._lock:
            self._answered["GET"] += 1
        return Answer(200, {"Content-Type": "image/jpeg"}, picture)

    def _authenticate(self, exchange: Exchange, request: Request) -> Answer | None:
        """None to let it pass."""
        if self.anonymous and request.namespace == TDS and request.operation in ANONYMOUS:
            return None
        stale = False
        if exchange.authorization is not None and "digest" in self.accepts:
            passes, stale = self.gate.digest(exchange.authorization, exchange.method, exchange.path)
            if passes:
                return None
        elif "token" in self.accepts and self.gate.token(request.envelope):
            return None
        if "digest" not in self.accepts:
            raise soap.not_authorized()
        challenge = {"WWW-Authenticate": self.gate.challenge(stale)}
        return Answer(401, challenge | _SOAP_TYPE, soap.fault(soap.not_authorized(401)))

    def _handle(self, request: Request) -> etree._Element:
        if request.operation in self.forbidden:
            raise soap.not_authorized()
        if request.operation in self.lacking:
            raise _unknown(request.operation)
        for service in self._services.values():
            body = service.handle(request)
            if body is not None:
                return body
        raise _unknown(request.operation)


def _unknown(operation: str) -> soap.Fault:
    return soap.Fault(f"{operation} is not implemented", "ActionNotSupported", code="Receiver", status=500)


class _DeviceService:
    """What every device answers: who, where and when it is, and how it was set up."""

    namespace = TDS
    capability = "Device"
    path = "/onvif/device_service"

    def __init__(self, device: Device) -> None:
        self._device = device
        self._operations: dict[str, Callable[[], etree._Element]] = {
            "GetSystemDateAndTime": self._time,
            "GetDeviceInformation": self._information,
            "GetCapabilities": self._capabilities,
            "GetUsers": lambda: installation.users(device.users()),
            "GetNTP": lambda: installation.ntp(device.ntp_servers, device.ntp_from_dhcp),
            "GetNetworkInterfaces": lambda: installation.network_interfaces(device.mac),
        }

    def handle(self, request: Request) -> etree._Element | None:
        """See Service."""
        if request.namespace != TDS:
            return None
        if request.operation == "GetServices":
            return self._services() if self._device.knows_services else None
        operation = self._operations.get(request.operation)
        return operation() if operation else None

    def _time(self) -> etree._Element:
        device = self._device
        now = datetime.datetime.fromtimestamp(device.device_time(), datetime.UTC)
        clocks = [installation.moment("UTCDateTime", now)]
        if device.utc_offset_seconds is not None:
            local = now + datetime.timedelta(seconds=device.utc_offset_seconds)
            clocks.append(installation.moment("LocalDateTime", local))
        told = element(
            TDS,
            "SystemDateAndTime",
            element(TT, "DateTimeType", text=device.date_time_type),
            element(TT, "DaylightSavings", text="false"),
            element(TT, "TimeZone", element(TT, "TZ", text=device.time_zone)),
            *clocks,
        )
        return element(TDS, "GetSystemDateAndTimeResponse", told)

    def _information(self) -> etree._Element:
        d = self._device
        facts = {
            "Manufacturer": d.manufacturer,
            "Model": d.model,
            "FirmwareVersion": d.firmware,
            "SerialNumber": d.serial,
            "HardwareId": "1",
        }
        children = [element(TDS, name, text=text) for name, text in facts.items()]
        return element(TDS, "GetDeviceInformationResponse", *children)

    def _services(self) -> etree._Element:
        children = [
            element(
                TDS,
                "Service",
                element(TDS, "Namespace", text=service.namespace),
                element(TDS, "XAddr", text=self._device.xaddr(service.path)),
                element(TDS, "Version", element(TT, "Major", text="2"), element(TT, "Minor", text="60")),
            )
            for service in self._device.services
        ]
        return element(TDS, "GetServicesResponse", *children)

    def _capabilities(self) -> etree._Element:
        def entry(service: Service) -> etree._Element:
            return element(TT, service.capability, element(TT, "XAddr", text=self._device.xaddr(service.path)))

        first = [s for s in self._device.services if s.capability in ("Device", "Events", "Media")]
        later = [s for s in self._device.services if s not in first]
        inner = [entry(service) for service in first]
        if later:
            inner.append(element(TT, "Extension", *(entry(service) for service in later)))
        return element(TDS, "GetCapabilitiesResponse", element(TDS, "Capabilities", *inner))
