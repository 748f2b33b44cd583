"""What smartctl says: values by kind of disk, and what each exit status means. Samples: see their README."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.machine.smart import Outcome, Scanned, Smart, parse, parse_scan

SAMPLES = Path(__file__).parents[1] / "collectors/samples/disks"


def load(name: str) -> "dict[str, Any]":
    report: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return report


def read(name: str) -> Smart:
    return parse((SAMPLES / f"{name}.json").read_bytes(), load(name)["smartctl"]["exit_status"])


def again(report: "dict[str, Any]") -> Smart:
    return parse(json.dumps(report).encode(), report["smartctl"]["exit_status"])


def test_a_seagate_disk_with_packed_attributes() -> None:
    smart = read("ata_seagate")
    assert smart.outcome is Outcome.READ
    assert smart.values == {
        "smart_healthy": 1.0,
        "temperature_celsius": 38.0,
        "power_on_seconds": 24099 * 3600.0,
        "smart_reallocated_sectors": 8.0,
        "smart_uncorrectable_errors": 2.0,
        "smart_command_timeouts": 15.0,
        "smart_pending_sectors": 16.0,
        "smart_uncorrectable_sectors": 16.0,
    }
    assert smart.facts == {
        "model": "ST8000VX004-2M1101",
        "serial": "WSD0A1B2",
        "firmware": "AV01",
        "capacity_bytes": 8001563222016.0,
        "rotation_rpm": 7200.0,
        "interface": "ata",
    }


@pytest.mark.parametrize(
    ("model", "raw", "text", "timeouts"),
    [
        ("ST8000VN004-2M2101", 4295032833, "1 1 1", 1),
        ("ST12000NM0127", 4295032833, "4295032833", 1),
        ("ST3500418AS", 0, "0 0 0", 0),
        ("ST6000NE0023-2EX110", 35 + (35 << 16) + (35 << 32), "35 35 35", 35),
        ("Seagate BarraCuda SSD", 65538, "65538", 2),
        ("WDC WD40PURX-64GVNY0", 17, "17", 17),
        ("TOSHIBA HDWT140", 70000, "70000", 70000),
        # Sold under another name, packed all the same.
        ("MB4000GCWDC", 12885098499, "12885098499", 3),
    ],
)
def test_command_timeouts_are_unpacked_where_they_are_packed(model: str, raw: int, text: str, timeouts: int) -> None:
    report = load("ata_seagate")
    report["model_name"], report["model_family"] = model, ""
    row = next(row for row in report["ata_smart_attributes"]["table"] if row["id"] == 188)
    row["raw"] = {"value": raw, "string": text}
    assert again(report).values["smart_command_timeouts"] == timeouts


def test_a_failing_wd_disk_is_read_although_smartctl_exits_with_88() -> None:
    smart = read("ata_wd")
    assert smart.outcome is Outcome.READ
    assert smart.values["smart_healthy"] == 0.0
    assert smart.values["smart_reallocated_sectors"] == 1203.0, "the first number, not all six bytes"
    assert smart.values["smart_pending_sectors"] == 212.0
    assert "smart_command_timeouts" not in smart.values
    assert "smart_wear_ratio" not in smart.values


def test_wear_of_solid_state_disks_by_vendor_and_by_their_own_word() -> None:
    assert read("ssd_samsung").values["smart_wear_ratio"] == pytest.approx(0.13)
    crucial = load("ssd_crucial")
    assert again(crucial).values["smart_wear_ratio"] == pytest.approx(0.11), "device statistics go before attributes"
    assert again(crucial).values["power_on_seconds"] == 9121 * 3600 + 34 * 60
    newer = copy.deepcopy(crucial) | {"endurance_used": {"current_percent": 12}}
    assert again(newer).values["smart_wear_ratio"] == pytest.approx(0.12)
    del crucial["ata_device_statistics"]
    assert again(crucial).values["smart_wear_ratio"] == pytest.approx(0.09)


def test_a_hard_disks_attributes_of_the_same_number_are_no_wear() -> None:
    report = load("ata_wd")
    rows = report["ata_smart_attributes"]["table"]
    rows.append(rows[0] | {"id": 202, "name": "Data_Address_Mark_Errs", "value": 100})
    rows.append(rows[0] | {"id": 231, "name": "Temperature_Celsius", "value": 41})
    assert "smart_wear_ratio" not in again(report).values
    report["rotation_rate"] = 0
    assert "smart_wear_ratio" not in again(report).values


def test_an_nvme_disk() -> None:
    smart = read("nvme")
    assert smart.values == {
        "smart_healthy": 1.0,
        "temperature_celsius": 44.0,
        "power_on_seconds": 17520 * 3600.0,
        "smart_critical_warning": 0.0,
        "smart_uncorrectable_errors": 3.0,
        "smart_wear_ratio": 0.14,
        "smart_spare_ratio": 0.97,
    }
    assert smart.facts["interface"] == "nvme"
    failing = read("nvme_failing").values
    assert (failing["smart_healthy"], failing["smart_critical_warning"], failing["smart_wear_ratio"]) == (
        0.0,
        4.0,
        1.31,
    )


def test_an_emulated_nvme_disk_says_nothing_of_a_spare_it_does_not_have() -> None:
    report = load("nvme")
    report["nvme_smart_health_information_log"] |= {"available_spare": 0, "available_spare_threshold": 0}
    assert "smart_spare_ratio" not in again(report).values
    report["nvme_smart_health_information_log"] |= {"available_spare_threshold": 10}
    assert again(report).values["smart_spare_ratio"] == 0.0


def test_a_sas_disk() -> None:
    smart = read("sas")
    assert smart.values == {
        "smart_healthy": 1.0,
        "temperature_celsius": 33.0,
        "power_on_seconds": 31415 * 3600.0 + 42 * 60.0,
        "smart_reallocated_sectors": 12.0,
        "smart_uncorrectable_errors": 3.0,
    }
    assert (smart.facts["model"], smart.facts["interface"]) == ("SEAGATE ST8000NM0075", "sas")
    old = load("sas")
    for new, name in (("scsi_model_name", "model_name"), ("scsi_revision", "revision")):
        old[name] = old.pop(new)
    assert again(old).facts["model"] == "SEAGATE ST8000NM0075", "as smartctl 7.2 names it"


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("standby", Outcome.ASLEEP, "STANDBY"),
        ("denied", Outcome.DENIED, "Permission denied"),
        ("nvme_denied", Outcome.DENIED, "Permission denied"),
        ("virtio", Outcome.UNSUPPORTED, "Unable to detect device type"),
        ("usb_bridge_unknown", Outcome.UNSUPPORTED, "Unknown USB bridge"),
        ("scsi_virtual", Outcome.UNSUPPORTED, "no SMART"),
        ("smart_disabled", Outcome.DISABLED, "switched off"),
        ("gone", Outcome.FAILED, "No such device"),
    ],
)
def test_why_nothing_was_read(name: str, outcome: Outcome, reason: str) -> None:
    smart = read(name)
    assert smart.outcome is outcome
    assert reason in smart.reason
    assert smart.values == {}


def test_a_sleeping_disk_is_known_by_what_we_asked_for_or_by_what_it_says() -> None:
    report = load("standby")
    assert parse(json.dumps(report | {"smartctl": {"exit_status": 3}}).encode(), 3).outcome is Outcome.ASLEEP
    report["smartctl"]["messages"][0]["string"] = "Device is in STANDBY (OS) mode, exit(2)"
    assert parse(json.dumps(report).encode(), 2).outcome is Outcome.ASLEEP


def test_one_failed_command_does_not_spoil_the_rest() -> None:
    report = load("ata_wd")
    assert parse(json.dumps(report).encode(), 4).outcome is Outcome.READ
    del report["smart_status"]
    assert "smart_healthy" not in parse(json.dumps(report).encode(), 4).values
    assert parse(json.dumps(report).encode(), 4 + 8).values["smart_healthy"] == 0.0


@pytest.mark.parametrize("celsius", [-273, 255, 3000])
def test_a_temperature_that_cannot_be_is_left_out(celsius: int) -> None:
    assert "temperature_celsius" not in again(load("nvme") | {"temperature": {"current": celsius}}).values


@pytest.mark.parametrize("output", [b"", b"smartctl 6.6 2017-11-05\n", b"[]", b"3", b"\xff", b"[" * 100_000])
def test_what_is_no_report_is_a_failure(output: bytes) -> None:
    assert parse(output, 1).outcome is Outcome.FAILED
    assert parse_scan(output) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["ata_seagate", "ssd_crucial", "nvme", "sas"]), st.data())
def test_any_part_may_be_of_another_shape(name: str, data: st.DataObject) -> None:
    report = load(name)
    key = data.draw(st.sampled_from(sorted(report)))
    report[key] = data.draw(_JSON)
    parse(json.dumps(report).encode(), data.draw(st.integers(0, 255)))
    table = load("ata_seagate")
    table["ata_smart_attributes"]["table"][3][data.draw(st.sampled_from(["id", "name", "value", "raw"]))] = data.draw(
        _JSON
    )
    parse(json.dumps(table).encode(), 0)


def test_the_devices_of_a_scan() -> None:
    found = parse_scan((SAMPLES / "scan_raid.json").read_bytes())
    assert found == [Scanned("/dev/sda", "scsi"), Scanned("/dev/bus/0", "megaraid,3")]
    assert parse_scan((SAMPLES / "scan_none.json").read_bytes()) == []
