"""The site that is not there: its devices, its gateways' volumes, and what faults do to them."""

import json
from pathlib import Path

from simulator import scenario, toml
from simulator.onvif import Camera, Device, DoorController, Misbehaviour, Recorder
from simulator.scenario import (
    Agent,
    AnyFault,
    CameraHang,
    CameraOff,
    CameraPassword,
    ChannelOff,
    ClockJump,
    DoorHeld,
    RecorderOff,
    Scenario,
    Volume,
    VolumeFill,
    VolumeReadOnly,
)

USERNAME = "watchkeeper"
PASSWORD = "not-a-secret"  # noqa: S105 - of devices that are not there
OTHER_PASSWORD = "changed-by-somebody"  # noqa: S105 - the same


class Site:
    """Owns every device of a scenario. `folder` takes the volumes' state files and the password file."""

    def __init__(self, script: Scenario, folder: Path) -> None:
        self._scenario = script
        self._folder = folder
        self._volumes = {volume.id: volume for agent in script.agents for volume in agent.volumes}
        self._fills = {volume.id: volume.fill for volume in self._volumes.values()}
        self._read_only: frozenset[str] = frozenset()
        self._devices: dict[str, Device] = {}
        self._homes: dict[str, tuple[str, str]] = {}
        """Channel or door → the device it belongs to, and its token there."""
        for agent in script.agents:
            self._equip(agent)

    def _equip(self, agent: Agent) -> None:
        for camera in agent.camera_ids():
            self._devices[camera] = Camera(name=camera, username=USERNAME, password=PASSWORD, streams=True)
        for recorder in agent.recorders:
            tokens = [f"ch{number}" for number in range(1, recorder.channels + 1)]
            self._devices[recorder.id] = Recorder(
                name=recorder.id, username=USERNAME, password=PASSWORD, channels=tokens
            )
            self._homes |= {
                device: (recorder.id, token) for device, token in zip(recorder.channel_ids(), tokens, strict=True)
            }
        for controller in agent.door_controllers:
            self._devices[controller.id] = DoorController(
                name=controller.id, username=USERNAME, password=PASSWORD, doors=controller.doors
            )
            self._homes |= {door: (controller.id, door) for door in controller.doors}

    def device(self, name: str) -> Device:
        """A camera, recorder or door controller by its id. Raises KeyError."""
        return self._devices[name]

    def summary(self) -> str:
        """What there is, in a few words."""
        counts = {
            "cameras": sum(len(agent.camera_ids()) for agent in self._scenario.agents),
            "recorders": sum(len(agent.recorders) for agent in self._scenario.agents),
            "doors": sum(len(one.doors) for agent in self._scenario.agents for one in agent.door_controllers),
            "volumes": len(self._volumes),
        }
        return ", ".join(f"{count} {word if count != 1 else word[:-1]}" for word, count in counts.items() if count)

    def start(self) -> None:
        """Switch every device on."""
        for device in self._devices.values():
            device.start()
        self._password_file.write_text(PASSWORD)
        self._password_file.chmod(0o600)
        self._write_volumes()

    def stop(self) -> None:
        """Switch every device off and give the ports back."""
        for device in self._devices.values():
            device.stop()

    # --- what the agents are told ---

    @property
    def _password_file(self) -> Path:
        return self._folder / "device-password"

    def volumes_file(self, agent: Agent) -> Path:
        """Where the state of an agent's volumes is, as simulator/gateway.py reads it."""
        return self._folder / f"{agent.id}-volumes.json"

    def collectors(self, agent: Agent) -> dict[str, toml.Value]:
        """The tables `[collectors.NAME]` of an agent's configuration: the script's settings and what to watch."""
        told: dict[str, dict[str, toml.Value]] = {
            # Devices and tickets count in our own clock, so no server is asked for a better one.
            "clock": {"enabled": False},
            # The disks here are not the gateway's.
            "disks": {"enabled": False},
            "encryption": {"enabled": False},
            **{name: dict(table) for name, table in self._scenario.collectors.items()},
        }
        watched = {
            "cameras": ("devices", [self._camera(camera) for camera in agent.camera_ids()]),
            "recorders": ("devices", [self._where(recorder.id) for recorder in agent.recorders]),
            "doors": ("controllers", [self._controller(one) for one in agent.door_controllers]),
        }
        login: dict[str, toml.Value] = {"username": USERNAME, "password_file": str(self._password_file)}
        for name, (key, devices) in watched.items():
            if devices:
                told[name] = {**login, **told.get(name, {}), key: [*devices]}
            else:
                told.pop(name, None)
        found = [_volume(volume) for volume in agent.volumes]
        told["volumes"] = {**told.get("volumes", {}), "enabled": bool(found), "volume": [*found]}
        return dict(told)

    def _controller(self, controller: scenario.DoorController) -> dict[str, toml.Value]:
        return {**self._where(controller.id), "doors": [{"id": door, "token": door} for door in controller.doors]}

    def _camera(self, camera: str) -> dict[str, toml.Value]:
        there = self._devices[camera]
        assert isinstance(there, Camera)  # noqa: S101 - as _equip made it
        return {**self._where(camera), "rtsp_port": there.rtsp_port, "tls_port": 0}

    def _where(self, device: str) -> dict[str, toml.Value]:
        there = self._devices[device]
        return {"id": device, "host": there.host, "port": there.port}

    # --- faults ---

    def begin(self, fault: AnyFault) -> None:
        """Let a fault befall its device. AgentSilent is not ours: no device of ours is an agent."""
        self._change(fault, True)

    def end(self, fault: AnyFault) -> None:
        """Heal it."""
        self._change(fault, False)

    def _change(self, fault: AnyFault, ill: bool) -> None:
        match fault:
            case CameraOff() | RecorderOff():
                self._power(fault.device, not ill)
            case CameraHang():
                self._devices[fault.device].misbehaviour = Misbehaviour.HANG if ill else None
            case CameraPassword():
                self._devices[fault.device].gate.password = OTHER_PASSWORD if ill else PASSWORD
            case ClockJump():
                self._devices[fault.device].clock_offset = fault.by if ill else 0.0
            case ChannelOff():
                self._channel(fault.device, not ill)
            case DoorHeld():
                self._door(fault.device, ill)
            case VolumeFill():
                self._fills[fault.device] = fault.to if ill else self._volumes[fault.device].fill
                self._write_volumes()
            case VolumeReadOnly():
                self._read_only = self._read_only ^ {fault.device}
                self._write_volumes()

    def _power(self, device: str, on: bool) -> None:
        there = self._devices[device]
        there.on() if on else there.off()

    def _channel(self, device: str, present: bool) -> None:
        home, token = self._homes[device]
        recorder = self._devices[home]
        assert isinstance(recorder, Recorder)  # noqa: S101 - channels are made with their recorder, in _equip
        recorder.restore_channel(token) if present else recorder.lose_channel(token)

    def _door(self, device: str, is_open: bool) -> None:
        home, token = self._homes[device]
        controller = self._devices[home]
        assert isinstance(controller, DoorController)  # noqa: S101 - doors are made with their controller, in _equip
        door = controller.doors[token]
        door.open() if is_open else door.close()

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


def _volume(volume: Volume) -> dict[str, toml.Value]:
    return {"id": volume.id, "path": volume.path, "role": volume.role, "overwrites": volume.overwrites}
