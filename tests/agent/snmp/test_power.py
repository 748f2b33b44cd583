"""Power over Ethernet: whose port is whose, and what is delivered."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.snmp import mib
from agent.snmp.ports import Port
from agent.snmp.power import matched, port_values, supply_values
from agent.snmp.walk import Table


def test_most_switches_number_powered_ports_as_their_interfaces() -> None:
    ports = [Port(n, f"gi{n}") for n in range(1, 11)]
    assert matched([(1, n) for n in range(1, 9)], ports, {}) == {(1, n): n for n in range(1, 9)}


def test_others_as_the_ports_of_their_bridge() -> None:
    ports = [Port(10_100 + n, f"port{n}") for n in range(1, 5)]
    bridged = {n: 10_100 + n for n in range(1, 5)}
    assert matched([(1, n) for n in range(1, 5)], ports, bridged) == {(1, n): 10_100 + n for n in range(1, 5)}


def test_a_stack_numbers_each_member_anew() -> None:
    ports = [Port(member * 10_000 + n, f"Gi{member}/0/{n}") for member in (1, 2) for n in (1, 2)]
    ports.append(Port(10_049, "Te1/1/1"))
    rows = [(member, n) for member in (1, 2) for n in (1, 2)]
    assert matched(rows, ports, {}) == {(member, n): member * 10_000 + n for member, n in rows}


def test_what_cannot_be_told_is_left_out() -> None:
    assert matched([(1, 1), (1, 2)], [Port(101, "a"), Port(102, "b")], {}) == {}
    assert matched([(1, 1), (2, 1)], [Port(1, "a")], {}) == {}, "two of them would be the same"
    assert matched([], [Port(1, "a")], {}) == {}


@pytest.mark.parametrize(
    ("status", "delivering", "fault"), [(1, 0, 0), (2, 0, 0), (3, 1, 0), (4, 0, 1), (5, 0, 0), (6, 0, 1)]
)
def test_what_a_port_does(status: int, delivering: float, fault: float) -> None:
    assert port_values(status) == {"poe_delivering": delivering, "poe_fault": fault}


@pytest.mark.parametrize("status", [None, 0, 7, b"3"])
def test_what_is_no_status_tells_nothing(status: mib.Value) -> None:
    assert port_values(status) == {}


def test_supplies_are_added_up_and_nonsense_is_left_out() -> None:
    table = Table({mib.PSE_POWER: {(1,): 370, (2,): 370}, mib.PSE_CONSUMPTION: {(1,): 14, (2,): -1}})
    assert supply_values(table) == {"poe_budget_watts": 740.0, "poe_power_watts": 14.0}
    assert supply_values(Table()) == {}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(st.integers(-3, 9), max_size=3).map(tuple), max_size=6), st.lists(st.text(max_size=9), max_size=5)
)
def test_any_rows_are_matched_to_ports_that_are_there(rows: list[mib.Oid], names: list[str]) -> None:
    ports = [Port(number, name) for number, name in enumerate(names)]
    assert set(matched(rows, ports, {}).values()) <= {port.index for port in ports}
