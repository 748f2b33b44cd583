"""Switches over SNMP: uptime, ports with their link, errors and power, and which device hangs on which port.

Only read (GET, GETBULK), one question at a time; version 2c with a read-only community, or version 3. A port is a
device of its own, hung on the switch. Cameras, recorders and doors get the facts `switch` and `switch_port`: their
hardware address is our neighbours' (/proc/net/arp) or configured, and the switch's own table says behind which port it
is. A port with more than four addresses behind it leads to another switch and is nobody's place.

`reachable` is 1 while the switch answers SNMP, or pings or TCP where it does not: then SNMP is what is wrong.
`authenticated` is 0 where version 3 says so, and where version 2c, which says nothing to a wrong community, kept silent
three rounds though the switch is there, and never answered before. After either the login rests half an hour.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from pydantic import BaseModel

from agent.collector import Collector, Context, Measurement, Need, Plugin, Reading
from agent.device.account import PasswordMissing
from agent.device.errors import AuthPaused, AuthRefused, DeviceError, HeldBack, Interrupted, TimedOut, Unreachable
from agent.device_ids import device_id
from agent.memory import Memory
from agent.network.liveness import alive
from agent.network.targets import targets
from agent.network.wake import Wake
from agent.snmp.addresses import MOST_ON_A_DEVICES_PORT
from agent.snmp.client import SnmpClient
from agent.snmp.ports import Port
from agent.snmp.seats import Residents, Seat, Seats
from agent.snmp.settings import SwitchesSettings, SwitchSettings, Version
from agent.snmp.watch import Round, Watch
from wire.ids import SlugId
from wire.messages import Device, DeviceKind

log = logging.getLogger(__name__)

_SHARE_OF_TIMEOUT = 0.8
"""Part of a run's time-out after which nothing more is asked; the last question may take twice its own."""
SILENT_ROUNDS = 3
"""Rounds of silence to a login that was never answered, after which it counts as wrong."""
_SILENCE = "no answer: the community is wrong, or SNMP is off or not allowed from here"


class Kept(BaseModel):
    """What outlives a restart: the port of each device, by device id."""

    index: int
    port: str


class SwitchMemory(BaseModel):
    """The seats a switch saw last."""

    seats: dict[SlugId, Kept] = {}


