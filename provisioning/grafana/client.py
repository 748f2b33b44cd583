"""Grafana's HTTP API by way of grafana-api, with every failure as one sentence.

Redirects are never followed: credentials go where they were meant to go and nowhere else. An answer is read up to
MAX_BYTES. What is not JSON is not Grafana.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from grafana_api.grafana_api import GrafanaClientError, GrafanaException
from grafana_api.grafana_face import GrafanaFace

MAX_BYTES = 16 * 1024 * 1024
TIMEOUT_SECONDS = 20.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
ORGANISATION = "X-Grafana-Org-Id"


class GrafanaError(Exception):
    """Grafana did not do what was asked. `status`: its answer's, 0 without one."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


class Guarded(requests.Session):
    """A session that follows nobody and reads no more than it should."""

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **settings: Any) -> requests.Response:
        """As of requests. Raises GrafanaError for a redirect or an answer without end."""
        settings |= {"allow_redirects": False, "stream": True}
        response = super().request(method, url, *args, **settings)
        if 300 <= response.status_code < 400:
            raise GrafanaError(f"answers with a redirect (status {response.status_code}): give the address it leads to")
        body = b""
        for part in response.iter_content(65_536):
            body += part
            if len(body) > MAX_BYTES:
                response.close()
                raise GrafanaError(f"answers with more than {MAX_BYTES >> 20} MiB")
        response._content = body
        return response


class Grafana:
    """One Grafana. `auth`: a service account's token, or (user, password) of a server administrator."""

    def __init__(
        self, url: str, auth: str | tuple[str, str], ca_file: Path | None = None, plaintext: bool = False
    ) -> None:
        parts = urlsplit(url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username
            or parts.query
            or parts.fragment
        ):
            raise GrafanaError(f"{url!r} is no address of a Grafana: https://HOST[:PORT][/PATH]")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK and not plaintext:
            raise GrafanaError(f"credentials would go to {parts.hostname} unencrypted: use https, or say --plaintext")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        prefix = parts.path.strip("/")
        self.url = url
        self.administrator = isinstance(auth, tuple)
        self._face = GrafanaFace(
            auth,
            host=host,
            port=parts.port,
            protocol=parts.scheme,
            url_path_prefix=f"{prefix}/" if prefix else "",
            verify=str(ca_file) if ca_file else True,
            timeout=TIMEOUT_SECONDS,
        )
        self._face.api.s = Guarded()

    def enter(self, organisation: int) -> None:
        """All that follows is about this organisation."""
        self._face.api.s.headers[ORGANISATION] = str(organisation)

    def leave(self) -> None:
        """Of the server again."""
        self._face.api.s.headers.pop(ORGANISATION, None)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request; `path` without `/api`. Raises GrafanaError."""
        try:
            return getattr(self._face.api, method)(path, json=body)
        except GrafanaException as error:
            raise GrafanaError(_sentence(error, method, path), error.status_code) from None
        except requests.exceptions.SSLError as error:
            raise GrafanaError(
                f"its certificate is not trusted: {_last(error)}; --ca-file names an authority's"
            ) from None
        except requests.exceptions.Timeout:
            raise GrafanaError(f"no answer within {TIMEOUT_SECONDS:g} s to {method} /api{path}") from None
        except requests.exceptions.JSONDecodeError:
            raise GrafanaError(
                f"answers {method} /api{path} with something that is no JSON: is this a Grafana?"
            ) from None
        except requests.exceptions.RequestException as error:
            raise GrafanaError(f"cannot be reached: {_last(error)}") from None

    def find(self, path: str) -> Any | None:
        """What is there, or None. Raises GrafanaError."""
        try:
            return self.call("GET", path)
        except GrafanaError as error:
            if error.status == 404:
                return None
            raise


def escaped(part: str) -> str:
    """One part of a path."""
    return quote(part, safe="")


HINTS: Mapping[int, str] = {
    401: "these credentials are not accepted",
    403: "these credentials may not do that: it takes an administrator, and one of the server to make organisations",
    404: "not there",
    409: "something of that name is there already",
    412: "changed by somebody else meanwhile, or since it was published: look at it, then run again with --overwrite",
}


def _sentence(error: GrafanaException, method: str, path: str) -> str:
    said = error.response.get("message", "") if isinstance(error.response, dict) else ""
    if not isinstance(error, GrafanaClientError):
        return (
            f"failed at {method} /api{path} with status {error.status_code}: {str(said)[:200] or 'look into its log'}"
        )
    hint = HINTS.get(error.status_code, "refused")
    return f"{method} /api{path}: {hint} (status {error.status_code}{': ' + str(said)[:200] if said else ''})"


def _last(error: BaseException) -> str:
    """The innermost reason, on one line."""
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    return json.dumps(str(reason or error))[1:201].rstrip('"')
