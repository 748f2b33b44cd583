"""A short MQTT connection as the agent itself: is it accepted, may it hear its topics, may it say its status?

Only for an agent that does not run: brokers hang up on the one when another comes with the same identity. What is said
is `offline`, not retained, of a session of its own; a hub takes no notice of that.
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.checks.finding import Finding, Mark, Topic
from agent.clock import SystemClock
from agent.connection import CONNECT_SECONDS, Connection, Disconnected, VersionRefused
from agent.uplink import PROBE_SECONDS
from wire.codec import encode
from wire.messages import Status
from wire.settings import Broker
from wire.topics import TO_AGENT, Address, Topics, Verb

ANSWER_SECONDS = 5.0


def check_mqtt(broker: Broker, address: Address) -> Iterator[Finding]:
    """Connect, subscribe, publish, leave."""
    versions = ["5", "3.1.1"] if broker.protocol == "auto" else [broker.protocol]
    for version in versions:
        patience = PROBE_SECONDS if version != versions[-1] else CONNECT_SECONDS
        try:
            yield from _converse(broker, address, version, patience)
        except VersionRefused as error:
            if version == versions[-1]:
                yield _refused(broker, address, str(error))
                return
        except Disconnected as error:
            yield _refused(broker, address, str(error))
            return
        else:
            return


def _converse(broker: Broker, address: Address, version: str, patience: float) -> Iterator[Finding]:
    """One connection. Raises Disconnected where it does not come about."""
    topics = Topics(broker.root)
    status_topic = topics.topic(address, Verb.STATUS)
    status = encode(Status(state="offline", session=secrets.token_hex(8)))
    wake, other_end = os.pipe()
    try:
        probe = _Probe(broker, version, address, (status_topic, status), wake, SystemClock())
        try:
            filters = [(topics.topic(address, verb), 1) for verb in TO_AGENT]
            probe.open(filters, patience)
            yield _finding("MQTT", Mark.OK, f"accepted as {_who(broker, address)}, MQTT {version}")
            yield _hearing(address, [name for (name, _), good in zip(filters, probe.granted, strict=False) if not good])
            yield _saying(address, version, probe.say(status_topic, status))
        finally:
            probe.leave()
    finally:
        os.close(wake)
        os.close(other_end)


class _Probe(Connection):
    """The agent's connection, keeping what the broker said to each request."""

    granted: tuple[bool, ...] = ()
    denial: str | None = None
    """Why our publish was denied, empty where it was not, None while that is not known."""

    def say(self, topic: str, body: bytes) -> str:
        """Publish, not retained; why it was denied, empty where it was not."""
        try:
            self.publish(topic, body)
            self._until(lambda: self.denial is not None, time.monotonic() + ANSWER_SECONDS)
        except Disconnected as error:
            # Mosquitto before 2.0.12 hangs up on whom it denies something.
            return self.denial or str(error)
        return self.denial or ""

    def leave(self) -> None:
        """Say goodbye, so that no will is published."""
        with suppress(Disconnected, OSError, ValueError):
            self._client.disconnect()
            self._until(lambda: False, time.monotonic() + 0.5)
        self.end()

    def _on_subscribe(
        self, client: mqtt.Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        self.granted = tuple(not reason.is_failure for reason in reasons)
        self._subscribed = True

    def _on_publish(
        self, client: mqtt.Client, userdata: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self.denial = str(reason) if reason.is_failure else ""


def _hearing(address: Address, refused: list[str]) -> Finding:
    if refused:
        mend = f"let {address} read {', '.join(refused)} in the broker's access rules"
        return _finding("subscriptions", Mark.PROBLEM, f"refused: {', '.join(refused)}", mend)
    return _finding("subscriptions", Mark.OK, "granted; some brokers grant what they then do not deliver")


def _saying(address: Address, version: str, denial: str) -> Finding:
    if denial:
        mend = f"let {address} write its own topics in the broker's access rules"
        return _finding("publishing", Mark.PROBLEM, f"our status is denied: {denial}", mend)
    doubt = "" if version == "5" else "; with MQTT 3.1.1 a broker need not tell a denial"
    return _finding("publishing", Mark.OK, f"our status is taken{doubt}")


def _refused(broker: Broker, address: Address, reason: str) -> Finding:
    if "password:" in reason:
        mend = "put the password into broker.password_file"
    elif "refused" in reason.lower():
        mend = f"let {_who(broker, address)} in at the broker: its log says what it dislikes"
    else:
        mend = "does this port speak MQTT, and with TLS or without as configured? The broker's log says more"
    return _finding("MQTT", Mark.PROBLEM, reason, mend)


def _who(broker: Broker, address: Address) -> str:
    return str(address) if broker.tls else broker.username or "anonymous"


def _finding(subject: str, mark: Mark, text: str, mend: str = "") -> Finding:
    return Finding(Topic.BROKER, subject, mark, text, mend)
