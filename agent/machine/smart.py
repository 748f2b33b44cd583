"""What `smartctl -j -a` says of one disk: ATA, NVMe or SAS. Pure: bytes in, figures and their meaning out.

smartctl's exit status is a mask. Bits 0 and 1: it was not understood, or could not open the disk. Bit 2: some command
failed, and what else it printed holds. Bits 3 to 7 are the disk's health and logs, no failures of the reading.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from agent.machine import smart_ata

ASLEEP_STATUS = 3
"""What we ask smartctl to exit with for a sleeping disk (`-n standby,3`): bits 0 and 1 together mean nothing else."""

_NOT_UNDERSTOOD, _NOT_OPENED, _COMMAND_FAILED, _FAILING = 1, 2, 4, 8
_SECONDS_IN_HOUR, _SECONDS_IN_MINUTE = 3600.0, 60.0
_LARGEST = 2.0**64
_COLDEST, _HOTTEST = -60.0, 200.0
_DENIED = re.compile(r"permission denied|operation not permitted", re.IGNORECASE)
_TROUBLE = re.compile(r"no such (file|device)|input/output error|timed? ?out|resource busy|aborted", re.IGNORECASE)
_ASLEEP = re.compile(r"Device is in \w+(?: \(OS\))? mode, exit\(")


class Outcome(StrEnum):
    """How the reading of one disk went. UNSUPPORTED: it has no SMART, or not through this bridge or controller."""

    READ = "read"
    ASLEEP = "asleep"
    DENIED = "denied"
    UNSUPPORTED = "not supported"
    DISABLED = "disabled"
    FAILED = "failed"


@dataclass(frozen=True)
class Smart:
    """One disk as read. `reason` says why nothing was; `facts` are model, serial, firmware, capacity_bytes, interface
    and rotation_rpm where known."""

    outcome: Outcome
    reason: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Scanned:
    """A line of `smartctl --scan-open`: a device file, and how to speak to it (`megaraid,3`)."""

    name: str
    type: str


def parse(output: bytes, status: int) -> Smart:
    """What smartctl printed, and its exit status."""
    try:
        report = json.loads(output)
    except (ValueError, RecursionError):
        return Smart(Outcome.FAILED, "smartctl printed no JSON: version 7.0 or later is needed")
    if not isinstance(report, dict):
        return Smart(Outcome.FAILED, "smartctl printed no JSON object")
    messages = _messages(report)
    reason = messages[0] if messages else f"smartctl ended with status {status}"
    if status == ASLEEP_STATUS or any(map(_ASLEEP.search, messages)):
        return Smart(Outcome.ASLEEP, reason, facts=_facts(report))
    support = report.get("smart_support")
    support = support if isinstance(support, Mapping) else {}
    if support.get("available") is False:
        return Smart(Outcome.UNSUPPORTED, "the disk has no SMART", facts=_facts(report))
    if support.get("enabled") is False:
        return Smart(Outcome.DISABLED, "SMART is switched off: smartctl --smart=on", facts=_facts(report))
    values = {} if status & (_NOT_UNDERSTOOD | _NOT_OPENED) else _values(report, status)
    if values:
        return Smart(Outcome.READ, values=values, facts=_facts(report))
    return Smart(_why_nothing(messages, status), reason, facts=_facts(report))


def parse_scan(output: bytes) -> list[Scanned]:
    """The devices in what `smartctl -j --scan-open` printed; none where it is no such thing."""
    try:
        report = json.loads(output)
    except (ValueError, RecursionError):
        return []
    devices = report.get("devices") if isinstance(report, dict) else None
    found = [one for one in devices if isinstance(one, dict)] if isinstance(devices, list) else []
    return [
        Scanned(one["name"], one["type"])
        for one in found
        if isinstance(one.get("name"), str) and isinstance(one.get("type"), str)
    ]


def _why_nothing(messages: list[str], status: int) -> Outcome:
    text = " ".join(messages)
    if _DENIED.search(text):
        return Outcome.DENIED
    if _TROUBLE.search(text):
        return Outcome.FAILED
    if status & (_NOT_UNDERSTOOD | _NOT_OPENED):
        # "Unable to detect device type", "Unknown USB bridge", a flash stick that knows no IDENTIFY.
        return Outcome.UNSUPPORTED
    return Outcome.FAILED if status & _COMMAND_FAILED else Outcome.UNSUPPORTED


def _messages(report: Mapping[str, Any]) -> list[str]:
    head = report.get("smartctl")
    messages = head.get("messages") if isinstance(head, Mapping) else None
    found = [one.get("string") for one in messages if isinstance(one, Mapping)] if isinstance(messages, list) else []
    return [text[:300] for text in found if isinstance(text, str)]


def _number(report: Mapping[str, Any], *keys: str) -> float | None:
    """The number at a path of keys, None where there is none."""
    node: Any = report
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    if isinstance(node, bool) or not isinstance(node, int | float) or abs(node) > _LARGEST:
        return None
    return float(node)


def _values(report: Mapping[str, Any], status: int) -> dict[str, float]:
    values: dict[str, float] = {}
    verdict = report.get("smart_status")
    passed = verdict.get("passed") if isinstance(verdict, Mapping) else None
    if isinstance(passed, bool):
        values["smart_healthy"] = float(passed)
    elif status & _FAILING:
        values["smart_healthy"] = 0.0
    if (warmth := _temperature(report)) is not None:
        values["temperature_celsius"] = warmth
    # smartctl has unpacked attribute 9 here, which some vendors count in minutes or with milliseconds beside it.
    if (hours := _number(report, "power_on_time", "hours")) is not None:
        minutes = _number(report, "power_on_time", "minutes") or 0.0
        values["power_on_seconds"] = hours * _SECONDS_IN_HOUR + minutes * _SECONDS_IN_MINUTE
    return values | _of_ata(report) | _of_nvme(report) | _of_scsi(report)


def _temperature(report: Mapping[str, Any]) -> float | None:
    celsius = _number(report, "temperature", "current")
    if celsius is None or not _COLDEST < celsius < _HOTTEST:
        return None
    # 0 is what a SCSI disk (mostly a virtual one) says that has no sensor.
    return None if celsius == 0 and _protocol(report) == "SCSI" else celsius


def _protocol(report: Mapping[str, Any]) -> str:
    device = report.get("device")
    protocol = device.get("protocol") if isinstance(device, Mapping) else None
    return protocol if isinstance(protocol, str) else ""


def _of_ata(report: Mapping[str, Any]) -> dict[str, float]:
    attributes = report.get("ata_smart_attributes")
    table = attributes.get("table") if isinstance(attributes, Mapping) else None
    rows = [row for row in table if isinstance(row, Mapping)] if isinstance(table, list) else []
    return smart_ata.values(report, rows, solid_state=report.get("rotation_rate") == 0)


def _of_nvme(report: Mapping[str, Any]) -> dict[str, float]:
    log = "nvme_smart_health_information_log"
    values: dict[str, float] = {}
    for metric, key, scale in (
        ("smart_critical_warning", "critical_warning", 1.0),
        ("smart_uncorrectable_errors", "media_errors", 1.0),
        ("smart_wear_ratio", "percentage_used", 100.0),
        ("smart_spare_ratio", "available_spare", 100.0),
    ):
        number = _number(report, log, key)
        if number is not None:
            values[metric] = number / scale
    # Clouds' and emulators' disks say no spare is left of which none is wanted.
    if values.get("smart_spare_ratio") == 0 and not _number(report, log, "available_spare_threshold"):
        del values["smart_spare_ratio"]
    return values


def _of_scsi(report: Mapping[str, Any]) -> dict[str, float]:
    values: dict[str, float] = {}
    if (grown := _number(report, "scsi_grown_defect_list")) is not None:
        values["smart_reallocated_sectors"] = grown
    counts = [
        _number(report, "scsi_error_counter_log", way, "total_uncorrected_errors")
        for way in ("read", "write", "verify")
    ]
    if known := [count for count in counts if count is not None]:
        values["smart_uncorrectable_errors"] = sum(known)
    if (pending := _number(report, "scsi_pending_defects", "count")) is not None:
        values["smart_pending_sectors"] = pending
    if (used := _number(report, "scsi_percentage_used_endurance_indicator")) is not None:
        values["smart_wear_ratio"] = used / 100.0
    return values


def _facts(report: Mapping[str, Any]) -> dict[str, str | float]:
    facts: dict[str, str | float] = {}
    for fact, keys in (
        ("model", ("model_name", "scsi_model_name")),
        ("serial", ("serial_number",)),
        ("firmware", ("firmware_version", "scsi_revision", "revision")),
    ):
        text = next((report[key] for key in keys if isinstance(report.get(key), str)), "")
        if text.strip():
            facts[fact] = text.strip()[:200]
    capacity = _number(report, "user_capacity", "bytes") or _number(report, "nvme_total_capacity")
    if capacity:
        facts["capacity_bytes"] = capacity
    if rotation := _number(report, "rotation_rate"):
        facts["rotation_rpm"] = rotation
    interface = {"ATA": "ata", "NVMe": "nvme", "SCSI": "sas"}.get(_protocol(report))
    transport = report.get("scsi_transport_protocol", report.get("transport_protocol"))
    name = transport.get("name") if isinstance(transport, Mapping) else None
    if interface == "sas" and not (isinstance(name, str) and name.startswith("SAS")):
        interface = None  # a bridge or a virtual controller that speaks SCSI
    if interface:
        facts["interface"] = interface
    return facts
