"""The devices of a script, as things that tell."""

from collections.abc import Iterator, Sequence

from simulator.faults import AnyFault
from simulator.scenario import Agent as AgentScript
from simulator.scenario import Recorder as RecorderScript
from simulator.scenario import Scenario
from simulator.scenario import Switch as SwitchScript
from simulator.virtual.camera import Camera
from simulator.virtual.chance import stream
from simulator.virtual.door import Door
from simulator.virtual.machine import Agent, Gateway, Host, Interface, Volume
from simulator.virtual.network import Port, Switch
from simulator.virtual.paces import Paces
from simulator.virtual.recorder import SLOTS, Channel, Disk, Recorder, Storage
from simulator.virtual.thing import Place, Sky, Thing


class Ground:
    """Where the things of a scenario stand."""

    def __init__(self, scenario: Scenario) -> None:
        offset = scenario.utc_offset
        self._sky = Sky(scenario.start.timestamp() + offset, offset)
        self._paces, self.seed = Paces.of(scenario.collectors), scenario.seed

    def of(self, name: str) -> Place:
        """A device's place."""
        return Place(self._sky, self._paces, stream(self.seed, name))


def watched(scenario: Scenario, script: AgentScript) -> list[Thing]:
    """An agent's devices with the faults that befall them or what they hang on; the agent itself first."""
    ground = Ground(scenario)
    agent = Agent(script.id, ground.of(script.id), script.name, _collectors(script))
    found: list[Thing] = [agent, *_machine(script, ground)]
    found += [Camera(camera, ground.of(camera)) for camera in script.camera_ids()]
    for recorder in script.recorders:
        found += _recorder(recorder, ground)
    for controller in script.door_controllers:
        found += [Door(door, controller.id, ground.seed, ground.of(door)) for door in controller.doors]
    for switch in script.switches:
        found += _switch(switch, ground)
    for thing in found:
        thing.faults = _befalling(scenario.faults, thing, agent.id)
    return found


def _machine(script: AgentScript, ground: Ground) -> Iterator[Thing]:
    host = Host(f"{script.id}-host", ground.of(f"{script.id}-host"))
    yield host
    yield Interface(host, "eth0", ground.of(f"{host.id}-if-eth0"))
    yield Gateway(f"{script.id}-gateway", ground.of(f"{script.id}-gateway"))
    yield from (Volume(volume, ground.of(volume.id), host) for volume in script.volumes)


def _recorder(script: RecorderScript, ground: Ground) -> Iterator[Thing]:
    recorder = Recorder(script, ground.of(script.id))
    yield recorder
    for number, channel in enumerate(script.channel_ids(), 1):
        yield Channel(channel, ground.of(channel), recorder, number)
    if script.speaks != "onvif":
        yield from (Disk(recorder, slot, ground.of(f"{script.id}-disk-{slot}")) for slot in SLOTS)
        yield Storage(recorder, ground.of(f"{script.id}-storage"))


def _switch(script: SwitchScript, ground: Ground) -> Iterator[Thing]:
    switch = Switch(script, ground.of(script.id))
    switch.ports = [Port(port, ground.of(port), switch, f"gi{n}") for n, port in enumerate(script.port_ids(), 1)]
    yield switch
    yield from switch.ports


def _collectors(script: AgentScript) -> list[str]:
    """Those that have something to watch."""
    eyes, recorders = bool(script.camera_ids()), bool(script.recorders)
    there = {
        "volumes": bool(script.volumes),
        "cameras": eyes,
        "recorders": recorders,
        "hardware": eyes or recorders,
        "pictures": eyes or recorders,
        "doors": bool(script.door_controllers),
        "switches": bool(script.switches),
    }
    return ["host", "clock", "network", *(name for name, is_there in there.items() if is_there)]


def _befalling(faults: Sequence[AnyFault], thing: Thing, agent: str) -> list[AnyFault]:
    """Those of the device and of what it hangs on; the agent's own are the gateway's matter."""
    names = {thing.id} | ({thing.parent.id} if thing.parent else set())
    return sorted((fault for fault in faults if fault.device in names - {agent}), key=lambda fault: fault.at)
