"""The hub's MQTT client: hears every agent, answers each. The only MQTT code in the hub.

It subscribes at QoS 0 with a clean session: end-to-end acknowledgement carries the guarantee, so a broker need keep
nothing for us. Reconnects by itself with jittered back-off, capped at 30 seconds.
"""

import logging
import random
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from hub.config import BrokerTable
from hub.frames import Heard, publish
from hub.tap import Client
from wire.codec import encode, encode_committed
from wire.messages import Message
from wire.topics import FROM_AGENT, Address, Topics, Verb

log = logging.getLogger(__name__)

BACK_OFF_SECONDS = 30.0
STEADY_SECONDS = 0.5
STANDBY_SECONDS = 0.1
POSTED_AT_ONCE = 500
"""Acknowledgements written together."""

TAKEN_SECONDS = 3.0
"""How long a broker may take to answer for a retained message."""


class MqttLink:
    """One connection at a time, in a thread of its own."""

    def __init__(
        self,
        settings: BrokerTable,
        topics: Topics,
        take: Callable[[list[Heard]], None],
        lost: Callable[[], None],
        back: Callable[[], None],
        *,
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """`wanted` is asked before every connection and every word: a hub that stands by has none of them."""
        self._wanted = wanted
        self._settings = settings
        self._topics = topics
        self._take = take
        self._lost = lost
        self._back = back
        self._stop = threading.Event()
        self._connected = threading.Event()
        self._client: Client | None = None
        self._versions = {"5": [mqtt.MQTTv5], "3.1.1": [mqtt.MQTTv311], "auto": [mqtt.MQTTv5, mqtt.MQTTv311]}[
            settings.protocol
        ]
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Begin connecting; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Disconnect and end the thread."""
        self._stop.set()
        if self._client is not None:
            self._client.disconnect()
        self._thread.join(5)

    def leave(self) -> None:
        """End the connection there is; another follows only when it is wanted."""
        client = self._client
        if client is not None:
            client.disconnect()

    @property
    def alive(self) -> bool:
        """The thread runs: connected, or trying to be."""
        return self._thread.is_alive()

    @property
    def connected(self) -> bool:
        """Subscribed and hearing."""
        return self._connected.is_set()

    def send(self, address: Address, verb: Verb, message: Message) -> None:
        """Publish at QoS 0. What is lost on the way is asked for again by the agent's resending."""
        client = self._client
        if client is not None and self.connected and self._wanted():
            client.publish(self._topics.topic(address, verb), encode(message), qos=0)

    def acknowledge(self, committed: Iterable[tuple[Address, list[str]]]) -> None:
        """Tell agents which reports (ids or ranges) are committed: as `send`, many at once."""
        client = self._client
        if client is None or not self.connected or not self._wanted():
            return
        root, version5 = f"{self._topics.root}/v1/", client.protocol == mqtt.MQTTv5
        packets: list[bytes] = []
        for address, ids in committed:
            topic = f"{root}{address.site}/{address.agent}/ack".encode()
            packets.append(publish(topic, encode_committed(ids), version5=version5))
            if len(packets) == POSTED_AT_ONCE:
                client.post(b"".join(packets))
                packets.clear()
        client.post(b"".join(packets))

    def retain(self, address: Address, verb: Verb, body: bytes) -> bool:
        """Publish at QoS 1 as a retained message, an empty body removing it; whether the broker has taken it over.

        Waits for its answer up to TAKEN_SECONDS; not for the MQTT client's own thread.
        """
        client = self._client
        if client is None or not self.connected or not self._wanted():
            return False
        info = client.publish(self._topics.topic(address, verb), body, qos=1, retain=True)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        info.wait_for_publish(TAKEN_SECONDS)
        return info.is_published()

    def _run(self) -> None:
        attempt = 0
        while not self._stop.is_set():
            if not self._wanted():
                attempt = 0
                self._stop.wait(STANDBY_SECONDS)
                continue
            version = self._versions[attempt % len(self._versions)]
            try:
                heard = self._session(version)
            except Exception as error:  # noqa: BLE001 - supervised: a certificate that can't be read now may be there later
                log.error("no connection to the broker: %s: %s", type(error).__name__, error)  # noqa: TRY400
                heard = False
            if heard:
                self._versions = [version]  # what has worked once is what the broker speaks
            attempt = 0 if heard else attempt + 1
            pause = min(BACK_OFF_SECONDS, STEADY_SECONDS * 2 ** min(attempt // len(self._versions), 10))
            self._stop.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret

    def _session(self, version: Any) -> bool:
        """One connection from beginning to end; whether it was ever up."""
        up = threading.Event()
        client = Client(
            self._take,
            callback_api_version=CallbackAPIVersion.VERSION2,
            client_id=self._settings.client_id,
            protocol=version,
            reconnect_on_failure=False,
        )
        self._secure(client)
        client.on_connect = lambda c, _u, _f, reason, _p: self._on_connect(c, reason)
        client.on_subscribe = lambda c, _u, _m, reasons, _p: self._on_subscribed(c, reasons, up)
        client.on_message = lambda _c, _u, m: self._take([Heard(m.topic, bytes(m.payload), m.retain)])
        self._client = client
        try:
            client.connect(self._settings.host, self._settings.port, keepalive=self._settings.keepalive)
            result = client.loop_forever()
        except (OSError, ValueError) as error:
            log.warning("broker %s:%s: %s", self._settings.host, self._settings.port, error)
            return False
        finally:
            if self._connected.is_set():
                self._connected.clear()
                self._lost()
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS and not self._stop.is_set():
            log.warning("connection to the broker ended: %s", mqtt.error_string(result))
        return up.is_set()

    def _secure(self, client: mqtt.Client) -> None:
        settings = self._settings
        if settings.tls is not None:
            client.tls_set(
                ca_certs=str(settings.tls.ca),
                certfile=str(settings.tls.certificate),
                keyfile=str(settings.tls.key),
                tls_version=ssl.PROTOCOL_TLS_CLIENT,
            )
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password())

    def _on_connect(self, client: mqtt.Client, reason: ReasonCode) -> None:
        if reason.is_failure:
            log.warning("broker refuses the hub: %s", reason)
            client.disconnect()
            return
        if not self._wanted():
            client.disconnect()
            return
        client.subscribe([(self._topics.every(verb), 0) for verb in FROM_AGENT])

    def _on_subscribed(self, client: mqtt.Client, reasons: list[ReasonCode], up: threading.Event) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:  # without what it refuses us we would take everybody for silent
            log.error("broker refuses the hub's subscriptions (%s): do its access rules know us?", refused[0])
            client.disconnect()
            return
        up.set()
        self._connected.set()
        log.info("subscribed at %s:%s", self._settings.host, self._settings.port)
        self._back()
