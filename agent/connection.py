"""One MQTT connection, from its opening to its end.

Every connection is a new client: nothing is left queued in the MQTT library, the spool alone knows what is unsaid.
"""

import logging
import os
import selectors
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.clock import Clock
from agent.outbox import WINDOW_REPORTS
from wire.codec import MAX_BYTES
from wire.settings import Broker, ConfigError
from wire.topics import Address

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
STOP_SECONDS = 2.0
MAX_INBOX = 1000
MOST_UNSENT = 2 * WINDOW_REPORTS
"""Reports whose way to the broker is remembered before those that arrived are forgotten: each is 2 KB."""
MAX_INBOX_BYTES = 4 * 1024 * 1024
"""A broker may send before it acknowledges our subscription, which is when nobody takes anything out."""
MAX_PACKET_BYTES = 2 * MAX_BYTES
"""The largest MQTT packet taken: a broker that sends more is hung up on before it is read."""
PUBACK_SECONDS = 60.0
"""A broker that acknowledges nothing for so long, while something waits for it, is as good as gone."""

_VERSIONS = {"5": mqtt.MQTTv5, "3.1.1": mqtt.MQTTv311}
_REFUSED_VERSION = 132
_TAKEN_OVER = 142


class Disconnected(Exception):  # noqa: N818 - a state of the network
    """The connection is gone, or did not come about; the text says why."""


class VersionRefused(Disconnected):
    """The broker answered a connection attempt as one does who does not know this MQTT version."""


class _Client(mqtt.Client):
    """paho's, which would buffer a packet of up to 256 MiB before anybody is asked."""

    too_large = 0
    """Length of the packet that we hung up on."""

    def _sock_recv(self, bufsize: int) -> bytes:
        length = int(self._in_packet["remaining_length"])
        if length > MAX_PACKET_BYTES:
            self.too_large = length
            raise ConnectionAbortedError(f"packet of {length} bytes")
        return super()._sock_recv(bufsize)


