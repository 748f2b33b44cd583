"""HTTP Digest (RFC 7616 and its forerunner RFC 2069): which of a device's challenges we answer, and the answer.

requests' own takes one challenge, mixes several into one, and stumbles over an algorithm it does not know; devices
offer MD5 and SHA-256 side by side, and another set after a firmware update. RTSP (RFC 2326) uses the same. Basic
is never answered: it would show the password.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.auth import AuthBase

_HASHES: Mapping[str, Callable[[bytes], Any]] = {
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data),
    "SHA-256": hashlib.sha256,
    "SHA-512": hashlib.sha512,
    "SHA": lambda data: hashlib.sha1(data, usedforsecurity=False),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False),
}
_PREFERRED = ("SHA-256", "SHA-512-256", "SHA-512", "MD5", "SHA")
"""The strongest common one first; what the standard wants least last."""

_FIELD = re.compile(
    r"(?<![\w-])(?:(?P<scheme>[A-Za-z][\w-]*+)\s++(?=[\w-]++\s*+=))?"
    r"(?P<name>[\w-]++)\s*+=\s*+(?:\"(?P<quoted>(?:[^\"\\]|\\.)*+)\"|(?P<token>[^\s,\"]*+))"
)
"""Nothing in it is tried twice (`*+`), and nothing begins within a word: a header of blanks would keep a processor busy
for hours, and all of our threads waiting."""
MAX_HEADER = 8192


@dataclass
class Challenge:
    """What a device wants answered. `count` is how often its nonce was used."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: bool = False
    opaque: str | None = None
    stale: bool = False
    count: int = 0
    cnonce: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def hash(self) -> str:
        """The name of its hash, without `-sess`."""
        return self.algorithm.upper().removesuffix("-SESS")


def choose(headers: Iterable[str]) -> Challenge | None:
    """The strongest challenge of these WWW-Authenticate headers that we can answer, None where there is none."""
    found = [c for header in headers for fields in _digests(header[:MAX_HEADER]) if (c := _challenge(fields))]
    return min(found, key=lambda challenge: _PREFERRED.index(challenge.hash), default=None)


def answer(challenge: Challenge, username: str, password: str, method: str, uri: str) -> str:
    """The Authorization header for one request; counts the nonce's use."""

    def digest(text: str) -> str:
        return str(_HASHES[challenge.hash](text.encode()).hexdigest())

    challenge.count += 1
    count = f"{challenge.count:08x}"
    secret = digest(f"{username}:{challenge.realm}:{password}")
    if challenge.algorithm.upper().endswith("-SESS"):
        secret = digest(f"{secret}:{challenge.nonce}:{challenge.cnonce}")
    middle = f"{count}:{challenge.cnonce}:auth:" if challenge.qop else ""
    response = digest(f"{secret}:{challenge.nonce}:{middle}{digest(f'{method}:{uri}')}")
    quoted = {"username": username, "realm": challenge.realm, "nonce": challenge.nonce, "uri": uri}
    quoted |= {"response": response} | ({"opaque": challenge.opaque} if challenge.opaque is not None else {})
    parts = [f'{name}="{_escaped(value)}"' for name, value in quoted.items()]
    parts.append(f"algorithm={challenge.algorithm}")
    if challenge.qop:
        parts += ["qop=auth", f"nc={count}", f'cnonce="{challenge.cnonce}"']
    return "Digest " + ", ".join(parts)


class DigestAuth(AuthBase):
    """For requests: answers a challenge once per request, and goes on with its nonce.

    `may` is called ahead of every login and raises where there is to be none: somebody else of us may have been refused
    between the question and the challenge.
    """

    def __init__(self, username: str, password: str, may: Callable[[], None] = lambda: None) -> None:
        self._username = username
        self._password = password
        self._may = may
        self._challenge: Challenge | None = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Called by requests for every request."""
        if self._challenge is not None:
            self._sign(request, self._challenge)
        request.register_hook("response", self._respond)  # type: ignore[no-untyped-call] # requests' own
        return request

    def _respond(self, response: requests.Response, **options: Any) -> requests.Response:
        if response.status_code != 401:
            return response
        signed = "Authorization" in response.request.headers
        challenge = choose(_challenges(response))
        # Signed and refused: only a nonce that has grown old is worth a second try, all else is a refused login.
        if challenge is None or (signed and not challenge.stale):
            return response
        self._challenge = challenge
        again = response.request.copy()
        again.hooks = {"response": []}
        self._sign(again, challenge)
        second: requests.Response = response.connection.send(again, **options)
        second.history.append(response)
        second.request = again
        return second

    def _sign(self, request: requests.PreparedRequest, challenge: Challenge) -> None:
        self._may()
        value = answer(challenge, self._username, self._password, request.method or "", request.path_url)
        request.headers["Authorization"] = value


def offered(headers: Iterable[str]) -> str:
    """The schemes and algorithms of a refusal, fit for a log: `Basic`, `Digest SHA-1024`."""
    names: dict[str, None] = {}
    for header in headers:
        for scheme, fields in _schemes(header[:MAX_HEADER]):
            names[f"{scheme} {fields.get('algorithm', '')}".strip()[:40]] = None
    return ", ".join(list(names)[:5])


def _challenges(response: requests.Response) -> list[str]:
    """Every WWW-Authenticate header, apart: requests joins them."""
    raw: list[str] = response.raw.headers.getlist("WWW-Authenticate") if response.raw is not None else []
    return raw or [response.headers.get("WWW-Authenticate", "")]


def _digests(header: str) -> Iterable[dict[str, str]]:
    return (fields for scheme, fields in _schemes(header) if scheme.lower() == "digest")


def _schemes(header: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for match in _FIELD.finditer(header):
        if match["scheme"]:
            found.append((match["scheme"], {}))
        if found:
            quoted = match["quoted"]
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else match["token"]
            found[-1][1].setdefault(match["name"].lower(), value)
    return found


def _challenge(fields: Mapping[str, str]) -> Challenge | None:
    algorithm = fields.get("algorithm") or "MD5"
    offers = [one.strip().lower() for one in fields["qop"].split(",")] if fields.get("qop") else []
    known = algorithm.upper().removesuffix("-SESS") in _HASHES
    if not known or "nonce" not in fields or (offers and "auth" not in offers):
        return None
    stale = fields.get("stale", "").lower() == "true"
    return Challenge(fields.get("realm", ""), fields["nonce"], algorithm, bool(offers), fields.get("opaque"), stale)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
