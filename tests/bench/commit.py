"""The hub's path from decoded report to committed and acknowledged, on SQLite and the embedded series store."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point
from tests.bench.measure import Figure, cost, seconds_each
from tests.hub.fleets import SITE, T0
from tests.hub.hubs import Hub
from wire.codec import encode, inventory_hash
from wire.messages import Device, DeviceKind, Inventory, Report, Sample
from wire.topics import Address, Verb

BATCH = 200


def figures() -> Iterator[Figure]:
    """µs a small report, in batches, with few and with many known agents; beside a bare write of the same points."""
    few, bare = _each(agents=10)
    many, _ = _each(agents=1000)
    yield cost("commit small report, 10 agents", few, bare, "the same points into the bare series store")
    yield cost("commit small report, 1000 agents", many, few, "with 10 agents known")


def _each(agents: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(Path(folder))
        devices = [Device(device="cam-000", kind=DeviceKind.CAMERA)]
        for number in range(agents):  # a site each: the same device id everywhere
            address = Address(f"{SITE}-{number}", "gateway")
            hub.hear(Verb.INVENTORY, Inventory(hash=inventory_hash(devices), devices=devices), address)
            if number % 400 == 399:
                hub.step()
        hub.step()
        rounds = iter(range(1, 1_000_000))

        def commit() -> None:
            turn = next(rounds)
            for n in range(BATCH):
                site = f"{SITE}-{(turn * BATCH + n) % agents}"
                message = Report(
                    id=f"benchbench:{turn * BATCH + n}",
                    boot="b",
                    mono=turn,
                    sent=T0 + turn * 1000,
                    inventory_hash=inventory_hash(devices),
                    samples=[_sample(T0 + turn * 1000 + n)],
                )
                hub.intake.take(f"wk/v1/{site}/gateway/report", encode(message))
            hub.step()

        each = seconds_each(commit, 5) / BATCH
        hub.close()
        store = EmbeddedSeries(Path(folder) / "bare.db")
        turns = iter(range(1, 1_000_000))

        def write() -> None:
            turn = next(turns)
            values = _sample(0).values
            store.write([Point("camera", SITE, "gateway", "cam-000", turn * 1000 + n, values) for n in range(BATCH)])

        bare = seconds_each(write, 5) / BATCH
        store.close()
        return each, bare


def _sample(at: int) -> Sample:
    return Sample(device="cam-000", at=at, values={"reachable": 1, "authenticated": 1, "response_seconds": 0.05})
