"""What the hub is measured against: a consumer that decodes nothing, and a writer of lines that are there already.

`python -m tests.bench.bare consumer PORT COUNT` and `… writer URL DATABASE SECONDS`; each prints one line of JSON.
"""

import http.client
import json
import random
import sys
import threading
import time
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from hub.series.line import to_line
from hub.series.store import Point
from tests.bench.codec import METRICS
from tests.bench.fleet_load import TIME, VALUE

LINES = 5000
"""A batch of the bare writer."""
AGENTS, DEVICES = 200, 64


def consume(port: int, count: int) -> dict[str, float]:
    """paho as its manual shows it: counts messages at QoS 0, in its own loop."""
    heard, began, done = 0, 0.0, threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)

    def on_message(_client: mqtt.Client, _userdata: object, _message: mqtt.MQTTMessage) -> None:
        nonlocal heard, began
        heard += 1
        if heard == 1:
            began = time.perf_counter()
        if heard == count:
            done.set()
            client.disconnect()

    client.on_connect = lambda c, *_: c.subscribe("wk/v1/+/+/report", qos=0)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_forever()
    return {"messages": heard, "seconds": time.perf_counter() - began, "cpu_seconds": time.process_time()}


def write(url: str, database: str, seconds: float) -> dict[str, float]:
    """One connection, one batch after another; only the time in them changes."""
    address = urlsplit(url)
    link = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    bodies, sent, turn = _bodies(), 0, 0
    cpu, began = time.process_time(), time.perf_counter()
    while time.perf_counter() - began < seconds:
        at = time.time_ns() // 1_000_000 + turn
        body = bodies[turn % len(bodies)].replace(TIME, b"%d" % at)
        body = body.replace(VALUE, b"0.%05d" % random.randrange(10_000, 90_000))
        link.request("POST", f"/write?db={database}&precision=ms", body)
        answer = link.getresponse()
        answer.read()
        if answer.status != 204:
            raise RuntimeError(f"InfluxDB answers {answer.status}")
        sent, turn = sent + LINES, turn + 1
    spent = time.perf_counter() - began
    return {"lines": sent, "seconds": spent, "cpu_seconds": time.process_time() - cpu}


def _bodies() -> list[bytes]:
    values = {name: 0.33333 if name.endswith("seconds") else 1.0 for name in METRICS}
    lines = [
        to_line(Point("camera", f"s{agent:06}", "gateway", f"cam-{n:03}", int(TIME), values))
        for agent in range(AGENTS)
        for n in range(DEVICES)
    ]
    whole = len(lines) - len(lines) % LINES
    return ["\n".join(lines[first : first + LINES]).encode() for first in range(0, whole, LINES)]


def main(arguments: list[str]) -> None:
    """One of the two."""
    if arguments[0] == "consumer":
        print(json.dumps(consume(int(arguments[1]), int(arguments[2]))), flush=True)
    else:
        print(json.dumps(write(arguments[1], arguments[2], float(arguments[3]))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
