"""HTTP to InfluxDB over influxdb-client, and what each refusal means.

Only 400 and 422 speak of the data. 401, 403, 404, 408, 429, 5xx, time-outs, broken connections and whatever else are
outages: somebody will renew the token, create the database or restart the server, and the data must be kept till then.
"""

import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import urllib3.exceptions
from influxdb_client import InfluxDBClient
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.write_api import SYNCHRONOUS

from hub.series.store import SeriesUnavailable

_ABOUT_THE_DATA = (400, 422)
_TOO_LARGE = 413
_ALL_TIME = ("1678-01-01T00:00:00Z", "2262-01-01T00:00:00Z")
_REASON_CHARACTERS = 200
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
    """The server refuses something in this request (400, 422), in its own words."""


class TooLarge(Exception):  # noqa: N818 - as above; the store halves the batch
    """The server refuses a request of this size (413)."""


class InfluxConnection:
    """Requests to one InfluxDB. Thread-safe, without a thread of its own; connects when first used."""

    def __init__(self, target: InfluxTarget) -> None:
        self._target = target
        by_name = bool(target.username)
        self._client: Any = InfluxDBClient(
            url=target.url,
            token=f"{target.username}:{target.password}" if by_name else target.token or None,
            auth_basic=by_name,
            org=target.org,
            timeout=round(target.timeout_seconds * 1000),
            enable_gzip=target.gzip,
            ssl_ca_cert=str(target.ca_file) if target.ca_file else None,
        )
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, body: bytes) -> None:
        """Line protocol, times in ms. Raises BadData, TooLarge, SeriesUnavailable."""
        if self._target.api == "v1":
            self._write_v1(body)
            return
        bucket, org = self._target.write_bucket, self._target.org
        with _verdicts(self._target.url):
            self._writer.write(bucket=bucket, org=org, record=body, write_precision="ms")

    def query(self, statements: str) -> str:
        """The chunked JSON that InfluxQL statements are answered with. Raises SeriesUnavailable, even when refused."""
        # Unchunked, 1.x marks whole answers of over 10,000 rows as partial, just as it does those it cuts short.
        form = {"q": statements, "epoch": "ms", "chunked": "true", **self._database()}
        try:
            return self._post("/query", "application/x-www-form-urlencoded", {}, post_params=form)
        except (BadData, TooLarge) as error:
            raise SeriesUnavailable(f"InfluxDB at {self._target.url} refuses a query: {error}") from None

    def version(self) -> str:
        """What the server calls itself, without a leading v: "1.6.7". Raises SeriesUnavailable."""
        api = self._client.api_client
        headers = {**api.default_headers}  # the library writes into what it is given
        with _verdicts(self._target.url):
            answer = api.rest_client.request("GET", self._target.url.rstrip("/") + "/ping", headers=headers)
        found = str(answer.getheader("X-Influxdb-Version") or "").lstrip("v")
        if not found[:1].isdigit():
            raise SeriesUnavailable(f"{self._target.url}/ping does not say which version of InfluxDB it is")
        return found

    def delete(self, predicate: str) -> None:
        """2.x: delete the bucket's points of all times that match. Raises SeriesUnavailable, even when refused."""
        bucket, org = self._target.write_bucket, self._target.org
        try:
            with _verdicts(self._target.url):
                self._client.delete_api().delete(*_ALL_TIME, predicate, bucket=bucket, org=org)
        except (BadData, TooLarge) as error:
            raise SeriesUnavailable(f"InfluxDB at {self._target.url} refuses to delete: {error}") from None

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _write_v1(self, body: bytes) -> None:
        headers = {}
        if self._target.gzip:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=1)
        where = {"precision": "ms", **self._database()}
        self._post("/write", "text/plain; charset=utf-8", headers, query_params=where, body=body)

    def _database(self) -> dict[str, str]:
        policy = self._target.retention_policy
        return {"db": self._target.database, **({"rp": policy} if policy else {})}

    def _post(self, path: str, content_type: str, headers: Mapping[str, str], **request: object) -> str:
        """A request the library has no API for, over its connections and with its credentials."""
        api = self._client.api_client
        headers = {**api.default_headers, "Content-Type": content_type, **headers}
        with _verdicts(self._target.url):
            answer = api.rest_client.request("POST", self._target.url.rstrip("/") + path, headers=headers, **request)
            return str(answer.data)


@contextmanager
def _verdicts(url: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except InfluxDBError as error:
        raise _verdict(url, getattr(error, "status", None), _words(error)) from None
    except urllib3.exceptions.HTTPError as error:
        raise SeriesUnavailable(f"InfluxDB at {url} does not answer: {str(error)[:_REASON_CHARACTERS]}") from None
    except UnicodeDecodeError as error:
        raise SeriesUnavailable(f"InfluxDB at {url} answers with no text: {error.reason}") from None


def _verdict(url: str, status: int | None, words: str) -> Exception:
    if status in _ABOUT_THE_DATA:
        return BadData(words)
    if status == _TOO_LARGE:
        return TooLarge(words)
    remedy = _REMEDIES.get(status or 0, "")
    return SeriesUnavailable(f"InfluxDB at {url} answers {status} {words}" + (f" ({remedy})" if remedy else ""))


def _words(error: Any) -> str:
    """What the server said: 2.x puts it in `message`, 1.x in `error`, a proxy in a page."""
    body = getattr(error, "body", None) or getattr(error, "reason", None) or error.message
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    return " ".join(text.split())[:_REASON_CHARACTERS]
