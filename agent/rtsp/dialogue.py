"""OPTIONS and DESCRIBE, with the account shown where it is asked for. Never SETUP, so no stream begins."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from agent.device.digest import Challenge, answer, choose
from agent.rtsp.conversation import Conversation
from agent.rtsp.message import Header

_MOST_TRIES = 3
"""Without the account, with it, and once more where the nonce grew old meanwhile."""


class Dialogue:
    """With one device, over the connection that `connect` opens, and another where the device closes it. Everything
    raises DeviceError."""

    def __init__(self, connect: Callable[[], Conversation], username: str | None, password: str) -> None:
        self.signed = False
        """Whether the account was shown."""
        self.peer = ""
        """The address that answers."""
        self._connect = connect
        self._username = username
        self._password = password
        self._talk: Conversation | None = None
        self._challenge: Challenge | None = None
        self._renewed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._hang_up()

    def describe(self, uri: str) -> tuple[Header, bytes]:
        """The answer to DESCRIBE, whatever its status; to OPTIONS, where that is a redirect."""
        header, body = self._ask("OPTIONS", uri)
        if 300 <= header.status < 400:
            return header, body
        # What many want an account for already. What else they say to it does not matter: they speak RTSP.
        if header.status == 401:
            self._learn(header)
        for _ in range(_MOST_TRIES):
            header, body = self._ask("DESCRIBE", uri)
            if header.status != 401 or not self._learn(header):
                break
        return header, body

    def _learn(self, header: Header) -> bool:
        """Whether there is a reason to ask again: a first challenge, or one nonce that has grown old.

        A device that takes another algorithm than the one it asked for has refused a login, and gets no second one.
        """
        challenge = choose(header.all("www-authenticate"))
        if challenge is None or self._username is None:
            return False
        if self.signed:
            if not challenge.stale or self._renewed:
                return False
            self._renewed = True
        self._challenge = challenge
        return True

    def _ask(self, method: str, uri: str) -> tuple[Header, bytes]:
        fields = {"Accept": "application/sdp"} if method == "DESCRIBE" else {}
        if self._challenge is not None and self._username is not None:
            fields["Authorization"] = answer(self._challenge, self._username, self._password, method, uri)
            self.signed = True
        if self._talk is None:
            self._talk = self._connect()
            self.peer = self._talk.peer
        header, body = self._talk.ask(method, uri, fields)
        if header.closes:
            self._hang_up()
        return header, body

    def _hang_up(self) -> None:
        if self._talk is not None:
            self._talk.close()
            self._talk = None
