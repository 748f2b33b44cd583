"""A whole scenario as the lines of a recording: what a hub would receive, then the clock.

    {"received": 1800000000000, "topic": "wk/v1/school/gateway/report", "payload": "{\\"id\\": …}"}
    {"received": 1802592000000}

The same scenario and seed give the same bytes, everywhere and always.
"""

import heapq
import json
from collections.abc import Iterator, Sequence
from random import Random

from simulator.faults import AnyFault
from simulator.scenario import Agent as AgentScript
from simulator.scenario import Scenario
from simulator.virtual import things
from simulator.virtual.chance import stream
from simulator.virtual.gateway import Gateway
from simulator.virtual.thing import Sky, Thing
from wire.topics import Address

DISKS = 2
"""Of a recorder that tells of its disks; one asked over ONVIF tells of none."""


def lines(scenario: Scenario) -> Iterator[str]:
    """Each line of the recording, without its end."""
    start = round(scenario.start.timestamp() * 1000)
    streams = [_gateway(scenario, script, start).deliveries(scenario.span) for script in scenario.agents]
    end = start + round(scenario.span * 1000)
    last = start
    for at, topic, payload in heapq.merge(*streams, key=lambda delivery: delivery.at):
        received = start + round(at * 1000)
        if received > end:
            break
        last = max(last, received)
        yield json.dumps({"received": last, "topic": topic, "payload": payload}, ensure_ascii=False)
    yield json.dumps({"received": end})


def _gateway(scenario: Scenario, script: AgentScript, start: int) -> Gateway:
    found = watched(scenario, script)
    own = [fault for fault in scenario.faults if fault.device == script.id]
    chance = stream(scenario.seed, script.id, "gateway")
    address = Address(scenario.site, script.id)
    return Gateway(address, found, own, start, scenario.interval, chance, scenario.duplicates)


def watched(scenario: Scenario, script: AgentScript) -> list[Thing]:
    """An agent's devices with the faults that befall them or what they hang on; the agent and its host first."""
    sky = Sky(scenario.start.timestamp() + scenario.utc_offset)

    def chance(name: str) -> Random:
        return stream(scenario.seed, name)

    agent = things.Agent(script.id, sky, chance(script.id), title=script.name)
    host = things.Host(f"{script.id}-host", sky, chance(f"{script.id}-host"))
    path = things.Path(f"{script.id}-gateway", sky, chance(f"{script.id}-gateway"))
    found: list[Thing] = [agent, host, path]
    found += [things.Volume(volume, sky, chance(volume.id), host) for volume in script.volumes]
    found += [things.Camera(camera, sky, chance(camera)) for camera in script.camera_ids()]
    for recorder_script in script.recorders:
        recorder = things.Recorder(recorder_script, sky, chance(recorder_script.id))
        found.append(recorder)
        for number, channel in enumerate(recorder_script.channel_ids(), 1):
            found.append(things.Channel(channel, sky, chance(channel), recorder, f"Camera {number:02}"))
        if recorder_script.speaks != "onvif":
            slots = range(1, DISKS + 1)
            found += [things.Disk(recorder, slot, chance(f"{recorder.id}-disk-{slot}")) for slot in slots]
    for controller in script.door_controllers:
        found += [things.Door(door, controller.id, scenario.seed, sky, chance(door)) for door in controller.doors]
    for switch_script in script.switches:
        switch = things.Switch(switch_script.id, switch_script.ports, sky, chance(switch_script.id))
        found.append(switch)
        for number, port in enumerate(switch_script.port_ids(), 1):
            found.append(things.Port(port, sky, chance(port), switch, f"gi{number}"))
    for thing in found:
        thing.faults = _befalling(scenario.faults, thing, agent.id)
    return found


def _befalling(faults: Sequence[AnyFault], thing: Thing, agent: str) -> list[AnyFault]:
    """Those of the device and of what it hangs on; the agent's own are the gateway's matter."""
    names = {thing.id} | ({thing.parent.id} if thing.parent else set())
    return sorted((fault for fault in faults if fault.device in names - {agent}), key=lambda fault: fault.at)
