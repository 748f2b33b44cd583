"""HTTP to InfluxDB, and what each answer means.

Only 204 says that a write is on disk. Only 400 and 422 speak of the data, and 201 where a cluster says that it took a
part. 401, 403, 404, 408, 429, 5xx, redirects, answers of other programs, time-outs, broken connections and whatever
else are outages: somebody will renew the token, create the database or restart the server, and the data must be kept
till then. Credentials, TLS and connections are influxdb-client's; the exchange is ours, because the library reads
whatever it is sent to the end, and waits for it as long as it takes.
"""

import gzip
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import urllib3
from influxdb_client import InfluxDBClient

from hub.series import answer
from hub.series.answer import Answer
from hub.series.store import SeriesUnavailable

MAX_ANSWER_BYTES = 64 * 1024**2
"""The longest answer to a query that is read: the newest value of a metric of 350,000 devices, or 2.5 million values.

InfluxDB 1.6.7 takes 191 bytes for one device's newest, 26 for one value of a series.
"""

_WRITTEN = 204
_IN_PART = 201
_ABOUT_THE_DATA = (400, 422)
_TOO_LARGE = 413
_OVERLOADED = (429, 503)
_ALL_TIME = ("1678-01-01T00:00:00Z", "2262-01-01T00:00:00Z")
_REASON_CHARACTERS = 200
_LIMITS = ("max-series-per-database", "max-values-per-tag")
_REMEDIES = {
    401: "renew the token or password",
    403: "this token or user may not do that: grant it read and write",
    404: 'create the database or bucket (watchkeeper-hub init-influx does); InfluxDB before 1.8 also needs api = "v1"',
}


@dataclass(frozen=True)
class InfluxTarget:
    """Where InfluxDB is and who we are: `token` (2.x, 3.x), or `username` and `password` (1.x), or neither.

    In `api` "v2" the bucket defaults to what 1.8 maps to a database: `database/retention_policy` or `database`.
    """

    url: str
    database: str
    api: Literal["v2", "v1"] = "v2"
    org: str = "-"
    bucket: str = ""
    retention_policy: str = ""
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = 10.0
    gzip: bool = False
    ca_file: Path | None = None

    @property
    def write_bucket(self) -> str:
        """The bucket of v2 writes."""
        policy = f"/{self.retention_policy}" if self.retention_policy else ""
        return self.bucket or self.database + policy


class BadData(Exception):  # noqa: N818 - a verdict on a request; the store above turns it into SeriesRefused
    """The server refuses something in this request (400, 422, 201), in its own words."""


class TooLarge(Exception):  # noqa: N818 - as above; the store halves the batch
    """The server refuses a request of this size (413)."""


class AnswerTooLong(SeriesUnavailable):
    """An answer of more than MAX_ANSWER_BYTES, which was not read to its end: ask for less."""


