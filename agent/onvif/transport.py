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
from agent.onvif.errors import AuthRefused, BadAnswer, CredentialsWanted, TimedOut, Unreachable, Unsupported

MAX_BYTES = 1024 * 1024
"""The largest answer taken, by default."""

_CHUNK = 64 * 1024


class _BoundedAdapter(HTTPAdapter):
    """Reads every answer itself, those to be answered with a digest too, so that none can flood or starve us."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_retries=0)
        self._max_bytes = max_bytes

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
        seconds = timeout[1] if isinstance(timeout, tuple) else timeout
        deadline = time.monotonic() + seconds
        response = super().send(request, True, timeout, verify, cert, proxies)
        try:
            response._content = self._read(response, deadline)
        except urllib3.exceptions.ReadTimeoutError:
            response.close()
            raise TimedOut("stopped in the middle of its answer") from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            response.close()
            raise BadAnswer(f"broke off its answer: {type(error).__name__}") from None
        except (BadAnswer, TimedOut):
            response.close()
            raise
        return response

    def _read(self, response: requests.Response, deadline: float) -> bytes:
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
            if time.monotonic() > deadline:
                raise TimedOut("answers too slowly")
        response.raw.release_conn()
        return bytes(body)


class DeviceTransport(zeep.Transport):  # type: ignore[misc] # zeep ships no types
    """zeep's way to one device. For one thread at a time."""

    def __init__(self, endpoint: Endpoint, timeout: float, max_bytes: int = MAX_BYTES) -> None:
        session = requests.Session()
        session.trust_env = False  # no proxy, no .netrc: nobody else learns whom we ask
        adapter = _BoundedAdapter(max_bytes)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        super().__init__(session=session, operation_timeout=timeout)
        session.headers["User-Agent"] = "Watchkeeper"
        session.headers["Accept-Encoding"] = "identity"
        self._endpoint = endpoint
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
        if not self._endpoint.owns(address):
            raise BadAnswer(f"leads to {address[:80]}")
        self.session.cookies.clear()
        start = time.monotonic()
        response = self._send(address, message, headers)
        self.elapsed = time.monotonic() - start
        self._judge(response)
        return response

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
            raise BadAnswer(f"no HTTP: {type(error).__name__}") from None

    def _judge(self, response: requests.Response) -> None:
        if response.is_redirect:
            raise BadAnswer(f"redirects to {response.headers['Location'][:80]!r}, not followed")
        sent = self.account_shown = "Authorization" in response.request.headers or self.token_sent
        root = self._envelope_of_error(response) if response.status_code >= 400 else envelope.parse(response.content)
        found = envelope.fault(root) if root is not None else None
        if response.status_code in (401, 403):
            text = f"HTTP {response.status_code}: {response.reason or ''}"[:100]
            raise AuthRefused(text) if sent else CredentialsWanted(text)
        if found is not None:
            envelope.raise_fault(found, sent)
        if response.status_code in (404, 405, 501):
            raise Unsupported(f"HTTP {response.status_code}")
        if response.status_code != 200:
            raise BadAnswer(f"HTTP {response.status_code}")

    @staticmethod
    def _envelope_of_error(response: requests.Response) -> etree._Element | None:
        """Errors may come as SOAP or as a web page."""
        try:
            return envelope.parse(response.content)
        except BadAnswer:
            return None


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
