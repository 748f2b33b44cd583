"""Listening to one local broker, in a thread of its own: connects, subscribes, connects again with back-off.

Nothing is published, and nothing is left at the broker: every connection is a new session. Whatever is told goes into
an inbox.
"""

import contextlib
import logging
import os
import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from agent.device.account import Account, PasswordMissing
from agent.device.address import Endpoint
from agent.device.errors import HeldBack
from agent.device.manners import MANNERS
from agent.device.pace import Pace
from agent.device.pause import PAUSES
from agent.doors.inbox import Inbox
from agent.doors.told import Gap
from agent.doors.topic_settings import TopicsSettings
from agent.doors.topics import MAX_PAYLOAD, Message, Unreadable, read

if TYPE_CHECKING:
    from paho.mqtt.client import Client

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
OPENING_SECONDS = 3 * CONNECT_SECONDS
"""How long another of us may take to be let in: connecting, TLS, and the broker's answer."""
MAX_PER_SECOND = 500
"""Messages taken, at most."""
MAX_PACKET = MAX_PAYLOAD + 2048
"""The largest MQTT packet taken: a broker that sends more is hung up on before it is read."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_LOOK_SECONDS = 1.0
_REFUSED = (4, 5, 134, 135)
"""CONNACK codes for a wrong account: MQTT 3.1.1's, and what paho makes of them."""


class State(Enum):
    """How the way to the broker is."""

    UNKNOWN = "unknown"
    """Not tried yet, or not to be tried now."""
    AWAY = "away"
    """Nobody answers there, or nobody who speaks MQTT."""
    REFUSED = "refused"
    """It answers, and takes not our account, or lets us subscribe to nothing."""
    LISTENING = "listening"
    """Subscribed."""


