"""The hub's MQTT link: hears every agent, answers each, over one connection after another.

It subscribes at QoS 0 with a clean session: end-to-end acknowledgement carries the guarantee, so a broker need keep
nothing for us. Reconnects by itself with jittered back-off, capped at 30 seconds. Subscribed is not yet connected: that
takes something heard, were it only the hub's own word (`probe.py`); a connection on which nothing comes any more is
broken off and made anew. A connection is a `broker_session.py`, what is said over it `outgoing.py`, below both is paho.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import paho.mqtt.client as mqtt

from hub.broker_session import Owner, Session
from hub.config import BrokerTable, ConfigError
from hub.frames import Heard
from hub.outgoing import Outgoing
from hub.probe import Hearing, Probe
from hub.tap import Client
from wire.messages import Message
from wire.topics import Address, Topics, Verb

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
        self._take = take
        self._lost = lost
        self._back = back
        self._stop = threading.Event()
        self._connected = threading.Event()
        self._turn = threading.Lock()
        """Lost and back are told in their order."""
        self._session: Session | None = None
        self._outgoing = Outgoing(topics, self._speaking)
        self._up_since: float | None = None
        self._probe = Probe(settings.probe_seconds, settings.deaf_after_seconds, time.monotonic())
        self._hearing = Hearing.WELL
        self._complaint = ""
        protocol = "3.1.1" if settings.embedded and settings.protocol == "auto" else settings.protocol
        self._versions = {"5": [mqtt.MQTTv5], "3.1.1": [mqtt.MQTTv311], "auto": [mqtt.MQTTv5, mqtt.MQTTv311]}[protocol]
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._watching = threading.Thread(target=self._watch, name="mqtt-watch", daemon=True)

    def start(self) -> None:
        """Begin connecting; returns at once."""
        self._thread.start()
        self._watching.start()

    def stop(self) -> None:
        """Disconnect and end the thread."""
        self._stop.set()
        self.leave()
        self._thread.join(5)
        self._watching.join(5)

    def leave(self) -> None:
        """End the connection there is; another follows only when it is wanted."""
        session = self._session
        if session is not None:
            session.client.disconnect()

    @property
    def alive(self) -> bool:
        """Both threads run: connected, or trying to be."""
        session = self._session
        since = session.broken_off if session is not None else None
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
        session = self._session
        subscribed = session is not None and session.subscribed
        return "subscribed, but nothing is heard" if subscribed else "not subscribed"

    def figures(self) -> dict[str, float]:
        """How the connection does, by metric of the catalogue."""
        now = time.monotonic()
        found = {
            "broker_connected": float(self.connected),
            "mute_seconds": self._probe.mute(now),
            "answers_dropped": float(self._outgoing.dropped),
        }
        maybe = {"unheard_seconds": self._probe.unheard(now), "probe_seconds": self._probe.round_trip}
        return found | {metric: value for metric, value in maybe.items() if value is not None}

    def send(self, address: Address, verb: Verb, message: Message) -> None:
        """Publish at QoS 0. What is lost on the way is asked for again by the agent's resending."""
        self._outgoing.send(address, verb, message)

    def acknowledge(self, committed: Iterable[tuple[Address, list[str]]]) -> None:
        """Tell agents which reports (ids or ranges) are committed: as `send`, many at once."""
        self._outgoing.acknowledge(committed)

    def retain(self, address: Address, verb: Verb, body: bytes) -> bool:
        """Leave it with the broker, an empty body removing it; whether it has taken it over: see `Outgoing.retain`."""
        return self._outgoing.retain(address, verb, body)

    def _speaking(self) -> Client | None:
        session = self._session
        return session.client if session is not None and self.connected and self._wanted() else None

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
                self._connect(version)
            except ConfigError as error:
                self._complain(f"no connection to the broker: {error}")
            except Exception as error:  # noqa: BLE001 - supervised: a certificate that can't be read now may be there later
                self._complain(f"no connection to the broker: {type(error).__name__}: {error}")
            steady = self._up_since is not None and time.monotonic() - self._up_since >= STEADY_SECONDS
            attempt = 0 if steady else attempt + 1
            pause = min(BACK_OFF_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempt // len(self._versions), 10))
            self._stop.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret

    def _connect(self, version: Any) -> None:
        """One connection from beginning to end."""
        owner = Owner(self._take, self._up, self._complain, self._wanted, self._stop.is_set)
        session = Session(self._settings, self._topics, self._probe, owner, version)
        self._session = session
        try:
            session.run()
        finally:
            self._session = None
            if session.subscribed:
                self._versions = [version]  # what has worked once is what the broker speaks
            self._down()
            self._probe.closed(time.monotonic())

    def _complain(self, text: str) -> None:
        """Once, not at every attempt that fails alike."""
        log.log(logging.DEBUG if text == self._complaint else logging.WARNING, "%s", text)
        self._complaint = text

    def _up(self, now: float) -> None:
        with self._turn:
            session = self._session
            if self._connected.is_set() or session is None:
                return
            self._up_since, session.broken_off = now, None
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
        session = self._session
        if not self._wanted():
            self._probe.rest(now)
        elif session is not None and not session.subscribed and session.client.open_for(now) > OPEN_SECONDS:
            self._complain(f"broker {self._settings.host}:{self._settings.port} accepts, but does not answer")
            session.break_off()
        elif session is not None and session.subscribed:
            session.say_own()
            self._judge(session, self._probe.judge(now))

    def _judge(self, session: Session, hearing: Hearing) -> None:
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
            session.break_off()
        elif hearing is Hearing.MUTE and before is not hearing:
            log.warning(
                "others are heard, but not the hub's own word: either agents get no acknowledgements, or only the "
                "broker's access rules lack a line for the hub: topic readwrite %s",
                self._topics.probe("+"),
            )
        elif before is Hearing.MUTE and hearing is Hearing.WELL:
            log.info("the hub's own word is heard again")
