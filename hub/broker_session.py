"""One connection to the broker from beginning to end: connects, subscribes, hears, and says the hub's own word.

Certificate, key and authority are read from their files for each. The session ends with its connection.
"""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from hub.certificate import days_left, unusable
from hub.config import BrokerTable, ConfigError
from hub.frames import Heard, publish
from hub.probe import Probe
from hub.tap import Client
from wire.topics import FROM_AGENT, Topics


@dataclass(frozen=True)
class Owner:
    """Whom a session tells: `take` what agents say, `up` (monotonic seconds) when the first thing is heard, `complain`
    why it ends, unless it is `stopping`. It asks `wanted` before it subscribes.
    """

    take: Callable[[list[Heard]], None]
    up: Callable[[float], None]
    complain: Callable[[str], None]
    wanted: Callable[[], bool]
    stopping: Callable[[], bool]


class Session:
    """`run` is the thread's that owns it; the others may call at any time. `version` is one of paho's numbers.

    Raises ConfigError for files of ours that can't be used.
    """

    def __init__(self, settings: BrokerTable, topics: Topics, probe: Probe, owner: Owner, version: Any) -> None:
        self._settings = settings
        self._filters = [topics.every(verb) for verb in FROM_AGENT]
        self._own_topic = topics.probe(settings.client_id)
        self._probe = probe
        self._owner = owner
        self._saying = threading.Lock()
        self._said = 0
        self.subscribed = False
        """The broker has answered for all that the hub wants to hear."""
        self.broken_off: float | None = None
        """When somebody lost patience with it, monotonic seconds."""
        self.client = self._made(version)

    def run(self) -> None:
        """Returns when the connection has ended, or did not come about."""
        where = f"{self._settings.host}:{self._settings.port}"
        try:
            self.client.connect(self._settings.host, self._settings.port, keepalive=self._settings.keepalive)
            result = self.client.loop_forever()
        except (OSError, ValueError) as error:
            self._owner.complain(f"broker {where}: {error}{self._expired()}")
            return
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS and not self._owner.stopping():
            self._owner.complain(f"connection to the broker ended: {mqtt.error_string(result)}{self._expired()}")

    def say_own(self) -> None:
        """The hub's word to itself, if it is time. With MQTT 5 at QoS 1, because then a broker says if it denies it."""
        word = self._probe.due(time.monotonic())
        if word is None:
            return
        if self.client.protocol == mqtt.MQTTv5:
            with self._saying:  # the answer must not be quicker than the number it goes by
                self._said = self.client.publish(self._own_topic, word, qos=1).mid
        else:
            self.client.post(publish(self._own_topic.encode(), word, version5=False))

    def break_off(self) -> None:
        """End it without a word: it carries nothing."""
        if self.broken_off is None:
            self.broken_off = time.monotonic()
        self.client.end()

    def _made(self, version: Any) -> Client:
        client = Client(
            self._hear,
            callback_api_version=CallbackAPIVersion.VERSION2,
            client_id=self._settings.client_id,
            protocol=version,
            reconnect_on_failure=False,
        )
        tls = self._settings.tls
        if tls is not None:
            if reason := unusable(tls):  # paho would not name the file
                raise ConfigError(reason)
            client.tls_set(
                ca_certs=str(tls.ca),
                certfile=str(tls.certificate),
                keyfile=str(tls.key),
                tls_version=ssl.PROTOCOL_TLS_CLIENT,
            )
        if self._settings.username is not None:
            client.username_pw_set(self._settings.username, self._settings.password())
        client.on_connect = lambda c, _u, _f, reason, _p: self._on_connect(c, reason)
        client.on_subscribe = lambda c, _u, _m, reasons, _p: self._on_subscribed(c, reasons)
        client.on_message = lambda _c, _u, m: self._hear([Heard(m.topic, bytes(m.payload), m.retain)])
        client.on_publish = lambda _c, _u, mid, reason, _p: self._on_published(mid, reason)
        return client

    def _expired(self) -> str:
        """What the broker's side of TLS tells only its own log."""
        tls = self._settings.tls
        with contextlib.suppress(OSError, ValueError):
            if tls is not None and (left := days_left(tls.certificate, time.time())) < 0:
                return f" (our certificate {tls.certificate} expired {-left:.1f} days ago)"
        return ""

    def _on_connect(self, client: mqtt.Client, reason: ReasonCode) -> None:
        if reason.is_failure:
            self._owner.complain(f"broker refuses the hub: {reason}")
            client.disconnect()
        elif not self._owner.wanted():
            client.disconnect()
        else:
            client.subscribe([(topic, 0) for topic in (*self._filters, self._own_topic)])

    def _on_subscribed(self, client: mqtt.Client, reasons: list[ReasonCode]) -> None:
        refused = [str(reason) for reason in reasons[:-1] if reason.is_failure]
        if refused:  # without what it refuses us we would take everybody for silent
            self._owner.complain(f"broker refuses the hub's subscriptions ({refused[0]}): do its access rules know us?")
            client.disconnect()
            return
        now = time.monotonic()
        self._probe.opened(now)
        if reasons[-1].is_failure:
            self._probe.denied(now)
        self.subscribed = True
        self.say_own()

    def _on_published(self, mid: int, reason: ReasonCode) -> None:
        with self._saying:
            denied = mid == self._said and reason.is_failure
        if denied:
            self._probe.denied(time.monotonic())

    def _hear(self, messages: list[Heard]) -> None:
        """What has come: the hub's own word is kept from the others."""
        now, own = time.monotonic(), self._own_topic
        others = [message for message in messages if message.topic != own]
        first = False
        if len(others) < len(messages):
            for message in messages:
                if message.topic == own:
                    first |= self._probe.answer(message.payload, now)
        if others:
            first |= self._probe.others(now)
        if first:
            self._owner.up(now)
        if others:
            self._owner.take(others)
