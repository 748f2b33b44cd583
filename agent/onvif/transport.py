"""zeep's way to one device: SOAP over a DeviceSession, every answer a well-formed envelope or one of our errors."""

from collections.abc import Mapping

import requests
import zeep
from lxml import etree
from requests.auth import AuthBase

from agent.device import xml
from agent.device.address import Endpoint
from agent.device.errors import AuthRefused, BadAnswer, CredentialsWanted, Unsupported
from agent.device.manners import MANNERS, MAX_REQUESTS, Manners
from agent.device.session import MAX_BYTES, DeviceSession
from agent.onvif import envelope


class DeviceTransport(zeep.Transport):  # type: ignore[misc] # zeep ships no types
    """For one thread at a time."""

    def __init__(
        self,
        endpoint: Endpoint,
        timeout: float,
        max_bytes: int = MAX_BYTES,
        max_requests: int = MAX_REQUESTS,
        manners: Manners = MANNERS,
    ) -> None:
        self.wire = DeviceSession(endpoint, timeout, max_bytes, max_requests, manners)
        """What the calls go over."""
        super().__init__(session=self.wire.http, operation_timeout=timeout)
        self._max_markup = xml.most_markup(max_bytes)
        self.envelope: etree._Element | None = None
        """The last answer, parsed: whoever takes it sets None, so that no tree outlives its use."""
        self.digest: AuthBase | None = None
        """Answers HTTP Digest challenges; None: calls go without."""
        self.token_sent = False
        """Whether the envelope carries a WS-UsernameToken; its signer says so."""
        self.patience = 0.0
        """Seconds to wait beyond the time-out: a long poll answers late by design."""
        self.account_shown = False
        """Whether the last call carried credentials."""

    def load(self, url: str) -> bytes:
        """Nothing is loaded on a device's word."""
        raise BadAnswer(f"refers to {url[:80]}")

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> requests.Response:
        """One call. The answer is a well-formed envelope without a fault; everything else is one of our errors."""
        self.envelope = None
        response = self.wire.exchange(
            "POST", address, body=message, headers=headers, auth=self.digest, patience=self.patience
        )
        self.envelope = self._judge(response)
        return response

    def _judge(self, response: requests.Response) -> etree._Element:
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
