"""Which addresses are behind which port."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.snmp.addresses import Sight, interfaces, sight
from agent.snmp.mib import Oid, Value

CAMERA = (0x44, 0x19, 0xB6, 0, 0, 1)
MAC = "44:19:b6:00:00:01"
BRIDGED = {1: 101, 2: 102}


def crowd(count: int) -> dict[Oid, Value]:
    return {(1, 2, 0, 0, 0, 0, n): 2 for n in range(1, count + 1)}


def test_a_camera_sits_on_its_own_port_and_not_on_the_way_to_another_switch() -> None:
    seen = sight({(1, *CAMERA): 1, **crowd(20)}, {}, BRIDGED)
    assert seen.seat(MAC) == 101
    assert seen.seat("02:00:00:00:00:01") is None
    assert seen.crowd == {101: 1, 102: 20}
    assert seen.seat("02:00:00:00:99:99") is None


def test_an_address_in_two_vlans_is_one() -> None:
    seen = sight({(1, *CAMERA): 1, (20, *CAMERA): 1}, {}, BRIDGED)
    assert seen.crowd == {101: 1}


def test_switches_without_vlans_have_one_table() -> None:
    assert sight({}, {CAMERA: 2}, BRIDGED).seat(MAC) == 102


def test_rows_that_are_none_are_passed_over() -> None:
    rows: dict[Oid, Value] = {(1, *CAMERA): 9, (1, 2, 3): 1, (1, 2, 0, 0, 0, 0, 300): 1, (1, 1, 0, 0, 0, 0, 0): 1}
    assert sight(rows, {}, BRIDGED) == Sight({}, {})
    assert interfaces({(1,): 101, (2,): b"x", (3, 4): 5}) == {1: 101}


rows = st.dictionaries(
    st.lists(st.integers(), max_size=8).map(tuple), st.one_of(st.none(), st.integers(0, 3), st.binary(max_size=2))
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows, rows)
def test_any_rows_give_a_sight(by_vlan: dict[Oid, Value], plain: dict[Oid, Value]) -> None:
    seen = sight(by_vlan, plain, BRIDGED)
    assert sum(seen.crowd.values()) == len(seen.where)
