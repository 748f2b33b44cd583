"""A fleet over one connection: agents announce themselves, then report in turn at a steady rate until told to stop.

    python -m tests.e2e.fleet_load PORT AGENTS RATE FOLDER

Three numbers a report, as ThingsBoard's load test has them. FOLDER/sent says how many went out; FOLDER/stop ends it.
"""

import sys
import time
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from wire.codec import encode, inventory_hash
from wire.messages import Device, DeviceKind, Inventory, Message, Report, Sample
from wire.topics import Address, Topics, Verb

DEVICES = [Device(device="cam-1", kind=DeviceKind.CAMERA)]
HASH = inventory_hash(DEVICES)
TOPICS = Topics()


def address(number: int) -> Address:
    """An agent a site: the same device everywhere."""
    return Address(f"site-{number}", "gateway")


def report(number: int, at: int) -> Report:
    """The numbered report."""
    values = {"reachable": 1.0, "response_seconds": 0.02, "clock_offset_error_seconds": 0.05}
    sample = Sample(device="cam-1", at=at, values=values)
    return Report(id=f"fleetload:{number}", boot="b", mono=number, sent=at, inventory_hash=HASH, samples=[sample])


def main(port: int, agents: int, rate: float, folder: Path) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="fleet-load")
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()

    def publish(number: int, verb: Verb, message: Message) -> None:
        sent = client.publish(TOPICS.topic(address(number % agents), verb), encode(message), qos=1)
        if number % 500 == 0:
            sent.wait_for_publish()  # no more than so many wait in memory

    for number in range(agents):
        publish(number, Verb.INVENTORY, Inventory(hash=HASH, devices=DEVICES))
    began, number = time.monotonic(), 0
    while not (folder / "stop").exists():
        due = int((time.monotonic() - began) * rate)
        while number < due:
            number += 1
            publish(number, Verb.REPORT, report(number, time.time_ns() // 1_000_000))
        (folder / "sent").write_text(str(number))
        time.sleep(0.02)
    publish(0, Verb.INVENTORY, Inventory(hash=HASH, devices=DEVICES))  # the last of its connection: all else is out
    (folder / "sent").write_text(str(number))
    (folder / "done").touch()
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
