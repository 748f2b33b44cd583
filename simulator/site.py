"""The site that is not there: its devices, its gateways' volumes, and what an agent has to be told of them."""

import json
import time
from functools import partial
from pathlib import Path

from simulator import layout, toml
from simulator.dahua.recorder import DahuaRecorder
from simulator.device.simulated import Simulated
from simulator.effects import COMMUNITY, PASSWORD, befall
from simulator.faults import AnyFault
from simulator.isapi.recorder import IsapiRecorder
from simulator.layout import Agent, Volume
from simulator.onvif import Camera, Door, DoorController, Recorder
from simulator.pictures.place import Fault as PictureFault
from simulator.pictures.place import Place, Shot
from simulator.recorder.box import Box, Channel
from simulator.rtsp import RtspServer
from simulator.scenario import Scenario
from simulator.snmp import Port as SwitchPort
from simulator.snmp import Switch, access_switch

USERNAME = "watchkeeper"
_ONE = {"switches": "switch"}


class Site:
    """Owns every device of a scenario. `folder` takes the volumes' state files and the password file."""

    def __init__(self, script: Scenario, folder: Path) -> None:
        self._scenario = script
        self._folder = folder
        self._volumes = {volume.id: volume for agent in script.agents for volume in agent.volumes}
        self._fills = {volume.id: volume.fill for volume in self._volumes.values()}
        self._read_only: frozenset[str] = frozenset()
        self._devices: dict[str, Simulated] = {}
        self._boxes: dict[str, Box] = {}
        self._channels: dict[str, tuple[Box, Channel]] = {}
        self._doors: dict[str, Door] = {}
        self._switches: dict[str, Switch] = {}
        self._ports: dict[str, SwitchPort] = {}
        self._spoilt: dict[str, PictureFault] = {}
        for agent in script.agents:
            self._equip(agent)

    # --- what there is ---

    def device(self, name: str) -> Simulated:
        """A camera, recorder or door controller by its id. Raises KeyError."""
        return self._devices[name]

    def camera(self, name: str) -> Camera:
        """A camera by its id. Raises KeyError."""
        camera = self._devices[name]
        if not isinstance(camera, Camera):
            raise KeyError(name)
        return camera

    def stream(self, camera: str) -> RtspServer:
        """A camera's streams. Raises KeyError."""
        streams = self.camera(camera).rtsp
        if streams is None:
            raise KeyError(camera)
        return streams

    def box(self, recorder: str) -> Box:
        """A recorder's inside. Raises KeyError."""
        return self._boxes[recorder]

    def channel(self, name: str) -> tuple[Box, Channel]:
        """A channel by its device id, and its box. Raises KeyError."""
        return self._channels[name]

    def door(self, name: str) -> Door:
        """A door by its id. Raises KeyError."""
        return self._doors[name]

    def switch(self, name: str) -> Switch:
        """A switch by its id. Raises KeyError."""
        return self._switches[name]

    def port(self, name: str) -> SwitchPort:
        """A switch's port by its device id. Raises KeyError."""
        return self._ports[name]

    def _equip(self, agent: Agent) -> None:
        for camera in agent.camera_ids():
            self._add_camera(camera)
        for recorder in agent.recorders:
            self._add_recorder(recorder)
        for controller in agent.door_controllers:
            made = DoorController(name=controller.id, username=USERNAME, password=PASSWORD, doors=controller.doors)
            self._devices[controller.id] = made
            self._doors |= {door: made.doors[door] for door in controller.doors}
        for switch in agent.switches:
            self._add_switch(switch)

    def _add_camera(self, name: str) -> None:
        camera = Camera(name=name, username=USERNAME, password=PASSWORD, streams=True)
        camera.view = lambda: self._picture(name)
        self._devices[name] = camera

    def _add_recorder(self, recorder: layout.Recorder) -> None:
        box = Box(recorder.channels)
        for channel, name in zip(box.channels, recorder.channel_ids(), strict=True):
            self._channels[name] = box, channel
            channel.view = partial(self._picture, name)
        self._boxes[recorder.id] = box
        self._devices[recorder.id] = _face(recorder, box)

    def _add_switch(self, switch: layout.Switch) -> None:
        state = access_switch(switch.ports)
        state.name = switch.id
        for number, name in enumerate(switch.port_ids(), 1):
            port = self._ports[name] = state.ports[number]
            port.up, port.poe = True, SwitchPort.DELIVERING
        self._switches[switch.id] = Switch(state, COMMUNITY)

    def summary(self) -> str:
        """What there is, in a few words."""
        counts = {
            "cameras": sum(len(agent.camera_ids()) for agent in self._scenario.agents),
            "recorders": len(self._boxes),
            "doors": len(self._doors),
            "switches": len(self._switches),
            "volumes": len(self._volumes),
        }
        return ", ".join(
            f"{count} {word if count != 1 else _ONE.get(word, word[:-1])}" for word, count in counts.items() if count
        )

    def start(self) -> None:
        """Switch every device on."""
        for device in self._devices.values():
            device.start()
        for switch in self._switches.values():
            switch.start()
        self._community_file.write_text(COMMUNITY)
        self._community_file.chmod(0o600)
        self._password_file.write_text(PASSWORD)
        self._password_file.chmod(0o600)
        self._write_volumes()

    def stop(self) -> None:
        """Switch every device off and give the ports back."""
        for device in self._devices.values():
            device.stop()
        for switch in self._switches.values():
            switch.stop()

    # --- what the agents are told ---

    @property
    def _password_file(self) -> Path:
        return self._folder / "device-password"

    @property
    def _community_file(self) -> Path:
        return self._folder / "community"

    def volumes_file(self, agent: Agent) -> Path:
        """Where the state of an agent's volumes is, as simulator/gateway.py reads it."""
        return self._folder / f"{agent.id}-volumes.json"

    def collectors(self, agent: Agent) -> dict[str, toml.Value]:
        """The tables `[collectors.NAME]` of an agent's configuration: the script's settings and what to watch."""
        told: dict[str, dict[str, toml.Value]] = {
            # Devices and tickets count in our own clock, so no server is asked for a better one.
            "clock": {"enabled": False},
            # The disks and the gateway here are not the site's.
            "disks": {"enabled": False},
            "encryption": {"enabled": False},
            "network": {"gateway": False},
            **{name: dict(table) for name, table in self._scenario.collectors.items()},
        }
        watched = {
            "cameras": ("devices", [self._camera(camera) for camera in agent.camera_ids()]),
            "recorders": ("devices", [self._recorder(recorder) for recorder in agent.recorders]),
            "doors": ("controllers", [self._controller(one) for one in agent.door_controllers]),
        }
        login: dict[str, toml.Value] = {"username": USERNAME, "password_file": str(self._password_file)}
        for name, (key, devices) in watched.items():
            if devices:
                told[name] = {**login, **told.get(name, {}), key: [*devices]}
            else:
                told.pop(name, None)
        if agent.switches:
            switches: list[toml.Value] = [
                {"id": one.id, "host": self._switches[one.id].host, "port": self._switches[one.id].port}
                for one in agent.switches
            ]
            community: dict[str, toml.Value] = {"community_file": str(self._community_file), "devices": switches}
            told["switches"] = {**told.get("switches", {}), **community}
        found = [_volume(volume) for volume in agent.volumes]
        told["volumes"] = {**told.get("volumes", {}), "enabled": bool(found), "volume": [*found]}
        return dict(told)

    def _camera(self, camera: str) -> dict[str, toml.Value]:
        return {**self._where(camera), "rtsp_port": self.stream(camera).port, "tls_port": 0}

    def _recorder(self, recorder: layout.Recorder) -> dict[str, toml.Value]:
        channels: list[toml.Value] = [
            {"token": recorder.token(number), "id": name} for number, name in enumerate(recorder.channel_ids(), 1)
        ]
        return {**self._where(recorder.id), "speaks": recorder.speaks, "channels": channels}

    def _controller(self, controller: layout.DoorController) -> dict[str, toml.Value]:
        return {**self._where(controller.id), "doors": [{"id": door, "token": door} for door in controller.doors]}

    def _where(self, device: str) -> dict[str, toml.Value]:
        there = self._devices[device]
        return {"id": device, "host": there.host, "port": there.port}

    # --- faults ---

    def begin(self, fault: AnyFault) -> None:
        """Let a fault befall its device. AgentSilent is not ours: no device of ours is an agent."""
        befall(fault, self, True)

    def end(self, fault: AnyFault) -> None:
        """Heal it."""
        befall(fault, self, False)

    def spoil(self, name: str, how: PictureFault | None) -> None:
        """The picture of a camera or channel from now on; None: well."""
        if how is None:
            self._spoilt.pop(name, None)
        else:
            self._spoilt[name] = how

    def fill(self, volume: str, share: float | None) -> None:
        """A volume's share in use; None: as the script says."""
        self._fills[volume] = self._volumes[volume].fill if share is None else share
        self._write_volumes()

    def read_only(self, volume: str, on: bool) -> None:
        """Whether a volume can be read only."""
        self._read_only = self._read_only | {volume} if on else self._read_only - {volume}
        self._write_volumes()

    def _picture(self, name: str) -> bytes:
        seed = sum(map(ord, name))
        return Place(seed).picture(Shot(moment=int(time.time()), fault=self._spoilt.get(name)))

    def _write_volumes(self) -> None:
        for agent in self._scenario.agents:
            states = [self._state(volume) for volume in agent.volumes]
            file = self.volumes_file(agent)
            draft = file.with_suffix(".draft")
            draft.write_text(json.dumps({"volumes": states}), encoding="utf-8")
            draft.replace(file)  # at once, so that no reader sees half of it

    def _state(self, volume: Volume) -> dict[str, str | int | bool]:
        return {
            "mount": volume.path,
            "size_bytes": volume.size,
            "free_bytes": round(volume.size * (1 - self._fills[volume.id])),
            "read_only": volume.id in self._read_only,
        }


def _face(recorder: layout.Recorder, box: Box) -> Simulated:
    """The box behind what the recorder speaks."""
    if recorder.speaks == "isapi":
        return IsapiRecorder(box, username=USERNAME, password=PASSWORD)
    if recorder.speaks == "dahua":
        return DahuaRecorder(box, username=USERNAME, password=PASSWORD)
    tokens = [recorder.token(number) for number in range(1, recorder.channels + 1)]
    return Recorder(name=recorder.id, username=USERNAME, password=PASSWORD, channels=tokens, box=box)


def _volume(volume: Volume) -> dict[str, toml.Value]:
    return {"id": volume.id, "path": volume.path, "role": volume.role, "overwrites": volume.overwrites}
