"""One device over ONVIF: typed calls, the account shown the way the device wants it, every error one of ours.

For one thread at a time: a device gets one request at a time.
"""

import contextlib
import datetime
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import zeep
from lxml import etree
from zeep.wsse.username import UsernameToken

from agent.device import clock
from agent.device.account import Account, Method
from agent.device.address import Endpoint
from agent.device.digest import DigestAuth
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    CredentialsWanted,
    DeviceError,
    Forbidden,
    Unsupported,
)
from agent.device.manners import MAX_REQUESTS
from agent.device.pause import PAUSE_SECONDS, PAUSES, Pauses
from agent.device.session import MAX_BYTES
from agent.device.text import printable
from agent.onvif.definitions import SERVICES, SETTINGS, document
from agent.onvif.transport import DeviceTransport

T = TypeVar("T")


@dataclass(frozen=True)
class Identity:
    """What a device says it is (GetDeviceInformation)."""

    manufacturer: str
    model: str
    firmware: str
    serial: str


@dataclass(frozen=True)
class TimeSettings:
    """How a device keeps its time, by its own word: `NTP` or `Manual`, and its zone as in POSIX TZ."""

    kind: str
    zone: str


@dataclass(frozen=True)
class Call:
    """One operation of a service (onvif-zeep's names) at one address (`OnvifClient.address`).

    `anonymous` asks without the account first, and with it where the device insists. `patience` (s) is added to the
    time-out. `headers` go into the SOAP header.
    """

    service: str
    operation: str
    address: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    anonymous: bool = False
    patience: float = 0.0
    headers: tuple[etree._Element, ...] = ()


class _Token(UsernameToken):  # type: ignore[misc] # zeep ships no types
    """Signs envelopes with a WS-UsernameToken in the device's own time, while `password` is set.

    A device with a wrong clock refuses a token made by a right one.
    """

    def __init__(self, username: str, transport: DeviceTransport) -> None:
        super().__init__(username, use_digest=True, zulu_timestamp=True)
        self._transport = transport
        self.device_ahead_seconds = 0.0

    def apply(self, sealed: Any, headers: Any) -> Any:
        """Called by zeep for every request."""
        self._transport.token_sent = self.password is not None
        if self.password is None:
            return sealed, headers
        ahead = datetime.timedelta(seconds=self.device_ahead_seconds)
        self.created = datetime.datetime.now(datetime.UTC) + ahead
        return super().apply(sealed, headers)


