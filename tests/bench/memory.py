"""Memory that the engine takes for one site, by days of its life: windows and what is usual fill up, then it is flat.

A small site with all rules, in virtual time, without stores. The longest window reaches ten days back and what is usual
is known by its second week; what still grew after that would be a leak. Counted is what can be reached from the engine.
The decoder's cache of strings is not: it holds 16,384 of at most 64 characters in a whole process (pydantic), and fills
with the reports' ids.
"""

import gc
import sys
from collections.abc import Iterator
from itertools import groupby
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import NamedTuple

from hub.blindness import Blindness
from hub.engine import Engine
from hub.recording import read
from hub.rule import Rule, discover
from simulator.scenario import parse
from simulator.virtual.recording import lines
from tests.bench.measure import Figure
from tests.bench.rules import deliveries, play
from tests.hub.fleets import settings_of

DAYS = (1, 12, 22)
STRANGE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, Rule)
"""What is not the engine's own, and leads to everything else."""

SITE = f"""
site: school
length: {DAYS[-1]}d
interval: 10m
rules: {{ agent_silent: {{ silent_seconds: 3600 }} }}
agents:
  - id: gate-1
    cameras: 4
    recorders: [{{ id: nvr-1, channels: 4, speaks: isapi }}]
    software: [{{ id: vms, channels: 2 }}]
    door_controllers: [{{ id: access-1, doors: [door-1] }}]
    volumes: [{{ id: system }}]
    disks: [sda]
    rooms: [rack]
"""


class Held(NamedTuple):
    """What the engine holds after so many days."""

    day: int
    size: int
    """Bytes of all that belongs to it."""
    windows: int
    """Values in windows."""
    learned: int
    """Series of which is known what is usual."""


def figures() -> Iterator[Figure]:
    """KB a device when all is full, beside its first day; and at the end, beside that."""
    first, full, last = held(DAYS)
    devices = _devices()
    for name, one, before in (("12 days", full, first), ("22 days", last, full)):
        size, baseline = one.size / devices / 1000, before.size / devices / 1000
        against = f"after {before.day} days" if before.day > 1 else "after one day"
        name = f"engine's memory a device after {name}"
        yield Figure(name, round(size, 2), "kB", round(baseline, 2), round(size / baseline, 3), against)


def held(days: tuple[int, ...]) -> list[Held]:
    """After each of so many days. Its messages are made, judged and forgotten one by one."""
    script = parse(SITE)
    rules, start = discover(), script.start.timestamp() * 1000
    engine = Engine(rules, settings_of(rules, script.rules), Blindness())
    found: list[Held] = []
    messages = deliveries(read(lines(script)))
    for day, part in groupby(messages, key=lambda one: int((one.received - start) // 86_400_000)):
        play(engine, part)
        if day + 1 in days:
            found.append(_held(day + 1, engine))
    return found


def _held(day: int, engine: Engine) -> Held:
    subjects = [subject for site in engine.sites.values() for subject in site.devices.values()]
    windows = sum(len(values) for subject in subjects for values in subject.windows.values())
    return Held(day, _size(engine), windows, engine.unusuals.number)


def _size(root: object) -> int:
    """Bytes of an object and of all that it leads to, each once."""
    seen: set[int] = {id(root)}
    waiting, size = [root], 0
    while waiting:
        one = waiting.pop()
        size += sys.getsizeof(one)
        for other in gc.get_referents(one):
            if id(other) not in seen and not isinstance(other, STRANGE):
                seen.add(id(other))
                waiting.append(other)
    return size


def _devices() -> int:
    """Devices of the site."""
    return sum(1 for agent in parse(SITE).agents for _ in agent.devices())
