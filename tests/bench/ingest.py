"""A fleet's reports through a real broker and a real hub into a real InfluxDB, beside what bare programs reach.

BENCH_INGEST_SECONDS is how long the small reports are sent (20; 300 for five minutes), BENCH_INGEST_AGENTS how many
agents send them (5000). The generator runs on the same machine, and its cost is told with the others'.
"""

import os
from collections.abc import Iterator
from dataclasses import replace

from tests.bench.fleet_load import Order, Outcome
from tests.bench.ingest_stack import Spent, Stack, stack
from tests.bench.measure import Figure, rate

OFFERED = 11_111
"""Small reports a second: ThingsBoard's profile of a million devices, on 36 vCPU."""
POINTS = 3
BIG_METRICS = 6
LATENCY_MS = 250.0
BUDGET_US = 90.0

_SMALL = Order(port=0, agents=int(os.environ.get("BENCH_INGEST_AGENTS", "5000")))
_BIG = Order(port=0, agents=200, devices=64, metrics=BIG_METRICS, window=1200, chunk=4, seconds=10.0)
_SECONDS = float(os.environ.get("BENCH_INGEST_SECONDS", "20"))


def figures() -> Iterator[Figure]:
    """Big reports against a bare writer, small ones against the offer, and what each process spends on a report."""
    with stack() as servers:
        yield from _consumer(servers)
        yield from _big(servers)
        yield from _small(servers)
        yield from _unanswered(servers)
        yield from _encrypted(servers)


def _consumer(servers: Stack) -> Iterator[Figure]:
    bare, _ = servers.bare_consumer(replace(_SMALL, answers=False, announce=False, agents=1000), 60_000)
    name = "ingest: bare paho consumer, small reports"
    yield rate(name, bare["messages"] / bare["seconds"], OFFERED, "1/s", "the offer; decodes nothing")
    spent = bare["cpu_seconds"] / bare["messages"] * 1e6
    yield Figure(
        f"{name}: processor", round(spent, 1), "µs", BUDGET_US, round(spent / BUDGET_US, 3), "the hub's budget"
    )


def _big(servers: Stack) -> Iterator[Figure]:
    """The bare writer before and after each: the machine may change meanwhile."""
    written = [_writer(servers)]
    found = {}
    for name, rules in (("without rules", False), ("with all rules", True)):
        with servers.hub(rules=rules) as hub:
            found[name] = servers.run(_BIG, hub)
        written.append(_writer(servers))
    for number, (name, (outcome, spent)) in enumerate(found.items()):
        bare = sum(written[number : number + 2]) / 2
        points = outcome.answered / outcome.seconds * _BIG.devices * BIG_METRICS
        what = f"ingest: big reports, {name}"
        yield rate(what, points, bare, "pts/s", f"bare writer; {spent.limit()}{_missing(outcome)}")
        yield from _costs(what, outcome, spent)


def _writer(servers: Stack) -> float:
    bare = servers.bare_writer(_BIG.seconds)
    return bare["lines"] * BIG_METRICS / bare["seconds"]


def _small(servers: Stack) -> Iterator[Figure]:
    with servers.hub() as hub:
        order = replace(_SMALL, rate=OFFERED, seconds=_SECONDS)
        outcome, spent = servers.run(order, hub)
        what = f"ingest: small reports, {order.agents} agents, {order.seconds:g} s"
        told = f"{OFFERED}/s offered; {spent.limit()}{_missing(outcome)}"
        yield rate(what, outcome.answered / outcome.seconds, OFFERED, "1/s", told)
        yield from _costs(what, outcome, spent)
        yield _latency(f"{what}: sample to acknowledgement, median", outcome.p50)
        yield _latency(f"{what}: sample to acknowledgement, 99th of 100", outcome.p99)
        calm, _ = servers.run(replace(_SMALL, rate=50, seconds=5.0, chunk=1, agents=500), hub)
        yield _latency("ingest: 50 small reports/s: sample to acknowledgement, median", calm.p50)
        yield _latency("ingest: 50 small reports/s: sample to acknowledgement, 99th of 100", calm.p99)


def _unanswered(servers: Stack) -> Iterator[Figure]:
    """The same load with and without acknowledgements, low enough for both."""
    order = replace(_SMALL, rate=OFFERED / 3, seconds=8.0, agents=2000)
    with servers.hub() as hub:
        outcome, spent = servers.run(order, hub)
    with servers.hub(module="tests.bench.mute_hub") as hub:
        mute = replace(order, answers=False)
        silent, less = servers.run(mute, hub)
    for name in ("hub", "mosquitto"):
        with_, without = spent.cpu[name] / outcome.sent * 1e6, less.cpu[name] / silent.sent * 1e6
        told = f"without acknowledgements; {outcome.acknowledgements / max(outcome.answered, 1):.2f} of them a report"
        yield Figure(
            f"ingest: small reports, {order.rate:.0f}/s: {name}",
            round(with_, 1),
            "µs",
            round(without, 1),
            round(with_ / without, 3),
            told,
        )


def _encrypted(servers: Stack) -> Iterator[Figure]:
    with servers.hub(tls=True) as hub:
        order = replace(_SMALL, rate=OFFERED, seconds=min(_SECONDS, 10.0), port=servers.broker.port, tls=servers.tls())
        outcome, spent = servers.run(order, hub)
        what = "ingest: small reports over TLS"
        told = f"{OFFERED}/s offered; {spent.limit()}{_missing(outcome)}"
        yield rate(what, outcome.answered / outcome.seconds, OFFERED, "1/s", told)
        yield from _costs(what, outcome, spent)


def _costs(what: str, outcome: Outcome, spent: Spent) -> Iterator[Figure]:
    """µs of processor a report, by process."""
    reports, every = max(outcome.sent, 1), sum(spent.cpu.values())
    whole = round(every / reports * 1e6, 1)
    for name, seconds in spent.cpu.items():
        each = round(seconds / reports * 1e6, 1)
        yield Figure(f"{what}: {name}", each, "µs", whole, round(seconds / every, 3), "all processes")


def _latency(name: str, seconds: float) -> Figure:
    return Figure(name, round(seconds * 1000, 1), "ms", LATENCY_MS, round(seconds * 1000 / LATENCY_MS, 3), "the limit")


def _missing(outcome: Outcome) -> str:
    lost = outcome.sent - outcome.answered
    return f"; {lost} of {outcome.sent} unanswered" if lost > 0 else ""
