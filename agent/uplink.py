"""The way to the hub and back: the only MQTT code of the agent.

One thread does everything: it opens a connection, says birth and inventory, publishes what the outbox has due, and
reads acknowledgements and commands. Every connection is a new client: nothing is left queued in the MQTT library, the
spool alone knows what is unsaid. MQTT 5 is tried first, 3.1.1 where the broker does not take it.
"""

import logging
import os
import random
import secrets
import selectors
import ssl
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.clock import Clock, milliseconds
from agent.commands import CommandBook
from agent.outbox import Outbox
from wire.codec import MAX_BYTES, DecodeError, decode, encode
from wire.messages import Ack, Config, ConfigApplied, Inventory, Message, Status
from wire.settings import Broker, ConfigError
from wire.topics import Address, Topics, Verb

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
PROBE_SECONDS = 3.0
"""How long a broker may take to answer in MQTT 5 before 3.1.1 is tried: amqtt, for one, never does."""
STOP_SECONDS = 2.0
STEADY_SECONDS = 30.0
LONGEST_BACKOFF = 30.0
MAX_INBOX = 1000
MAX_PACKET_BYTES = 2 * MAX_BYTES
"""The largest MQTT packet taken: a broker that sends more is hung up on before it is read."""
PUBACK_SECONDS = 60.0
"""A broker that acknowledges nothing for so long, while something waits for it, is as good as gone."""
BEHIND_SECONDS = 60.0
"""An oldest report older than this is a backlog: the retained status says so, once a minute."""

_VERSIONS = {"5": mqtt.MQTTv5, "3.1.1": mqtt.MQTTv311}
_REFUSED_VERSION = 132
_TAKEN_OVER = 142


class Disconnected(Exception):  # noqa: N818 - a state of the network
    """The connection is gone, or did not come about; the text says why."""


class VersionRefused(Disconnected):
    """The broker answered a connection attempt as one does who does not know this MQTT version."""


@dataclass
class Counters:
    """Since the start. What is malformed or dropped is counted here and named in the log."""

    connections: int = 0
    published: int = 0
    acknowledged: int = 0
    malformed: int = 0
    dropped: int = 0
    unexpected_acks: int = 0


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


class Home(Protocol):
    """What the uplink asks of the rest of the agent."""

    def inventory(self) -> Inventory | None:
        """What is watched, None while that is not known yet: nothing is sent before."""
        ...

    def collect_now(self) -> int:
        """Run every collector soon; how many were asked."""
        ...

    def oldest(self) -> int | None:
        """`sent` of the oldest report kept (ms)."""
        ...

    def clock_offset_ms(self) -> float:
        """What to add to the wall clock for the hub's time, 0 where unknown."""
        ...


class Connection:
    """One MQTT connection from its opening to its end. Used by one thread."""

    def __init__(
        self, broker: Broker, version: str, address: Address, will: tuple[str, bytes], wake: int, clock: Clock
    ) -> None:
        self.inbox: deque[tuple[str, bytes, bool]] = deque()
        self.dropped = 0
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
        if len(self._unsent) > MAX_INBOX:
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
        if len(self.inbox) >= MAX_INBOX:
            self.dropped += 1
            return
        # One byte too many is enough for it to be counted as malformed.
        self.inbox.append((message.topic, bytes(message.payload[: MAX_BYTES + 1]), message.retain))


