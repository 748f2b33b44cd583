"""Ports of IF-MIB: which count, their link, and rates across wraps, resets and restarts."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.snmp import mib
from agent.snmp.mib import Value
from agent.snmp.ports import MOST_PORTS, Port, Reading, link, ports_of, rates, restarted
from agent.snmp.walk import Table

RECEIVED, SENT = "network_receive_bytes_per_second", "network_transmit_bytes_per_second"
ERRORS, DROPS = "network_errors_per_second", "network_drops_per_second"


def told(mono: float, uptime: int = 0, **counted: int) -> Reading:
    columns = {
        "hc_in": mib.IF_HC_IN,
        "hc_out": mib.IF_HC_OUT,
        "in32": mib.IF_IN,
        "errors": mib.IF_IN_ERRORS,
        "errors_out": mib.IF_OUT_ERRORS,
        "drops": mib.IF_OUT_DISCARDS,
        "speed": mib.IF_HIGH_SPEED,
        "since": mib.IF_DISCONTINUITY,
        "state": mib.IF_OPER,
    }
    values: dict[mib.Oid, Value] = {columns[name]: value for name, value in counted.items()}
    return Reading(mono, uptime or int(mono * 100), values)


def test_only_sockets_in_the_front_are_ports() -> None:
    table = Table(
        {
            mib.IF_TYPE: {(1,): 6, (2,): 117, (1000,): 53, (3,): 6, (5, 1): 6, (0,): 6},
            mib.IF_NAME: {(1,): b"gi1", (3,): "Tür\x00".encode()},
            mib.IF_DESCR: {(2,): b"GigabitEthernet2"},
            mib.IF_ALIAS: {(1,): b"camera \xff" + b"x" * 100},
            mib.IF_ADMIN: {(1,): 2, (2,): 1},
        }
    )
    found, surplus = ports_of(table)
    assert [(port.index, port.name, port.enabled) for port in found] == [
        (1, "gi1", False),
        (2, "GigabitEthernet2", True),
        (3, "Tür", True),
    ]
    assert len(found[0].alias) == 64
    assert surplus == 0


def test_a_switch_of_countless_ports_is_cut() -> None:
    found, surplus = ports_of(Table({mib.IF_TYPE: {(n,): 6 for n in range(1, 201)}}))
    assert (len(found), surplus) == (MOST_PORTS, 200 - MOST_PORTS)


@pytest.mark.parametrize(
    ("state", "values"),
    [(1, {"link_up": 1.0, "link_speed_bits_per_second": 1e9}), (2, {"link_up": 0.0}), (7, {"link_up": 0.0}), (3, {})],
)
def test_a_link_is_up_down_or_unknown(state: int, values: dict[str, float]) -> None:
    assert link(told(0, state=state, speed=1000)) == values
    assert link(told(0)) == {}


def test_rates_are_growth_by_time() -> None:
    before = told(10, hc_in=1000, hc_out=0, errors=1, errors_out=2, drops=5)
    after = told(20, hc_in=3000, hc_out=50, errors=2, errors_out=11, drops=5)
    assert rates(before, after) == {RECEIVED: 200.0, SENT: 5.0, ERRORS: 1.0, DROPS: 0.0}
    assert rates(None, after) == {}
    assert rates(after, before) == {}


def test_a_counter_turns_over() -> None:
    assert rates(told(0, hc_in=2**64 - 10, errors=2**32 - 1), told(10, hc_in=90, errors=9)) == {
        RECEIVED: 10.0,
        ERRORS: 1.0,
    }


def test_a_counter_set_back_is_no_rate() -> None:
    assert rates(told(0, hc_in=10_000, errors=100), told(10, hc_in=9_000, errors=90)) == {}


def test_counters_that_began_anew_tell_nothing() -> None:
    before = told(0, uptime=900_000, hc_in=10, since=5)
    assert rates(before, told(10, uptime=500, hc_in=99, since=5)) == {}, "the switch restarted"
    assert rates(before, told(10, uptime=901_000, hc_in=99, since=6)) == {}, "the interface did"
    assert rates(before, told(10, uptime=901_000, hc_in=110, since=5)) == {RECEIVED: 10.0}


def test_the_clock_of_a_switch_turns_over_after_497_days_without_a_restart() -> None:
    assert not restarted(2**32 - 1000, 2000, 30.0)
    assert restarted(2**32 - 1000, 500_000, 30.0)
    assert restarted(900_000, 100, 60.0)
    assert not restarted(100, 6100, 60.0)


def test_old_counters_of_32_bits_count_where_they_cannot_have_turned_over_twice() -> None:
    assert rates(told(0, in32=2**32 - 10, speed=100), told(60, in32=590, speed=100)) == {RECEIVED: 10.0}
    assert rates(told(0, in32=0, speed=10_000), told(60, in32=600, speed=10_000)) == {}
    assert rates(told(0, in32=0), told(60, in32=600)) == {}, "nor where the speed is unknown"


def test_what_is_read_each_round_holds_the_wide_or_the_narrow_counters() -> None:
    port = Port(1, "gi1")
    assert mib.IF_HC_IN in port.columns(True)
    assert mib.IF_IN not in port.columns(True)
    assert mib.IF_IN in port.columns(False)


values = st.one_of(st.none(), st.integers(), st.binary(max_size=8), st.lists(st.integers(), max_size=3).map(tuple))
rows = st.dictionaries(st.lists(st.integers(), max_size=2).map(tuple), values, max_size=5)
columns = [mib.IF_TYPE, mib.IF_NAME, mib.IF_DESCR, mib.IF_ALIAS, mib.IF_ADMIN]
readings = st.builds(
    Reading,
    st.floats(0, 1e6),
    st.integers(0, 2**32),
    st.dictionaries(st.sampled_from([*Port(1, "").columns(True), *Port(1, "").columns(False)]), values),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(columns), rows))
def test_any_table_gives_ports(said: dict[mib.Oid, dict[mib.Oid, Value]]) -> None:
    for port in ports_of(Table(said))[0]:
        assert 0 < port.index < 2**31
        assert port.name.isprintable()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(readings, readings)
def test_any_two_readings_give_rates_that_are_none_or_positive(before: Reading, after: Reading) -> None:
    link(after)
    assert all(value >= 0 for value in rates(before, after).values())
