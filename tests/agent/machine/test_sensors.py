"""Sensors in sysfs: what is found, what is read, and which readings nobody should believe."""

import os
from pathlib import Path

import pytest

from agent.machine.sensors import Sensor, SensorError, find, hottest, in_folder, read, zones
from tests.agent.machine.sysfs import lay_out

# A recorder's board: coretemp, a Nuvoton chip whose open inputs show what they like, and a disk.
BOARD: dict[str, str | int] = {
    "class/hwmon/hwmon0/name": "nvme",
    "class/hwmon/hwmon0/temp1_input": 71850,
    "class/hwmon/hwmon0/temp1_label": "Composite",
    "class/hwmon/hwmon2/name": "coretemp",
    "class/hwmon/hwmon2/temp1_input": 48000,
    "class/hwmon/hwmon2/temp1_label": "Package id 0",
    "class/hwmon/hwmon2/temp1_crit": 100000,
    "class/hwmon/hwmon2/temp2_input": 46000,
    "class/hwmon/hwmon2/temp2_label": "Core 0",
    "class/hwmon/hwmon10/name": "nct6776",
    "class/hwmon/hwmon10/temp1_input": 36000,
    "class/hwmon/hwmon10/temp1_label": "SYSTIN",
    "class/hwmon/hwmon10/temp2_input": -60000,
    "class/hwmon/hwmon10/temp2_label": "CPUTIN",
    "class/hwmon/hwmon10/temp3_input": 109000,
    "class/hwmon/hwmon10/temp3_label": "AUXTIN0",
    "class/hwmon/hwmon10/temp4_input": 0,
    "class/hwmon/hwmon10/temp4_label": "PCH_CHIP_TEMP",
    "class/hwmon/hwmon10/temp5_input": 127500,
    "class/hwmon/hwmon10/fan1_input": 703,
    "class/hwmon/hwmon10/in0_input": 840,
}


def test_the_hottest_plausible_sensor_counts_and_disks_do_not(tmp_path: Path) -> None:
    assert hottest(find(lay_out(tmp_path, BOARD))) == 48.0


@pytest.mark.parametrize("raw", [-273150, 0, 127000, 127500, 128000, 150000, 255000, "nonsense", ""])
def test_what_no_board_can_have_is_no_temperature(tmp_path: Path, raw: str | int) -> None:
    files = {"class/hwmon/hwmon0/name": "w83627", "class/hwmon/hwmon0/temp1_input": raw}
    assert hottest(find(lay_out(tmp_path, files))) is None


def test_an_input_that_says_it_is_faulty_or_is_told_to_be_ignored_is_left_out(tmp_path: Path) -> None:
    sensors = find(lay_out(tmp_path, BOARD | {"class/hwmon/hwmon2/temp1_fault": 1}))
    assert hottest(sensors) == 46.0
    assert hottest(sensors, ["coretemp/*"]) == 36.0
    assert hottest(sensors, ["coretemp/Core ?", "*/SYSTIN"]) is None


def test_a_small_board_shows_its_thermal_zones_only(tmp_path: Path) -> None:
    lay_out(tmp_path, {"class/thermal/thermal_zone0/type": "cpu-thermal", "class/thermal/thermal_zone0/temp": 55844})
    lay_out(tmp_path, {"class/thermal/cooling_device0/type": "Processor"})
    assert find(tmp_path) == []
    assert hottest(zones(tmp_path)) == 55.844


def test_a_machine_without_sensors_has_no_temperature(tmp_path: Path) -> None:
    assert hottest([*find(tmp_path), *zones(tmp_path)]) is None


def test_chips_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    assert [sensor.chip for sensor in find(lay_out(tmp_path, BOARD))][::3] == ["nvme", "nct6776", "nct6776"]


def test_a_humidity_sensor_is_found_on_either_bus_and_below_its_device(tmp_path: Path) -> None:
    i2c = "bus/i2c/devices/1-0044/hwmon/hwmon7"
    lay_out(tmp_path, {f"{i2c}/name": "sht3x", f"{i2c}/temp1_input": 22415, f"{i2c}/humidity1_input": 47210})
    pins = "bus/iio/devices/iio:device0"
    lay_out(tmp_path, {f"{pins}/name": "dht11@0", f"{pins}/in_humidityrelative_input": 41000})
    lay_out(tmp_path, {f"{pins}/in_temp_input": 21000})
    assert {(one.chip, one.quantity) for one in find(tmp_path)} == {("dht11@0", "temperature"), ("dht11@0", "humidity")}
    found = in_folder(tmp_path / "bus/i2c/devices/1-0044")
    assert {one.quantity: read(one) for one in found} == {"temperature": 22.415, "humidity": 47.21}


def test_a_sensor_that_is_gone_or_talks_nonsense_is_an_error_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "temp1_input"
    sensor = Sensor("sht3x", "", "temperature", path)
    with pytest.raises(SensorError, match="No such file"):
        read(sensor)
    for text in ("", "nan\n", "1e5\n", "12 13\n", "0x10\n", "\0" * 64):
        path.write_text(text)
        with pytest.raises(SensorError, match="is no number"):
            read(sensor)


@pytest.mark.timeout(10)
def test_a_pipe_or_a_link_in_the_place_of_an_attribute_is_not_waited_for_nor_followed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "name")
    os.mkfifo(tmp_path / "temp1_input")
    (tmp_path / "secret").write_text("21000\n")
    (tmp_path / "temp2_input").symlink_to(tmp_path / "secret")
    pipe, link = in_folder(tmp_path)
    assert pipe.chip == ""
    with pytest.raises(SensorError, match="is no file"):
        read(pipe)
    with pytest.raises(SensorError, match="symbolic links"):
        read(link)


def test_what_a_file_holds_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "temp1_input"
    path.write_text("root:$6$secret")
    with pytest.raises(SensorError) as caught:
        read(Sensor("", "", "temperature", path))
    assert str(caught.value) == f"{path}: what it says is no number"
