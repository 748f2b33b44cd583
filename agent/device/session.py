"""HTTP exchanges with one device: bounded in time and size, to the configured host only, and no redirect followed.

What every protocol over HTTP stands on: ONVIF, ISAPI, CGI. One request at a time, counted (agent/device/manners.py).
"""

import contextlib
import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from agent.device.address import Endpoint
from agent.device.errors import BadAnswer, DeviceError, Interrupted, TimedOut, Unreachable
from agent.device.line import Line
from agent.device.manners import MANNERS, MAX_REQUESTS, Manner, Manners

MAX_BYTES = 1024 * 1024
"""The largest answer taken, by default."""

_CHUNK = 64 * 1024
_PATIENT = 0.5
"""A request that may wait longer than this for its answer holds no turn: the device is idle meanwhile."""


class _BoundedAdapter(HTTPAdapter):
    """Reads every answer itself, those to be answered with a digest too, so that none can flood or starve us."""

    def __init__(self, line: Line, spend: Callable[[], None]) -> None:
        super().__init__(max_retries=0)
        self.max_bytes = 0
        self.answers = 0
        """Whole answers since the start; of one that is left to the caller, its beginning."""
        self.streaming = False
        """Whether the body of what is answered well is left to the caller to read."""
        self._line = line
        self._spend = spend
        # Of this adapter alone: the default is urllib3's own table.
        self.poolmanager.pool_classes_by_scheme = {"http": line.pool}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One request; its answer's body is in memory when this returns. Raises DeviceError."""
        self._spend()
        self._line.begin(timeout[1] if isinstance(timeout, tuple) else timeout)
        response = super().send(request, True, timeout, verify, cert, proxies)
        if self.streaming and response.status_code == 200:
            self.answers += 1
            return response
        try:
            response._content = self._read(response)
        except urllib3.exceptions.ReadTimeoutError:
            response.close()
            raise TimedOut("did not end its answer in time") from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            response.close()
            raise BadAnswer(f"broke off its answer: {type(error).__name__}") from None
        except BadAnswer:
            response.close()
            raise
        self.answers += 1
        return response

    def _read(self, response: requests.Response) -> bytes:
        # A kilobyte of gzip may become a gigabyte: we ask for none and take none.
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise BadAnswer("compresses its answer unasked")
        length = response.headers.get("Content-Length", "0")
        if length.isdecimal() and len(length) < 20 and int(length) > self.max_bytes:
            raise BadAnswer(f"answers with {length} bytes, {self.max_bytes} are taken")
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > self.max_bytes:
                raise BadAnswer(f"answers with more than {self.max_bytes} bytes")
        response.raw.release_conn()
        return bytes(body)


