"""The room collector: kernel's sensors, a radio's JSON lines, and readings that nobody should believe."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.collector import Context, Reading
from agent.collectors.room import Air, RoomCollector, RoomSettings, plausible, plugin
from tests.agent.machine.sysfs import lay_out
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

HERE = Context(agent="gate", host="gate-host")

# Lines as rtl_433 -F json prints them, made from its documentation of the format.
RADIO = Path(__file__).parent / "samples/room/rtl_433.jsonl"

SHT3X: dict[str, str | int] = {
    "class/hwmon/hwmon3/name": "sht3x",
    "class/hwmon/hwmon3/temp1_input": 22415,
    "class/hwmon/hwmon3/temp1_max": 60000,
    "class/hwmon/hwmon3/humidity1_input": 47210,
}


class Hands:
    """Clocks moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.started = time.time() - self.now

    def mono(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.started + self.now


def collector(sysfs: Path, *all_sensors: dict[str, Any], clock: Hands | None = None) -> RoomCollector:
    return RoomCollector(RoomSettings.model_validate({"sensor": all_sensors}), HERE, clock=clock, sysfs=sysfs)


def values(reading: Reading) -> dict[str, Mapping[str, float]]:
    return {one.device: dict(one.values) for one in reading.measurements}


@pytest.mark.parametrize(
    ("sensors", "complaint"),
    [
        ([{"id": "a"}], "exactly one of .* here none"),
        ([{"id": "a", "chip": "x", "file": "/y"}], "here chip and file"),
        ([{"id": "a", "file": "y.jsonl"}], "file"),
        ([{"id": "a", "chip": "x", "where": {"id": 1}}], "where is for lines"),
        ([{"id": "a", "file": "/x", "label": "y"}], "label is for chips"),
        ([{"id": "a", "chip": "x"}, {"id": "a", "chip": "y"}], "same id"),
        ([{"id": "a", "file": "/x", "humidity_unit": "kg"}], "humidity_unit"),
        ([{"id": "a", "file": "/x", "command": "cat"}], "Extra inputs"),
        ([{"id": f"a{number}", "chip": "x"} for number in range(33)], "at most 32"),
    ],
)
def test_settings_that_make_no_sense_are_refused(sensors: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        RoomSettings.model_validate({"sensor": sensors})


def test_with_nothing_to_read_there_is_no_collector() -> None:
    assert not plugin.build(RoomSettings(), HERE)


def test_a_kernel_sensor_is_found_by_chip_and_tells_the_room(tmp_path: Path) -> None:
    room = collector(lay_out(tmp_path, SHT3X), {"id": "air-1", "name": "Rack", "room": "server-room", "chip": "sht3x"})
    reading = room.collect()
    assert values(reading) == {"air-1": {"temperature_celsius": 22.415, "humidity_ratio": pytest.approx(0.4721)}}
    assert not reading.problem
    (device,) = reading.devices or ()
    assert (device.kind, device.room, device.parent, device.name) == (
        DeviceKind.ROOM,
        "server-room",
        "gate-host",
        "Rack",
    )
    assert device.facts == {"source": "chip sht3x"}
    assert room.collect().devices is None


def test_a_kernel_sensor_is_found_by_its_devices_folder_and_by_label(tmp_path: Path) -> None:
    files = {key.replace("class/hwmon", "bus/i2c/devices/1-0044/hwmon"): value for key, value in SHT3X.items()}
    lay_out(tmp_path, files)
    folder = str(tmp_path / "bus/i2c/devices/1-0044")
    assert values(collector(tmp_path, {"id": "a", "path": folder}).collect())["a"]["temperature_celsius"] == 22.415
    board: dict[str, str | int] = {"temp1_input": 90000, "temp2_input": 31000, "temp2_label": "Intake", "name": "board"}
    lay_out(tmp_path, {f"class/hwmon/hwmon0/{name}": value for name, value in board.items()})
    labelled = collector(tmp_path, {"id": "a", "chip": "board", "label": "Intake"})
    assert values(labelled.collect()) == {"a": {"temperature_celsius": 31.0}}
    missing = collector(tmp_path, {"id": "a", "chip": "board", "label": "Outlet"})
    assert missing.collect().problem == "a: no temperature is labelled 'Outlet'"


def test_chips_that_are_missing_or_look_alike_are_a_problem_and_the_others_go_on(tmp_path: Path) -> None:
    lay_out(tmp_path, SHT3X | {"class/hwmon/hwmon4/name": "bme", "class/hwmon/hwmon4/temp1_input": 20000})
    lay_out(tmp_path, {"class/hwmon/hwmon5/name": "bme", "class/hwmon/hwmon5/temp1_input": 30000})
    sensors = [{"id": "a", "chip": "none"}, {"id": "b", "chip": "bme"}, {"id": "c", "chip": "sht3x"}]
    sensors.append({"id": "d", "path": str(tmp_path / "nowhere")})
    reading = collector(tmp_path, *sensors).collect()
    assert list(values(reading)) == ["c"]
    assert [text.partition(":")[0] for text in reading.problem.split("; ") if text[1] == ":"] == ["a", "b", "d"]
    assert "several chips are called 'bme'" in reading.problem
    assert len(reading.devices or ()) == 4


def test_a_sensor_that_is_pulled_out_is_a_problem_and_comes_back(tmp_path: Path) -> None:
    room = collector(lay_out(tmp_path, SHT3X), {"id": "a", "chip": "sht3x"})
    assert not room.collect().problem
    humidity = tmp_path / "class/hwmon/hwmon3/humidity1_input"
    humidity.unlink()
    humidity.mkdir()
    assert "is no file" in room.collect().problem
    humidity.rmdir()
    humidity.write_text("50000\n")
    assert values(room.collect())["a"]["humidity_ratio"] == 0.5


def test_a_radios_sensors_are_told_apart_by_their_fields() -> None:
    common = {"file": str(RADIO), "temperature_field": "temperature_C", "max_age_seconds": 86_400}
    clock = Hands()
    clock.started = RADIO.stat().st_mtime - clock.now + 5
    room = collector(
        Path("/nowhere"),
        {"id": "rack", "where": {"model": "Nexus-TH", "id": 147}, **common},
        {"id": "yard", "where": {"id": 83}, **common},
        {"id": "none", "where": {"id": 84}, **common},
        clock=clock,
    )
    reading = room.collect()
    assert values(reading) == {
        "rack": {"temperature_celsius": 22.5, "humidity_ratio": 0.47},
        "yard": {"temperature_celsius": -3.1, "humidity_ratio": 0.81},
    }
    assert reading.problem == f"none: {RADIO}: no line of this sensor yet"


def test_a_line_that_grows_too_old_is_a_problem_until_the_next_one(tmp_path: Path) -> None:
    path, clock = tmp_path / "air.jsonl", Hands()
    room = collector(tmp_path, {"id": "a", "file": str(path), "max_age_seconds": 600}, clock=clock)
    assert "No such file" in room.collect().problem
    path.write_text('{"temperature": 21, "humidity": 40.5}\n')
    os.utime(path, (clock.wall(), clock.wall()))
    assert values(room.collect()) == {"a": {"temperature_celsius": 21.0, "humidity_ratio": 0.405}}
    clock.now += 590
    assert not room.collect().problem
    clock.now += 20
    reading = room.collect()
    assert reading.problem == f"a: {path}: no new line for more than 600 s"
    assert not reading.measurements
    with path.open("a") as file:
        file.write('{"temperature": 22}\n')
    assert values(room.collect()) == {"a": {"temperature_celsius": 22.0}}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("21.5", "no JSON object"),
        ('{"temperature": "21"}', "temperature is no number"),
        ('{"temperature": true}', "temperature is no number"),
        ('{"temperature": 1e400}', "temperature is no number"),
        (f'{{"temperature": {"9" * 400}}}', "temperature is no number"),
        ('{"temp": 21}', "neither temperature nor humidity"),
        ('{"temperature": 85.1}', "no room's temperature"),
        ('{"humidity": -1}', "no humidity"),
    ],
)
def test_garbage_is_a_problem_and_no_value(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "air.jsonl"
    path.write_text(f"{line}\n")
    reading = collector(tmp_path, {"id": "a", "file": str(path)}).collect()
    assert complaint in reading.problem
    assert not reading.measurements


def test_humidity_may_come_as_a_ratio_and_fields_from_within(tmp_path: Path) -> None:
    path = tmp_path / "air.jsonl"
    path.write_text('{"air": {"t": 20.5}, "h": 0.35}\n')
    sensor = {"temperature_field": "air.t", "humidity_field": "h", "humidity_unit": "ratio", "file": str(path)}
    assert values(collector(tmp_path, {"id": "a", **sensor}).collect()) == {
        "a": {"temperature_celsius": 20.5, "humidity_ratio": pytest.approx(0.35)}
    }


def test_what_no_room_can_have_is_left_out_and_the_rest_kept() -> None:
    assert plausible(Air(-40.0, 0.0)) == ({"temperature_celsius": -40.0, "humidity_ratio": 0.0}, [])
    assert plausible(Air(85.0, 100.0)) == ({"temperature_celsius": 85.0, "humidity_ratio": 1.0}, [])
    assert plausible(Air(-40.1, 50.0)) == ({"humidity_ratio": 0.5}, ["-40.1 °C is no room's temperature"])
    assert plausible(Air(20.0, 100.5)) == ({"temperature_celsius": 20.0}, ["100.5 % is no humidity"])
    assert plausible(Air(float("nan"), float("nan")))[0] == {}
    assert plausible(Air()) == ({}, [])


def test_all_that_is_sent_is_declared_and_in_the_catalogue(tmp_path: Path) -> None:
    reading = collector(lay_out(tmp_path, SHT3X), {"id": "a", "chip": "sht3x"}).collect()
    assert set(values(reading)["a"]) == set(plugin.metrics)
    assert all(DeviceKind.ROOM in BY_NAME[name].kinds for name in plugin.metrics)