class Uplink:
    """Keeps the agent connected, from `start` to `stop`."""

    def __init__(
        self, broker: Broker, address: Address, version: str, outbox: Outbox, home: Home, clock: Clock
    ) -> None:
        self.counters = Counters()
        self.connected = False
        self.session = ""
        self._broker = broker
        self._topics = Topics(broker.root)
        self._address = address
        self._agent_version = version
        self._outbox = outbox
        self._home = home
        self._clock = clock
        self._commands = CommandBook()
        self._protocol = "5" if broker.protocol == "auto" else broker.protocol
        self._random = random.Random()  # noqa: S311 - jitter, no secret
        self._stopping = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._published_hash: str | None = None
        self._status_at = 0.0
        self._status_behind = False
        self._trouble = ""
        self._closed = False
        self._wake_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)

    def start(self) -> None:
        """Begin to connect, and never give up."""
        self._thread.start()

    def stop(self, timeout: float = STOP_SECONDS + 1.0) -> None:
        """Publish the offline status where that is possible, and end."""
        self._stopping.set()
        self.wake()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        with self._wake_lock:
            if not self._thread.is_alive() and not self._closed:
                self._closed = True
                os.close(self._wake_read)
                os.close(self._wake_write)

    def wake(self) -> None:
        """There is something new to send."""
        with self._wake_lock, suppress(BlockingIOError):
            if not self._closed:
                os.write(self._wake_write, b"w")

    # Connections

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            begun = self._clock.mono()
            retry_at_once = False
            try:
                self._serve()
            except VersionRefused as error:
                retry_at_once = self._other_version(error)
            except Disconnected as error:
                self._log_trouble(str(error))
            except Exception as error:  # noqa: BLE001 - supervised: whatever a connection does, the next is tried
                self._log_trouble(f"{type(error).__name__}: {error}")
            failures = 1 if self._clock.mono() - begun > STEADY_SECONDS else failures + 1
            if not retry_at_once:
                self._stopping.wait(self._backoff(failures))

    def _backoff(self, failures: int) -> float:
        """Seconds to wait: doubling from a half, at most 30, with jitter so that a fleet does not come back as one."""
        return float(min(LONGEST_BACKOFF, 0.5 * 2 ** min(failures, 10)) * self._random.uniform(0.5, 1.0))

    def _other_version(self, error: Disconnected) -> bool:
        """Try the other MQTT version next; at once when that is the older one."""
        if self._broker.protocol != "auto":
            self._log_trouble(f"MQTT {self._protocol}: {error}")
            return False
        refused, self._protocol = self._protocol, "3.1.1" if self._protocol == "5" else "5"
        if refused == "5":
            log.info("broker does not take MQTT 5, trying 3.1.1 broker=%s reason=%r", self._broker.host, str(error))
            return True
        self._log_trouble(str(error))
        return False

    def _log_trouble(self, text: str) -> None:
        if text != self._trouble:
            log.warning("no connection broker=%s:%d reason=%r", self._broker.host, self._broker.port, text[:300])
            self._trouble = text

    def _serve(self) -> None:
        """One connection's life. Raises Disconnected when it ends without our wish."""
        self.session = secrets.token_hex(8)
        status_topic = self._topic(Verb.STATUS)
        connection = Connection(
            self._broker,
            self._protocol,
            self._address,
            (status_topic, self._status("offline")),
            self._wake_read,
            self._clock,
        )
        last_words = None
        try:
            filters = [(self._topic(verb), 0 if verb is Verb.ACK else 1) for verb in _INCOMING]
            probing = self._protocol == "5" and self._broker.protocol == "auto"
            connection.open(filters, PROBE_SECONDS if probing else CONNECT_SECONDS)
            self._greet(connection)
            while not self._stopping.is_set():
                self._turn(connection)
            last_words = (status_topic, self._status("offline"))
        finally:
            self.connected = False
            self.counters.dropped += connection.dropped
            connection.end(last_words)

    def _greet(self, connection: Connection) -> None:
        """The birth. All in flight is due again: it may have been lost with the last connection."""
        self._published_hash = None
        self._outbox.reconnected()
        self._say_status(connection)
        self.counters.connections += 1
        self.connected = True
        log.info("connected broker=%s:%d mqtt=%s", self._broker.host, self._broker.port, self._protocol)
        self._trouble = ""

    def _turn(self, connection: Connection) -> None:
        while connection.inbox:
            self._receive(connection, *connection.inbox.popleft())
        inventory = self._home.inventory()
        wait = 1.0
        if inventory is not None:
            if inventory.hash != self._published_hash:
                self._say_inventory(connection, inventory)
            for kept in self._outbox.due(self._clock.mono()):
                connection.publish_report(self._topic(Verb.REPORT), kept.id, kept.body)
                self.counters.published += 1
            wait = min(wait, self._outbox.wait(self._clock.mono()))
        self._refresh_status(connection)
        connection.turn(wait)

    def _topic(self, verb: Verb) -> str:
        return self._topics.topic(self._address, verb)

    def _publish(self, connection: Connection, verb: Verb, message: Message) -> None:
        connection.publish(self._topic(verb), encode(message))

    # What we say

    def _status(self, state: str) -> bytes:
        inventory = self._home.inventory()
        status = Status(
            state="online" if state == "online" else "offline",
            version=self._agent_version,
            session=self.session,
            inventory_hash=inventory.hash if inventory else None,
            oldest_unacknowledged=self._home.oldest(),
        )
        return encode(status)

    def _say_status(self, connection: Connection) -> None:
        self._status_at = self._clock.mono()
        connection.publish(self._topic(Verb.STATUS), self._status("online"), retain=True)

    def _refresh_status(self, connection: Connection) -> None:
        """While there is a backlog the retained status tells of it once a minute, and once when it is gone."""
        if self._clock.mono() - self._status_at < BEHIND_SECONDS:
            return
        oldest = self._home.oldest()
        behind = oldest is not None and milliseconds(self._clock.wall()) - oldest > BEHIND_SECONDS * 1000
        if behind or self._status_behind:
            self._say_status(connection)
        self._status_at = self._clock.mono()
        self._status_behind = behind

    def _say_inventory(self, connection: Connection, inventory: Inventory) -> None:
        self._publish(connection, Verb.INVENTORY, inventory)
        self._published_hash = inventory.hash

    # What we hear

    def _receive(self, connection: Connection, topic: str, body: bytes, retained: bool) -> None:
        parsed = self._topics.parse(topic)
        verb = parsed[1] if parsed and parsed[0] == self._address else None
        try:
            if verb is Verb.ACK:
                self._on_ack(decode(Ack, body))
            elif verb is Verb.COMMAND:
                self._on_command(connection, body, retained)
            elif verb is Verb.CONFIG and body:
                revision = decode(Config, body).revision
                reason = "remote configuration is not supported by this version"
                self._publish(connection, Verb.CONFIG_APPLIED, ConfigApplied(refused=revision, reason=reason))
        except DecodeError as error:
            self.counters.malformed += 1
            if self.counters.malformed & (self.counters.malformed - 1) == 0:
                count = self.counters.malformed
                log.warning("malformed message topic=%s reason=%r count=%d", topic, error.reason, count)

    def _on_ack(self, ack: Ack) -> None:
        now = self._clock.mono()
        done = self._outbox.acknowledged(list(ack.committed), now)
        for refusal in ack.refused:
            if self._outbox.refused(refusal.id, refusal.reason, now, milliseconds(self._clock.wall())):
                done += 1
                log.error("hub refuses a report, set aside id=%s reason=%r", refusal.id, refusal.reason)
        self.counters.acknowledged += done
        if not done:
            self.counters.unexpected_acks += 1

    def _on_command(self, connection: Connection, body: bytes, retained: bool) -> None:
        hub_time = milliseconds(self._clock.wall() + self._home.clock_offset_ms() / 1000)
        command = self._commands.accept(body, retained, hub_time)
        if command is None:
            return
        result = self._commands.run(command, self._home.collect_now)
        if result.ok and command.action is self._commands.INVENTORY:
            self._published_hash = None
        self._publish(connection, Verb.RESULT, result)


_INCOMING = (Verb.ACK, Verb.CONFIG, Verb.COMMAND)


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
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise
