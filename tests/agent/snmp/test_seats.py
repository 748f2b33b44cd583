"""Who hangs on which port, of several switches."""

from agent.network.names import Names
from agent.network.neighbours import Neighbour
from agent.snmp.seats import Residents, Seat, Seats
from wire.messages import Device, DeviceKind

GATE = Device(device="gate", kind=DeviceKind.CAMERA)
YARD = Device(device="yard", kind=DeviceKind.CAMERA)


def seat(switch: str, crowd: int = 1) -> Seat:
    return Seat(switch, 5, "gi5", crowd)


def test_the_port_with_the_fewest_addresses_is_a_devices_own() -> None:
    seats = Seats()
    seats.tell("core", {"gate": seat("core", 3)})
    seats.tell("access", {"gate": seat("access", 1)})
    assert seats.of("core") == {}
    assert seats.of("access") == {"gate": seat("access", 1)}


def test_who_is_not_seen_any_more_keeps_its_place_until_seen_elsewhere() -> None:
    seats = Seats()
    seats.tell("a", {"gate": seat("a")})
    seats.tell("a", {})
    assert list(seats.of("a")) == ["gate"]
    seats.tell("b", {"gate": seat("b", 4)})
    assert seats.of("a") == {}
    assert list(seats.of("b")) == ["gate"]


def test_hardware_addresses_are_our_neighbours_or_configured_and_kept() -> None:
    table = [Neighbour("10.0.0.21", "44:19:b6:00:00:01", "eth0")]
    names = Names(lambda host: "10.0.0.22")
    residents = Residents(
        {"gate": GATE, "yard": YARD, "far": GATE},
        {"gate": "10.0.0.21", "yard": "yard.lan"},
        {"far": "44-19-B6-00-00-09", "stranger": "44:19:b6:00:00:0a", "yard": "nonsense"},
        lambda: table,
        names,
    )
    assert residents.macs() == {"gate": "44:19:b6:00:00:01", "far": "44:19:b6:00:00:09"}
    table[:] = [Neighbour("10.0.0.22", "44:19:b6:00:00:02", "eth0")]
    assert residents.macs() == {
        "gate": "44:19:b6:00:00:01",
        "yard": "44:19:b6:00:00:02",
        "far": "44:19:b6:00:00:09",
    }
    residents.close()


def test_a_router_that_answers_for_many_is_nobodys_address() -> None:
    table = [Neighbour(f"10.0.0.{n}", "00:00:5e:00:01:01", "eth0") for n in (21, 22)]
    residents = Residents({"gate": GATE, "yard": YARD}, {"gate": "10.0.0.21", "yard": "10.0.0.22"}, {}, lambda: table)
    assert residents.macs() == {}
