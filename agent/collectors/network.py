"""Network: pings every camera, recorder, door controller and switch, and watches our own ways to gateway and hub.

Pings need no root, but a group within `net.ipv4.ping_group_range`; where that is not so, one TCP connect to the port of
each device takes their place, and the agent's fact `ping` says why. The default gateway is read from the kernel's
routes, and pinged; one that answers no ping is knocked at on TCP 80, 443 and 53. To the hub's broker and to reference
hosts with a port goes one TCP connect, over which nothing is sent. A broker on this very machine is no path.

So a rule can tell what failed. Gateway, hub, references and devices, 1 for up and 0 for down:
gateway 0 and devices 0: our own cable or switch. Gateway 0 and devices 1: the gateway. Gateway 1, hub 0 and references
0: the uplink beyond the gateway. Gateway 1, hub 0, a reference 1: the hub, or its own network. Hub 0 with
`path_seconds`: the broker's machine is there and refuses, so the broker is down. All 1 and one device 0: that device.
"""

from collections.abc import Callable, Sequence
from pathlib import Path as FilePath
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.collector import Collector, Context, Measurement, Need, Plugin, Reading, Settings
from agent.device.settings import Host, unique
from agent.device_ids import MAX_LENGTH
from agent.memory import Memory
from agent.network.names import Names
from agent.network.paths import Path, Role, gateway_places, judge, judge_gateway, loopback
from agent.network.pings import Pace
from agent.network.reach import CONNECT_PATIENCE, Findings, Reach
from agent.network.routes import Gateway, default_gateway
from agent.network.targets import KINDS, Target, targets
from wire.ids import ShortText, SlugId
from wire.messages import Device, DeviceKind

_ROUTES = (FilePath("/proc/net/route"), FilePath("/proc/net/ipv6_route"))
_MAX_ROUTES = 1024 * 1024
_NAMES_PATIENCE = 3.0
_FIRST_APART = 0.3


class Reference(BaseModel):
    """A host beyond the gateway that is nearly always there: tells a dead uplink from a dead hub. None by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: SlugId
    """Its device id."""
    name: ShortText = ""
    """What people call it."""
    host: Host
    """Its address or host name."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """A TCP port it listens on; left out, it is pinged, and not asked at all where pings are not allowed."""


class NetworkSettings(Settings):
    """`[collectors.network]`."""

    gateway: bool = True
    """Whether the default gateway is watched. Once seen, it is missed when it is gone."""
    hub: bool = True
    """Whether the way to the broker is watched."""
    pings: int = Field(default=3, ge=1, le=20)
    """Pings to each device in a round."""
    apart_seconds: float = Field(default=5.0, ge=0.1, le=60.0)
    """From one of them to the next."""
    ping_timeout_seconds: float = Field(default=2.0, ge=0.1, le=10.0)
    """How long an answer may take; later it counts as lost."""
    references: list[Reference] = Field(default=[], max_length=16)
    """Hosts beyond the gateway."""

    @model_validator(mode="after")
    def _feasible(self) -> Self:
        unique([one.id for one in self.references])
        needed = self.pace.seconds + 2 * CONNECT_PATIENCE + _NAMES_PATIENCE
        if needed > self.timeout_seconds:
            raise ValueError(
                f"a round may take {needed:g} s, more than timeout_seconds: lower pings or apart_seconds, or raise it"
            )
        return self

    @property
    def pace(self) -> Pace:
        """How pings are spread over a round."""
        return Pace(self.pings, self.apart_seconds, self.ping_timeout_seconds)

    @property
    def hurry(self) -> Pace:
        """The same in the first round, which the agent's first inventory waits for."""
        return Pace(self.pings, min(self.apart_seconds, _FIRST_APART), self.ping_timeout_seconds)


class Seen(BaseModel):
    """The gateway that was there last, and whether it ever answered; kept over restarts, so that one is missed that
    took its route with it."""

    address: str = ""
    interface: str = ""
    answered: bool = False


def read_gateway(files: tuple[FilePath, FilePath] = _ROUTES) -> Gateway | None:
    """This machine's default gateway, None where there is none."""
    texts = []
    for path in files:
        try:
            with path.open("rb") as file:
                texts.append(file.read(_MAX_ROUTES).decode("ascii", "replace"))
        except OSError:  # without IPv6 there is no such file
            texts.append("")
    return default_gateway(*texts)


