"""HTTP to an InfluxDB that is to be set up, and which version it is."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import urllib3

from hub.series import answer as bounded
from hub.series.config import SeriesSettings
from hub.series.setup.steps import SetupError

_WORDS = 300
_MAX_BYTES = 4 * 1024**2
_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_PROXY_WORDS = re.compile(r"\s+")


@dataclass(frozen=True)
class Credentials:
    """Of whoever sets up: a token, or a name and a password, or nothing."""

    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)

    def headers(self) -> dict[str, str]:
        """As InfluxDB wants them."""
        if self.username:
            pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {"Authorization": f"Token {self.token}"} if self.token else {}


class Answer(NamedTuple):
    """Status, and the JSON that came, {} where none did; `words` is what the server said when it refused."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]
    words: str


class Server:
    """Requests to one InfluxDB; no thread, no state but connections."""

    def __init__(self, settings: SeriesSettings, credentials: Credentials) -> None:
        self.url = settings.url.rstrip("/")
        self.username = credentials.username
        self._credentials = credentials
        authority = str(settings.ca_file) if settings.ca_file else None
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(settings.timeout_seconds), retries=False, ca_certs=authority
        )
        bounded.bound(self._pool)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """Any answer. Raises SetupError where none comes."""
        headers = self._credentials.headers() | {"Accept": "application/json"}
        given: dict[str, Any] = {"fields": query} if query else {}
        if form is not None:
            given = {"fields": form, "encode_multipart": False}
        if body is not None:
            headers["Content-Type"] = "application/json"
            given = {"body": json.dumps(body).encode()}
        try:
            answer = bounded.ask(self._pool, method, self.url + path, _MAX_BYTES, headers=headers, **given)
        except bounded.TooLong as error:
            raise SetupError(f"InfluxDB at {self.url} gives an answer {error}") from None
        except urllib3.exceptions.HTTPError as error:
            raise SetupError(f"InfluxDB at {self.url} does not answer: {str(error)[:_WORDS]}") from None
        found = _json(answer.body)
        words = str(found.get("message") or found.get("error") or answer.body[:_WORDS].decode(errors="replace"))
        return Answer(answer.status, found, answer.headers, _PROXY_WORDS.sub(" ", words).strip()[:_WORDS])

    def version(self) -> str:
        """Such as 1.6.7, from /ping's header or body, else from /health. Raises SetupError where neither tells."""
        for path in ("/ping", "/health"):
            answer = self.ask("GET", path)
            said = answer.headers.get("X-Influxdb-Version") or str(answer.body.get("version", ""))
            if _VERSION.match(said):
                return said.removeprefix("v")
            if answer.status in (401, 403):
                raise refusal(self.url, "telling its version", answer)
        raise SetupError(f"{self.url} does not say that it is InfluxDB: {answer.status} {answer.words}")

    def close(self) -> None:
        """Close connections."""
        self._pool.clear()


def refusal(url: str, what: str, answer: Answer, right: str = "") -> SetupError:
    """What a refused request means for whoever sets up. `right` is what their credentials need."""
    if answer.status == 401:
        return SetupError(
            f"InfluxDB at {url} refuses these credentials ({answer.words}): give an administrator's, "
            "with --token-file, or --username and --password-file"
        )
    if answer.status == 403:
        need = f": they need {right}" if right else ""
        return SetupError(f"InfluxDB at {url} does not let these credentials do it: {what} ({answer.words}){need}")
    return SetupError(f"InfluxDB at {url}: {what}: {answer.status} {answer.words}")


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
