"""HTTP to one device: bounded in time and size, to the configured host only, and no redirect followed."""

import http.client
import time
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
import zeep
from lxml import etree
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from agent.onvif import envelope
from agent.onvif.address import Endpoint
from agent.onvif.errors import (
    AuthRefused,
    BadAnswer,
    CredentialsWanted,
    Interrupted,
    OnvifError,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.onvif.line import Line

MAX_BYTES = 1024 * 1024
"""The largest answer taken, by default."""

_CHUNK = 64 * 1024


class _BoundedAdapter(HTTPAdapter):
    """Reads every answer itself, those to be answered with a digest too, so that none can flood or starve us."""

    def __init__(self, max_bytes: int, line: Line) -> None:
        super().__init__(max_retries=0)
        self._max_bytes = max_bytes
        self._line = line
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
        """One request; its answer's body is in memory when this returns. Raises BadAnswer and TimedOut."""
        self._line.begin(timeout[1] if isinstance(timeout, tuple) else timeout)
        response = super().send(request, True, timeout, verify, cert, proxies)
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
        return response

    def _read(self, response: requests.Response) -> bytes:
        # A kilobyte of gzip may become a gigabyte: we ask for none and take none.
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise BadAnswer("compresses its answer unasked")
        length = response.headers.get("Content-Length", "0")
        if length.isdecimal() and len(length) < 20 and int(length) > self._max_bytes:
            raise BadAnswer(f"answers with {length} bytes, {self._max_bytes} are taken")
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > self._max_bytes:
                raise BadAnswer(f"answers with more than {self._max_bytes} bytes")
        response.raw.release_conn()
        return bytes(body)


class DeviceTransport(zeep.Transport):  # type: ignore[misc] # zeep ships no types
    """zeep's way to one device. For one thread at a time."""

    def __init__(self, endpoint: Endpoint, timeout: float, max_bytes: int = MAX_BYTES) -> None:
        session = requests.Session()
        session.trust_env = False  # no proxy, no .netrc: nobody else learns whom we ask
        self._line = Line()
        adapter = _BoundedAdapter(max_bytes, self._line)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        super().__init__(session=session, operation_timeout=timeout)
        session.headers["User-Agent"] = "Watchkeeper"
        session.headers["Accept-Encoding"] = "identity"
        self._endpoint = endpoint
        self._max_markup = envelope.most_markup(max_bytes)
        self.envelope: etree._Element | None = None
        """The last answer, parsed: whoever takes it sets None, so that no tree outlives its use."""
        self.answers = 0
        """Whole HTTP answers since the start, of whatever kind."""
        self.digest: AuthBase | None = None
        """Answers HTTP Digest challenges; None: calls go without."""
        self.token_sent = False
        """Whether the envelope carries a WS-UsernameToken; its signer says so."""
        self.patience = 0.0
        """Seconds to wait beyond the time-out: a long poll answers late by design."""
        self.account_shown = False
        """Whether the last call carried credentials."""
        self.elapsed = 0.0
        """Seconds the last exchange took."""

    def load(self, url: str) -> bytes:
        """Nothing is loaded on a device's word."""
        raise BadAnswer(f"refers to {url[:80]}")

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> requests.Response:
        """One call. The answer is a well-formed envelope without a fault; everything else is one of our errors."""
        try:
            own = self._endpoint.owns(address)
        except ValueError as error:
            raise Unreachable(f"cannot be asked: {str(error)[:100]}") from None
        if not own:
            raise BadAnswer(f"leads to {address[:80]}")
        self.session.cookies.clear()
        start = time.monotonic()
        self.envelope = None
        try:
            response = self._send(address, message, headers)
        except OnvifError:
            if self._line.severed:
                raise Interrupted("interrupted") from None
            raise
        self.elapsed = time.monotonic() - start
        self.answers += 1
        self.envelope = self._judge(response)
        return response

    def interrupt(self) -> None:
        """From another thread: the call under way, and every further one until `resume`, ends as Interrupted."""
        self._line.cut()

    def resume(self) -> None:
        """Calls may be made again."""
        self._line.mend()

    def release(self) -> None:
        """Close idle connections: small devices have only a handful of them."""
        self.session.close()

    def _send(self, address: str, message: bytes, headers: Mapping[str, str]) -> requests.Response:
        timeout = (self.operation_timeout, self.operation_timeout + self.patience)
        try:
            response: requests.Response = self.session.post(
                address,
                data=message,
                headers=dict(headers),
                timeout=timeout,
                auth=self.digest or _anonymous,
                allow_redirects=False,
            )
            return response
        except requests.Timeout:
            raise TimedOut(f"no answer within {timeout[1]:g} s") from None
        except requests.ConnectionError as error:
            raise _connection_error(error) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            if not self._line.heard:
                # A host name or address that cannot be: nobody was asked, so nobody answered.
                raise Unreachable(f"cannot be asked: {type(error).__name__}") from None
            raise BadAnswer(f"no HTTP: {type(error).__name__}") from None

    def _judge(self, response: requests.Response) -> etree._Element:
        if response.is_redirect:
            raise BadAnswer(f"redirects to {response.headers['Location'][:80]!r}, not followed")
        sent = self.account_shown = "Authorization" in response.request.headers or self.token_sent
        root = self._envelope(response)
        found = envelope.fault(root) if root is not None else None
        if response.status_code in (401, 403):
            text = f"HTTP {response.status_code}: {response.reason or ''}"[:100]
            raise AuthRefused(text) if sent else CredentialsWanted(text)
        if found is not None:
            envelope.raise_fault(found, sent)
        if response.status_code in (404, 405, 501):
            raise Unsupported(f"HTTP {response.status_code}")
        if root is None or response.status_code != 200:
            raise BadAnswer(f"HTTP {response.status_code}")
        return root

    def _envelope(self, response: requests.Response) -> etree._Element | None:
        """Errors may come as SOAP or as a web page; the rest must be SOAP."""
        try:
            return envelope.parse(response.content, self._max_markup)
        except BadAnswer:
            if response.status_code >= 400:
                return None
            raise


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
