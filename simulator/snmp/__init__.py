"""Switches that are not there, over real UDP."""

from simulator.snmp.switch import Fault, Port, State, Switch, access_switch

__all__ = ["Fault", "Port", "State", "Switch", "access_switch"]
