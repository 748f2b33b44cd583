"""The devices of a script, as things that tell."""

from collections.abc import Iterator, Sequence

from simulator import faults
from simulator.faults import AnyFault
from simulator.layout import Agent as AgentScript
from simulator.layout import Recorder as RecorderScript
from simulator.layout import Software as SoftwareScript
from simulator.layout import Switch as SwitchScript
from simulator.scenario import Scenario
from simulator.virtual.camera import Camera
from simulator.virtual.chance import stream
from simulator.virtual.door import Door
from simulator.virtual.hardware import Array, MachineDisk, Room, Ups
from simulator.virtual.machine import Agent, Gateway, Host, Interface, Volume
from simulator.virtual.network import Port, Switch
from simulator.virtual.paces import Paces
from simulator.virtual.recorder import SLOTS, Channel, Disk, Recorder, Storage
from simulator.virtual.software import Footage, Software
from simulator.virtual.thing import Place, Sky, Thing


class Ground:
    """Where the things of a scenario stand."""

    def __init__(self, scenario: Scenario) -> None:
        offset = scenario.utc_offset
        closed = tuple((one.at, one.end) for one in scenario.closed)
        self._sky = Sky(scenario.start.timestamp() + offset, offset, closed)
        self._paces, self.seed = Paces.of(scenario.collectors), scenario.seed

    def of(self, name: str) -> Place:
        """A device's place."""
        return Place(self._sky, self._paces, stream(self.seed, name))


def watched(scenario: Scenario, script: AgentScript) -> list[Thing]:
    """An agent's devices with the faults that befall them or what they hang on; the agent itself first."""
    ground = Ground(scenario)
    agent = Agent(script.id, ground.of(script.id), script.name, _collectors(script))
    found: list[Thing] = [agent, *_machine(script, ground)]
    found += [_camera(camera, script, ground) for camera in script.camera_ids()]
    for recorder in script.recorders:
        found += _recorder(recorder, ground, scenario.faults)
    for controller in script.door_controllers:
        found += [
            Door(door, controller.id, ground.seed, ground.of(door), scenario.school_run) for door in controller.doors
        ]
    for switch in script.switches:
        found += _switch(switch, ground)
    there = {thing.id: thing for thing in found}
    for device, parent in script.behind.items():
        there[device].parent = there.get(parent)
    for thing in found:
        thing.faults = _befalling(scenario.faults, thing, agent.id)
    return found


def _machine(script: AgentScript, ground: Ground) -> Iterator[Thing]:
    host = Host(f"{script.id}-host", ground.of(f"{script.id}-host"))
    yield host
    yield Interface(host, "eth0", ground.of(f"{host.id}-if-eth0"))
    yield Gateway(f"{script.id}-gateway", ground.of(f"{script.id}-gateway"))
    yield from (Volume(volume, ground.of(volume.id), host) for volume in script.volumes)
    yield from (MachineDisk(host, disk, ground.of(disk)) for disk in script.disks)
    yield from (Array(host, array, ground.of(array)) for array in script.arrays)
    yield from (Ups(host, ups, ground.of(ups)) for ups in script.ups)
    yield from (Room(host, room, ground.of(room)) for room in script.rooms)
    host.reads_watched = bool(script.software)
    for software in script.software:
        yield from _software(software, ground, host)


def _software(script: SoftwareScript, ground: Ground, host: Host) -> Iterator[Thing]:
    software = Software(script, ground.of(script.id), host)
    yield software
    for number, channel in enumerate(script.channel_ids(), 1):
        yield Footage(channel, ground.of(channel), software, number)


def _camera(name: str, script: AgentScript, ground: Ground) -> Camera:
    return Camera(name, ground.of(name), tours=name in script.tours, still=name in script.storerooms)


def _recorder(script: RecorderScript, ground: Ground, befalling: Sequence[AnyFault]) -> Iterator[Thing]:
    recorder = Recorder(script, ground.of(script.id))
    yield recorder
    for number, channel in enumerate(script.channel_ids(), 1):
        yield Channel(channel, ground.of(channel), recorder, number)
    for number, begin in enumerate(_added(script, befalling), script.channels + 1):
        name = f"{script.id}-ch{number}"
        added = Channel(name, ground.of(name), recorder, number)
        added.appears = begin
        yield added
    if script.speaks != "onvif":
        yield from (Disk(recorder, slot, ground.of(f"{script.id}-disk-{slot}")) for slot in SLOTS)
        yield Storage(recorder, ground.of(f"{script.id}-storage"))


def _added(script: RecorderScript, befalling: Sequence[AnyFault]) -> list[float]:
    """When a camera more is connected to it."""
    falls = [one for one in befalling if isinstance(one, faults.RetentionFalls) and one.device == script.id]
    return sorted(one.at for one in falls if one.cause == "cameras_added")


def _switch(script: SwitchScript, ground: Ground) -> Iterator[Thing]:
    switch = Switch(script, ground.of(script.id))
    switch.ports = [Port(port, ground.of(port), switch, number) for number, port in enumerate(script.port_ids(), 1)]
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
        "disks": bool(script.disks or script.arrays),
        "processes": bool(script.software),
        "recordings": bool(script.software),
        "footage": bool(script.software),
        "backup": any(volume.role == "backup" for volume in script.volumes),
        "encryption": any(volume.encrypted for volume in script.volumes),
        "power": bool(script.ups),
        "room": bool(script.rooms),
    }
    return ["host", "clock", "network", *(name for name, is_there in there.items() if is_there)]


def _befalling(befalling: Sequence[AnyFault], thing: Thing, agent: str) -> list[AnyFault]:
    """Those of the device and of what it hangs on; the agent's own are the gateway's matter."""
    above = {one.id for one in thing.ancestors()}
    own = [fault for fault in befalling if fault.device != agent and _concerns(fault, thing, above)]
    dark: list[AnyFault] = [
        fault for fault in befalling if isinstance(fault, faults.CircuitOff) and fault.device == agent
    ]
    return sorted(own + dark if isinstance(thing, Camera) else own, key=lambda fault: fault.at)


def _concerns(fault: AnyFault, thing: Thing, above: set[str]) -> bool:
    return fault.device == thing.id or (fault.spreads and fault.device in above)
