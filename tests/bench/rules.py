"""What rules cost a report: a typical site's hours through reception, correction and engine, without broker and stores.

Two agents with sixteen cameras, a recorder of eight channels, its disks, volumes, a switch and a door, a report each a
minute: without rules, with all, and with each of the five dearest alone. Which these are says a pass in which every
judgement is timed. CPU seconds of one process, decoded before the clock starts; the passes take turns, and of each the
quickest counts.
"""

import gc
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hub.blindness import Blindness
from hub.check import Check
from hub.engine import Engine
from hub.fleet import Subject
from hub.intake import MODELS, Delivery, Intake
from hub.reception import Batch, Reception
from hub.recording import Line, read
from hub.replay import Unheard
from hub.rule import Rule, discover
from simulator.scenario import parse
from simulator.virtual.recording import lines
from tests.bench.measure import Figure, cost
from tests.hub.fleets import settings_of
from wire.codec import decode
from wire.messages import Report
from wire.topics import Topics

HOURS = 4
ROUNDS = 10
NAMED = 5
CANDIDATES = 8
"""Rules that are measured alone, of which so many are told."""

SITE = f"""
site: school
length: {HOURS}h
agents:
  - id: gate-1
    cameras: {{ count: 8, prefix: a }}
    recorders: [{{ id: nvr-1, channels: 8, speaks: isapi }}]
    door_controllers: [{{ id: access-1, doors: [door-1] }}]
    volumes: [{{ id: system-1 }}, {{ id: footage, size: 8TB, fill: 0.99, role: recording, overwrites: true }}]
    software: [{{ id: vms, channels: 4 }}]
    disks: [sda, sdb]
    arrays: [md0]
    ups: [ups-1]
    rooms: [rack]
  - id: gate-2
    cameras: {{ count: 8, prefix: b }}
    switches: [{{ id: switch-2, ports: 8 }}]
    volumes: [{{ id: system-2 }}]
"""
"""What `tests/bench/replay.py` plays, and a machine with disks, software, a UPS and a switch beside it."""

Rules = Mapping[str, Rule]
Seconds = defaultdict[str, float]
"""By rule."""


def figures() -> Iterator[Figure]:
    """µs a report with all rules and with each of the dearest alone, beside the same without any."""
    rules, messages = discover(), list(deliveries(read(lines(parse(SITE)))))
    reports = sum(isinstance(one.message, Report) for one in messages)
    values = sum(len(s.values) for one in messages if isinstance(one.message, Report) for s in one.message.samples)
    none, everything = _seconds([{}, rules], messages)
    name = f"report of {values / reports:.0f} values judged, all {len(rules)} rules"
    yield cost(name, everything / reports, none / reports, "taken in and judged by none")
    for rule, seconds, bare in _dearest(rules, messages):
        yield cost(f"the same, {rule} alone", seconds / reports, bare / reports, "taken in and judged by none")


def _dearest(rules: Rules, messages: Sequence[Delivery]) -> Iterator[tuple[str, float, float]]:
    """(rule, its seconds, those of none), the dearest first."""
    timed: Seconds = defaultdict(float)
    judged(rules, messages, timed)
    names = sorted(timed, key=lambda name: timed[name], reverse=True)[:CANDIDATES]
    bare, *alone = _seconds([{}, *({name: rules[name]} for name in names)], messages)
    for seconds, name in sorted(zip(alone, names, strict=True), reverse=True)[:NAMED]:
        yield name, seconds, bare


def _seconds(several: Sequence[Rules], messages: Sequence[Delivery]) -> list[float]:
    """CPU seconds of the quickest pass with each of these sets of rules."""
    best = [float("inf")] * len(several)
    for _ in range(ROUNDS):
        for place, rules in enumerate(several):
            best[place] = min(best[place], judged(rules, messages))
    return best


def _watch(engine: Engine, timed: Seconds) -> None:
    """Count the seconds of each rule's judgements of samples; those of what is usual are taken together."""
    judge, learn = engine._judge_sample, engine.unusuals.judge

    def timed_judge(check: Check, *rest: Any) -> None:
        began = time.perf_counter()
        judge(check, *rest)
        timed[check.rule.name] += time.perf_counter() - began

    def timed_learn(subject: Subject, *rest: Any) -> Any:
        began = time.perf_counter()
        verdicts = learn(subject, *rest)
        each = (time.perf_counter() - began) / len(subject.plan.learners)
        for learner in subject.plan.learners:
            timed[learner[1]] += each
        return verdicts

    engine._judge_sample, engine.unusuals.judge = timed_judge, timed_learn  # type: ignore[method-assign, assignment] # to time them


def judged(rules: Rules, messages: Iterable[Delivery], timed: Seconds | None = None) -> float:
    """CPU seconds of one pass, as the committer does it: each report a batch. `timed` takes those of each rule."""
    engine = Engine(rules, settings_of(rules), Blindness())
    if timed is not None:
        _watch(engine, timed)
    gc.collect()
    began = time.process_time()
    play(engine, messages)
    return time.process_time() - began


def play(engine: Engine, messages: Iterable[Delivery]) -> None:
    """Messages into the engine as the committer does it, each a batch of its own; nothing is written."""
    reception = Reception(Intake(Topics(), lambda: 0), Unheard(), lambda: 0)
    for item in messages:
        engine.begin_batch()
        batch = Batch()
        reception.absorb(engine, batch, item)
        for event in batch.events:
            if event.type in engine.events:
                engine.happen(event.site, event.device, event.type, event.data, event.at, event.received)
        engine.tick(item.received)
        engine.take_transitions()
        engine.batch_committed()


def deliveries(recording: Iterable[Line]) -> Iterator[Delivery]:
    """What the hub would take out of its queue, decoded."""
    topics = Topics()
    for line in recording:
        sender = topics.parse(line.topic) if line.topic else None
        if sender is not None:
            address, verb = sender
            yield Delivery(address, decode(MODELS[verb], line.payload), line.received, line.retained)
