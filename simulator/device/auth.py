"""The accounts of a simulated device: HTTP Digest (RFC 7616 or, without qop, RFC 2069) and WS-UsernameToken, really
checked."""

import base64
import binascii
import datetime
import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from urllib.request import parse_http_list, parse_keqv_list

from lxml import etree

REALM = "simulated device"
MAX_NONCES = 256
_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"


class Gate:
    """Decides whether a request may pass. Thread-safe.

    `device_time` is the device's own clock (Unix seconds), which tokens are judged by; `monotonic` times nonces and
    lock-outs. After `lockout_after` refused logins in a row the right password is refused too, for
    `lockout_seconds`, as recorders do.
    """

    def __init__(
        self,
        username: str,
        password: str,
        device_time: Callable[[], float],
        monotonic: Callable[[], float],
        lockout_after: int | None = None,
    ) -> None:
        self.username = username
        self.password = password
        self.algorithms: Sequence[str] = ("MD5",)
        """What it offers and takes, in its order; a firmware update may change them at any time."""
        self.qop = True
        """Whether it wants requests counted, and a nonce of ours in the answer; many RTSP servers do not."""
        self.lockout_after = lockout_after
        self.lockout_seconds = 1800.0
        self.nonce_seconds = 60.0
        self.token_window_seconds = 60.0
        self.refused_logins = 0
        """Wrong credentials since the start: what an account is locked for."""
        self._device_time = device_time
        self._monotonic = monotonic
        self._nonces: OrderedDict[str, tuple[float, int]] = OrderedDict()  # nonce → made, highest count seen
        self._tokens: OrderedDict[bytes, None] = OrderedDict()
        self._failures = 0
        self._locked_until = 0.0
        self._lock = threading.Lock()

    def challenge(self, stale: bool = False) -> str:
        """A fresh WWW-Authenticate header: one challenge for each algorithm, the same nonce in all."""
        nonce = secrets.token_hex(16)
        with self._lock:
            self._nonces[nonce] = (self._monotonic(), 0)
            while len(self._nonces) > MAX_NONCES:
                self._nonces.popitem(last=False)
        qop = ', qop="auth"' if self.qop else ""
        extra = ", stale=true" if stale else ""
        return ", ".join(
            f'Digest realm="{REALM}"{qop}, nonce="{nonce}", algorithm={algorithm}{extra}'
            for algorithm in self.algorithms
        )

    def digest(self, header: str, method: str, path: str) -> tuple[bool, bool]:
        """(passes, stale) of an Authorization header."""
        scheme, _, rest = header.partition(" ")
        if scheme.lower() != "digest":
            return self._count(False), False
        try:
            fields = parse_keqv_list(parse_http_list(rest))
        except (ValueError, IndexError):
            return self._count(False), False
        if fields.get("algorithm", "MD5") not in self.algorithms:
            return False, True  # what an earlier firmware offered: asked anew, no login
        if not self._fresh(fields.get("nonce", ""), fields.get("nc", "")):
            return False, True
        expected = self._response(fields, method, path)
        good = hmac.compare_digest(expected, fields.get("response", "")) and fields.get("uri") == path
        return self._count(good and fields.get("username") == self.username), False

    def token(self, envelope: etree._Element) -> bool | None:
        """Whether the envelope's UsernameToken passes; None where it carries none."""
        token = envelope.find(f".//{{{_WSSE}}}UsernameToken")
        if token is None:
            return None
        password = token.findtext(f"{{{_WSSE}}}Password") or ""
        created = token.findtext(f"{{{_WSU}}}Created") or ""
        try:
            nonce = base64.b64decode(token.findtext(f"{{{_WSSE}}}Nonce") or "", validate=True)
            at = datetime.datetime.fromisoformat(created)
            in_window = abs(at.timestamp() - self._device_time()) <= self.token_window_seconds
        except (binascii.Error, ValueError):
            return self._count(False)
        # SHA-1 is what the profile says.
        digest = hashlib.sha1(nonce + created.encode() + self.password.encode(), usedforsecurity=False).digest()
        good = hmac.compare_digest(base64.b64encode(digest).decode(), password)
        named = token.findtext(f"{{{_WSSE}}}Username") == self.username
        return self._count(good and named and in_window and created.endswith("Z") and self._first_use(nonce))

    @property
    def locked_seconds(self) -> float:
        """How long every login is still refused; 0 where it is not locked."""
        return max(0.0, self._locked_until - self._monotonic())

    @property
    def tries_left(self) -> int | None:
        """Wrong logins until it locks; None where it never does."""
        return None if self.lockout_after is None else max(0, self.lockout_after - self._failures)

    def _response(self, fields: dict[str, str], method: str, path: str) -> str:
        algorithm = _HASHES[fields.get("algorithm", "MD5")]

        def digest(text: str) -> str:
            return hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()

        account = digest(f"{self.username}:{REALM}:{self.password}")
        names = ("nonce", "nc", "cnonce", "qop") if self.qop else ("nonce",)
        middle = ":".join(fields.get(name, "") for name in names)
        return digest(f"{account}:{middle}:{digest(f'{method}:{path}')}")

    def _fresh(self, nonce: str, count: str) -> bool:
        """One of ours, not too old, and its count higher than ever: a replay has an old count."""
        with self._lock:
            made, highest = self._nonces.get(nonce, (None, 0))
            try:
                number = int(count, 16) if self.qop else highest + 1
            except ValueError:
                return False
            if made is None or self._monotonic() - made > self.nonce_seconds or number <= highest:
                return False
            self._nonces[nonce] = (made, number)
            return True

    def _first_use(self, nonce: bytes) -> bool:
        with self._lock:
            if nonce in self._tokens:
                return False
            self._tokens[nonce] = None
            while len(self._tokens) > MAX_NONCES:
                self._tokens.popitem(last=False)
            return True

    def _count(self, good: bool) -> bool:
        with self._lock:
            if not good:
                self.refused_logins += 1
                self._failures += 1
                if self.lockout_after is not None and self._failures >= self.lockout_after:
                    self._locked_until = self._monotonic() + self.lockout_seconds
                return False
            if self._monotonic() < self._locked_until:
                return False
            self._failures = 0
            return True
