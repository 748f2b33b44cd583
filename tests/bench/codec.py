"""Decoding and encoding a report."""

import json
from collections.abc import Iterator

from tests.bench.measure import Figure, cost, seconds_each
from wire.codec import decode, encode
from wire.messages import Report, Sample

METRICS = (
    "reachable",
    "authenticated",
    "response_seconds",
    "clock_offset_seconds",
    "clock_offset_error_seconds",
    "online",
)


def report(devices: int, metrics: int, seq: int = 1, at: int = 1_790_000_000_000) -> Report:
    """A report of so many devices with so many metrics each."""
    values = dict.fromkeys(METRICS[:metrics], 0.125)
    samples = [Sample(device=f"cam-{n:03}", at=at, values=values) for n in range(devices)]
    return Report(id=f"benchbench:{seq}", boot="b", mono=seq, sent=at, samples=samples)


def figures() -> Iterator[Figure]:
    """Small reports (3 points) and big ones (64 devices × 6 metrics) against the standard library's JSON."""
    for name, devices, metrics, times in (("small report", 1, 3, 3000), ("big report", 64, 6, 100)):
        message = report(devices, metrics)
        body = encode(message)
        plain = seconds_each(lambda body=body: json.loads(body), times)  # type: ignore[misc]
        decoding = seconds_each(lambda body=body: decode(Report, body), times)  # type: ignore[misc]
        yield cost(f"decode {name} ({len(body)} B)", decoding, plain, "json.loads")
        dumping = seconds_each(lambda m=message: json.dumps(m.model_dump(mode="json")), times)  # type: ignore[misc]
        encoding = seconds_each(lambda m=message: encode(m), times)  # type: ignore[misc]
        yield cost(f"encode {name}", encoding, dumping, "json.dumps of a dict")