class Network:
    """All devices and paths of the agent."""

    def __init__(
        self,
        settings: NetworkSettings,
        context: Context,
        gateway: Callable[[], Gateway | None] = read_gateway,
        names: Names | None = None,
    ) -> None:
        self._settings = settings
        self._context = context
        self._gateway = gateway
        self._names = names or Names()
        self._reach = Reach()
        self._pace = settings.hurry
        self._targets = targets(context.others)
        self._paths = _paths(settings, context)
        self._memory = Memory(context.state, "gateway", Seen)
        self._seen = self._memory.recall() or Seen()
        self._told: list[Device] | None = None

    def collect(self) -> Reading:
        """One round."""
        gateway = self._look() if self._settings.gateway else ""
        hosts = [target.host for target in self._targets] + [path.host for path in self._paths]
        self._names.refresh(dict.fromkeys(hosts), _NAMES_PATIENCE)
        found = self._ask(gateway)
        self._pace = self._settings.pace
        measurements = [*self._devices(found), *self._ends(found)]
        if gateway:
            measurements.append(Measurement(self._gateway_id, self._judge_gateway(gateway, found)))
        told = [one for one in measurements if one.values]
        return Reading(told, devices=self._changed(found.forbidden))

    def interrupt(self) -> None:
        """The agent stops: what was found until now is told."""
        self._reach.wake.set()

    def close(self) -> None:
        """Nothing stays open."""
        self._reach.close()
        self._names.close()

    def _look(self) -> str:
        """The gateway's address, the last known one where there is none now, empty where there never was."""
        now = self._gateway()
        if now is not None and (now.address, now.interface) != (self._seen.address, self._seen.interface):
            self._remember(Seen(address=now.address, interface=now.interface))
        return self._seen.address

    def _remember(self, seen: Seen) -> None:
        self._seen = seen
        self._memory.remember(seen)

    def _ask(self, gateway: str) -> Findings:
        pinged: dict[str, list[Target]] = {}
        places = []
        for target in self._targets:
            if (address := self._names.address(target.host)) is not None:
                pinged.setdefault(address, []).append(target)
        for path in self._paths:
            if (address := self._names.address(path.host)) is not None:
                if (place := path.place(address)) is not None:
                    places.append(place)
                else:
                    pinged.setdefault(address, [])
        if gateway:
            pinged.setdefault(gateway, [])
        return self._reach.ask(pinged, places, {gateway: gateway_places(gateway)} if gateway else {}, self._pace)

    def _devices(self, found: Findings) -> list[Measurement]:
        measurements = []
        for target in self._targets:
            address = self._names.address(target.host)
            values = found.values(address, target) if address is not None else {}
            measurements += [Measurement(device.device, values) for device in target.devices]
        return measurements

    def _ends(self, found: Findings) -> list[Measurement]:
        measurements = []
        for path in self._paths:
            address = self._names.address(path.host)
            if address is not None:
                measurements.append(Measurement(path.id, judge(path, address, found)))
            elif self._names.failed(path.host):
                measurements.append(Measurement(path.id, {"path_up": 0.0}))
        return measurements

    def _judge_gateway(self, gateway: str, found: Findings) -> dict[str, float]:
        values = judge_gateway(gateway, found, self._seen.answered)
        if values.get("path_up") and not self._seen.answered:
            self._remember(self._seen.model_copy(update={"answered": True}))
        return values

    @property
    def _gateway_id(self) -> str:
        return own_id(self._context.agent, "gateway")

    def _changed(self, forbidden: str) -> list[Device] | None:
        ping = f"TCP connects instead: {forbidden}" if forbidden else "ICMP"
        devices = [Device(device=self._context.agent, kind=DeviceKind.AGENT, facts={"ping": ping[:300]})]
        devices += [_end(path) for path in self._paths]
        if self._settings.gateway and self._seen.address:
            facts = {"role": str(Role.GATEWAY), "address": self._seen.address, "interface": self._seen.interface}
            devices.append(Device(device=self._gateway_id, kind=DeviceKind.NETWORK, facts=facts))
        devices += {device.device: device for target in self._targets for device in target.devices}.values()
        if devices == self._told:
            return None
        self._told = devices
        return devices


def own_id(agent: str, role: str) -> str:
    """The device id of a path of the agent's own."""
    return f"{agent[: MAX_LENGTH - 1 - len(role)]}-{role}"


def _paths(settings: NetworkSettings, context: Context) -> list[Path]:
    paths = [Path(one.id, Role.REFERENCE, one.host, one.port, one.name) for one in settings.references]
    if settings.hub and context.hub is not None and not loopback(context.hub[0]):
        paths.append(Path(own_id(context.agent, "hub"), Role.HUB, *context.hub))
    return paths


def _end(path: Path) -> Device:
    facts = {"role": str(path.role), "address": path.where}
    return Device(device=path.id, kind=DeviceKind.NETWORK, name=path.name, facts=facts)


def _build(settings: NetworkSettings, context: Context) -> Sequence[Collector]:
    return [Network(settings, context)]


plugin = Plugin(
    "network",
    NetworkSettings,
    _build,
    metrics=("ping_seconds", "ping_loss_ratio", "path_up", "path_seconds"),
    needs=(
        Need(
            "a group of the agent's within `net.ipv4.ping_group_range`",
            "pings; without, TCP connects take their place (`sysctl net.ipv4.ping_group_range='0 2147483647'`)",
        ),
        Need("TCP to the broker and to reference hosts, on their ports", "whether those paths are up"),
    ),
    reads=tuple(KINDS),
    guest=True,
)
