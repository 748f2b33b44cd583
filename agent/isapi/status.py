"""System/status: how the box itself fares."""

from agent.isapi.document import root
from agent.isapi.element import anywhere, descendants, number, text
from agent.recorder.model import Condition

_TEN_YEARS = 10 * 366 * 86_400.0
_MOST_MEMORY = 1e12


def read(body: bytes) -> Condition:
    """Of several processors the mean, of several sensors the hottest.

    Raises BadAnswer (and what a ResponseStatus says).
    """
    element = root(body, "devicestatus", "systemstatus")
    loads = _numbers([text(cpu, "cpuutilization") for cpu in descendants(element, "cpu")], 0, 100)
    heats = [text(one, "temperature") for one in descendants(element, "temperature") if len(one)]
    heats.append(anywhere(element, "devicetemperature", "cputemperature", "temperature"))
    degrees = _numbers(heats, -40, 130)
    # Kilobytes of a camera, megabytes of a recorder: only their ratio is told.
    used = number(anywhere(element, "memoryusage"), 0, _MOST_MEMORY)
    free = number(anywhere(element, "memoryavailable"), 0, _MOST_MEMORY)
    return Condition(
        temperature_celsius=max(degrees, default=None),
        cpu_ratio=sum(loads) / len(loads) / 100 if loads else None,
        memory_used_ratio=used / (used + free) if used is not None and free is not None and used + free > 0 else None,
        uptime_seconds=number(anywhere(element, "deviceuptime"), 0, _TEN_YEARS),
    )


def _numbers(texts: list[str], low: float, high: float) -> list[float]:
    return [value for said in texts if (value := number(said, low, high)) is not None]
