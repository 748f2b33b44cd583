"""The way to the hub and back: with `connection.py` the only MQTT code of the agent.

One thread does everything: it opens a connection, says birth, which configuration runs, and inventory, publishes what
the outbox has due, and reads acknowledgements, commands and the configuration the hub desires. MQTT 5 is tried first,
3.1.1 where the broker does not take it.
"""

import logging
import os
import random
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from agent.clock import Clock, milliseconds
from agent.commands import CommandBook
from agent.connection import CONNECT_SECONDS, STOP_SECONDS, Connection, Disconnected, VersionRefused
from agent.outbox import Outbox
from wire.codec import DecodeError, decode, encode
from wire.messages import Ack, ConfigApplied, Inventory, Message, Status
from wire.settings import Broker
from wire.topics import Address, Topics, Verb

log = logging.getLogger(__name__)

PROBE_SECONDS = 3.0
"""How long a broker may take to answer in MQTT 5 before 3.1.1 is tried: amqtt, for one, never does."""
STEADY_SECONDS = 30.0
LONGEST_BACKOFF = 30.0
BEHIND_SECONDS = 60.0
"""An oldest report older than this is a backlog: the retained status says so, once a minute."""
_BEAT_SECONDS = 5.0


@dataclass
class Counters:
    """Since the start. What is malformed or dropped is counted here and named in the log."""

    connections: int = 0
    published: int = 0
    acknowledged: int = 0
    malformed: int = 0
    dropped: int = 0
    unexpected_acks: int = 0


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

    def configure(self, body: bytes) -> None:
        """The hub says what it desires; must not block. Raises DecodeError."""
        ...

    def applied(self) -> ConfigApplied:
        """Which configuration of the hub runs."""
        ...


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
        self._published_applied: ConfigApplied | None = None
        self.beat = time.monotonic()
        """When the thread last showed that it works; it may be silent while it connects."""
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
                self._pause(self._backoff(failures))

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            self.beat = time.monotonic()
            self._stopping.wait(min(left, _BEAT_SECONDS))

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
        self._say_applied(connection, self._home.applied())
        self.counters.connections += 1
        self.connected = True
        log.info("connected broker=%s:%d mqtt=%s", self._broker.host, self._broker.port, self._protocol)
        self._trouble = ""

    def _turn(self, connection: Connection) -> None:
        self.beat = time.monotonic()
        while connection.inbox:
            self._receive(connection, *connection.inbox.popleft())
        applied = self._home.applied()
        if applied is not self._published_applied:  # said anew whenever it was settled anew, though it be the same
            self._say_applied(connection, applied)
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
        now = milliseconds(self._clock.wall()) + self._home.clock_offset_ms()
        behind = oldest is not None and now - oldest > BEHIND_SECONDS * 1000
        if behind or self._status_behind:
            self._say_status(connection)
        self._status_at = self._clock.mono()
        self._status_behind = behind

    def _say_inventory(self, connection: Connection, inventory: Inventory) -> None:
        self._publish(connection, Verb.INVENTORY, inventory)
        self._published_hash = inventory.hash

    def _say_applied(self, connection: Connection, applied: ConfigApplied) -> None:
        self._publish(connection, Verb.CONFIG_APPLIED, applied)
        self._published_applied = applied

    # What we hear

    def _receive(self, connection: Connection, topic: str, body: bytes, retained: bool) -> None:
        parsed = self._topics.parse(topic)
        verb = parsed[1] if parsed and parsed[0] == self._address else None
        try:
            if verb is Verb.ACK:
                self._on_ack(decode(Ack, body))
            elif verb is Verb.COMMAND:
                self._on_command(connection, body, retained)
            elif verb is Verb.CONFIG:
                self._home.configure(body)
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
