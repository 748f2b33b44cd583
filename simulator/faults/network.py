"""What befalls switches and their ports."""

from typing import Annotated, Literal

from pydantic import Field

from simulator.faults.base import FaultBase
from wire.messages import DeviceKind as Kind


class SwitchOff(FaultBase):
    """The switch loses power, or its management hangs: it answers nothing."""

    kind: Literal["switch_off"]
    befalls = (Kind.SWITCH,)
    tells = "switch {fault.device} falls silent"
    spreads = True


class PortDown(FaultBase):
    """A cable is pulled: the port has no link."""

    kind: Literal["port_down"]
    befalls = (Kind.NETWORK,)
    tells = "port {fault.device} has no link"
    spreads = True


class PortErrors(FaultBase):
    """A bad cable: packets with errors, `rate` a second."""

    kind: Literal["port_errors"]
    rate: Annotated[float, Field(gt=0, le=1e6)] = 50.0
    befalls = (Kind.NETWORK,)
    tells = "port {fault.device} has {fault.rate:g} errors a second"


class PowerLost(FaultBase):
    """The port feeds its device no more: overload or a short circuit."""

    kind: Literal["power_lost"]
    befalls = (Kind.NETWORK,)
    tells = "port {fault.device} gives no power any more"
    spreads = True


class PoeLost(FaultBase):
    """The switch feeds its first `ports` ports no more (0: none at all): what hangs on them is dark."""

    kind: Literal["poe_lost"]
    ports: Annotated[int, Field(ge=0, le=48)] = 0
    befalls = (Kind.SWITCH,)
    tells = "switch {fault.device} gives no power any more"
    living = False
    spreads = True


class CircuitOff(FaultBase):
    """The circuit that feeds all cameras of the agent trips; agent, recorders and switches hang on another."""

    kind: Literal["circuit_off"]
    befalls = (Kind.AGENT,)
    tells = "the cameras of {fault.device} lose power all at once"
    living = False


class WaySlow(FaultBase):
    """The way to the device is crowded: pings take `times` as long as ever."""

    kind: Literal["way_slow"]
    times: Annotated[float, Field(gt=1, le=10_000)] = 50.0
    befalls = (Kind.CAMERA, Kind.RECORDER, Kind.SWITCH, Kind.DOOR)
    tells = "pings to {fault.device} take {fault.times:g} times as long"
    living = False


class TrafficChanged(FaultBase):
    """The machine, or the port, receives `times` as much as ever."""

    kind: Literal["traffic_changed"]
    times: Annotated[float, Field(ge=0, le=1000)] = 0.05
    befalls = (Kind.HOST, Kind.NETWORK)
    tells = "{fault.device} receives {fault.times:g} times as much"
    living = False
