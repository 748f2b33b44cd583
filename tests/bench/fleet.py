"""What a report costs the hub, and what it remembers, with 100 to 100,000 known agents.

In one process without a broker, on SQLite and the embedded series store; each size in a process of its own, so that
memory is its alone. `python -m tests.bench.fleet N` measures one size and prints it as JSON.
"""

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

import psutil

from hub.__main__ import COLLECT
from hub.store import schema
from tests.bench.codec import METRICS
from tests.bench.fleet_load import SEQ, TIME
from tests.bench.measure import Figure, cost
from tests.hub.fleets import T0
from tests.hub.hubs import Hub
from wire.codec import encode, inventory_hash
from wire.messages import Device, DeviceKind, Report, Sample

SIZES = (100, 1000, 10_000, 100_000)
BATCH = 100
"""Reports of as many agents, at every size."""
ROUNDS = 40
PASSES = 3
WARM = 1000
DEVICES = [Device(device="cam-000", kind=DeviceKind.CAMERA)]
METRICS_EACH = 3


def figures() -> Iterator[Figure]:
    """µs and Python calls a small report against those with the fewest agents known, and bytes an agent with a camera.

    Once reports come from all over the fleet, once from the same few whatever the fleet: the first finds nothing in the
    processor's caches, the second all it needs, so that what tells them apart is not work. Calls are the work there is.
    Sizes are measured in turns, and of each the least counts: a machine is slower at one time than at another.
    """
    least = fewest = least_few = 0.0
    turns = [{size: _alone(size) for size in SIZES} for _ in range(PASSES)]
    for size in SIZES:
        found = {name: min(turn[size][name] for turn in turns) for name in turns[0][size]}
        least = least or found["seconds"]
        least_few = least_few or found["seconds_of_few"]
        fewest = fewest or found["calls"]
        name, against = f"fleet: small report, {size} agents known", f"with {SIZES[0]} known"
        yield cost(name, found["seconds"], least, against)
        yield cost(f"{name}, {BATCH} of them reporting", found["seconds_of_few"], least_few, against)
        calls = round(found["calls"], 1)
        yield Figure(f"{name}: calls", calls, "calls", round(fewest, 1), round(found["calls"] / fewest, 3), against)
    yield Figure(
        f"fleet: memory of an agent with a camera, {SIZES[-1]} known",
        round(found["bytes"]),
        "B",
        round(found["mib"]),
        round(found["bytes"] / 1024, 2),
        "MiB of the whole process (ratio: KiB an agent)",
    )


def _alone(size: int) -> dict[str, float]:
    """What `measure` finds, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.fleet", str(size)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def measure(agents: int) -> dict[str, float]:
    """Seconds of processor and calls a report, bytes a known agent, MiB of the process."""
    gc.set_threshold(*COLLECT)
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(Path(folder), batch_limit=WARM)
        _know(hub, agents)
        process = psutil.Process()
        before = process.memory_info().rss
        hub.step()  # rebuilds the engine from what SQL knows
        topics = [f"wk/v1/s{number:06}/gateway/report" for number in range(agents)]
        body = _body()
        for first in range(0, agents, WARM):
            _commit(hub, topics[first : first + WARM], body, 1)
        gc.collect()
        rss = process.memory_info().rss
        turns = count(2)
        each = median(_commit(hub, _spread(topics, turn), body, turn) for turn in islice(turns, ROUNDS))
        few = median(_commit(hub, topics[:BATCH], body, turn) for turn in islice(turns, ROUNDS))
        calls = median(_calls(hub, _spread(topics, turn), body, turn) for turn in islice(turns, 5))
        hub.close()
    return {
        "seconds": each,
        "seconds_of_few": few,
        "calls": calls,
        "bytes": (rss - before) / agents,
        "mib": rss / 2**20,
    }


def _calls(hub: Hub, topics: list[str], body: bytes, turn: int) -> float:
    """One more batch: calls of Python and C functions a report."""
    made = 0

    def note(_frame: FrameType, event: str, _function: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        _commit(hub, topics, body, turn)
    finally:
        sys.setprofile(None)
    return made / len(topics)


def _know(hub: Hub, agents: int) -> None:
    """Write a fleet into SQL as the hub would have, had it heard it long ago."""
    names = [f"s{number:06}" for number in range(agents)]
    revision = inventory_hash(DEVICES)
    with hub.database.begin() as connection:
        heard: dict[str, Any] = {"agent": "gateway", "first_heard": T0, "last_heard": T0, "inventory_hash": revision}
        connection.execute(schema.agent.insert(), [{"site": name, **heard} for name in names])
        device: dict[str, Any] = {"agent": "gateway", "device": "cam-000", "kind": "camera", "facts": {}}
        connection.execute(schema.device.insert(), [{"site": name, **device} for name in names])


def _body() -> bytes:
    values = {name: 0.33333 if name.endswith("seconds") else 1.0 for name in METRICS[:METRICS_EACH]}
    at = int(TIME)
    samples = [Sample(device="cam-000", at=at, values=values)]
    made: dict[str, Any] = {"boot": "b", "mono": int(SEQ), "sent": at, "inventory_hash": inventory_hash(DEVICES)}
    return encode(Report(id=f"benchbench:{SEQ.decode()}", samples=samples, **made))


def _spread(topics: list[str], turn: int) -> list[str]:
    """A batch of agents from all over the fleet."""
    stride = max(len(topics) // BATCH, 1)
    return [topics[(number * stride + turn) % len(topics)] for number in range(BATCH)]


def _commit(hub: Hub, topics: list[str], body: bytes, turn: int) -> float:
    """One batch from bytes to acknowledgement: seconds of processor a report."""
    messages = []
    for number, topic in enumerate(topics):
        at = T0 + turn * 1000
        seq = 1_000_000_000 + turn * WARM + number
        messages.append((topic, body.replace(SEQ, b"%d" % seq).replace(TIME, b"%d" % at), False))
    hub.mail.sent.clear()
    hub.now = T0 + turn * 1000 + 500
    began = time.process_time()
    hub.intake.take_all(messages)
    hub.step()
    spent = time.process_time() - began
    if len(hub.mail.committed()) != len(topics):
        raise RuntimeError("not all was committed")
    return spent / len(topics)


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
