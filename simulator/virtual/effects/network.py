"""Switches, their ports, and what hangs on them."""

from simulator import faults
from simulator.virtual.effects.telling import (
    alter,
    change,
    gone,
    leave,
)
from simulator.virtual.network import Port, Switch, cuts
from simulator.virtual.thing import Thing, Values


@alter.register
def _(fault: faults.SwitchOff, thing: Thing, values: Values, at: float) -> None:
    if not isinstance(thing, Switch):
        gone(thing, values)
        return
    leave(values, ("requests_", "account_"))
    values |= {"reachable": 0.0, "ping_loss_ratio": 1.0}


def _cut(values: Values) -> None:
    values.pop("link_speed_bits_per_second", None)
    still = ("network_receive_bytes_per_second", "network_transmit_bytes_per_second")
    change(values, link_up=0.0, poe_delivering=0.0, **dict.fromkeys(still, 0.0))


@alter.register
def _(fault: faults.PortDown, thing: Thing, values: Values, at: float) -> None:
    if isinstance(thing, Port):
        _cut(values)
    else:
        gone(thing, values)


@alter.register
def _(fault: faults.PortErrors, thing: Thing, values: Values, at: float) -> None:
    change(values, network_errors_per_second=fault.rate)


@alter.register
def _(fault: faults.PowerLost, thing: Thing, values: Values, at: float) -> None:
    if isinstance(thing, Port):
        _cut(values)
        change(values, poe_fault=1.0)
    else:
        gone(thing, values)


@alter.register
def _(fault: faults.PoeLost, thing: Thing, values: Values, at: float) -> None:
    if isinstance(thing, Switch):
        return  # it counts its ports and watts itself
    port = next((one for one in (thing, *thing.ancestors()) if isinstance(one, Port)), None)
    if port is not None and not cuts(fault, port):
        return
    if isinstance(thing, Port):
        _cut(values)
    else:
        gone(thing, values)


@alter.register
def _(fault: faults.CircuitOff, thing: Thing, values: Values, at: float) -> None:
    gone(thing, values)


@alter.register
def _(fault: faults.WaySlow, thing: Thing, values: Values, at: float) -> None:
    if "ping_seconds" in values:
        values["ping_seconds"] *= fault.times


@alter.register
def _(fault: faults.TrafficChanged, thing: Thing, values: Values, at: float) -> None:
    if "network_receive_bytes_per_second" in values:
        values["network_receive_bytes_per_second"] *= fault.times