class OnvifClient:
    """A device at `endpoint`, asked as `account` (None: anonymously only)."""

    def __init__(
        self,
        endpoint: Endpoint,
        account: Account | None = None,
        *,
        timeout: float = 5.0,
        max_bytes: int = MAX_BYTES,
        max_requests: int = MAX_REQUESTS,
        pause_seconds: float = PAUSE_SECONDS,
        pauses: Pauses = PAUSES,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.endpoint = endpoint
        self.account = account
        self._pause_seconds = pause_seconds
        self._pauses = pauses
        self._wall = wall
        self._transport = DeviceTransport(endpoint, timeout, max_bytes, max_requests)
        self._token = _Token(account.username if account else "", self._transport)
        self._method = account.method if account else Method.AUTO
        self._time_known = False
        self._accepted: set[Endpoint] = set()
        self.time_settings: TimeSettings | None = None
        """As told with the time, when that was last asked."""
        self._addresses: dict[str, str] | None = None
        self._clients: dict[str, Any] = {}

    # -- calls ---------------------------------------------------------------------------------------------------

    def ask(self, call: Call) -> Any:
        """The typed answer of an operation that is `TYPED`. Raises DeviceError; PasswordMissing."""

        def send() -> Any:
            root, operation = self._send(call)
            with self._typed(call):
                return operation.process_reply(root)

        return self._with_rights(call, send)

    def ask_raw(self, call: Call) -> etree._Element:
        """Its answer's envelope, for what the definitions lose. Raises DeviceError; PasswordMissing."""

        def send() -> etree._Element:
            return self._send(call)[0]

        return self._with_rights(call, send)

    def address(self, service: str) -> str:
        """Where a service is, always on the configured host; asked once (GetServices). Raises DeviceError."""
        if service == "devicemgmt":
            return self.endpoint.device_service
        if self._addresses is None:
            self._addresses = self._ask_addresses()
        found = self._addresses.get(SERVICES[service].namespace)
        if found is None:
            raise Unsupported(f"offers no {service} service")
        return found

    def information(self) -> Identity:
        """Who the device is. Needs the account: also the way to see that it is accepted."""
        answer = self.ask(self._device("GetDeviceInformation"))
        names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")
        return Identity(*(printable(getattr(answer, name, None)) for name in names))

    def device_time(self) -> float:
        """The device's clock, Unix seconds, whole. Asked without the account, so a wrong clock can always be read."""
        answer = self.ask(self._device("GetSystemDateAndTime", anonymous=True))
        zone = getattr(getattr(answer, "TimeZone", None), "TZ", None)
        self.time_settings = TimeSettings(printable(getattr(answer, "DateTimeType", None)), printable(zone))
        try:
            utc = answer.UTCDateTime
            d, t = utc.Date, utc.Time
            # A leap second is a device's 60; nothing else above 59 is a time.
            second = 59 if t.Second == 60 else t.Second
            when = datetime.datetime(d.Year, d.Month, d.Day, t.Hour, t.Minute, second, tzinfo=datetime.UTC)
            return when.timestamp()
        except (AttributeError, TypeError, ValueError, OverflowError):
            raise BadAnswer("tells no UTC time") from None

    def measure_clock(self, samples: int = 3, sleep: Callable[[float], None] = time.sleep) -> clock.Interval:
        """The device's clock minus ours, bounded. Ours may be wrong too: the hub adds our own offset, nobody here."""
        offset = clock.measure(self.device_time, samples, wall=self._wall, sleep=sleep)
        self._learn_time(offset)
        return offset

    def release(self) -> None:
        """Close idle connections and forget the digest's nonce. The next call opens and asks anew."""
        self._transport.digest = None
        self._accepted.clear()
        self._transport.wire.release()

    def forget(self) -> None:
        """Ask for the services' addresses, the clock and the way to log in anew: the device may be another one now."""
        self._addresses = None
        self._time_known = False
        self._method = self.account.method if self.account else Method.AUTO
        self.release()

    def interrupt(self) -> None:
        """From another thread: end the call under way at once, as Interrupted, and every one until `resume`."""
        self._transport.wire.interrupt()

    def resume(self) -> None:
        """Take calls again after an interruption."""
        self._transport.wire.resume()

    @property
    def answers(self) -> int:
        """HTTP answers that came in whole since the start, of whatever kind."""
        return self._transport.wire.answers

    @property
    def connected(self) -> bool:
        """Whether the device took our last connection, be there an answer or not."""
        return self._transport.wire.connected

    @property
    def elapsed(self) -> float:
        """Seconds the last exchange took, a digest's second request included."""
        return self._transport.wire.elapsed

    @property
    def account_shown(self) -> bool:
        """Whether the device asked for the account at the last call, and so has checked it."""
        return self._transport.account_shown

    @property
    def paused(self) -> bool:
        """Whether the account is left alone after a refusal."""
        return self.account is not None and self._pauses.remaining(self.endpoint, self.account.username) > 0

    # -- how -----------------------------------------------------------------------------------------------------

    def _with_rights(self, call: Call, send: Callable[[], T]) -> T:
        """`send`, anonymously first where that should do."""
        if call.anonymous or self.account is None:
            try:
                return self._anonymously(send)
            except CredentialsWanted as error:
                if self.account is None:
                    raise AuthRefused(str(error)) from None
        with self._transport.wire.turn(call.patience):
            return self._with_account(send, call.address)

    def _anonymously(self, send: Callable[[], T]) -> T:
        digest, self._transport.digest = self._transport.digest, None
        self._token.password = None
        try:
            return send()
        finally:
            self._transport.digest = digest

    def _with_account(self, send: Callable[[], T], address: str) -> T:
        """In the way that worked last, else HTTP Digest, else a token. At most one refused login, then a pause, noted
        within the turn: nobody else of us asks without knowing of it."""
        if self.account is None:
            raise AuthRefused("wants an account, and none is configured")
        # Another port of the host may be this device or another one: both would count a refusal there.
        concerned = {self.endpoint, self.endpoint.at(address)}
        for endpoint in concerned:
            self._pauses.check(endpoint, self.account.username)
        try:
            answer = self._shown(send, self.account)
            if self.account_shown:
                self._accepted.add(self.endpoint.at(address))
            return answer
        except CredentialsWanted as error:
            raise AuthRefused(f"takes no account the way we show it: {error}") from None
        except AuthPaused:
            raise
        except AuthRefused as error:
            if self.endpoint.at(address) in self._accepted:
                # ONVIF has one word for a wrong password and for a right too few; this password was right just now.
                raise Forbidden(f"{error}: the account lacks the right") from None
            self._transport.digest = None
            self._method = self.account.method
            for endpoint in concerned:
                self._pauses.start(endpoint, self.account.username, self._pause_seconds)
            raise

    def _shown(self, send: Callable[[], T], account: Account) -> T:
        if self._method is not Method.TOKEN:
            try:
                return self._by_digest(send, account)
            except CredentialsWanted:
                # No digest challenge came, so nothing was tried yet: the device wants the token in the envelope.
                if self._method is Method.DIGEST:
                    raise
        return self._by_token(send, account)

    def _by_digest(self, send: Callable[[], T], account: Account) -> T:
        self._token.password = None
        if self._transport.digest is None:
            # Made anew each round: with an old nonce a changed password would cost two refusals instead of one.
            self._transport.digest = DigestAuth(
                account.username,
                account.password(),
                lambda: self._pauses.check(self.endpoint, account.username),
            )
        return send()

    def _by_token(self, send: Callable[[], T], account: Account) -> T:
        self._transport.digest = None
        if not self._time_known:
            self._time_known = True  # a device that wants an account even for its time gets a token in our time
            self._learn_time(clock.measure(self.device_time, samples=1, wall=self._wall))
        self._token.password = account.password()
        try:
            answer = send()
        finally:
            self._token.password = None
        if self._method is Method.AUTO:
            self._method = Method.TOKEN
        return answer

    def _learn_time(self, offset: clock.Interval) -> None:
        self._token.device_ahead_seconds = offset.middle
        self._time_known = True

    def _send(self, call: Call) -> tuple[etree._Element, Any]:
        """The answer's envelope, parsed once, and zeep's operation that understands it."""
        definition = SERVICES[call.service]
        if call.service not in self._clients:
            self._clients[call.service] = zeep.Client(
                document(definition), wsse=self._token, transport=self._transport, settings=SETTINGS
            )
        bound = self._clients[call.service].create_service(definition.binding, call.address)
        self._transport.patience = call.patience
        extra = {"_soapheaders": list(call.headers)} if call.headers else {}
        with self._typed(call), SETTINGS(raw_response=True):  # of this thread
            bound[call.operation](**call.parameters, **extra)
        root, self._transport.envelope = self._transport.envelope, None
        if root is None:
            raise BadAnswer(f"{self.endpoint} {call.operation}: no envelope")
        return root, bound._binding.get(call.operation)

    @contextlib.contextmanager
    def _typed(self, call: Call) -> Iterator[None]:
        """Every error as one of ours, with the device's and the operation's name."""
        try:
            yield
        except DeviceError as error:
            raise type(error)(f"{self.endpoint} {call.operation}: {error}") from None
        except (zeep.exceptions.Error, etree.LxmlError, ValueError, TypeError, AttributeError, LookupError) as error:
            # zeep stumbles in many ways over answers that are SOAP, but not the operation's.
            detail = f"{type(error).__name__}: {str(error)[:100]}"
            raise BadAnswer(f"{self.endpoint} {call.operation}: {detail}") from None

    def _device(self, operation: str, parameters: Mapping[str, Any] | None = None, anonymous: bool = False) -> Call:
        return Call("devicemgmt", operation, self.endpoint.device_service, parameters or {}, anonymous)

    def _ask_addresses(self) -> dict[str, str]:
        try:
            answer = self.ask_raw(self._device("GetServices", {"IncludeCapability": False}, anonymous=True))
        except Unsupported:
            return self._ask_capabilities()
        found: dict[str, str] = {}
        for service in answer.iter("{*}Service"):
            namespace, address = service.findtext("{*}Namespace"), service.findtext("{*}XAddr")
            if namespace and address:
                self._note(found, namespace.strip(), address)
        return found

    def _ask_capabilities(self) -> dict[str, str]:
        """Before GetServices (2011) there was GetCapabilities, the newer services in its extension."""
        answer = self.ask_raw(self._device("GetCapabilities", {"Category": "All"}, anonymous=True))
        by_element = {"Media": "media", "Events": "events", "Search": "search", "Recording": "recording"}
        found: dict[str, str] = {}
        for element, service in by_element.items():
            address = answer.findtext(f".//{{*}}{element}/{{*}}XAddr")
            if address:
                self._note(found, SERVICES[service].namespace, address)
        return found

    def _note(self, found: dict[str, str], namespace: str, advertised: str) -> None:
        with contextlib.suppress(BadAnswer):  # one service with a nonsense address leaves the others usable
            found[namespace] = self.endpoint.follow(advertised)
