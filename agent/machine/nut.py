"""What Network UPS Tools (NUT) say of a UPS: the variables that `upsc` prints, a line each. Pure.

Names and flags are those of NUT's developer guide (nut-names.txt, new-drivers.txt). Drivers differ in what they tell;
what one doesn't tell, or garbles, is left out.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MOST_VARIABLES = 500
MOST_UPS = 32
_MAX_TEXT = 200

UPS_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""How a UPS may be called in NUT, so that it can't be taken for an option."""

_NAME = re.compile(UPS_NAME)
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,9})?")

_FACTS = (
    ("manufacturer", ("device.mfr", "ups.mfr")),
    ("model", ("device.model", "ups.model")),
    ("serial", ("device.serial", "ups.serial")),
    ("firmware", ("ups.firmware",)),
    ("driver", ("driver.name",)),
    ("battery_date", ("battery.date", "battery.mfr.date")),
)


class Trouble(StrEnum):
    """Why `upsc` has no variables. SILENT: the server answers, the UPS doesn't; it may come back by itself."""

    SILENT = "silent"
    NO_SERVER = "no server"
    WRONG = "wrong"


@dataclass(frozen=True)
class UpsState:
    """One UPS as it says itself. `status` are its flags (OL, OB, LB …), empty where it tells none.

    Ratios are of 1 (a load may be beyond), `runtime` in seconds, `celsius` of the UPS, else of its battery; None where
    unknown. `on_battery` is None while it is off or tells neither: nobody knows then.
    """

    status: tuple[str, ...] = ()
    charge: float | None = None
    runtime: float | None = None
    load: float | None = None
    celsius: float | None = None
    facts: Mapping[str, str] | None = None

    @property
    def on_battery(self) -> bool | None:
        """Whether its load runs on the battery. In bypass the mains feed it."""
        if "OB" in self.status:
            return True
        return False if {"OL", "BYPASS"} & set(self.status) else None

    def values(self) -> dict[str, float]:
        """The metrics in it."""
        values: dict[str, float] = {}
        if self.on_battery is not None:
            values["on_battery"] = float(self.on_battery)
        if self.status:
            values |= {"battery_low": float("LB" in self.status), "battery_replace": float("RB" in self.status)}
        told = {
            "battery_charge_ratio": self.charge,
            "battery_runtime_seconds": self.runtime,
            "ups_load_ratio": self.load,
            "temperature_celsius": self.celsius,
        }
        return values | {name: value for name, value in told.items() if value is not None}


def parse(printed: bytes) -> UpsState:
    """What `upsc NAME@HOST` printed."""
    variables = _variables(printed)
    facts = {fact: _first(variables, names) for fact, names in _FACTS}
    status = variables.get("ups.status", "").upper().split()[:32]
    return UpsState(
        # A driver that still waits for its device says so instead of a status.
        status=tuple(flag[:16] for flag in status if flag != "WAIT"),
        charge=_ratio(variables.get("battery.charge"), 1.0),
        runtime=_within(variables.get("battery.runtime"), 0.0, 10_000_000.0),
        load=_ratio(variables.get("ups.load"), 10.0),
        celsius=_within(_first(variables, ("ups.temperature", "battery.temperature")), -40.0, 150.0),
        facts={fact: text for fact, text in facts.items() if text},
    )


def parse_names(printed: bytes) -> list[str]:
    """The names that `upsc -l` printed; one that can't be a name is passed over."""
    lines = printed.decode("utf-8", "replace").splitlines()
    return sorted({line.strip() for line in lines if _NAME.fullmatch(line.strip())})[:MOST_UPS]


def parse_trouble(complaint: bytes) -> tuple[Trouble, str]:
    """Why there are no variables, of what it printed as errors (beside notes about SSL)."""
    lines = complaint.decode("utf-8", "replace").splitlines()
    found = next((line.partition("Error:")[2].strip() for line in lines if "Error:" in line), "")
    text = _printable(found) or "upsc failed without a reason"
    lower = text.lower()
    if "stale" in lower or "not connected" in lower:
        return Trouble.SILENT, text
    unreachable = ("connection failure", "no such host", "timeout", "server disconnected", "write error", "read error")
    return (Trouble.NO_SERVER if lower.startswith(unreachable) else Trouble.WRONG), text


def _variables(printed: bytes) -> dict[str, str]:
    variables: dict[str, str] = {}
    for line in printed.decode("utf-8", "replace").splitlines()[:MOST_VARIABLES]:
        name, separator, value = line.partition(": ")
        if separator:
            variables[name.strip()] = _printable(value)
    return variables


def _first(variables: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((variables[name] for name in names if variables.get(name)), "")


def _ratio(percent: str | None, most: float) -> float | None:
    """Percent as a share; where it is a little beyond `most` (batteries at 101 %), that."""
    number = _within(percent, 0.0, most * 110.0)
    return None if number is None else min(number / 100.0, most)


def _within(text: str | None, least: float, most: float) -> float | None:
    if not text or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) and least <= number <= most else None


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()[:_MAX_TEXT]
