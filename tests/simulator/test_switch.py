"""The simulated switch: its tables in order, its counters with its clock."""

from agent.snmp import mib
from simulator.snmp import Port, State, access_switch
from simulator.snmp.tables import table


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_its_table_ascends_and_is_whole() -> None:
    rows = table(access_switch(4))
    assert list(rows) == sorted(rows)
    assert int(rows[(*mib.IF_TYPE, 1000)]) == 53
    assert [oid[-1] for oid in rows if oid[:-1] == mib.IF_OPER] == [1, 2, 3, 4, 5, 1000]
    assert [oid[-2:] for oid in rows if oid[: len(mib.PSE_DETECTION)] == mib.PSE_DETECTION] == [
        (1, n) for n in range(1, 5)
    ]


def test_its_counters_grow_with_its_clock_turn_over_and_begin_anew() -> None:
    clock = Clock()
    state = State(
        ports={1: Port("gi1", receive_rate=100.0, error_rate=1.0)}, monotonic=clock, counters_from=2**64 - 500
    )
    clock.now += 10
    rows = table(state)
    assert int(rows[(*mib.IF_HC_IN, 1)]) == 500
    assert int(rows[(*mib.IF_IN_ERRORS, 1)]) == 10
    state.reboot()
    rows = table(state)
    assert int(rows[mib.SYS_UPTIME]) == int(rows[(*mib.IF_HC_IN, 1)]) == 0


def test_one_without_vlans_or_wide_counters_has_the_old_tables() -> None:
    state = access_switch(1, powered=False)
    state.vlan, state.high_capacity = 0, False
    rows = table(state)
    assert not [oid for oid in rows if oid[: len(mib.Q_FDB_PORT)] == mib.Q_FDB_PORT]
    assert [oid for oid in rows if oid[: len(mib.FDB_PORT)] == mib.FDB_PORT]
    assert not [oid for oid in rows if oid[:-1] == mib.IF_HC_IN or oid[:10] == mib.PSE_POWER[:10]]