class InfluxConnection:
    """Requests to one InfluxDB. Thread-safe, without a thread of its own; connects when first used."""

    def __init__(self, target: InfluxTarget) -> None:
        self._target = target
        self._url = target.url.rstrip("/")
        by_name = bool(target.username)
        self._client: Any = InfluxDBClient(
            url=target.url,
            token=f"{target.username}:{target.password}" if by_name else target.token or None,
            auth_basic=by_name,
            org=target.org,
            ssl_ca_cert=str(target.ca_file) if target.ca_file else None,
        )
        self._pools: Any = self._client.api_client.rest_client.pool_manager
        answer.bound(self._pools)

    def write(self, body: bytes, precision: Literal["ms", "ns"] = "ms") -> None:
        """Line protocol, times in ms or ns. Raises BadData, TooLarge, SeriesUnavailable."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._target.gzip:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=1)
        if self._target.api == "v1":
            path, where = "/write", self._database()
        else:
            path, where = "/api/v2/write", {"org": self._target.org, "bucket": self._target.write_bucket}
        found = self._exchange("POST", path, {"precision": precision, **where}, headers, body)
        if found.status == _IN_PART:
            raise BadData(_words(found))
        self._must_be_written(found, "a write")

    def query(self, statements: str, *, chunked: bool = True) -> str:
        """The JSON that InfluxQL statements are answered with. Raises SeriesUnavailable, even when refused.

        Unchunked, 1.x marks whole answers that have a series of over 10,000 rows as partial, just as those it cuts
        short.
        """
        form = {"q": statements, "epoch": "ms", "chunked": str(chunked).lower(), **self._database()}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        with self._no_verdict("a query"):
            found = self._exchange("POST", "/query", {}, headers, urlencode(form).encode())
        try:
            return found.body.decode()
        except UnicodeDecodeError as error:
            raise SeriesUnavailable(f"InfluxDB at {self._url} answers with no text: {error.reason}") from None

    def version(self) -> str:
        """What the server calls itself, without a leading v: "1.6.7". Raises SeriesUnavailable."""
        with self._no_verdict("a ping"):
            said = self._exchange("GET", "/ping").headers.get("X-Influxdb-Version", "").lstrip("v")
        if not said[:1].isdigit():
            raise SeriesUnavailable(f"{self._url}/ping does not say which version of InfluxDB it is")
        return said

    def delete(self, predicate: str) -> None:
        """2.x: delete the bucket's points of all times that match. Raises SeriesUnavailable, even when refused."""
        where = {"org": self._target.org, "bucket": self._target.write_bucket}
        body = json.dumps(dict(zip(("start", "stop", "predicate"), (*_ALL_TIME, predicate), strict=True)))
        with self._no_verdict("to delete"):
            headers = {"Content-Type": "application/json"}
            found = self._exchange("POST", "/api/v2/delete", where, headers, body.encode())
        self._must_be_written(found, "a deletion")

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _database(self) -> dict[str, str]:
        policy = self._target.retention_policy
        return {"db": self._target.database, **({"rp": policy} if policy else {})}

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """A good answer. Raises BadData, TooLarge, SeriesUnavailable."""
        try:
            found = answer.ask(
                self._pools,
                method,
                self._url + path + (f"?{urlencode(query)}" if query else ""),
                MAX_ANSWER_BYTES,
                headers={**self._client.api_client.default_headers, **(headers or {})},
                body=body,
                timeout=urllib3.Timeout(self._target.timeout_seconds),
            )
        except answer.TooLong as error:
            raise AnswerTooLong(f"InfluxDB at {self._url} gives an answer {error}") from None
        except urllib3.exceptions.HTTPError as error:
            raise SeriesUnavailable(f"InfluxDB at {self._url} does not answer: {_cut(str(error))}") from None
        if not found.good:
            raise _verdict(self._url, found)
        return found

    def _must_be_written(self, found: Answer, what: str) -> None:
        """Another program's page is no promise of InfluxDB's, however good its status."""
        if found.status != _WRITTEN:
            raise SeriesUnavailable(
                f"{self._url} answers {what} with {found.status} {_words(found)}: that is not InfluxDB, "
                "or a proxy before it that keeps the request to itself"
            )

    @contextmanager
    def _no_verdict(self, what: str) -> Iterator[None]:
        """Of a request that carries no data every refusal is an outage."""
        try:
            yield
        except (BadData, TooLarge) as error:
            raise SeriesUnavailable(f"InfluxDB at {self._url} refuses {what}: {error}") from None


def _verdict(url: str, found: Answer) -> Exception:
    """What an answer means that is not good."""
    words = _words(found)
    if found.status in _ABOUT_THE_DATA:
        limit = next((limit for limit in _LIMITS if limit in words), "")
        return BadData(words + (f" (raise {limit} in InfluxDB, then retry the dead letters)" if limit else ""))
    if found.status == _TOO_LARGE:
        return TooLarge(words)
    if 300 <= found.status <= 399:
        return SeriesUnavailable(
            f"{url} answers {found.status} and points to {answer.elsewhere(found.headers)}, where neither data nor "
            "credentials are sent: set url to where InfluxDB itself is"
        )
    pause = answer.retry_after(found.headers, time.time()) if found.status in _OVERLOADED else 0.0
    remedy = _REMEDIES.get(found.status, "")
    told = f"InfluxDB at {url} answers {found.status} {words}" + (f" ({remedy})" if remedy else "")
    return SeriesUnavailable(told, pause)


def _words(found: Answer) -> str:
    """What the server said: 2.x puts it in `message`, 1.x in `error`, a proxy in a page."""
    return _cut(found.body.decode(errors="replace")) or _cut(found.headers.get("X-Influxdb-Error", ""))


def _cut(text: str) -> str:
    return " ".join(text.split())[:_REASON_CHARACTERS]
