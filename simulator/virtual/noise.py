"""What healthy sites do that looks like faults: too short for a ticket, or on purpose.

Each is a fault of its own, drawn from the scenario's seed by device and week, so that none moves another.
"""

from collections.abc import Iterator

from simulator.faults import AnyFault, CameraOff, RecorderOff, UplinkDown
from simulator.scenario import Scenario
from simulator.virtual.chance import stream
from simulator.virtual.thing import DAY, HOUR

WEEK = 7 * DAY
OUTAGE_SECONDS = (30.0, 150.0)
"""Of an uplink: below the three minutes after which an agent counts as silent."""

BLIP_SECONDS = (30.0, 240.0)
"""Of a camera: it starts again by itself, or its switch does."""

APART_SECONDS = 900.0
"""Between two of the same: what goes away again and again within minutes is broken, and no habit of healthy sites."""

RESTART_HOUR = 3.0
"""Of a Sunday morning: what recorders offer for their weekly restart."""


def of(scenario: Scenario) -> list[AnyFault]:
    """All of it, over the whole span."""
    return [*_outages(scenario), *_blips(scenario), *_restarts(scenario)]


def _outages(scenario: Scenario) -> Iterator[AnyFault]:
    for agent in scenario.agents:
        for at, length in _moments(scenario, agent.id, "outages", scenario.short_outages, OUTAGE_SECONDS):
            yield UplinkDown.model_validate({"kind": "uplink_down", "device": agent.id, "at": at, "for": length})


def _blips(scenario: Scenario) -> Iterator[AnyFault]:
    for agent in scenario.agents:
        for camera in agent.camera_ids():
            for at, length in _moments(scenario, camera, "blips", scenario.blips, BLIP_SECONDS):
                yield CameraOff.model_validate({"kind": "camera_off", "device": camera, "at": at, "for": length})


def _moments(
    scenario: Scenario, device: str, what: str, a_week: float, lengths: tuple[float, float]
) -> Iterator[tuple[float, float]]:
    """When and for how long. One that would come too soon after another does not."""
    if a_week <= 0:
        return
    chance, at, earliest = stream(scenario.seed, device, what), 0.0, 0.0
    while True:
        at += chance.expovariate(a_week / WEEK) + lengths[1]
        if at >= scenario.span:
            return
        length = chance.uniform(*lengths)
        if at >= earliest:
            earliest = at + length + APART_SECONDS
            yield at, length


def _restarts(scenario: Scenario) -> Iterator[AnyFault]:
    midnight = -((scenario.start.timestamp() + scenario.utc_offset) % DAY)
    for recorder in (one for agent in scenario.agents for one in agent.recorders if one.weekly_restart):
        for day in range(int(scenario.span // DAY) + 2):
            at = midnight + day * DAY + RESTART_HOUR * HOUR
            weekday = (int((scenario.start.timestamp() + scenario.utc_offset + at) // DAY) + 3) % 7
            if weekday == 6 and 0 <= at < scenario.span:
                length = {"at": at, "for": recorder.weekly_restart}
                yield RecorderOff.model_validate({"kind": "recorder_off", "device": recorder.id, **length})
