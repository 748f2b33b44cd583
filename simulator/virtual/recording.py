"""A whole scenario as the lines of a recording: what a hub would receive, then the clock.

    {"received": 1800000000000, "topic": "wk/v1/school/gateway/report", "payload": "{\\"id\\": …}"}
    {"received": 1802592000000}

The same scenario and seed give the same bytes, everywhere and always.
"""

import heapq
import json
from collections.abc import Iterator
from operator import itemgetter

from simulator.layout import Agent as AgentScript
from simulator.scenario import Scenario
from simulator.virtual import effects, noise
from simulator.virtual.chance import stream
from simulator.virtual.gateway import Gateway, Noise
from simulator.virtual.site import watched
from wire.topics import Address

_quoted = json.encoder.encode_basestring
"""A text as JSON; what goes into one line is too long to be walked through by anything slower."""


def lines(scenario: Scenario) -> Iterator[str]:
    """Each line of the recording, without its end."""
    scenario = scenario.model_copy(update={"faults": [*scenario.faults, *noise.of(scenario)]})
    start = round(scenario.start.timestamp() * 1000)
    streams = [_gateway(scenario, script, start).deliveries(scenario.span) for script in scenario.agents]
    end = start + round(scenario.span * 1000)
    last = start
    for at, topic, payload in heapq.merge(*streams, key=itemgetter(0)):
        received = start + round(at * 1000)
        if received > end:
            break
        last = max(last, received)
        yield f'{{"received":{last},"topic":"{topic}","payload":{_quoted(payload)}}}'
    yield f'{{"received":{end}}}'


def untold(scenario: Scenario) -> list[str]:
    """A sentence for each fault of which a generated recording says nothing."""
    there = {thing.id: thing for script in scenario.agents for thing in watched(scenario, script)}
    said = [(fault, effects.untold(fault, there[fault.device])) for fault in scenario.faults]
    return [f"{fault.kind} of {fault.device} shows nowhere: {why}" for fault, why in said if why]


def _gateway(scenario: Scenario, script: AgentScript, start: int) -> Gateway:
    own = [fault for fault in scenario.faults if script.id in (fault.device, *getattr(fault, "also", ()))]
    chance = stream(scenario.seed, script.id, "gateway")
    way = Noise(scenario.duplicates, scenario.reorders, scenario.late_by)
    address = Address(scenario.site, script.id)
    return Gateway(address, watched(scenario, script), own, start, scenario.interval, chance, way)
