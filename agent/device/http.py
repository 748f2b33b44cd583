"""One device over plain HTTP with an account: what ISAPI, CGI and snapshots are asked with.

For one thread at a time. HTTP Digest only; after one refused login the account rests, as for every other protocol.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import requests

from agent.device.account import Account
from agent.device.address import MAX_PATH, Endpoint
from agent.device.digest import DigestAuth, offered
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    CredentialsWanted,
    DeviceError,
    Forbidden,
    Unsupported,
)
from agent.device.manners import MANNERS, MAX_REQUESTS, Manners
from agent.device.pause import PAUSE_SECONDS, PAUSES, Pauses
from agent.device.session import MAX_BYTES, DeviceSession, Stream
from agent.device.text import printable

Explain = Callable[[int, bytes], DeviceError | None]
"""What a protocol's own words under another status than 200 mean; None where they say nothing of their own."""


@dataclass(frozen=True)
class Answer:
    """What a device answered under status 200."""

    body: bytes
    content_type: str


class DeviceHttp:
    """A device at `endpoint`, asked as `account` (None: anonymously only).

    `explain` reads the body of a refusal: what it returns is raised instead of what the status alone would mean. Of a
    401 it only adds its text, for an account that was refused rests whatever else the device says; an AuthRefused of
    its own lets the account rest, too. `one_time_nonces` is for devices that take a digest's nonce once and log its
    second use as a refused login. `also` are other ports of the same device: an account that was refused at one of
    them rests at all.
    """

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
        manners: Manners = MANNERS,
        explain: Explain = lambda _status, _body: None,
        one_time_nonces: bool = False,
        also: Sequence[Endpoint] = (),
    ) -> None:
        self.endpoint = endpoint
        self.account = account
        self.session = DeviceSession(endpoint, timeout, max_bytes, max_requests, manners)
        self.account_shown = False
        """Whether the device asked for the account at the last call, and so has checked it."""
        self._pause_seconds = pause_seconds
        self._pauses = pauses
        self._explain = explain
        self._one_time_nonces = one_time_nonces
        self._concerned = (endpoint, *also)
        self._auth: DigestAuth | None = None

    def get(
        self,
        path: str,
        *,
        max_bytes: int | None = None,
        patience: float = 0.0,
        timeout: float | None = None,
        anonymous: bool = False,
    ) -> Answer:
        """Ask for a path (with its query). Raises DeviceError; PasswordMissing."""
        return self.send("GET", path, max_bytes=max_bytes, patience=patience, timeout=timeout, anonymous=anonymous)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        content_type: str = "application/xml; charset=utf-8",
        max_bytes: int | None = None,
        patience: float = 0.0,
        timeout: float | None = None,
        anonymous: bool = False,
    ) -> Answer:
        """One call, its answer under status 200. Raises DeviceError; PasswordMissing.

        401 is AuthRefused (and the account rests) where the account was shown, 403 Forbidden, 404/405/501 Unsupported,
        any other status BadAnswer. The texts name endpoint and path. An `anonymous` call leaves the account out, even
        where the device asks for one (CredentialsWanted): it may be made while the account rests. `timeout` (s) instead
        of the device's own is for questions that keep it busy for long.
        """
        headers = {"Content-Type": content_type} if body is not None else {}
        with self._named(path), self.session.turn(patience):
            auth = None if anonymous else self._credentials()
            response = self.session.exchange(
                method,
                self._url(path),
                body=body,
                headers=headers,
                auth=auth,
                patience=patience,
                timeout=timeout,
                max_bytes=max_bytes,
            )
            self._judge(response, anonymous)
        return Answer(response.content, response.headers.get("Content-Type", ""))

    @contextlib.contextmanager
    def stream(self, path: str) -> Iterator[Stream]:
        """An answer without an end. Raises as `send`."""
        with self._named(path), contextlib.ExitStack() as opened:
            with self.session.turn():
                stream = opened.enter_context(self.session.stream(self._url(path), auth=self._credentials()))
                self._judge(stream.response)
            yield stream

    def release(self) -> None:
        """Close idle connections and forget the digest's nonce: with an old one a changed password would cost two
        refusals instead of one."""
        self._auth = None
        self.session.release()

    @property
    def paused(self) -> bool:
        """Whether the account is left alone after a refusal."""
        account = self.account
        return account is not None and any(self._pauses.remaining(one, account.username) > 0 for one in self._concerned)

    def _url(self, path: str) -> str:
        plain = path.isascii() and path.isprintable() and " " not in path
        if not path.startswith("/") or len(path) > MAX_PATH or not plain:
            raise BadAnswer(f"a path that cannot be asked for: {path[:80]!r}")
        return self.endpoint.url(path)

    def _credentials(self) -> DigestAuth | None:
        if self.account is None:
            return None
        self._check()
        auth = self._auth or DigestAuth(self.account.username, self.account.password(), self._check)
        self._auth = None if self._one_time_nonces else auth
        return auth

    def _check(self) -> None:
        """Raises AuthPaused."""
        if self.account is not None:
            for endpoint in self._concerned:
                self._pauses.check(endpoint, self.account.username)

    def _judge(self, response: requests.Response, anonymous: bool = False) -> None:
        status = response.status_code
        sent = self.account_shown = "Authorization" in response.request.headers
        if status == 200:
            return
        said = f"HTTP {status} {printable(response.reason, 60)}".strip()
        if status == 401 and anonymous:
            raise CredentialsWanted("not told without an account")
        explained = self._explain(status, response.content)
        if status == 401:
            self._refused(f"{said}: {explained}" if explained else said, sent, response)
        if explained is not None:
            if isinstance(explained, AuthRefused):
                self._rest()
            raise explained
        if status == 403:
            raise Forbidden(f"{said}: the account lacks the right" if sent else said)
        if status in (404, 405, 501):
            raise Unsupported(said)
        raise BadAnswer(said)

    def _refused(self, said: str, sent: bool, response: requests.Response) -> None:
        self._auth = None
        if self.account is None:
            raise AuthRefused("wants an account, and none is configured")
        if not sent:
            schemes = offered([response.headers.get("WWW-Authenticate", "")])
            raise CredentialsWanted(f"offers no login that we take ({schemes or 'none'})")
        self._rest()
        raise AuthRefused(said)

    def _rest(self) -> None:
        self._auth = None
        if self.account is not None:
            for endpoint in self._concerned:
                self._pauses.start(endpoint, self.account.username, self._pause_seconds)

    @contextlib.contextmanager
    def _named(self, path: str) -> Iterator[None]:
        """Every error with the device's name and the path."""
        try:
            yield
        except AuthPaused:
            raise
        except DeviceError as error:
            raise type(error)(f"{self.endpoint} {path.partition('?')[0][:80]}: {error}") from None


def query(path: str, parameters: Mapping[str, str | int]) -> str:
    """A path with its query, quoted as vendors' parsers want it: spaces as %20."""
    return path + "?" + "&".join(f"{name}={quote(str(value), safe=':[].')}" for name, value in parameters.items())
