"""Whether a device describes a stream, every error one of ours.

The device is the one of the configuration, whatever it answers: no redirect is followed, and a description that belongs
to another host is none.
"""

import re
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

from agent.device.account import Account
from agent.device.address import MAX_PATH, Endpoint
from agent.device.digest import offered
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    CredentialsWanted,
    DeviceError,
    Forbidden,
    HeldBack,
    Unsupported,
)
from agent.device.line import Line
from agent.device.manners import MANNERS, MAX_REQUESTS, Manners
from agent.device.pause import PAUSE_SECONDS, PAUSES, Pauses
from agent.device.text import printable
from agent.rtsp import sdp
from agent.rtsp.conversation import Conversation
from agent.rtsp.dialogue import Dialogue
from agent.rtsp.message import Header

_PATH = re.compile(r"/[!-~]*")


class NoSuchStream(Unsupported):
    """It speaks RTSP, and knows no stream at this path."""


@dataclass(frozen=True)
class Described:
    """A stream's video, how long the description took (s, connecting included), and whether it wanted the account."""

    video: sdp.Video
    seconds: float
    account_shown: bool


class RtspClient:
    """The streams of the device at `endpoint`, on its `port`, asked as `account` (None: anonymously only).

    For one thread at a time. Manners and pauses are those of the endpoint: it is one device, and counts refused logins
    as one. An account pauses at the port, too: where many cameras are configured behind one address, one device may
    answer for them all.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        port: int,
        account: Account | None = None,
        *,
        timeout: float = 5.0,
        max_requests: int = MAX_REQUESTS,
        pause_seconds: float = PAUSE_SECONDS,
        pauses: Pauses = PAUSES,
        manners: Manners = MANNERS,
    ) -> None:
        self.endpoint = endpoint
        self.streams = Endpoint(endpoint.host, port)
        self.account = account
        self._timeout = timeout
        self._max_requests = max_requests
        self._pause_seconds = pause_seconds
        self._pauses = pauses
        self._manner = manners.of(endpoint)
        self._line = Line()

    def describe(self, path: str, known_as: Collection[str] = ()) -> Described:
        """The stream at `path` (with its query). `known_as` are hosts that the device calls itself, besides ours.

        Raises DeviceError: Unreachable where the port is closed, BadAnswer for what is no RTSP or no video,
        NoSuchStream, Forbidden, AuthRefused after one refused login (the account rests then); PasswordMissing.
        """
        uri = self._uri(path)
        with self._named(), self._manner.turn(self._timeout, lambda: self._line.severed):
            self._check_pauses()
            password = self.account.password() if self.account is not None else ""
            self._line.begin(self._timeout)
            begun = time.monotonic()
            username = self.account.username if self.account is not None else None
            with Dialogue(self._connect, username, password) as dialogue:
                header, body = dialogue.describe(uri)
            seconds = time.monotonic() - begun
            self._judge(header, dialogue.signed)
            _stays(header, body, {self.endpoint.host.lower(), dialogue.peer, *(host.lower() for host in known_as)})
            return Described(sdp.parse(body), seconds, dialogue.signed)

    def _connect(self) -> Conversation:
        port = self.streams.port
        return Conversation(self.endpoint.host, port, self._line, lambda: self._manner.spend(self._max_requests))

    def _uri(self, path: str) -> str:
        if not _PATH.fullmatch(path) or len(path) > MAX_PATH:
            raise BadAnswer(f"{self.streams}: a path of {len(path)} characters that cannot be asked for")
        return self.streams.url(path).replace("http:", "rtsp:", 1)

    def _check_pauses(self) -> None:
        if self.account is not None:
            for endpoint in (self.endpoint, self.streams):
                self._pauses.check(endpoint, self.account.username)

    def _judge(self, header: Header, signed: bool) -> None:
        if header.status == 401:
            self._refused(header, signed)
        if header.status == 403:
            raise Forbidden(f"{header}: the account lacks the right" if signed else str(header))
        if header.status == 404:
            raise NoSuchStream(f"{header}: no such stream")
        if 300 <= header.status < 400:
            raise BadAnswer(f"redirects to {printable(header.first('location'), 80)!r}, not followed")
        if header.status != 200:
            raise BadAnswer(str(header))

    def _refused(self, header: Header, signed: bool) -> NoReturn:
        if self.account is None:
            raise AuthRefused("wants an account, and none is configured")
        if not signed:
            schemes = offered(header.all("www-authenticate"))
            raise CredentialsWanted(f"offers no login that we take ({schemes or 'none'})")
        for endpoint in (self.endpoint, self.streams):
            self._pauses.start(endpoint, self.account.username, self._pause_seconds)
        raise AuthRefused(str(header))

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Every error with the device's name. Not with the path: some carry a password in it."""
        try:
            yield
        except (AuthPaused, HeldBack):
            raise
        except DeviceError as error:
            raise type(error)(f"{self.streams} RTSP: {error}") from None


def _stays(header: Header, body: bytes, hosts: Collection[str]) -> None:
    """Raises BadAnswer for a description that belongs to another host than these."""
    told = [value for name in ("content-base", "content-location", "location") for value in header.all(name)]
    for address in [*told, *sdp.controls(body)]:
        try:
            host = urlsplit(address).hostname
        except ValueError:
            raise BadAnswer(f"describes the stream of {printable(address, 80)!r}") from None
        if host is not None and host not in hosts:
            raise BadAnswer(f"describes a stream of another host, {printable(host, 80)!r}")