class SwitchCollector:
    """One switch. `is_alive` says whether its host is there at all."""

    def __init__(
        self,
        switch: SwitchSettings,
        settings: SwitchesSettings,
        context: Context,
        seats: Seats,
        residents: Residents,
        is_alive: Callable[[str, Wake], bool | None] = alive,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._switch = switch
        self._settings = settings
        self._login = switch.over(settings)
        self._seats = seats
        self._residents = residents
        self._is_alive = is_alive
        self._monotonic = monotonic
        self._wake = Wake()
        self._client = SnmpClient(
            switch.endpoint,
            self._login,
            self._wake,
            timeout=settings.device_timeout_seconds,
            max_requests=settings.max_requests_per_hour,
            pause_seconds=settings.pause_seconds,
        )
        self._watch = Watch(self._client, settings, monotonic)
        self._memory = Memory(context.state, switch.id, SwitchMemory)
        self._kept = self._memory.recall() or SwitchMemory()
        known = {d: Seat(switch.id, one.index, one.port, fresh=False) for d, one in self._kept.seats.items()}
        seats.tell(switch.id, known)
        self._authenticated: bool | None = None
        self._silent = 0
        self._mapped: object = None
        self._trouble = ""
        self._told: list[Device] | None = None

    def collect(self) -> Reading:
        """One round."""
        begun = self._monotonic()
        manner = self._client.manner
        values: dict[str, float] = {}
        problem = ""
        found = Round()
        try:
            found = self._watch.examine(begun + self._settings.timeout_seconds * _SHARE_OF_TIMEOUT)
        except Interrupted:
            return Reading()
        except (DeviceError, PasswordMissing) as error:
            problem = self._failed(error, values)
        else:
            self._note("", found.problem)
            self._authenticated, self._silent = True, 0
            values |= {"reachable": 1.0} | found.values
            problem = found.problem and f"switch {self._switch.id}: {found.problem}"
        if self._authenticated is not None and values.get("reachable") != 0.0:
            values["authenticated"] = float(self._authenticated)
        values |= {
            "account_paused": float(self._client.paused),
            "requests_per_hour": float(manner.spent),
            "requests_held_back": float(manner.held_back),
        }
        self._seat()
        return Reading([*self._measured(values, found)], devices=self._changed(), problem=problem)

    def interrupt(self) -> None:
        """The agent stops."""
        self._wake.set()

    def close(self) -> None:
        """Let go of the socket."""
        self._client.forget()
        self._wake.close()
        self._residents.close()

    def _measured(self, values: Mapping[str, float], found: Round) -> list[Measurement]:
        ports = [
            Measurement(port_id(self._switch.id, index), port, found.monos[index])
            for index, port in found.ports.items()
            if port
        ]
        return [Measurement(self._switch.id, values, self._monotonic()), *ports]

    # -- trouble -----------------------------------------------------------------------------------------------------

    def _failed(self, error: Exception, values: dict[str, float]) -> str:
        """What a failed round tells, and its problem where it is one of ours."""
        if isinstance(error, HeldBack):
            return ""
        self._client.doubt()
        if isinstance(error, AuthRefused) and not isinstance(error, AuthPaused):
            self._authenticated = False
            values["reachable"] = 1.0
            self._note("refused", str(error))
            return ""
        if not isinstance(error, AuthPaused | TimedOut | Unreachable | PasswordMissing):
            self._note("odd", str(error))
            values["reachable"] = 1.0
            return f"switch {self._switch.id}: {error}"
        return self._silence(error, values)

    def _silence(self, error: Exception, values: dict[str, float]) -> str:
        """No answer: is it there at all?"""
        there = self._is_alive(self._switch.host, self._wake)
        if there is None:
            return ""
        values["reachable"] = float(there)
        if isinstance(error, AuthPaused):
            return ""
        self._note("silent" if there else "gone", str(error))
        if not there or isinstance(error, PasswordMissing):
            self._silent = 0
            return f"switch {self._switch.id}: {error}" if there else ""
        if self._client.answered or not isinstance(error, TimedOut) or self._login.version is Version.V3:
            self._authenticated = None
            return f"switch {self._switch.id}: is there, but gives no answer to SNMP: {error}"
        self._silent += 1
        if self._silent >= SILENT_ROUNDS:
            self._silent = 0
            self._authenticated = False
            self._client.rest()
        return ""

    def _note(self, trouble: str, text: str) -> None:
        """Log what is wrong once, and that it is over once."""
        if trouble != self._trouble:
            self._trouble = trouble
            if trouble:
                log.warning("switch %s: %s: %s", self._switch.id, trouble, text)
            else:
                log.info("switch %s: answers", self._switch.id)

    # -- places ------------------------------------------------------------------------------------------------------

    def _seat(self) -> None:
        """Say who is seen on which port, each time the switch's table was read."""
        sight = self._watch.sight
        if sight is None or sight is self._mapped:
            return
        self._mapped = sight
        names = {port.index: port.name for port in self._watch.ports}
        seen = {}
        for device, mac in self._residents.macs().items():
            index = sight.seat(mac)
            if index is not None and index in names:
                seen[device] = Seat(self._switch.id, index, names[index], sight.crowd[index])
        self._seats.tell(self._switch.id, seen)

    def _keep(self, seats: Mapping[str, Seat]) -> None:
        kept = SwitchMemory(seats={d: Kept(index=seat.index, port=seat.port) for d, seat in sorted(seats.items())})
        if kept != self._kept:
            self._kept = kept
            self._memory.remember(kept)

    # -- inventory ---------------------------------------------------------------------------------------------------

    def _changed(self) -> list[Device] | None:
        seats = {d: seat for d, seat in self._seats.of(self._switch.id).items() if d in self._residents.devices}
        self._keep(seats)
        devices = [self._own(), *(self._port(port, seats) for port in self._watch.ports)]
        for device, seat in sorted(seats.items()):
            known = self._residents.devices[device]
            facts = {"switch": seat.switch, "switch_port": seat.port}
            devices.append(known.model_copy(update={"facts": facts}))
        if devices == self._told:
            return None
        self._told = devices
        return devices

    def _own(self) -> Device:
        switch = self._switch
        facts = {"address": str(switch.endpoint), "snmp": f"version {self._login.version or Version.V2C}"}
        if self._authenticated is False and self._login.version is not Version.V3:
            facts["snmp"] = _SILENCE
        return Device(
            device=switch.id,
            kind=DeviceKind.SWITCH,
            name=switch.name,
            parent=switch.parent,
            room=switch.room,
            facts={**self._watch.facts, **facts},
        )

    def _port(self, port: Port, seats: Mapping[str, Seat]) -> Device:
        facts: dict[str, str | int | bool] = {"port": port.name, "enabled": port.enabled}
        if port.alias:
            facts["alias"] = port.alias
        connected = sorted(device for device, seat in seats.items() if seat.index == port.index)
        if connected:
            facts["connected"] = ", ".join(connected)[:200]
        if self._watch.sight is not None:
            crowd = self._watch.sight.crowd.get(port.index, 0)
            # The crowd behind an uplink changes all the time, and each change would send the whole inventory anew.
            facts["macs"] = crowd if crowd <= MOST_ON_A_DEVICES_PORT else f"more than {MOST_ON_A_DEVICES_PORT}"
        return Device(
            device=port_id(self._switch.id, port.index),
            kind=DeviceKind.NETWORK,
            name=port.alias or port.name,
            parent=self._switch.id,
            room=self._switch.room,
            facts=facts,
        )


def port_id(switch: str, index: int) -> str:
    """A port's device id."""
    return device_id(switch, f"p{index}")


def _build(settings: SwitchesSettings, context: Context) -> Sequence[Collector]:
    seats = Seats()
    found = targets({name: other for name, other in context.others.items() if name != "switches"})
    devices = {device.device: device for target in found for device in target.devices}
    hosts = {device.device: target.host for target in found for device in target.devices}
    return [
        SwitchCollector(switch, settings, context, seats, Residents(devices, hosts, settings.macs))
        for switch in settings.devices
    ]


plugin = Plugin(
    "switches",
    SwitchesSettings,
    _build,
    metrics=(
        *("reachable", "authenticated", "response_seconds", "uptime_seconds", "switch_ports_up", "account_paused"),
        *("poe_power_watts", "poe_budget_watts", "requests_per_hour", "requests_held_back"),
        *("link_up", "link_speed_bits_per_second", "poe_delivering", "poe_fault"),
        *("network_receive_bytes_per_second", "network_transmit_bytes_per_second"),
        *("network_errors_per_second", "network_drops_per_second"),
    ),
    needs=(
        Need("SNMP to each switch, UDP on its `port`", "everything"),
        Need("a read-only community or user, with a view of the interfaces, bridge and power MIBs", "everything"),
        Need("the Python package `cryptography`", "version 3 with encryption"),
    ),
    reads=("cameras", "recorders", "doors"),
    guest=True,
)
