"""Temperature and humidity sensors as Linux shows them in sysfs. Reading them needs no rights.

Three classes: hwmon (`temp1_input`, `humidity1_input`), industrial I/O (`in_temp_input`, `in_humidityrelative_input`:
DHT11, BME280 and their like on a board's pins) and, of the machine itself, thermal zones (`temp`). All of them say
thousandths: of a degree Celsius, of a percent.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

SYSFS = Path("/sys")
MOST_SENSORS = 256

Quantity = Literal["temperature", "humidity"]

_INPUTS: dict[str, Quantity] = {
    r"temp\d{1,3}_input": "temperature",
    r"in_temp\d{0,3}_input": "temperature",
    r"humidity\d{1,3}_input": "humidity",
    r"in_humidityrelative\d{0,3}_input": "humidity",
}
_DISKS = frozenset({"nvme", "drivetemp"})
"""Chips that are disks: a disk tells its own temperature."""
_COLDEST, _HOTTEST = 0.0, 150.0
_UNCONNECTED = frozenset({127.0, 127.5, 128.0})
"""What eight-bit sensors say of a diode that is not there (MAX1668 and its like say 127)."""
_FLOATING = "AUXTIN"
"""Inputs of Nuvoton's chips that most boards leave open: they show anything."""


@dataclass(frozen=True)
class Sensor:
    """One input: `chip` is the driver's name ("coretemp"), `label` the board's ("Core 0"), "" where it has none."""

    chip: str
    label: str
    quantity: Quantity
    path: Path


class SensorError(Exception):
    """A sensor can't be read, or what it says is no number; the text is one line."""


def find(sysfs: Path = SYSFS) -> list[Sensor]:
    """Every sensor of the machine; at most `MOST_SENSORS`. None in virtual machines and containers."""
    chips = [*_numbered(sysfs / "class/hwmon", "hwmon*"), *_numbered(sysfs / "bus/iio/devices", "iio:device*")]
    sensors = [sensor for chip in chips for sensor in of_chip(chip)]
    return sensors[:MOST_SENSORS]


def zones(sysfs: Path = SYSFS) -> list[Sensor]:
    """The machine's thermal zones. Many boards show only these, others show the same sensors under hwmon as well."""
    return [
        Sensor(_text(zone / "type"), "", "temperature", zone / "temp")
        for zone in _numbered(sysfs / "class/thermal", "thermal_zone*")[:MOST_SENSORS]
    ]


def of_chip(folder: Path) -> list[Sensor]:
    """The sensors in one chip's folder, in the order of their numbers."""
    chip = _text(folder / "name")
    return [
        Sensor(chip, _text(path.with_name(path.name.replace("_input", "_label"))), quantity, path)
        for path in _numbered(folder, "*_input")
        for pattern, quantity in _INPUTS.items()
        if re.fullmatch(pattern, path.name)
    ]


def in_folder(folder: Path) -> list[Sensor]:
    """The sensors of a device's folder, or of the hwmon or iio folder below it, whose number changes between boots."""
    below = [*_numbered(folder / "hwmon", "hwmon*"), *_numbered(folder, "iio:device*")]
    return [sensor for chip in (folder, *below) for sensor in of_chip(chip)]


def read(sensor: Sensor) -> float:
    """Degrees Celsius, or percent. Raises SensorError; nothing is said of what is plausible."""
    try:
        raw = _attribute(sensor.path, 64)
    except OSError as error:
        raise SensorError(f"{sensor.path}: {error.strerror or error}") from None
    if not re.fullmatch(rb"-?\d{1,12}(\.\d{1,9})?\s*", raw):
        # Not what it says: the folder may be any, and this text goes to the hub.
        raise SensorError(f"{sensor.path}: what it says is no number")
    return float(raw) / 1000


def hottest(sensors: Sequence[Sensor], ignored: Sequence[str] = ()) -> float | None:
    """The highest plausible temperature, None where there is none. `ignored` are patterns of `chip/label`."""
    return max(_plausible(sensors, ignored), default=None)


def _plausible(sensors: Sequence[Sensor], ignored: Sequence[str]) -> Iterator[float]:
    for sensor in sensors:
        name = f"{sensor.chip}/{sensor.label}"
        if sensor.quantity != "temperature" or sensor.chip in _DISKS or sensor.label.startswith(_FLOATING):
            continue
        if any(fnmatchcase(name, pattern) for pattern in ignored) or _faulty(sensor):
            continue
        try:
            value = read(sensor)
        except SensorError:
            # A switched-off graphics card or radio answers with an error: it is not what is hot.
            continue
        if _COLDEST < value < _HOTTEST and value not in _UNCONNECTED:
            yield value


def _faulty(sensor: Sensor) -> bool:
    return _text(sensor.path.with_name(sensor.path.name.replace("_input", "_fault"))) == "1"


def _numbered(folder: Path, pattern: str) -> list[Path]:
    """What lies in a folder, hwmon2 before hwmon10; nothing where it is missing or may not be read."""
    try:
        found = [path for path in folder.iterdir() if fnmatchcase(path.name, pattern)]
    except OSError:
        return []
    return sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)] or [0])


def _text(path: Path) -> str:
    try:
        return _attribute(path, 200).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _attribute(path: Path, most: int) -> bytes:
    """An attribute's beginning. Raises OSError, also for what is no file: a pipe there would hold us for ever."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "is no file")
        return os.read(handle, most)
    finally:
        os.close(handle)
