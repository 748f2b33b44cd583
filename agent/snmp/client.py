"""One switch, asked with our manners: one question at a time, counted, repeated once, and a refused login rests.

Importing this is cheap; pysnmp is loaded with the first question.
"""

import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agent.device.address import Endpoint
from agent.device.errors import AuthPaused, AuthRefused, BadAnswer, Forbidden, TimedOut, Unreachable
from agent.device.manners import MANNERS, Manners
from agent.device.pause import PAUSES, Pauses
from agent.network.wake import Wake
from agent.snmp.login import Community, User, name_of, read
from agent.snmp.mib import Oid, Value
from agent.snmp.settings import SnmpLogin
from agent.snmp.walk import Rows, Table, walk

if TYPE_CHECKING:
    from agent.snmp.engine import Answer, Engine

AT_ONCE = 48
"""Values asked for at once: request and answer stay well below what a packet carries."""
TOO_BIG, NO_SUCH_NAME, NO_ACCESS, NOT_AUTHORISED = 1, 2, 6, 16
_UNBOUNDED = 10**9


class SnmpClient:
    """For one thread; `wake` ends a wait from another."""

    def __init__(
        self,
        endpoint: Endpoint,
        login: SnmpLogin,
        wake: Wake,
        *,
        timeout: float = 3.0,
        max_requests: int = 2400,
        pause_seconds: float = 1800.0,
        manners: Manners = MANNERS,
        pauses: Pauses = PAUSES,
    ) -> None:
        self.endpoint = endpoint
        self.manner = manners.of(endpoint)
        self.elapsed = 0.0
        """Seconds the last question took to be answered."""
        self.answered = False
        """Whether this login was ever answered."""
        self._login = login
        self._wake = wake
        self._timeout = timeout
        self._max_requests = max_requests
        self._pause_seconds = pause_seconds
        self._pauses = pauses
        self._engine: Engine | None = None
        self._introduction: tuple[Any, Community | User] | None = None
        self._sure = False
        self._prepaid = False
        self._at_once = AT_ONCE

    def get(self, oids: Sequence[Oid]) -> dict[Oid, Value]:
        """The values of these, None for what the switch does not have. Raises DeviceError; PasswordMissing."""
        values: dict[Oid, Value] = {}
        at = 0
        while at < len(oids):
            part = oids[at : at + self._at_once]
            answer = self._ask(lambda engine, part=part: engine.get(part, self._timeout))  # type: ignore[misc]
            if answer.status in (TOO_BIG, NO_SUCH_NAME) and len(part) > 1:
                self._at_once = max(1, len(part) // 2)
                continue
            asked = set(part)
            if answer.status != NO_SUCH_NAME:
                _check(answer.status)
                values |= {name: value for name, value in answer.values if name in asked}
            at += len(part)
        return {oid: values.get(oid) for oid in oids}

    def walk(self, columns: Sequence[Oid], most: int, until: float) -> Table:
        """The columns of a table, at most so many rows, begun to be asked for until a moment of the monotonic clock.

        Raises DeviceError; PasswordMissing.
        """

        def ask(names: Sequence[Oid], repetitions: int) -> Rows:
            if time.monotonic() >= until:
                raise BadAnswer("takes too long to tell its tables")
            answer = self._ask(lambda engine: engine.get_bulk(names, repetitions, self._timeout))
            _check(answer.status)
            return answer.values

        return walk(ask, columns, most)

    def rest(self) -> None:
        """Leave this login alone for a while."""
        self._pauses.start(self.endpoint, name_of(self._login), self._pause_seconds)

    @property
    def paused(self) -> bool:
        """Whether the login is left alone."""
        return self._pauses.remaining(self.endpoint, name_of(self._login)) > 0

    def doubt(self) -> None:
        """Look again, before the next question, at where the switch is and what the secrets are."""
        self._sure = False

    def forget(self) -> None:
        """Begin anew with the next question."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _ask(self, question: "Callable[[Engine], Answer]") -> "Answer":
        self._check()
        engine = self._opened()
        try:
            try:
                answer = self._once(engine, question)
            except TimedOut:  # a datagram may be lost
                answer = self._once(engine, question)
        except AuthPaused:
            raise
        except AuthRefused:
            self.forget()
            raise
        except BadAnswer:  # it may be another switch now, with another identity
            self.forget()
            raise
        self.answered = True
        return answer

    def _once(self, engine: "Engine", question: "Callable[[Engine], Answer]") -> "Answer":
        with self.manner.turn(self._timeout, lambda: self._wake.called):
            self._check()
            self.manner.spend(self._max_requests)
            self._prepaid = True
            begun = time.monotonic()
            try:
                answer = question(engine)
            except AuthRefused:
                self.rest()  # before anybody else asks
                raise
            self.elapsed = time.monotonic() - begun
            return answer

    def _check(self) -> None:
        """Raises AuthPaused."""
        self._pauses.check(self.endpoint, name_of(self._login))

    def _opened(self) -> "Engine":
        if self._engine is not None and self._sure:
            return self._engine
        introduction = (_address(self.endpoint), read(self._login))
        if self._engine is None or introduction != self._introduction:
            from agent.snmp.engine import Engine

            self.forget()
            self._engine = Engine(*introduction, self._wake, self._count)
        self._introduction = introduction
        self._sure = True
        return self._engine

    def _count(self) -> None:
        """A datagram goes out. The first of a question is counted already; version 3 sends more to learn the time."""
        if not self._prepaid:
            self.manner.spend(_UNBOUNDED)
        self._prepaid = False


def by_column(values: Mapping[Oid, Value], columns: Iterable[Oid], index: Oid) -> dict[Oid, Value]:
    """The values of one row, by column."""
    return {column: values.get((*column, *index)) for column in columns}


def _check(status: int) -> None:
    if status in (NO_ACCESS, NOT_AUTHORISED):
        raise Forbidden("the login lacks the right to read this")
    if status:
        raise BadAnswer(f"answers with the error {status}")


def _address(endpoint: Endpoint) -> Any:
    try:
        return socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_DGRAM)[0][4]
    except (OSError, UnicodeError):
        raise Unreachable("its name can't be looked up") from None