class Connection:
    """One MQTT connection from its opening to its end. Used by one thread."""

    def __init__(
        self, broker: Broker, version: str, address: Address, will: tuple[str, bytes], wake: int, clock: Clock
    ) -> None:
        self.inbox: deque[tuple[str, bytes, bool]] = deque()
        self.dropped = 0
        self._inbox_bytes = 0
        self._broker = broker
        self._up = False
        self._subscribed = False
        self._answered = False
        self._ended = ""
        self._wake = wake
        self._clock = clock
        self._unsent: dict[str, mqtt.MQTTMessageInfo] = {}
        self._unanswered: dict[int, float] = {}
        self._answered_at = float("-inf")
        self._client = client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{address.site}-{address.agent}",
            protocol=_VERSIONS[version],
            reconnect_on_failure=False,
            clean_session=None if version == "5" else True,
        )
        client.connect_timeout = CONNECT_SECONDS
        client.max_queued_messages_set(MAX_INBOX)
        client.will_set(will[0], will[1], qos=1, retain=True)
        if broker.username:
            client.username_pw_set(broker.username, _password(broker))
        if broker.tls:
            _use_tls(client, broker)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message

    def open(self, filters: list[tuple[str, int]], patience: float) -> None:
        """Connect and subscribe. Raises Disconnected, or VersionRefused where another version may serve."""
        try:
            broker = self._broker
            self._client.connect(broker.host, broker.port, broker.keepalive, properties=self._properties())
        except (OSError, ValueError) as error:
            raise Disconnected(f"{type(error).__name__}: {error}") from None
        deadline = self._clock.mono() + CONNECT_SECONDS
        try:
            self._until(lambda: self._up, self._clock.mono() + patience)
        except Disconnected as error:
            # The TCP connection stood: a broker of another version hangs up, or says nothing at all.
            raise error if self._answered else VersionRefused(str(error)) from None
        self._client.subscribe(filters)
        self._until(lambda: self._subscribed, deadline)

    def _properties(self) -> Properties | None:
        """MQTT 5 lets us say what we take."""
        if self._client.protocol != mqtt.MQTTv5:
            return None
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        return properties

    def _until(self, condition: Callable[[], bool], deadline: float) -> None:
        while not condition():
            left = deadline - self._clock.mono()
            if left <= 0:
                raise Disconnected("no answer")
            self.turn(min(left, 1.0))

    def turn(self, timeout: float) -> None:
        """Let the network work, for `timeout` seconds or until something happens. Raises Disconnected."""
        sock = self._client.socket()
        if sock is None:
            raise Disconnected(self._ended or "connection lost")
        pending = getattr(sock, "pending", None)
        if pending is not None and pending() > 0:
            timeout = 0.0
        with selectors.DefaultSelector() as selector:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._client.want_write() else 0)
            selector.register(sock, events)
            selector.register(self._wake, selectors.EVENT_READ)
            ready = {key.fd: mask for key, mask in selector.select(timeout)}
        if self._wake in ready:
            with suppress(BlockingIOError):
                os.read(self._wake, 4096)
        mask = ready.get(sock.fileno(), 0)
        if mask & selectors.EVENT_READ or timeout == 0.0:
            self._client.loop_read()
        if mask & selectors.EVENT_WRITE and self._client.socket() is not None:
            self._client.loop_write()
        self._client.loop_misc()
        if self._client.too_large:
            raise Disconnected(f"a packet of {self._client.too_large} bytes came, at most {MAX_PACKET_BYTES} are taken")
        if self._client.socket() is None:
            raise Disconnected(self._ended or "connection lost")
        waiting_since = max(self._answered_at, next(iter(self._unanswered.values()), float("inf")))
        if self._clock.mono() - waiting_since > PUBACK_SECONDS:
            raise Disconnected("broker acknowledges nothing")

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> mqtt.MQTTMessageInfo:
        """At QoS 1. Raises Disconnected."""
        info = self._client.publish(topic, body, qos=1, retain=retain)
        if info.rc not in (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_QUEUE_SIZE):
            raise Disconnected(mqtt.error_string(info.rc))
        if info.rc == mqtt.MQTT_ERR_SUCCESS:
            self._unanswered[info.mid] = self._clock.mono()
        return info

    def publish_report(self, topic: str, report_id: str, body: bytes) -> None:
        """The same, but not while an earlier copy is still on its way to the broker."""
        earlier = self._unsent.get(report_id)
        if earlier is not None and earlier.rc == mqtt.MQTT_ERR_SUCCESS and not earlier.is_published():
            return
        if len(self._unsent) > MOST_UNSENT:
            self._unsent = {name: info for name, info in self._unsent.items() if not _delivered(info)}
        self._unsent[report_id] = self.publish(topic, body)

    def end(self, last_words: tuple[str, bytes] | None = None) -> None:
        """Say the last words, if any, and hang up; with no word the broker publishes the will."""
        with suppress(Disconnected, OSError, ValueError):
            if last_words is not None:
                info = self.publish(*last_words, retain=True)
                self._until(lambda: _delivered(info), self._clock.mono() + STOP_SECONDS)
                self._client.disconnect()
                self._until(lambda: False, self._clock.mono() + STOP_SECONDS / 4)
        sock = self._client.socket()
        if sock is not None:
            with suppress(OSError):
                sock.close()

    def _on_connect(
        self,
        client: mqtt.Client,
        userdata: Any,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._up = not reason.is_failure
        self._answered = reason.value != _REFUSED_VERSION
        if reason.is_failure:
            self._ended = f"refused: {reason}"

    def _on_publish(
        self, client: mqtt.Client, userdata: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._unanswered.pop(mid, None)
        self._answered_at = self._clock.mono()
        if reason.is_failure and not self._ended:  # MQTT 5 only: with 3.1.1 it drops in silence, or hangs up
            self._ended = f"publish denied ({reason}): does our certificate's name fit this site and agent?"
            log.warning("broker denies what we publish reason=%r", str(reason))

    def _on_subscribe(
        self, client: mqtt.Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        self._subscribed = True
        for reason in reasons:
            if reason.is_failure:
                log.error("broker refuses a subscription reason=%r", str(reason))

    def _on_disconnect(
        self,
        client: mqtt.Client,
        userdata: Any,
        flags: mqtt.DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.value == _TAKEN_OVER:
            self._ended = "another client took over our identity: is this agent's disk a copy of another's?"
        elif not self._ended:
            self._ended = str(reason)

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        # One byte too many is enough for it to be counted as malformed.
        topic, body = message.topic, bytes(message.payload[: MAX_BYTES + 1])
        if not self.inbox:  # it is always emptied as a whole
            self._inbox_bytes = 0
        if len(self.inbox) >= MAX_INBOX or self._inbox_bytes + len(topic) + len(body) > MAX_INBOX_BYTES:
            self.dropped += 1
            return
        self._inbox_bytes += len(topic) + len(body)
        self.inbox.append((topic, body, message.retain))


def _delivered(info: mqtt.MQTTMessageInfo) -> bool:
    return info.rc != mqtt.MQTT_ERR_SUCCESS or info.is_published()


def _password(broker: Broker) -> str | None:
    """Read at every connection: the file may appear later, or change. Raises Disconnected."""
    try:
        return broker.password()
    except (ConfigError, UnicodeDecodeError) as error:
        raise Disconnected(f"password: {error}") from None


def _use_tls(client: mqtt.Client, broker: Broker) -> None:
    tls = broker.tls
    if tls is None:
        return
    try:
        context = ssl.create_default_context(cafile=str(tls.ca))
        # With no password an encrypted key would be asked for on a terminal, and wait there for ever.
        context.load_cert_chain(str(tls.certificate), str(tls.key), password="")
    except (OSError, ValueError) as error:
        raise Disconnected(f"certificates: {error}") from None
    context.sslsocket_class = _TidySocket
    client.tls_set_context(context)


class _TidySocket(ssl.SSLSocket):
    """Closes itself when the handshake fails: paho forgets it, and it would stay open until it is collected."""

    def do_handshake(self, block: bool = False) -> None:
        # paho grants a silent peer the keep-alive, which may be an hour.
        self.settimeout(CONNECT_SECONDS)
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise
