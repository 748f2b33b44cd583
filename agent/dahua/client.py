"""One recorder over Dahua's CGI: its tables, its newer calls in JSON, and what it means by an error.

`Error` comes under any status: under 400 for what a firmware does not know, under 200 from older ones, and `Error: No
Events` says that there is nothing. A locked account is told under 403, in JSON. Nonces are shown once: these devices
hand out a new one with each answer, and log the second use of an old one as a refused login (rroller/dahua #603).
"""

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from agent.dahua.table import Table, parse, parse_json, text_of
from agent.device.account import Account, PasswordMissing
from agent.device.address import Endpoint
from agent.device.errors import AuthRefused, BadAnswer, DeviceError, Forbidden, HeldBack, Interrupted, Unsupported
from agent.device.http import Answer, DeviceHttp, query
from agent.device.manners import MANNERS, Manners
from agent.device.pause import PAUSES, Pauses
from agent.device.text import printable

T = TypeVar("T")

MAX_JSON = 256 * 1024
"""The longest JSON taken: small texts become many objects."""

MAX_PAGE = 1024 * 1024
"""The longest page of a list: a hundred recordings have about 150 kB."""

GOODBYE_SECONDS = 0.5
"""How long the recorder may take to take something back when the agent is in a hurry."""

GOODBYES = 40
"""Requests above the hour's budget for giving back what was taken within it."""

_WORDS_READ = 300
_LOCKED = re.compile(r'"(?:RmLock|LockLeft\w*)"\s*:\s*([1-9][0-9]{0,6})|locked', re.I)
_NO_RIGHT = re.compile(r"no ?permission|authority|permission denied|not authori[sz]ed", re.I)


class NothingThere(Unsupported):
    """Dahua's way to say that a list is empty: an error of its own."""


def refusal(body: bytes) -> DeviceError | None:
    """What a recorder means by the text of a refusal, None where it is none."""
    said = printable(text_of(body[:_WORDS_READ]).replace("\n", " "), 100)
    locked = _LOCKED.search(said)
    if locked:
        return AuthRefused(f"the account is locked{f' for {locked[1]} s' if locked[1] else ''}")
    if re.search(r"no events?\b", said, re.I):
        return NothingThere(said)
    if _NO_RIGHT.search(said):
        return Forbidden(f"{said}: the account lacks the right")
    return Unsupported(said) if said.lower().startswith("error") else None


def explain(status: int, body: bytes, accepted: bool = False) -> DeviceError | None:
    """What a recorder means by a status and its text. `accepted`: whether the account was, before."""
    if status == 401:
        words = printable(text_of(body[:_WORDS_READ]).replace("\n", " "), 60)
        hint = "it was accepted before: all connections of the recorder may be taken" if accepted else ""
        said = "; ".join(part for part in (words, hint) if part)
        return AuthRefused(said) if said else None
    if status == 400:
        return refusal(body) or Unsupported("HTTP 400")
    return refusal(body) if status == 403 else None


class DahuaClient:
    """A recorder at `endpoint`, asked as `account` (None: anonymously only). For one thread at a time; only `interrupt`
    may come from another."""

    def __init__(
        self,
        endpoint: Endpoint,
        account: Account | None,
        *,
        timeout: float,
        max_bytes: int,
        max_requests: int,
        pause_seconds: float,
        pauses: Pauses = PAUSES,
        manners: Manners = MANNERS,
    ) -> None:
        self.timeout = timeout
        self._max_bytes = max_bytes
        self.accepted = False
        """Whether the account was accepted since the start."""

        def http(seconds: float, most: int) -> DeviceHttp:
            return DeviceHttp(
                endpoint,
                account,
                timeout=seconds,
                max_bytes=max_bytes,
                max_requests=most,
                pause_seconds=pause_seconds,
                pauses=pauses,
                manners=manners,
                explain=lambda status, body: explain(status, body, self.accepted),
                one_time_nonces=True,
            )

        self.http = http(timeout, max_requests)
        self._goodbye = http(min(timeout, GOODBYE_SECONDS), max_requests + GOODBYES)

    def table(self, path: str, parameters: Mapping[str, str | int], *, anonymous: bool = False) -> Table:
        """A call that answers with a table. Raises DeviceError; PasswordMissing."""
        return self._read(path, lambda: self.http.get(_cgi(path, parameters), anonymous=anonymous), parse)

    def config(self, name: str) -> Table:
        """A table of the configuration. Raises as `table`."""
        return self.table("configManager.cgi", {"action": "getConfig", "name": name})

    def order(self, path: str, parameters: Mapping[str, str | int], timeout: float | None = None) -> None:
        """A call that answers OK, or with an error. Raises as `table`."""

        def well(body: bytes) -> None:
            if body.strip().upper() != b"OK":
                raise BadAnswer(f"answers {printable(text_of(body[:60]))!r} where OK is due")

        self._read(path, lambda: self.http.get(_cgi(path, parameters), timeout=timeout), well)

    def page(self, path: str, parameters: Mapping[str, str | int], timeout: float | None = None) -> Table:
        """A page of a list that the recorder gathers from its disks. Raises as `table`."""
        most = min(MAX_PAGE, self._max_bytes)
        return self._read(path, lambda: self.http.get(_cgi(path, parameters), timeout=timeout, max_bytes=most), parse)

    def ask_json(self, path: str, question: Mapping[str, object]) -> dict[str, object]:
        """One of the newer calls, which ask and answer in JSON. Raises as `table`."""
        body = json.dumps(question).encode()
        kind = "application/json"
        return self._read(
            path,
            lambda: self.http.send("POST", f"/cgi-bin/api/{path}", body, content_type=kind, max_bytes=MAX_JSON),
            parse_json,
        )

    def raw(self, path: str, parameters: Mapping[str, str | int]) -> bytes:
        """A call that answers with bytes of its own kind. Raises as `table`."""
        return self._read(path, lambda: self.http.get(_cgi(path, parameters)), bytes)

    def give_back(self, path: str, parameters: Mapping[str, str | int]) -> None:
        """Let the recorder free something, whatever happened before: what it keeps for us wedges it. No error matters.

        Where our own budget or an interruption forbids the call it is made all the same, in a hurry.
        """
        with contextlib.suppress(DeviceError, PasswordMissing):
            try:
                self.http.get(_cgi(path, parameters))
            except (Interrupted, HeldBack):
                try:
                    self._goodbye.get(_cgi(path, parameters))
                finally:
                    self._goodbye.release()

    def _read(self, path: str, ask: Callable[[], Answer], understand: Callable[[bytes], T]) -> T:
        answer = ask()
        self.accepted = self.accepted or self.http.account_shown
        try:
            if answer.body.lstrip()[:5].lower() == b"error":
                raise refusal(answer.body) or BadAnswer("answers with an error")
            return understand(answer.body)
        except DeviceError as error:
            raise type(error)(f"{self.http.endpoint} {path}: {error}") from None


def _cgi(path: str, parameters: Mapping[str, str | int]) -> str:
    return query(f"/cgi-bin/{path}", parameters)
