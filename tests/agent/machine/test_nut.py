"""What `upsc` prints, in the words of real drivers."""

from pathlib import Path

import pytest

from agent.machine.nut import MOST_UPS, Trouble, UpsState, parse, parse_names, parse_trouble

SAMPLES = Path(__file__).parents[1] / "collectors" / "samples" / "power"
# dummy-online.txt is what upsc 2.8.0 of Debian 12 printed of NUT's dummy driver; apc-back-ups.txt has the format of
# usbhid-ups (NUT's own documentation and users' public listings) with a made-up serial number; garbled.txt is ours.


def sample(name: str) -> UpsState:
    return parse((SAMPLES / name).read_bytes())


def test_a_ups_on_mains_tells_charge_runtime_load_and_temperature() -> None:
    assert sample("dummy-online.txt").values() == {
        "on_battery": 0.0,
        "battery_low": 0.0,
        "battery_replace": 0.0,
        "battery_charge_ratio": 0.87,
        "battery_runtime_seconds": 1820.0,
        "ups_load_ratio": 0.23,
        "temperature_celsius": 31.5,
    }


def test_what_a_ups_does_not_tell_is_left_out() -> None:
    assert "temperature_celsius" not in sample("apc-back-ups.txt").values()
    assert sample("apc-back-ups.txt").facts == {
        "manufacturer": "American Power Conversion",
        "model": "Back-UPS ES 700G",
        "serial": "5B1911T12345",
        "firmware": "871.O4 .I",
        "driver": "usbhid-ups",
        "battery_date": "2001/09/25",
    }


def test_garbled_values_are_left_out_and_the_rest_is_told() -> None:
    assert sample("garbled.txt").values() == {
        "on_battery": 1.0,
        "battery_low": 1.0,
        "battery_replace": 1.0,
        "battery_charge_ratio": 1.0,
    }


@pytest.mark.parametrize(
    ("status", "on_battery"),
    [
        ("OL", False),
        ("OL CHRG", False),
        ("OB DISCHRG", True),
        ("OL OB", True),
        ("ALARM OL RB", False),
        ("BYPASS", False),
        ("FSD OB LB", True),
        ("OFF", None),
        ("WAIT", None),
        ("", None),
    ],
)
def test_whether_it_runs_on_battery(status: str, on_battery: bool | None) -> None:
    state = parse(f"ups.status: {status}\n".encode())
    assert state.on_battery is on_battery
    assert ("on_battery" in state.values()) is (on_battery is not None)


def test_a_driver_that_waits_for_its_device_says_nothing() -> None:
    assert parse(b"ups.status: WAIT\ndriver.state: quiet\n").values() == {}


def test_an_overloaded_ups_is_beyond_one() -> None:
    assert parse(b"ups.load: 112\n").values() == {"ups_load_ratio": 1.12}


def test_names_are_taken_only_where_they_can_be_names() -> None:
    assert parse_names(b"rack\n-x\n\nups 2\nroom.b\n") == ["rack", "room.b"]
    assert len(parse_names("\n".join(f"u{number}" for number in range(100)).encode())) == MOST_UPS


@pytest.mark.parametrize(
    ("complaint", "trouble"),
    [
        ("Error: Data stale", Trouble.SILENT),
        ("Error: Driver not connected", Trouble.SILENT),
        ("Error: Connection failure: Connection refused", Trouble.NO_SERVER),
        ("Error: No such host: No such file or directory", Trouble.NO_SERVER),
        ("Error: Unknown UPS", Trouble.WRONG),
        ("Error: Access denied", Trouble.WRONG),
        ("", Trouble.WRONG),
    ],
)
def test_why_there_is_nothing_is_told_apart(complaint: str, trouble: Trouble) -> None:
    assert parse_trouble(f"Init SSL without certificate database\n{complaint}\n".encode())[0] is trouble


def test_any_bytes_are_read() -> None:
    assert parse(b"\xff\x00: \xfe\n" * 1000 + b"ups.status: OL\n").values() == {}
