"""Numbers as people read them, by Grafana's names of units."""

from collections.abc import Callable
from datetime import datetime

from tests.dashboards.drawing.scale import ZONE
from tests.dashboards.player.errors import DashboardError

Formatter = Callable[[float, int | None], str]

_SUFFIX = {
    **{"none": "", "string": "", "celsius": " °C", "watt": " W", "percent": "%", "humidity": "%H"},
    **{"reqps": " req/s", "cps": " c/s", "ops": " ops/s", "iops": " io/s", "wps": " w/s", "rps": " rd/s"},
    **{"mps": " msg/s", "pps": " p/s", "lengthm": " m", "hertz": " Hz"},
}
_BYTES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_DECBYTES = ("B", "kB", "MB", "GB", "TB", "PB")
_BITS = ("b", "kb", "Mb", "Gb", "Tb")
_TIMES = (
    *((1e-3, "ms", 1e-3), (60, "s", 1.0), (3600, "mins", 60.0), (86_400, "hours", 3600.0)),
    (604_800, "days", 86_400.0),
)
"""Below so many seconds a time is said in this unit, of so many seconds."""

_SCALED: dict[str, tuple[tuple[str, ...], float, str]] = {
    "bytes": (_BYTES, 1024, ""),
    "decbytes": (_DECBYTES, 1000, ""),
    "Bps": (_DECBYTES, 1000, "/s"),
    "binBps": (_BYTES, 1024, "/s"),
    "KiBs": (_BYTES[1:], 1024, "/s"),
    "bps": (_BITS, 1000, "/s"),
    "binbps": (_BITS, 1024, "/s"),
    "decbits": (_BITS, 1000, ""),
}


def shown(value: float, unit: str, decimals: int | None = None, now: int = 0) -> str:
    """With its unit; `now` (ms UTC) is for what is told as long ago. Raises DashboardError for an unknown unit."""
    if unit == "dateTimeFromNow":
        return f"{_seconds((now - value) / 1000, 0)} ago"
    if unit.startswith("time:"):
        return datetime.fromtimestamp(value / 1000, ZONE).strftime(_pattern(unit.removeprefix("time:")))
    if unit.startswith("suffix:"):
        return f"{plain(value, decimals)} {unit.removeprefix('suffix:')}"
    if unit.startswith("prefix:"):
        return f"{unit.removeprefix('prefix:')}{plain(value, decimals)}"
    if unit in _SCALED:
        names, base, tail = _SCALED[unit]
        return _scaled(value, names, base, decimals) + tail
    if unit == "short":
        return _scaled(value, ("", "K", "Mil", "Bil"), 1000, decimals)
    if unit in _SUFFIX:
        return plain(value, decimals) + _SUFFIX[unit]
    if unit in _SPECIAL:
        return _SPECIAL[unit](value, decimals)
    raise DashboardError(f"unit {unit!r} is not known here")


def plain(value: float, decimals: int | None) -> str:
    """A number; unless told with as many decimals as three figures need. What is rounded to nothing has no sign."""
    if decimals is not None:
        return f"{value:z.{decimals}f}"
    size = abs(value)
    text = f"{value:z.{0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(value: float, names: tuple[str, ...], base: float, decimals: int | None) -> str:
    place = 0
    while abs(value) >= base and place < len(names) - 1:
        value, place = value / base, place + 1
    name = names[place]
    return f"{plain(value, decimals)} {name}".rstrip()


def _seconds(value: float, decimals: int | None) -> str:
    """In the largest unit it has one of."""
    size = abs(value)
    if size == 0:
        return "0 s"
    if size < 1:
        return f"{plain(value * 1e3, decimals)} ms" if size >= 1e-3 else f"{plain(value * 1e6, decimals)} µs"
    for below, name, length in _TIMES[1:]:
        if size < below:
            return f"{plain(value / length, decimals)} {_one(name, value / length)}"
    if size < 31_536_000:
        return f"{plain(value / 604_800, decimals)} {_one('weeks', value / 604_800)}"
    return f"{plain(value / 31_536_000, decimals)} {_one('years', value / 31_536_000)}"


def _one(name: str, value: float) -> str:
    return name.removesuffix("s") if len(name) > 2 and value == 1 else name


def _pattern(moment: str) -> str:
    """Of moment.js as of strftime."""
    for theirs, ours in (("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S")):
        moment = moment.replace(theirs, ours)
    return moment


def _clock(value: float, _: int | None) -> str:
    """Seconds as a duration d h:mm:ss."""
    whole = round(abs(value))
    text = f"{whole % 86_400 // 3600:02}:{whole % 3600 // 60:02}:{whole % 60:02}"
    return ("-" if value < 0 else "") + (f"{whole // 86_400} d {text}" if whole >= 86_400 else text)


def _moment(value: float, _: int | None) -> str:
    return datetime.fromtimestamp(value / 1000, ZONE).strftime("%Y-%m-%d %H:%M:%S")


_SPECIAL: dict[str, Formatter] = {
    "percentunit": lambda value, decimals: f"{plain(value * 100, decimals)}%",
    "s": _seconds,
    "ms": lambda value, decimals: _seconds(value / 1e3, decimals),
    "m": lambda value, decimals: _seconds(value * 60, decimals),
    "h": lambda value, decimals: _seconds(value * 3600, decimals),
    "d": lambda value, decimals: _seconds(value * 86_400, decimals),
    "dtdurations": _seconds,
    "dtdurationms": lambda value, decimals: _seconds(value / 1e3, decimals),
    "dthms": _clock,
    "dtdhms": _clock,
    "clocks": _clock,
    "dateTimeAsIso": _moment,
    "dateTimeAsIsoNoDateIfToday": _moment,
    "dateTimeAsLocal": _moment,
    "dateTimeAsSystem": _moment,
    "bool": lambda value, _: "True" if value else "False",
    "bool_yes_no": lambda value, _: "Yes" if value else "No",
    "bool_on_off": lambda value, _: "On" if value else "Off",
}
