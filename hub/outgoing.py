"""What the hub says to agents: acknowledgements in bulk, configurations and commands.

At QoS 0, but for what the broker is to keep: what is lost on the way is asked for again by the agent's resending.
"""

from collections.abc import Callable, Iterable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

from hub.frames import publish
from hub.tap import Client
from wire.codec import encode, encode_committed
from wire.messages import Message
from wire.topics import Address, Topics, Verb

POSTED_AT_ONCE = 500
"""Acknowledgements written together."""

TAKEN_SECONDS = 3.0
"""How long a broker may take to answer for a retained message."""


class Outgoing:
    """Says it over the client there is, if any. `client` is None where the hub may not, or can't, say anything."""

    def __init__(self, topics: Topics, client: Callable[[], Client | None]) -> None:
        self._topics = topics
        self._client = client
        self.dropped = 0
        """Packets the broker has left no room for."""

    def send(self, address: Address, verb: Verb, message: Message) -> None:
        """One message."""
        client = self._client()
        if client is not None:
            topic = self._topics.topic(address, verb).encode()
            self._post(client, [publish(topic, encode(message), version5=client.protocol == mqtt.MQTTv5)])

    def acknowledge(self, committed: Iterable[tuple[Address, list[str]]]) -> None:
        """Which reports (ids or ranges) are committed, to many agents at once."""
        client = self._client()
        if client is None:
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

    def retain(self, address: Address, verb: Verb, body: bytes) -> bool:
        """A retained message at QoS 1, an empty body removing it; whether the broker has taken it over.

        Waits for its answer up to TAKEN_SECONDS; not for the MQTT client's own thread.
        """
        client = self._client()
        if client is None:
            return False
        info = client.publish(self._topics.topic(address, verb), body, qos=1, retain=True)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        info.wait_for_publish(TAKEN_SECONDS)
        return info.is_published()

    def _post(self, client: Client, packets: list[bytes]) -> None:
        """Write them, or count what the broker has left no room for."""
        if packets and not client.post(b"".join(packets)):
            self.dropped += len(packets)
