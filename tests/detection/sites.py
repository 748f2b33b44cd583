"""Random sites: what stands there, what it does while it is well, what befalls it. A seed is a site."""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from simulator.faults import KINDS, AnyFault, Fault
from simulator.layout import Agent
from simulator.scenario import Scenario
from simulator.virtual import effects
from simulator.virtual.chance import Chance, stream
from simulator.virtual.site import watched
from tests.detection import ranges
from tests.detection.ranges import DAY, HOUR
from tests.detection.topology import Topology

MONTH = 30 * DAY
QUIET_SECONDS = 2 * HOUR
"""At the beginning: agents and their baselines settle in; and at the end, so that the last fault's ticket resolves."""

TRIES = 200
_FAULT: TypeAdapter[AnyFault] = TypeAdapter(Fault)


def site(seed: int, *, days: float = 30.0, faults: bool = True) -> Scenario:
    """A site-month; without `faults` a healthy one."""
    chance = stream(seed, "detection")
    interval = chance.choice(ranges.INTERVALS)
    agents = [_agent(chance, number) for number in range(1, chance.randint(*ranges.AGENTS) + 1)]
    script = Scenario.model_validate(
        {
            "site": f"site-{seed}",
            "seed": seed,
            "length": days * DAY,
            "interval": interval,
            "rules": {
                "agent_silent": {"silent_seconds": 180.0 + ranges.SILENT_REPORTS * interval},
                "footage_read": {"allowed": []},  # nobody is expected to take any, at whatever hour
            },
            "agents": agents,
            **_noise(chance, days * DAY),
        }
    )
    if not faults:
        return script
    return script.model_copy(update={"faults": list(_faults(chance, script))})


def parts(script: Scenario, devices: Container[str]) -> Scenario:
    """The same site of which only these are watched (and the machines themselves): chance is each device's own, so that
    they do what they did beside the others. Faults of what is left."""
    agents = [_parts(agent, devices) for agent in script.agents]
    left = script.model_copy(update={"agents": [agent for agent in agents if agent.id in devices]})
    there = dict(one for agent in left.agents for one in agent.devices())
    return left.model_copy(update={"faults": [fault for fault in script.faults if fault.device in there]})


def _parts(agent: Agent, devices: Container[str]) -> Agent:
    cameras = [camera for camera in agent.camera_ids() if camera in devices]
    changes: dict[str, Any] = {
        name: [one for one in getattr(agent, name) if one.id in devices]
        for name in ("recorders", "door_controllers", "switches", "volumes", "software")
    }
    changes |= {
        name: [one for one in getattr(agent, name) if one in devices]
        for name in ("disks", "arrays", "ups", "rooms", "tours", "storerooms")
    }
    behind = {one: parent for one, parent in agent.behind.items() if one in cameras and parent in devices}
    return agent.model_copy(update={**changes, "cameras": cameras, "behind": behind})


