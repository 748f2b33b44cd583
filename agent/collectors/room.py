"""Temperature and humidity of rooms: from sensors the kernel knows, or from a file that another program writes.

Sensors of the kernel (hwmon and industrial I/O: `temp1_input`, `humidity1_input`, `in_temp_input` …) are found by chip
and label, or by the folder of their device; reading them needs no rights. A program's file holds a JSON object a line,
each ended by a line feed, appended (`rtl_433 -F json:/run/sensors.jsonl`) or the file replaced; read access to it is
needed. Only its newest complete line counts, and only its end is read; have it rotated, or replace it.

A reading that is too old, garbled or beyond -40 to 85 °C and 0 to 100 % is a problem, not a value. The age of a line is
counted from our seeing it appended; the first run, and a file that was replaced, go by the file's time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from agent.clock import Clock, SystemClock, moment
from agent.collector import Collector, Context, Measurement, Need, Plugin, Reading, Settings
from agent.machine import sensors
from agent.machine.json_lines import LineError, Tail, field
from agent.machine.sensors import Quantity, Sensor, SensorError
from wire.ids import ShortText, SlugId
from wire.messages import Device, DeviceKind

COLDEST, HOTTEST = -40.0, 85.0

_SOURCES = ("chip", "path", "file")

AbsolutePath = Annotated[str, Field(pattern="^(/.*)?$", max_length=1000)]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class RoomSensor(BaseModel):
    """One sensor, read from exactly one of `chip`, `path` and `file`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: SlugId
    """Its device id."""
    name: ShortText = ""
    """As people call it."""
    room: SlugId | None = None
    """The room it is in."""
    chip: ShortText = ""
    """The driver's name of a sensor, as `sensors` shows it without the bus: `sht3x`."""
    path: AbsolutePath = ""
    """Folder of a sensor's device, where two have the same name: `/sys/bus/i2c/devices/1-0044`."""
    label: ShortText = ""
    """The temperature's label on a chip with several; without, its first one."""
    file: AbsolutePath = ""
    """File with a JSON object a line."""
    temperature_field: FieldName = "temperature"
    """Field with degrees Celsius; `a.b` is field b of the object in field a. rtl_433: `temperature_C`."""
    humidity_field: FieldName = "humidity"
    """Field with the relative humidity."""
    humidity_unit: Literal["percent", "ratio"] = "percent"
    """Whether a file's humidity goes to 100 or to 1."""
    where: Annotated[Mapping[FieldName, str | int | float | bool], Field(max_length=8)] = {}
    """Fields and values that tell this sensor's lines in a file of several: `{ model = "Nexus-TH", id = 147 }`."""
    max_age_seconds: float = Field(default=900.0, ge=1.0, le=86_400.0)
    """An older line of a file is no reading any more."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [source for source in _SOURCES if getattr(self, source)]
        if len(given) != 1:
            raise ValueError(f"exactly one of {', '.join(_SOURCES)} is needed, here {' and '.join(given) or 'none'}")
        if self.where and not self.file:
            raise ValueError("where is for lines of a file")
        if self.label and self.file:
            raise ValueError("label is for chips: name the fields of a file")
        return self


class RoomSettings(Settings):
    """`[[collectors.room.sensor]]`, one for each sensor."""

    sensor: Annotated[tuple[RoomSensor, ...], Field(max_length=32)] = ()
    """What to read."""

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        ids = [one.id for one in self.sensor]
        if len(set(ids)) < len(ids):
            raise ValueError("two sensors have the same id")
        return self


@dataclass(frozen=True)
class Air:
    """What a sensor says: degrees Celsius and relative humidity in percent, None where it measures none."""

    temperature: float | None = None
    humidity: float | None = None


class AirError(Exception):
    """A sensor gives no reading; the text is one line that says why."""


Source = Callable[[float, float], Air]
"""Reads a sensor at a moment of the monotonic and the wall clock. Raises AirError."""


class RoomCollector:
    """Reads every sensor once a run; one that fails does not hide the others."""

    def __init__(
        self, settings: RoomSettings, context: Context, *, clock: Clock | None = None, sysfs: Path = sensors.SYSFS
    ) -> None:
        self._clock = clock or SystemClock()
        self._devices = [_device(one, context.host) for one in settings.sensor]
        self._sources = {one.id: _source(one, sysfs) for one in settings.sensor}
        self._told = False

    def collect(self) -> Reading:
        """One run."""
        mono, wall = moment(self._clock.wall, self._clock.mono)
        measurements: list[Measurement] = []
        problems: list[str] = []
        for device, source in self._sources.items():
            try:
                values, doubts = plausible(source(mono, wall))
            except AirError as error:
                problems.append(f"{device}: {error}")
                continue
            problems += [f"{device}: {doubt}" for doubt in doubts]
            if values:
                measurements.append(Measurement(device, values, mono))
        devices = None if self._told else self._devices
        self._told = True
        return Reading(measurements, devices=devices, problem="; ".join(problems))

    def close(self) -> None:
        """Nothing is held."""


def plausible(air: Air) -> tuple[dict[str, float], list[str]]:
    """The metrics of a reading, and what is wrong with what was left out."""
    values: dict[str, float] = {}
    doubts: list[str] = []
    if air.temperature is not None:
        if COLDEST <= air.temperature <= HOTTEST:
            values["temperature_celsius"] = float(air.temperature)
        else:
            doubts.append(f"{air.temperature:.6g} °C is no room's temperature")
    if air.humidity is not None:
        if 0.0 <= air.humidity <= 100.0:
            values["humidity_ratio"] = air.humidity / 100.0
        else:
            doubts.append(f"{air.humidity:.6g} % is no humidity")
    return values, doubts


# Sources


def _source(sensor: RoomSensor, sysfs: Path) -> Source:
    if sensor.file:
        return _FileSource(sensor)
    return lambda mono, wall: _chip_air(_inputs(sensor, sysfs), sensor)


class _FileSource:
    def __init__(self, sensor: RoomSensor) -> None:
        self._sensor = sensor
        self._tail = Tail(sensor.file, sensor.where)

    def __call__(self, mono: float, wall: float) -> Air:
        sensor = self._sensor
        try:
            seen = self._tail.look(mono, wall)
        except LineError as error:
            raise AirError(str(error)) from None
        if seen is None:
            raise AirError(f"{sensor.file}: no line {'of this sensor ' if sensor.where else ''}yet")
        if mono - seen.mono > sensor.max_age_seconds:
            raise AirError(f"{sensor.file}: no new line for more than {sensor.max_age_seconds:g} s")
        temperature = _number(field(seen.row, sensor.temperature_field), sensor.temperature_field)
        humidity = _number(field(seen.row, sensor.humidity_field), sensor.humidity_field)
        if temperature is None and humidity is None:
            raise AirError(f"newest line has neither {sensor.temperature_field} nor {sensor.humidity_field}")
        if humidity is not None and sensor.humidity_unit == "ratio":
            humidity *= 100.0
        return Air(temperature, humidity)


def _number(value: Any, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e9 < value < 1e9:
        raise AirError(f"{name} is no number")
    return float(value)


def _inputs(sensor: RoomSensor, sysfs: Path) -> list[Sensor]:
    """The inputs of its chip. Raises AirError where there is none, or more than one by that name."""
    if sensor.path:
        inputs = sensors.in_folder(Path(sensor.path))
        if not inputs:
            raise AirError(f"{sensor.path}: no sensor there; is its kernel module loaded?")
        return inputs
    inputs = [one for one in sensors.find(sysfs) if one.chip == sensor.chip]
    if not inputs:
        raise AirError(f"no sensor chip {sensor.chip!r}; is its kernel module loaded?")
    if len({one.path.parent for one in inputs}) > 1:
        raise AirError(f"several chips are called {sensor.chip!r}: give the path of one")
    return inputs


def _chip_air(inputs: Sequence[Sensor], sensor: RoomSensor) -> Air:
    of: dict[Quantity, Sensor] = {}
    for one in inputs:
        if one.quantity == "humidity" or sensor.label in ("", one.label):
            of.setdefault(one.quantity, one)
    if sensor.label and "temperature" not in of:
        raise AirError(f"no temperature is labelled {sensor.label!r}")
    try:
        read = {quantity: sensors.read(one) for quantity, one in of.items()}
    except SensorError as error:
        raise AirError(str(error)) from None
    return Air(read.get("temperature"), read.get("humidity"))


def _device(sensor: RoomSensor, host: str) -> Device:
    source = next(f"{source} {getattr(sensor, source)}" for source in _SOURCES if getattr(sensor, source))
    return Device(
        device=sensor.id,
        kind=DeviceKind.ROOM,
        name=sensor.name or sensor.id,
        parent=host,
        room=sensor.room,
        facts={"source": source},
    )


def _build(settings: RoomSettings, context: Context) -> Sequence[Collector]:
    return [RoomCollector(settings, context)] if settings.sensor else []


plugin = Plugin(
    "room",
    RoomSettings,
    _build,
    metrics=("temperature_celsius", "humidity_ratio"),
    needs=(
        Need("a kernel module of the sensor", "sensors given by chip or path"),
        Need("read access to the file", "sensors given by file"),
    ),
)
