"""What the SMART attributes of an ATA disk mean, as `smartctl -j` prints them. Pure.

Raw values mean what the vendor likes; what smartctl's drive database made of one is the first number of its text.
Attribute 188 (command timeouts) of Seagate packs three counters of 16 bits into 48: lowest all timeouts, then commands
that took over 5 s, then over 7.5 s. The lowest is told: 4295032833 is one timeout. It should alarm by its change.

Wear is told in this order: smartctl's own `endurance_used` (from 7.4), the device statistics' "Percentage Used
Endurance Indicator", then the attribute of a solid-state disk whose *name* says that its normalised value counts the
life left down from 100. By number alone a hard disk's 202 or 231 would be taken for wear.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

_SEAGATE = re.compile(r"^(ST\d|Seagate\b)", re.IGNORECASE)
_PACKED_BITS = 16
_LARGEST_RAW = (1 << 64) - 1
_LARGEST_PLAIN_COUNT = 0xFFFFFFFF
"""Nobody has had four thousand million timeouts: a larger number is packed, whoever sold the disk."""

_LIFE_LEFT = (
    (202, {"Percent_Lifetime_Remain", "Percent_Lifetime_Used", "Percentage_Used", "Percent_Life_Remaining"}),
    (231, {"SSD_Life_Left", "Life_Left"}),
    (233, {"Media_Wearout_Indicator"}),
    (177, {"Wear_Leveling_Count", "Wear_Levelling_Count"}),
    (173, {"Ave_Block-Erase_Count", "Wear_Leveling_Count", "Average_Erase_Count"}),
    (169, {"Remaining_Lifetime_Perc"}),
)
_SPARE_LEFT = (232, {"Available_Reservd_Space", "Perc_Avail_Resrvd_Space"})
_FULL = 100
_MOST_PERCENT = 255

_TIMEOUTS = 188
_COUNTS = {
    5: "smart_reallocated_sectors",
    187: "smart_uncorrectable_errors",
    _TIMEOUTS: "smart_command_timeouts",
    197: "smart_pending_sectors",
    198: "smart_uncorrectable_sectors",
}


def values(report: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], *, solid_state: bool) -> dict[str, float]:
    """The metrics in the attribute table of a report, and in its device statistics."""
    found: dict[str, float] = {}
    for row in rows:
        number = row.get("id")
        if isinstance(number, int) and number in _COUNTS:
            count = _timeouts(report, row) if number == _TIMEOUTS else _count(row)
            if count is not None:
                found[_COUNTS[number]] = float(count)
    wear = _used_percent(report)
    if wear is None and solid_state:
        wear = _life_used(rows)
    if wear is not None:
        found["smart_wear_ratio"] = wear / _FULL
    spare = _normalised(rows, *_SPARE_LEFT) if solid_state else None
    if spare is not None:
        found["smart_spare_ratio"] = spare / _FULL
    return found


def _raw(row: Mapping[str, Any]) -> tuple[int | None, str]:
    raw = row.get("raw")
    if not isinstance(raw, Mapping):
        return None, ""
    value, text = raw.get("value"), raw.get("string")
    number = value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_RAW else None
    return number, text if isinstance(text, str) else ""


def _count(row: Mapping[str, Any]) -> int | None:
    """A count of sectors or errors: "8 (0 2)" is eight, although its six bytes together are a large number."""
    number, text = _raw(row)
    shown = re.match(r"\d{1,15}\b", text)
    return int(shown[0]) if shown else number


def _timeouts(report: Mapping[str, Any], row: Mapping[str, Any]) -> int | None:
    number, _ = _raw(row)
    if number is None:
        return None
    names = (report.get("model_name"), report.get("model_family"))
    seagate = any(isinstance(name, str) and _SEAGATE.match(name) for name in names)
    if seagate or number > _LARGEST_PLAIN_COUNT:
        return number & ((1 << _PACKED_BITS) - 1)
    return _count(row)


def _used_percent(report: Mapping[str, Any]) -> float | None:
    """Per cent of the rated life that the disk itself says is used; may exceed 100."""
    endurance = report.get("endurance_used")
    if isinstance(endurance, Mapping) and _is_percent(endurance.get("current_percent")):
        return float(endurance["current_percent"])
    statistics = report.get("ata_device_statistics")
    pages = statistics.get("pages") if isinstance(statistics, Mapping) else None
    for page in pages if isinstance(pages, list) else []:
        table = page.get("table") if isinstance(page, Mapping) else None
        for entry in table if isinstance(table, list) else []:
            if isinstance(entry, Mapping) and entry.get("name") == "Percentage Used Endurance Indicator":
                flags, value = entry.get("flags"), entry.get("value")
                valid = not isinstance(flags, Mapping) or flags.get("valid") is not False
                if valid and _is_percent(value):
                    return float(value)
    return None


def _is_percent(value: object) -> TypeGuard[int]:
    """One byte: 255 is "too worn to say"."""
    return isinstance(value, int) and 0 <= value <= _MOST_PERCENT


def _life_used(rows: Sequence[Mapping[str, Any]]) -> float | None:
    for number, names in _LIFE_LEFT:
        left = _normalised(rows, number, names)
        if left is not None:
            return _FULL - left
    return None


def _normalised(rows: Sequence[Mapping[str, Any]], number: int, names: set[str]) -> float | None:
    """The normalised value of an attribute, where it can be per cent."""
    for row in rows:
        if row.get("id") == number and row.get("name") in names:
            value = row.get("value")
            if isinstance(value, int) and 0 <= value <= _FULL:
                return float(value)
    return None