def _agent(chance: Chance, number: int) -> dict[str, Any]:
    """The first has the recorder, the door and the machine room; a second one has cameras on a switch."""
    count = chance.randint(*ranges.CAMERAS) if number == 1 else 4
    cameras = [f"cam-{number}{turn}" for turn in range(1, count + 1)]
    volumes: list[dict[str, Any]] = [{"id": f"system-{number}", "encrypted": number == 1}]
    agent: dict[str, Any] = {"id": f"gate-{number}", "cameras": cameras, "volumes": volumes}
    if number > 1:
        switch = {"id": f"switch-{number}", "ports": count}
        ports = {camera: f"switch-{number}-p{turn}" for turn, camera in enumerate(cameras, 1)}
        return agent | {"switches": [switch], "behind": ports}
    volumes.append({"id": "footage", "size": "8TB", "fill": 0.99, "role": "recording", "overwrites": True})
    volumes.append({"id": "backups", "role": "backup"})
    retention = round(chance.uniform(*ranges.RETENTION_DAYS), 2)
    channels = chance.randint(*ranges.CHANNELS)
    recorder: dict[str, Any] = {
        "id": "nvr-1",
        "speaks": chance.choice(("isapi", "dahua")),
        "channels": channels,
        "retention": retention,
        "weekly_restart": chance.choice((0.0, chance.uniform(*ranges.WEEKLY_RESTART))),
    }
    motion = chance.randint(*ranges.MOTION_CHANNELS)
    recorder["motion"] = list(range(1, motion + 1)) if motion < channels else []
    if chance.random() < 0.5:
        recorder["young"] = {channels: chance.uniform(*ranges.YOUNG_DAYS)}
    return agent | {
        "recorders": [recorder],
        "software": [{"id": "vms", "channels": 2, "retention": retention}],
        "door_controllers": [{"id": "access", "doors": ["door-1"]}],
        "disks": ["sda"],
        "arrays": ["md0"],
        "ups": ["ups-1"],
        "rooms": ["rack"],
        "tours": cameras[:1] if chance.random() < 0.5 else [],
        "storerooms": cameras[-1:] if chance.random() < 0.5 else [],
    }


def _noise(chance: Chance, length: float) -> dict[str, Any]:
    holiday = min(chance.uniform(*ranges.HOLIDAYS), length / 3)
    return {
        "blips": chance.uniform(*ranges.BLIPS_A_WEEK),
        "short_outages": chance.uniform(*ranges.SHORT_OUTAGES_A_WEEK),
        "duplicates": chance.uniform(*ranges.DUPLICATES),
        "reorders": chance.uniform(*ranges.REORDERS),
        "late_by": chance.uniform(*ranges.LATE_BY),
        "school_run": chance.uniform(*ranges.SCHOOL_RUN),
        "closed": [{"at": chance.uniform(0, length - holiday), "for": holiday}],
    }


def _faults(chance: Chance, script: Scenario) -> Iterator[AnyFault]:
    """As many as the ranges say, none of which could be taken for another."""
    kinds = list(ranges.FAULTS)
    weights = [ranges.FAULTS[kind].weight for kind in kinds]
    wanted = round(chance.randint(*ranges.FAULTS_A_MONTH) * script.span / MONTH) or 1
    there = {thing.id: thing for agent in script.agents for thing in watched(script, agent)}
    topology = Topology(script)
    found: list[AnyFault] = []
    for _ in range(TRIES):
        if len(found) >= wanted:
            return
        kind = chance.choices(kinds, weights)[0]
        devices = [device for device, of in script.devices.items() if of in KINDS[kind].befalls]
        fault = _drawn(chance, kind, devices, script.span)
        if fault is None or effects.untold(fault, there[fault.device]):
            continue
        near = [other for other in found if _near(fault, other)]
        if not any(topology.related(fault, other) or topology.one_store(fault, other) for other in near):
            found.append(fault)
            yield fault


def _near(one: AnyFault, other: AnyFault) -> bool:
    return one.at < other.end + ranges.GAP_SECONDS and other.at < one.end + ranges.GAP_SECONDS


def _drawn(chance: Chance, kind: str, devices: list[str], length: float) -> AnyFault | None:
    """One of a kind on one of these devices; None where there is none, or no time for it."""
    range_ = ranges.FAULTS[kind]
    lasts = chance.uniform(*range_.lasts)
    latest = length - QUIET_SECONDS - lasts - 4 * HOUR
    if not devices or latest <= QUIET_SECONDS:
        return None
    line = {"kind": kind, "device": chance.choice(devices), "for": lasts, "at": chance.uniform(QUIET_SECONDS, latest)}
    return _FAULT.validate_python(line | _parameters(chance, range_.parameters))


def _parameters(chance: Chance, drawn_from: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, values in drawn_from.items():
        numbers = isinstance(values[0], float)
        told[name] = chance.uniform(*values) if numbers else chance.choice(values)
    if "times" in told:
        told["times"] = round(told["times"])
    return told
