"""Grafana's HTTP API by way of grafana-api, with every failure as one sentence.

Redirects are never followed, and no proxy is asked for what goes out unencrypted: credentials go where they were meant
to go and nowhere else. An answer is read up to MAX_BYTES and MAX_SECONDS. What is not JSON, or not in the form that
Grafana gives it, is not Grafana. No credential is ever part of a sentence, not even where the server said it.
"""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard
from urllib.parse import quote, urlsplit

import requests
import urllib3
from grafana_api.grafana_api import GrafanaClientError, GrafanaException
from grafana_api.grafana_face import GrafanaFace

MAX_BYTES = 16 * 1024 * 1024
TIMEOUT_SECONDS = 20.0
MAX_SECONDS = 120.0
"""Of one answer as a whole: a byte now and then is no answer."""
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
            response.close()
            raise GrafanaError(f"answers with a redirect (status {response.status_code}): give the address it leads to")
        body = b"".join(_parts(response))
        if response.status_code >= 400 and not _is_object(body):
            body = b"{}"  # grafana-api looks for a message in whatever came, and stumbles over pages and lists
        response._content = body
        return response


def _parts(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes. Raises GrafanaError when it is too much or takes too long."""
    size, until = 0, time.monotonic() + MAX_SECONDS
    try:
        while part := response.raw.read1(65_536, decode_content=True):
            size += len(part)
            if size > MAX_BYTES:
                raise GrafanaError(f"answers with more than {MAX_BYTES >> 20} MiB")
            if time.monotonic() > until:
                raise GrafanaError(f"did not come to the end of an answer within {MAX_SECONDS:g} s")
            yield part
    except urllib3.exceptions.ReadTimeoutError:
        raise GrafanaError(f"no further part of an answer within {TIMEOUT_SECONDS:g} s") from None
    except urllib3.exceptions.HTTPError:
        raise GrafanaError("broke off in the middle of an answer") from None
    finally:
        response.close()


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


class Grafana:
    """One Grafana. `auth`: a service account's token, or (user, password) of a server administrator."""

    def __init__(
        self, url: str, auth: str | tuple[str, str], ca_file: Path | None = None, plaintext: bool = False
    ) -> None:
        host, port, scheme, prefix = _address(url)
        if scheme == "http" and host not in LOOPBACK and not plaintext:
            raise GrafanaError(f"credentials would go to {host} unencrypted: use https, or say --plaintext")
        self.administrator = isinstance(auth, tuple)
        self._hidden = auth if isinstance(auth, str) else auth[1]
        if isinstance(auth, str) and not (auth.isascii() and auth.isprintable() and " " not in auth):
            raise GrafanaError("the token is none: it has a space, a line's end or a letter that tokens have not")
        if not isinstance(auth, str) and ":" in auth[0]:
            raise GrafanaError("a user's name cannot have a colon")
        self._face = GrafanaFace(
            auth if isinstance(auth, str) else tuple(part.encode() for part in auth),
            host=host,
            port=port,
            protocol=scheme,
            url_path_prefix=prefix,
            verify=str(ca_file) if ca_file else True,
            timeout=TIMEOUT_SECONDS,
        )
        self._face.api.s = Guarded()
        self._face.api.s.trust_env = scheme == "https"

    def enter(self, organisation: int, name: str) -> None:
        """All that follows is about this organisation. Raises GrafanaError where Grafana takes it for another's."""
        self._face.api.s.headers[ORGANISATION] = str(organisation)
        here = self.call("GET", "/org", shape=dict)
        if (here.get("id"), here.get("name")) != (organisation, name):
            raise GrafanaError(
                f"takes what is meant for organisation {name!r} for {printable(here.get('name'))!r}: does a proxy "
                f"remove the header {ORGANISATION}, or is this user no member of it?"
            )

    def leave(self) -> None:
        """Of the server again."""
        self._face.api.s.headers.pop(ORGANISATION, None)

    def call(self, method: str, path: str, body: object = None, shape: type | tuple[type, ...] = object) -> Any:
        """One request; `path` without `/api`, `shape` what the answer has to be. Raises GrafanaError."""
        what = f"{method} /api{path}"
        try:
            found = getattr(self._face.api, method)(path, json=body)
        except GrafanaException as error:
            raise GrafanaError(self._told(_sentence(error, what), body), error.status_code) from None
        except requests.exceptions.SSLError as error:
            raise GrafanaError(
                f"its certificate is not trusted: {_last(error)}; --ca-file names an authority's"
            ) from None
        except requests.exceptions.Timeout:
            raise GrafanaError(f"no answer within {TIMEOUT_SECONDS:g} s to {what}") from None
        except requests.exceptions.JSONDecodeError:
            raise _stranger(what, "something that is no JSON") from None
        except (requests.exceptions.InvalidHeader, UnicodeError):
            raise GrafanaError(
                f"{what} cannot be sent: a credential has letters that do not go into a header"
            ) from None
        except requests.exceptions.RequestException as error:
            raise GrafanaError(self._told(f"cannot be reached: {_last(error)}", body)) from None
        except (ValueError, RecursionError):
            raise _stranger(what, "JSON beyond all measure") from None
        except OSError as error:
            raise GrafanaError(f"cannot be reached: {printable(error)}") from None
        if not isinstance(found, shape):
            raise _stranger(what, f"a JSON {type(found).__name__}")
        return found

    def find(self, path: str, shape: type | tuple[type, ...] = dict) -> Any | None:
        """What is there, or None. Raises GrafanaError."""
        try:
            return self.call("GET", path, shape=shape)
        except GrafanaError as error:
            if error.status == 404:
                return None
            raise

    def _told(self, sentence: str, body: object) -> str:
        """Without the credentials that were sent, should the server repeat them."""
        sent = (
            [str(one).removeprefix("Token ") for one in body["secureJsonData"].values()] if _has_secrets(body) else []
        )
        for secret in sorted((self._hidden, *sent), key=len, reverse=True):
            sentence = sentence.replace(secret, "…")
        return sentence


def _has_secrets(body: object) -> TypeGuard[dict[str, dict[str, str]]]:
    return isinstance(body, dict) and isinstance(body.get("secureJsonData"), dict)


def number(found: Mapping[str, Any], field: str, what: str) -> int:
    """A number of Grafana's in an answer. Raises GrafanaError where it is none."""
    value = found.get(field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _stranger(what, f"no {field}")
    return value


def printable(text: object) -> str:
    """What a server said, for one line of a terminal: without control characters, and not too long."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text)[:200])


def _stranger(what: str, answer: str) -> GrafanaError:
    return GrafanaError(f"answers {what} with {answer}: is this a Grafana?")


def _address(url: str) -> tuple[str, int | None, str, str]:
    """(host, port, scheme, prefix with its slash). Raises GrafanaError; what looks like a password is not repeated."""
    if "@" in url:
        raise GrafanaError("the address of a Grafana has no user and no password in it: https://HOST[:PORT][/PATH]")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not url.isprintable() or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise GrafanaError(f"{printable(url)!r} is no address of a Grafana: https://HOST[:PORT][/PATH]")
    prefix = parts.path.strip("/")
    return f"[{host}]" if ":" in host else host, port, parts.scheme, f"{prefix}/" if prefix else ""


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


def _sentence(error: GrafanaException, what: str) -> str:
    said = printable(error.response.get("message") or "") if isinstance(error.response, dict) else ""
    if not isinstance(error, GrafanaClientError):
        return f"failed at {what} with status {error.status_code}: {said or 'look into its log'}"
    hint = HINTS.get(error.status_code, "refused")
    return f"{what}: {hint} (status {error.status_code}{': ' + said if said else ''})"


def _last(error: BaseException) -> str:
    """The innermost reason, on one line."""
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    return printable(reason or error)