class DeviceSession:
    """The connections to one device. For one thread at a time; only `interrupt` may come from another."""

    def __init__(
        self,
        endpoint: Endpoint,
        timeout: float,
        max_bytes: int = MAX_BYTES,
        max_requests: int = MAX_REQUESTS,
        manners: Manners = MANNERS,
    ) -> None:
        self.endpoint = endpoint
        self.timeout = timeout
        self.manner: Manner = manners.of(endpoint)
        self.elapsed = 0.0
        """Seconds the last exchange took, a digest's second request included."""
        self._max_bytes = max_bytes
        self._has_turn = False
        self._line = Line()
        self._adapter = _BoundedAdapter(self._line, lambda: self.manner.spend(max_requests))
        self.http = requests.Session()
        """requests' own session; set up here, for zeep to hold."""
        self.http.trust_env = False  # no proxy, no .netrc: nobody else learns whom we ask
        self.http.mount("http://", self._adapter)
        self.http.mount("https://", self._adapter)
        self.http.headers["User-Agent"] = "Watchkeeper"
        self.http.headers["Accept-Encoding"] = "identity"

    def exchange(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
        patience: float = 0.0,
        timeout: float | None = None,
        max_bytes: int | None = None,
    ) -> requests.Response:
        """One question and its whole answer, of any status but a redirect. Raises DeviceError.

        `auth` answers challenges; without it the question goes anonymously. `patience` (s) is added to the time-out: a
        long poll answers late by design. `timeout` (s) stands for the session's own where the device works that long.
        """
        self._own(url)
        with self.turn(patience):
            self._adapter.max_bytes = max_bytes or self._max_bytes
            start = time.monotonic()
            response = self._send(method, url, body, headers or {}, auth, patience, timeout)
            self.elapsed = time.monotonic() - start
        if response.is_redirect:
            raise BadAnswer(f"redirects to {response.headers['Location'][:80]!r}, not followed")
        return response

    @contextlib.contextmanager
    def stream(
        self, url: str, *, headers: Mapping[str, str] | None = None, auth: AuthBase | None = None
    ) -> Iterator["Stream"]:
        """An answer without an end, read piece by piece. Raises DeviceError.

        One of another status than 200 has its body read, as `exchange` does. Opening it is a question as any other,
        with a turn of its own: two logins side by side could both be refused."""
        self._own(url)
        with self.turn():
            self._adapter.max_bytes, self._adapter.streaming = self._max_bytes, True
            try:
                response = self._send("GET", url, None, headers or {}, auth, 0.0)
            finally:
                self._adapter.streaming = False
            if response.is_redirect:
                raise BadAnswer(f"redirects to {response.headers['Location'][:80]!r}, not followed")
        try:
            yield Stream(response, self._line)
        finally:
            response.close()

    @contextlib.contextmanager
    def turn(self, patience: float = 0.0) -> Iterator[None]:
        """Our turn at the device, for an exchange and what has to be noted of its answer before anybody else asks: that
        the account was refused. None for a call that waits long. Raises HeldBack, Interrupted."""
        if self._has_turn or patience > _PATIENT:
            with self._interruptible():
                yield
            return
        with self._interruptible(), self.manner.turn(self.timeout, lambda: self._line.severed):
            self._has_turn = True
            try:
                yield
            finally:
                self._has_turn = False

    def interrupt(self) -> None:
        """From another thread: the call under way, and every further one until `resume`, ends as Interrupted."""
        self._line.cut()

    @property
    def answers(self) -> int:
        """Whole HTTP answers since the start, of whatever kind: a challenge is one, too."""
        return self._adapter.answers

    def resume(self) -> None:
        """Calls may be made again."""
        self._line.mend()

    @property
    def connected(self) -> bool:
        """Whether the last connection was taken, be there an answer or not."""
        return self._line.connected

    @property
    def interrupted(self) -> bool:
        """Whether calls end at once, until `resume`."""
        return self._line.severed

    def release(self) -> None:
        """Close idle connections: small devices have only a handful of them."""
        self.http.close()

    def _own(self, url: str) -> None:
        try:
            own = self.endpoint.owns(url)
        except ValueError as error:
            raise Unreachable(f"cannot be asked: {str(error)[:100]}") from None
        if not own:
            raise BadAnswer(f"leads to {url[:80]}")
        self.http.cookies.clear()

    @contextlib.contextmanager
    def _interruptible(self) -> Iterator[None]:
        try:
            yield
        except DeviceError:
            if self._line.severed:
                raise Interrupted("interrupted") from None
            raise

    def _send(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        auth: AuthBase | None,
        patience: float,
        longer: float | None = None,
    ) -> requests.Response:
        timeout = (self.timeout, (longer or self.timeout) + patience)
        try:
            return self.http.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                timeout=timeout,
                auth=auth or _anonymous,
                allow_redirects=False,
                stream=self._adapter.streaming,
            )
        except requests.Timeout:
            raise TimedOut(f"no answer within {timeout[1]:g} s") from None
        except requests.ConnectionError as error:
            raise _connection_error(error) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            if not self._line.heard:
                # A host name or address that cannot be: nobody was asked, so nobody answered.
                raise Unreachable(f"cannot be asked: {type(error).__name__}") from None
            raise BadAnswer(f"no HTTP: {type(error).__name__}") from None


class Stream:
    """An answer that goes on. Reads end as Interrupted when the session is interrupted from another thread."""

    def __init__(self, response: requests.Response, line: Line) -> None:
        self.response = response
        self._line = line

    def read(self, silence: float, most: int = _CHUNK) -> bytes:
        """The next bytes, at most so many, waited for at most `silence` seconds; empty where the device ended it.

        Raises TimedOut, Interrupted, BadAnswer.
        """
        try:
            self._line.begin(silence)
            piece = bytes(self.response.raw.read1(most, decode_content=False))
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if self._line.severed:
                raise Interrupted("interrupted") from None
            if isinstance(error, TimeoutError | urllib3.exceptions.ReadTimeoutError):
                raise TimedOut(f"silent for {silence:g} s") from None
            raise BadAnswer(f"broke off its stream: {type(error).__name__}") from None
        if not piece and self._line.severed:
            raise Interrupted("interrupted")
        return piece


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No authentication: an auth given as None would let requests look for one."""
    return request


def _connection_error(error: requests.ConnectionError) -> Unreachable | BadAnswer | TimedOut:
    chain = _causes(error)
    if any(isinstance(e, urllib3.exceptions.ReadTimeoutError) for e in chain):
        return TimedOut("no answer in time")
    odd = [e for e in chain if isinstance(e, http.client.HTTPException)]
    if odd and not isinstance(odd[0], http.client.RemoteDisconnected):
        return BadAnswer(f"no HTTP: {type(odd[0]).__name__}")
    root = next((e for e in chain if isinstance(e, OSError) and e.errno), None)
    return Unreachable(root.strerror if root and root.strerror else type(chain[-1]).__name__)


def _causes(error: BaseException) -> list[BaseException]:
    """The error, and what requests and urllib3 wrapped in it (as argument, `reason` or context), outermost first."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        inner = getattr(following, "reason", None), *following.args, following.__context__
        following = next((e for e in inner if isinstance(e, BaseException)), None)
    return chain
