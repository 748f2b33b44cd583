"""The hub's MQTT client: hears every agent, answers each. The only MQTT code in the hub.

It subscribes at QoS 0 with a clean session: end-to-end acknowledgement carries the guarantee, so a broker need keep
nothing for us. Reconnects by itself with jittered back-off, capped at 30 seconds, and reads certificate, key and
authority from their files anew each time. Subscribed is not yet connected: that takes something heard, were it only the
hub's own word (`probe.py`); a connection on which nothing comes any more is broken off and made anew.
"""

import contextlib
import logging
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from hub.certificate import days_left
from hub.config import BrokerTable
from hub.frames import Heard, publish
from hub.probe import Hearing, Probe
from hub.tap import Client
from wire.codec import encode, encode_committed
from wire.messages import Message
from wire.topics import FROM_AGENT, Address, Topics, Verb

log = logging.getLogger(__name__)

BACK_OFF_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.5
STEADY_SECONDS = 10.0
"""A connection that has heard for so long was a good one: the next pause is short again."""

OPEN_SECONDS = 20.0
"""How long a broker that has accepted may take until we are subscribed."""

HANG_SECONDS = 30.0
"""A connection that was broken off and has not ended after so long is in the hands of a thread that hangs."""

STOOD_STILL_SECONDS = 5.0
"""Who wakes so much later than meant was not there, or had no processor, and can't have heard."""

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
        lost: Callable[[int], None],
        back: Callable[[], None],
        *,
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """`wanted` is asked before every connection and every word: a hub that stands by has none of them.

        `lost` is told for how many ms nothing had been heard when the connection was found to be lost.
        """
        self._wanted = wanted
        self._settings = settings
        self._topics = topics
        self._own_topic = topics.probe(settings.client_id)
        self._take = take
        self._lost = lost
        self._back = back
        self._stop = threading.Event()
        self._connected = threading.Event()
        self._turn = threading.Lock()
        """Lost and back are told in their order."""
        self._saying = threading.Lock()
        self._said = 0
        self._client: Client | None = None
        self._subscribed = False
        self._began = time.monotonic()
        self._up_since: float | None = None
        self._broken_off: float | None = None
        self._probe = Probe(settings.probe_seconds, settings.deaf_after_seconds, self._began)
        self._hearing = Hearing.WELL
        self._complaint = ""
        self._dropped = 0
        self._versions = {"5": [mqtt.MQTTv5], "3.1.1": [mqtt.MQTTv311], "auto": [mqtt.MQTTv5, mqtt.MQTTv311]}[
            settings.protocol
        ]
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._watching = threading.Thread(target=self._watch, name="mqtt-watch", daemon=True)

    def start(self) -> None:
        """Begin connecting; returns at once."""
        self._thread.start()
        self._watching.start()

    def stop(self) -> None:
        """Disconnect and end the thread."""
        self._stop.set()
        if self._client is not None:
            self._client.disconnect()
        self._thread.join(5)
        self._watching.join(5)

    def leave(self) -> None:
        """End the connection there is; another follows only when it is wanted."""
        client = self._client
        if client is not None:
            client.disconnect()

    @property
    def alive(self) -> bool:
        """Both threads run: connected, or trying to be."""
        since = self._broken_off
        hangs = since is not None and time.monotonic() - since > HANG_SECONDS
        return self._thread.is_alive() and self._watching.is_alive() and not hangs

    @property
    def connected(self) -> bool:
        """Subscribed, and something was heard since."""
        return self._connected.is_set()

    @property
    def ailing(self) -> str:
        """Why nobody is heard, in a few words; empty while the hub hears."""
        if self.connected:
            return ""
        return "subscribed, but nothing is heard" if self._subscribed else "not subscribed"

    def figures(self) -> dict[str, float]:
        """How the connection does, by metric of the catalogue."""
        now = time.monotonic()
        found = {
            "broker_connected": float(self.connected),
            "mute_seconds": self._probe.mute(now),
            "answers_dropped": float(self._dropped),
        }
        maybe = {"unheard_seconds": self._probe.unheard(now), "probe_seconds": self._probe.round_trip}
        return found | {metric: value for metric, value in maybe.items() if value is not None}

    def send(self, address: Address, verb: Verb, message: Message) -> None:
        """Publish at QoS 0. What is lost on the way is asked for again by the agent's resending."""
        client = self._client
        if client is not None and self.connected and self._wanted():
            topic = self._topics.topic(address, verb).encode()
            self._post(client, [publish(topic, encode(message), version5=client.protocol == mqtt.MQTTv5)])

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
                self._post(client, packets)
                packets.clear()
        self._post(client, packets)

    def _post(self, client: Client, packets: list[bytes]) -> None:
        """Write them, or count what the broker has left no room for."""
        if packets and not client.post(b"".join(packets)):
            self._dropped += len(packets)

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

    # --- one connection after another: the thread "mqtt" ---

    def _run(self) -> None:
        attempt = 0
        while not self._stop.is_set():
            if not self._wanted():
                attempt = 0
                self._stop.wait(STANDBY_SECONDS)
                continue
            version = self._versions[attempt % len(self._versions)]
            self._up_since = None
            try:
                self._session(version)
            except Exception as error:  # noqa: BLE001 - supervised: a certificate that can't be read now may be there later
                self._complain(f"no connection to the broker: {type(error).__name__}: {error}")
            steady = self._up_since is not None and time.monotonic() - self._up_since >= STEADY_SECONDS
            attempt = 0 if steady else attempt + 1
            pause = min(BACK_OFF_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempt // len(self._versions), 10))
            self._stop.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret

    def _session(self, version: Any) -> None:
        """One connection from beginning to end."""
        client = Client(
            self._hear,
            callback_api_version=CallbackAPIVersion.VERSION2,
            client_id=self._settings.client_id,
            protocol=version,
            reconnect_on_failure=False,
        )
        self._secure(client)
        client.on_connect = lambda c, _u, _f, reason, _p: self._on_connect(c, reason)
        client.on_subscribe = lambda c, _u, _m, reasons, _p: self._on_subscribed(c, reasons)
        client.on_message = lambda _c, _u, m: self._hear([Heard(m.topic, bytes(m.payload), m.retain)])
        client.on_publish = lambda _c, _u, mid, reason, _p: self._on_published(mid, reason)
        self._said, self._began = 0, time.monotonic()
        self._client = client
        try:
            client.connect(self._settings.host, self._settings.port, keepalive=self._settings.keepalive)
            result = client.loop_forever()
        except (OSError, ValueError) as error:
            self._complain(f"broker {self._settings.host}:{self._settings.port}: {error}{self._expired()}")
            return
        finally:
            self._client = self._broken_off = None
            self._subscribed = False
            self._down()
            self._probe.closed(time.monotonic())
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS and not self._stop.is_set():
            self._complain(f"connection to the broker ended: {mqtt.error_string(result)}{self._expired()}")

    def _complain(self, text: str) -> None:
        """Once, not at every attempt that fails alike."""
        log.log(logging.DEBUG if text == self._complaint else logging.WARNING, "%s", text)
        self._complaint = text

    def _expired(self) -> str:
        """What the broker's side of TLS tells only its own log."""
        tls = self._settings.tls
        with contextlib.suppress(OSError, ValueError):
            if tls is not None and (left := days_left(tls.certificate, time.time())) < 0:
                return f" (our certificate {tls.certificate} expired {-left:.1f} days ago)"
        return ""

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
            self._complain(f"broker refuses the hub: {reason}")
            client.disconnect()
            return
        if not self._wanted():
            client.disconnect()
            return
        filters = [self._topics.every(verb) for verb in FROM_AGENT]
        client.subscribe([(topic, 0) for topic in (*filters, self._own_topic)])

    def _on_subscribed(self, client: mqtt.Client, reasons: list[ReasonCode]) -> None:
        refused = [str(reason) for reason in reasons[:-1] if reason.is_failure]
        if refused:  # without what it refuses us we would take everybody for silent
            self._complain(f"broker refuses the hub's subscriptions ({refused[0]}): do its access rules know us?")
            client.disconnect()
            return
        self._versions = [client.protocol]  # what has worked once is what the broker speaks
        now = time.monotonic()
        self._probe.opened(now)
        if reasons[-1].is_failure:
            self._probe.denied(now)
        self._subscribed = True
        self._say_own()

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
            self._up(now)
        if others:
            self._take(others)

    def _up(self, now: float) -> None:
        with self._turn:
            if self._connected.is_set() or self._client is None:
                return
            self._up_since, self._broken_off = now, None
            self._connected.set()
            self._complaint = ""
            log.info("subscribed at %s:%s, and hearing", self._settings.host, self._settings.port)
            self._back()

    def _down(self) -> None:
        with self._turn:
            if self._connected.is_set():
                self._connected.clear()
                self._lost(round(1000 * self._probe.silent_for(time.monotonic())))

    # --- what is seen from outside: the thread "mqtt-watch", because the other may hang ---

    def _watch(self) -> None:
        tick = min(1.0, self._settings.probe_seconds / 5)
        woke = time.monotonic()
        while not self._stop.wait(tick):
            now = time.monotonic()
            if now - woke - tick > STOOD_STILL_SECONDS:
                self._probe.stood_still(now - woke - tick)
            woke = now
            try:
                self._look(now)
            except Exception:  # supervised: whoever watches must not end
                log.exception("the broker's connection could not be looked at")

    def _look(self, now: float) -> None:
        client = self._client
        if not self._wanted():
            self._probe.rest(now)
        elif client is not None and not self._subscribed and client.open_for(now) > OPEN_SECONDS:
            self._complain(f"broker {self._settings.host}:{self._settings.port} accepts, but does not answer")
            self._break_off(client)
        elif client is not None and self._subscribed:
            self._say_own()
            self._judge(client, self._probe.judge(now))

    def _break_off(self, client: Client) -> None:
        if self._broken_off is None:
            self._broken_off = time.monotonic()
        client.end()

    def _say_own(self) -> None:
        """The hub's word to itself, if it is time. With MQTT 5 at QoS 1, because then a broker says if it denies it."""
        client, word = self._client, self._probe.due(time.monotonic())
        if client is None or word is None:
            return
        if client.protocol == mqtt.MQTTv5:
            with self._saying:  # the answer must not be quicker than the number it goes by
                self._said = client.publish(self._own_topic, word, qos=1).mid
        else:
            client.post(publish(self._own_topic.encode(), word, version5=False))

    def _judge(self, client: Client, hearing: Hearing) -> None:
        """Say it once when it changes; break off what is deaf."""
        before, self._hearing = self._hearing, hearing
        if hearing is Hearing.DEAF:
            if before is not hearing:
                log.error(
                    "nothing at all is heard for %.0f s, not even the hub's own word, and the broker does not say why: "
                    "connecting anew. If it goes on, see whether its access rules let the hub read what agents write",
                    self._settings.deaf_after_seconds,
                )
            self._down()
            self._break_off(client)
        elif hearing is Hearing.MUTE and before is not hearing:
            log.warning(
                "others are heard, but not the hub's own word: either agents get no acknowledgements, or only the "
                "broker's access rules lack a line for the hub: topic readwrite %s",
                self._topics.probe("+"),
            )
        elif before is Hearing.MUTE and hearing is Hearing.WELL:
            log.info("the hub's own word is heard again")
