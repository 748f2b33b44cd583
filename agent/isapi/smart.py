"""Storage/hdd/N/SMARTTest/status: how warm a disk is, and what it says of itself. Reading it starts no test."""

from dataclasses import dataclass

from agent.isapi.document import root
from agent.isapi.element import number, text

_ILL = frozenset({"error", "fail", "failed", "fault", "warning", "unfunctional"})
_WELL = frozenset({"ok", "good", "pass", "passed", "functional"})


@dataclass(frozen=True)
class Smart:
    """Of one disk; None where it is not told."""

    healthy: bool | None = None
    temperature_celsius: float | None = None


def read(body: bytes) -> Smart:
    """Raises BadAnswer (and what a ResponseStatus says). `temprature` and `Evaluaing` are the maker's spelling."""
    element = root(body, "smarttest", "smartteststatus", "smarttestlist")
    degrees = text(element, "temprature") or text(element, "temperature")
    verdicts = {text(element, key).lower() for key in ("selfevaluaingstatus", "allevaluaingstatus")} - {""}
    healthy = False if verdicts & _ILL else True if verdicts and verdicts <= _WELL else None
    # 0 is what a disk without a sensor says.
    return Smart(healthy, number(degrees, 0, 120) or None)