class TopicListener:
    """`start`, then look at `state` and take from the inbox; `stop` from any thread."""

    def __init__(
        self,
        settings: TopicsSettings,
        inbox: Inbox,
        pause_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        first_pause: float = _FIRST_PAUSE,
    ) -> None:
        self.state = State.UNKNOWN
        self._settings = settings
        self._inbox = inbox
        self._pause_seconds = pause_seconds
        self._monotonic = monotonic
        self._wall = wall
        self._first_pause = first_pause
        self._endpoint = Endpoint(settings.host, settings.port)
        self._account = account_of(settings)
        self._lock = threading.Lock()
        self._complaints: Counter[str] = Counter()
        self._trouble = ""
        self._verdict = State.AWAY
        """What this connection came to."""
        self._pace = Pace(MAX_PER_SECOND)
        self._answered = False
        self._stopping = threading.Event()
        self._client: Client | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen, where that is not so; anew where its thread died of something."""
        if not self.alive and not self._stopping.is_set():
            self.state = State.UNKNOWN
            self._thread = threading.Thread(target=self._listen, name=f"door-topics-{self._settings.id}", daemon=True)
            self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def trouble(self) -> str:
        """Why we do not listen, "" while we do."""
        return self._trouble

    def stop(self, timeout: float = 2.0) -> None:
        """Disconnect, and wait a little for the thread's end."""
        self.halt()
        if self._thread is not None:
            self._thread.join(timeout)

    def halt(self) -> None:
        """The same without waiting. Does not block."""
        self._stopping.set()
        client = self._client
        if client is not None:
            client.disconnect()

    def complaints(self) -> Counter[str]:
        """Why messages could not be read since the last time, and how many."""
        with self._lock:
            taken, self._complaints = self._complaints, Counter()
        return taken

    # -- its thread ----------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        pause = self._first_pause
        while not self._stopping.is_set():
            self._verdict = State.AWAY
            self._once()
            if self._stopping.is_set():
                return
            pause = self._first_pause if self._verdict is State.LISTENING else min(_LONGEST_PAUSE, pause * 2)
            self._stopping.wait(pause * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, no secret

    def _once(self) -> None:
        """One connection, from its opening to its end. To open it takes a turn of all who listen at the broker: who
        would be refused as well knows of the first refusal before it asks."""
        with contextlib.ExitStack() as turn:
            try:
                turn.enter_context(MANNERS.of(self._endpoint).turn(OPENING_SECONDS, self._stopping.is_set))
            except HeldBack:
                return
            self._connection(turn.close)

    def _connection(self, opened: Callable[[], None]) -> None:
        self._answered = False
        try:
            client = self._made()
        except (PasswordMissing, OSError, ValueError) as error:  # a certificate that cannot be read is an OSError
            self._note(State.UNKNOWN, str(error))
            return
        if client is None:
            return
        self._client = client
        try:
            client.connect(self._settings.host, self._settings.port, self._settings.keepalive_seconds)
            until = time.monotonic() + CONNECT_SECONDS
            while not self._stopping.is_set() and client.loop(_LOOK_SECONDS) == 0:
                if self._answered or time.monotonic() >= until:
                    opened()
                self._keep_pace(0)  # packets of other kinds cost time, too
        except (OSError, ValueError) as error:
            self._note(State.AWAY, f"{type(error).__name__}: {error}"[:200])
        else:
            if self._verdict is not State.REFUSED:
                self._note(State.AWAY, "the broker hung up")
        finally:
            self._client = None
            with contextlib.suppress(OSError, ValueError):
                client.disconnect()
                client.loop(0.0)

    def _made(self) -> "Client | None":
        """A client; None while our account rests. Raises PasswordMissing, OSError, ValueError."""
        from paho.mqtt.enums import CallbackAPIVersion

        if self._account is not None and PAUSES.remaining(self._endpoint, self._account.username) > 0:
            return None
        client = _client_class()(
            CallbackAPIVersion.VERSION2,
            client_id=f"watchkeeper-doors-{os.urandom(6).hex()}"[:23],  # the longest that every broker takes
            clean_session=True,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_SECONDS
        settings = self._settings
        if self._account is not None:
            wanted = settings.password_file is not None or settings.password_env is not None
            client.username_pw_set(self._account.username, self._account.password() if wanted else None)
        if settings.tls is not None:
            context = ssl.create_default_context(cafile=str(settings.tls.ca) if settings.tls.ca else None)
            context.sslsocket_class = _Handshaking
            if settings.tls.certificate is not None:
                context.load_cert_chain(settings.tls.certificate, settings.tls.key_file)
            client.tls_set_context(context)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: "Client", _: Any, __: Any, reason: Any, ___: Any) -> None:
        self._answered = True
        if reason.is_failure:
            if reason.value in _REFUSED and self._account is not None:
                PAUSES.start(self._endpoint, self._account.username, self._pause_seconds)
                log.warning("door topics %s: account paused for %.0f min", self._settings.id, self._pause_seconds / 60)
            self._conclude(State.REFUSED if reason.value in _REFUSED else State.AWAY, f"refused: {reason}"[:100])
            return
        self._inbox.put(Gap())
        filters = dict.fromkeys(rule.topic for rule in self._settings.subscriptions)
        client.subscribe([(one, 1) for one in filters])

    def _on_subscribe(self, client: "Client", _: Any, __: int, reasons: list[Any], ___: Any) -> None:
        if reasons and all(reason.is_failure for reason in reasons):
            self._conclude(State.REFUSED, "the broker lets us subscribe to none of the topics")
            client.disconnect()
            return
        self._conclude(State.LISTENING, "")
        if any(reason.is_failure for reason in reasons):
            self._complain("a topic is not ours to subscribe to")

    def _on_message(self, _: "Client", __: Any, message: Any) -> None:
        self._keep_pace(1)
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._complain("a topic that is no text")
            return
        heard = Message(topic, message.payload, message.retain, self._monotonic(), self._wall())
        try:
            told = read(heard, self._settings.subscriptions)
        except Unreadable as error:
            self._complain(str(error))
            return
        for one in told:
            self._inbox.put(one)

    def _keep_pace(self, messages: int) -> None:
        """A broker that goes mad must not have all of our processor: what it sends too fast waits in its own memory."""
        rest = self._pace.take(messages)
        if rest:
            self._stopping.wait(rest)

    def _conclude(self, verdict: State, trouble: str) -> None:
        self._verdict = verdict
        self._note(verdict, trouble)

    def _complain(self, reason: str) -> None:
        with self._lock:
            self._complaints[reason] += 1

    def _note(self, state: State, trouble: str) -> None:
        """Log what is wrong once, and that it is over once."""
        if state is not self.state:
            log.log(
                logging.INFO if state is State.LISTENING else logging.WARNING,
                "door topics %s: %s%s",
                *(self._settings.id, state.value, f": {trouble}" if trouble else ""),
            )
        self.state, self._trouble = state, trouble


class _Handshaking(ssl.SSLSocket):
    """Closed where its handshake fails: paho leaves that to chance."""

    def do_handshake(self, block: bool = False) -> None:
        """As every SSL socket's."""
        try:
            super().do_handshake(block)
        except (OSError, ValueError):
            self.close()
            raise


def account_of(settings: TopicsSettings) -> Account | None:
    """The account at the broker, where it has any."""
    if settings.username is None:
        return None
    return Account(settings.username, settings.password_file, settings.password_env)


def _client_class() -> "type[Client]":
    """paho's, which would buffer a packet of up to 256 MiB before anybody is asked."""
    from paho.mqtt.client import Client

    class Bounded(Client):
        def _sock_recv(self, bufsize: int) -> bytes:
            length = int(self._in_packet["remaining_length"])
            if length > MAX_PACKET:
                raise ConnectionAbortedError(f"packet of {length} bytes")
            return super()._sock_recv(bufsize)

    return Bounded
