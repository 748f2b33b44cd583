"""Every kind of fault shows while it lasts, heals, and leaves other devices alone."""

import functools
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from pydantic import TypeAdapter

from simulator.device.server import Misbehaviour
from simulator.faults import KINDS, AnyFault, Fault
from simulator.pictures.place import Fault as Spoilt
from simulator.scenario import Scenario, parse
from simulator.virtual.recording import lines, untold
from wire.messages import DeviceKind

BEGIN, END = 1200, 3600
START = 1_799_020_800_000
SITE = """
site: riverside
start: 2027-01-04T00:00:00Z
length: 90m
interval: 4m
collectors:
  cameras: { stream_check_seconds: 60, detail_check_seconds: 60 }
  recorders: { recordings_seconds: 60, detail_seconds: 60 }
  pictures: { picture_seconds: 60 }
  disks: { smart_hours: 0.02 }
agents:
  - id: gateway
    cameras: [cam-1, cam-2]
    recorders:
      - { id: nvr-1, channels: 2, speaks: isapi }
      - { id: nvr-2, channels: 1, speaks: dahua }
      - { id: nvr-3, channels: 1 }
    door_controllers: [{ id: access-1, doors: [door-1, door-2] }]
    switches: [{ id: switch-1, ports: 2 }]
    volumes: [{ id: system, size: 32GiB, encrypted: true }, { id: backups, role: backup }]
    software: [{ id: vms, channels: 1 }]
    disks: [sda]
    arrays: [md0]
    ups: [ups-1]
    rooms: [rack]
  - id: other
    cameras: [cam-3]
"""
SCRIPT = parse(SITE)
FAULT: TypeAdapter[AnyFault] = TypeAdapter(Fault)
DEVICES = {
    DeviceKind.CAMERA: "cam-1",
    DeviceKind.RECORDER: "nvr-1",
    DeviceKind.CHANNEL: "nvr-1-ch1",
    DeviceKind.DOOR: "door-1",
    DeviceKind.SWITCH: "switch-1",
    DeviceKind.NETWORK: "switch-1-p1",
    DeviceKind.VOLUME: "system",
    DeviceKind.AGENT: "gateway",
    DeviceKind.HOST: "gateway-host",
    DeviceKind.DISK: "sda",
    DeviceKind.UPS: "ups-1",
    DeviceKind.ROOM: "rack",
}
PARTS = {
    "cam-1": ["cam-1"],
    "nvr-1": ["nvr-1", "nvr-1-ch1", "nvr-1-ch2", "nvr-1-disk-1", "nvr-1-disk-2", "nvr-1-storage"],
    "nvr-1-ch1": ["nvr-1-ch1"],
    "door-1": ["door-1"],
    "switch-1": ["switch-1", "switch-1-p1", "switch-1-p2"],
    "switch-1-p1": ["switch-1", "switch-1-p1"],
    "system": ["system"],
    "backups": ["backups"],
    "gateway": ["gateway", "gateway-host", "cam-1"],
    "vms": ["vms", "vms-ch1"],
    "vms-ch1": ["vms-ch1"],
    "md0": ["md0"],
    **{device: [device] for device in ("gateway-host", "sda", "ups-1", "rack")},
}
"""Which devices a fault of the first may show at."""

FALLING: dict[str, Any] = {"to": 5, "a_day": 2000}
SPECIAL: dict[str, list[dict[str, Any]]] = {
    "clock_drift": [{"a_day": 3600}],
    "recording_gap": [{"ago": 50_400}],  # of the day before, which is the one that is told of
    "recordings_incomplete": [{"ago": 50_400}, {"ago": 50_400, "device": "vms"}],
    "picture_spoilt": [{"how": str(how)} for how in Spoilt if how is not Spoilt.INFRARED_DEAD],
    "misbehaves": [{"how": str(how)} for how in Misbehaviour],
    "disk_fails": [{"state": state} for state in ("error", "smart_failing", "unformatted", "missing")],
    "retention_falls": [
        *({"cause": cause} | FALLING for cause in ("undersized", "bitrate", "cameras_added", "lost_disk")),
        *({"cause": cause, "device": "vms"} | FALLING for cause in ("undersized", "bitrate")),
    ],
    "process_down": [{"device": "vms"}],
    "write_rate": [{"device": "vms-ch1"}],
    "backup_stale": [],  # takes a night: below
    "backup_unreadable": [{"device": "backups"}],
    "array_degraded": [{"device": "md0"}],
    "disk_gone": [{}, {"device": "md0"}],
    "door_silent": [{"how": "controller"}, {"how": "events"}],
    "poe_lost": [{}, {"ports": 1}],
    "volume_grows": [{"a_day": 5}],
    "disk_wears": [{"what": "pending_sectors", "a_day": 500}],
    "recording_stopped": [{}, {"device": "vms-ch1"}],
}
CASES: list[tuple[str, dict[str, Any]]] = [(kind, {}) for kind in KINDS if kind not in SPECIAL]
CASES += [(kind, more) for kind, several in SPECIAL.items() for more in several]


class Heard(NamedTuple):
    """What a hub heard of a site. Times are seconds from the start, by a right clock."""

    values: dict[str, dict[int, dict[str, float]]]
    """Device → time → metric → number."""
    events: list[dict[str, Any]]
    facts: list[tuple[int, dict[str, dict[str, Any]]]]
    states: list[str]
    reports: list[dict[str, Any]]


def hear(script: Scenario) -> Heard:
    """Read as plain JSON: that every line decodes is another test's matter."""
    heard = Heard({}, [], [], [], [])
    for row in map(json.loads, lines(script)):
        verb, payload = row.get("topic", "").rpartition("/")[2], json.loads(row.get("payload", "null"))
        if verb == "inventory":
            found = {device["device"]: device["facts"] for device in payload["devices"]}
            heard.facts.append(((row["received"] - START) // 1000, found))
        elif verb == "status":
            heard.states.append(payload["state"])
        elif verb == "report":
            heard.reports.append(payload)
            heard.events.extend(payload.get("events", []))
            for sample in payload["samples"]:
                second = (sample["at"] + round(payload["offset"]["ms"]) - START) // 1000
                heard.values.setdefault(sample["device"], {}).setdefault(second, {}).update(sample["values"])
    return heard


def with_fault(fault: str) -> Scenario:
    """The site and this fault alone; YAML is slow to read."""
    return SCRIPT.model_copy(update={"faults": [FAULT.validate_json(fault)]})


def first(kind: str, more: Mapping[str, Any]) -> str:
    """Whom it befalls here."""
    return str(more.get("device", DEVICES[KINDS[kind].befalls[0]]))


def befallen(kind: str, **more: Any) -> Heard:
    device = more.pop("device", DEVICES[KINDS[kind].befalls[0]])
    return _played(json.dumps({"at": BEGIN, "for": END - BEGIN, "kind": kind, "device": device, **more}))


@functools.lru_cache(maxsize=100)
def _played(fault: str) -> Heard:
    return hear(with_fault(fault))


def while_ill(values: Mapping[int, dict[str, float]]) -> dict[str, float]:
    """The last values that were told in the time of the fault."""
    told = [one for at, one in sorted(values.items()) if BEGIN + 240 <= at < END]
    return {name: value for one in told for name, value in one.items()}


def afterwards(values: Mapping[int, dict[str, float]]) -> dict[str, float]:
    """The last values told after it."""
    return {name: value for at, one in sorted(values.items()) if at >= END + 300 for name, value in one.items()}


def names(values: Mapping[int, dict[str, float]], begin: int, end: int) -> set[str]:
    return {name for at, one in values.items() if begin <= at < end for name in one}


HEALTHY = hear(SCRIPT)
STEADY = ("humidity_ratio",)
JITTERY = ("_seconds", "celsius", "_ratio", "watts", "_bytes", "bytes_per_second")


def flags(values: Mapping[str, float]) -> dict[str, float]:
    """Those that say yes or no, but for what is known only since it happened once."""
    learned = (
        *("fan_failure", "video_loss", "unexpected_reboots", "footage_reads", "process_restarts"),
        *("inodes_used_ratio", "certificate_left_days", "recording_segments", "picture_baseline_samples"),
    )
    return {name: value for name, value in values.items() if not name.endswith(JITTERY) and name not in learned}


def differences(ill: Heard, device: str) -> set[str]:
    before, after = while_ill(HEALTHY.values[device]), while_ill(ill.values.get(device, {}))
    lost = {name for name in before if name not in after}
    changed = {
        name
        for name, value in after.items()
        if name not in before
        or abs(value - before[name]) > (0.2 if name in STEADY else 0.5 * abs(before[name]) + 0.4)
        or value > 10 * before[name] > 0
    }
    jittery = {name for name in changed if name.startswith(("network_re", "network_tr", "stream_re", "ping_s"))}
    slight = {name for name in jittery if 0.1 * before.get(name, 0.0) < after[name] < 10 * before.get(name, 0.0)}
    return lost | (changed - slight)


@pytest.mark.parametrize(("kind", "more"), CASES)
def test_a_fault_shows_while_it_lasts_and_heals(kind: str, more: dict[str, Any]) -> None:
    ill = befallen(kind, **more)
    device = first(kind, more)
    events = [event for event in ill.events if event not in HEALTHY.events]
    facts = [found for at, found in ill.facts if at >= BEGIN]
    shown = any(differences(ill, part) for part in PARTS.get(device, [device, f"{device}-host"]))
    assert shown or events or facts or ill.states != HEALTHY.states, "it leaves no trace"
    for part in PARTS.get(device, [device]):
        assert flags(afterwards(ill.values[part])) == flags(afterwards(HEALTHY.values[part]))


@pytest.mark.parametrize(("kind", "more"), [one for one in CASES if KINDS[one[0]].befalls != (DeviceKind.AGENT,)])
def test_a_fault_touches_no_other_device(kind: str, more: dict[str, Any]) -> None:
    ill = befallen(kind, **more)
    own = PARTS[first(kind, more)]
    for device, values in HEALTHY.values.items():
        if device not in own:
            assert ill.values[device] == values, device


def test_a_camera_without_power_is_not_there_and_nothing_else_is_known_of_it() -> None:
    values = while_ill(befallen("camera_off").values["cam-1"])
    assert (values["reachable"], values["connectable"], values["ping_loss_ratio"]) == (0.0, 0.0, 1.0)
    assert not {"authenticated", "streaming", "response_seconds", "clock_offset_seconds", "fan_failure"} & values.keys()


def test_a_device_that_has_come_back_is_asked_everything_at_once() -> None:
    script = SITE.replace("stream_check_seconds: 60", "stream_check_seconds: 3500")
    fault = {"at": BEGIN, "for": END - BEGIN, "kind": "camera_off", "device": "cam-1"}
    values = hear(parse(f"{script}faults: [{json.dumps(fault)}]")).values["cam-1"]
    assert "streaming" in names(values, END, END + 241)


def test_nonsense_is_an_answer_and_silence_is_none() -> None:
    garbage = while_ill(befallen("misbehaves", how="garbage").values["cam-1"])
    assert (garbage["reachable"], garbage["authenticated"], garbage["streaming"]) == (1.0, 1.0, 1.0)
    assert "response_seconds" not in garbage
    drip = while_ill(befallen("misbehaves", how="drip").values["cam-1"])
    assert (drip["reachable"], drip["connectable"]) == (0.0, 1.0)
    assert "authenticated" not in drip


def test_of_a_recorder_that_is_off_nobody_knows_the_channels_and_disks() -> None:
    ill = befallen("recorder_off")
    assert while_ill(ill.values["nvr-1"])["reachable"] == 0.0
    for part in PARTS["nvr-1"][1:]:
        assert not while_ill(ill.values[part])


def test_a_recorder_that_tells_its_time_to_accounts_only_is_silent_while_the_account_rests() -> None:
    hikvision = befallen("recorder_password").values["nvr-1"]
    asked = [at for at, one in hikvision.items() if BEGIN <= at < END and "authenticated" in one]
    assert len(asked) == 2  # at once, and half an hour later
    over_onvif = while_ill(befallen("recorder_password", device="nvr-3").values["nvr-3"])
    assert (over_onvif["reachable"], over_onvif["authenticated"], over_onvif["events_subscribed"]) == (1.0, 0.0, 0.0)


OVER_ONVIF_UNTOLD = (
    *("video_loss", "recording_gap", "recordings_incomplete", "disk_fails", "footage_taken", "account_added"),
)


@pytest.mark.parametrize("kind", OVER_ONVIF_UNTOLD)
def test_over_onvif_some_faults_leave_no_trace_and_that_is_said(kind: str) -> None:
    device = "nvr-3" if KINDS[kind].befalls == (DeviceKind.RECORDER,) else "nvr-3-ch1"
    ill = befallen(kind, device=device)
    assert ill.values == HEALTHY.values
    assert ill.events == HEALTHY.events
    fault = {"at": BEGIN, "for": 60, "kind": kind, "device": device}
    (sentence,) = untold(with_fault(json.dumps(fault)))
    assert sentence.startswith(f"{kind} of {device} shows nowhere: ")
    assert not untold(SCRIPT)


def test_a_recording_that_stopped_ages_and_stalls() -> None:
    told = befallen("recording_stopped").values["nvr-1-ch1"]
    ages = [one["recording_newest_age_seconds"] for at, one in sorted(told.items()) if BEGIN + 240 <= at < END]
    assert ages == sorted(ages)
    stalled = [one["recording_stalled"] for at, one in sorted(told.items()) if BEGIN <= at < END]
    assert (stalled[0], stalled[-1]) == (0.0, 1.0)


def test_a_backup_that_is_no_longer_made_grows_old() -> None:
    script = with_fault('{"kind": "backup_stale", "device": "backups", "at": 3600, "for": 259200}')
    told = hear(script.model_copy(update={"length": 4.0 * 86_400, "interval": 3600.0})).values["backups"]
    ages = [(at, values["backup_age_seconds"]) for at, values in sorted(told.items())]
    assert max(age for at, age in ages if at < 3600) < 86_400
    assert max(age for at, age in ages if at < 262_800) > 3 * 86_400
    assert all(age < 86_400 for at, age in ages if at >= 262_800)


def test_a_camera_behind_a_dead_port_is_dark_and_behind_another_is_not() -> None:
    behind = SCRIPT.agents[0].model_copy(update={"behind": {"cam-1": "switch-1-p1", "cam-2": "switch-1-p2"}})
    for fault in ("power_lost", "port_down", "poe_lost", "switch_off"):
        device = "switch-1" if fault in ("poe_lost", "switch_off") else "switch-1-p1"
        more = ', "ports": 1' if fault == "poe_lost" else ""
        script = with_fault(f'{{"kind": "{fault}", "device": "{device}", "at": 1200, "for": 2400{more}}}')
        told = hear(script.model_copy(update={"agents": [behind]})).values
        assert while_ill(told["cam-1"])["connectable"] == 0.0
        assert while_ill(told["cam-2"])["connectable"] == float(fault != "switch_off")


def test_a_camera_more_is_there_from_then_on_and_its_history_is_young() -> None:
    ill = befallen("retention_falls", cause="cameras_added", to=5, a_day=2000)
    assert min(ill.values["nvr-1-ch3"]) >= BEGIN
    assert "nvr-1-ch3" not in ill.facts[0][1]
    assert ill.facts[-1][1]["nvr-1-ch3"]["recording_since"] == START + BEGIN * 1000


def test_reports_wait_where_the_way_is_narrow_and_come_at_the_end() -> None:
    ill = befallen("uplink_slow", share=0.7)
    waiting = {at: values["spool_reports"] for at, values in ill.values["gateway"].items()}
    assert max(waiting.values()) >= 4
    assert waiting[max(waiting)] == 0
    assert len(ill.values["gateway"]) == len(HEALTHY.values["gateway"])


def test_a_narrow_way_is_as_narrow_after_an_outage() -> None:
    slow = with_fault(f'{{"kind": "uplink_slow", "device": "gateway", "at": {BEGIN}, "for": 2400, "share": 0.5}}')
    down = FAULT.validate_json('{"kind": "uplink_down", "device": "gateway", "at": 2410, "for": 60}')
    told = hear(slow.model_copy(update={"faults": [*slow.faults, down]})).values["gateway"]
    waiting = [values["spool_reports"] for at, values in sorted(told.items()) if BEGIN <= at < END]
    assert waiting == sorted(waiting)


def test_a_download_is_told_by_the_recorder_and_names_the_channel() -> None:
    (event,) = [one for one in befallen("footage_taken").events if one["type"] == "footage.downloaded"]
    assert event["device"] == "nvr-1"
    assert event["data"] == {"user": "admin", "address": "10.0.0.99", "channel": "nvr-1-ch1"}


def test_a_door_that_is_forced_alarms_and_opens_and_its_bolt_does_not_move() -> None:
    ill = befallen("door_forced")
    values = while_ill(ill.values["door-1"])
    assert (values["door_open"], values["door_alarm"], values["door_locked"]) == (1.0, 1.0, 1.0)
    at = START + BEGIN * 1000
    assert [event["type"] for event in ill.events if event["at"] == at] == ["door.alarm", "door.opened"]


def test_firmware_is_a_fact_of_all_and_an_event_of_cameras() -> None:
    camera, recorder = befallen("firmware_changed"), befallen("firmware_changed", device="nvr-1")
    for heard, device in ((camera, "cam-1"), (recorder, "nvr-1")):
        firmwares = [found[device]["firmware"] for _, found in heard.facts if device in found]
        assert firmwares[1] == "9.9"
        assert firmwares[0] == firmwares[2]
    changed = "device.firmware_changed"
    assert [one["data"]["after"] for one in camera.events if one["type"] == changed] == ["9.9", "1.0"]
    assert not [one for one in recorder.events if one["type"] == changed]


@pytest.mark.parametrize(("kind", "by"), [("agent_clock_jump", {"by": "-2h"}), ("agent_clock_drift", {"a_day": 3600})])
def test_an_agents_wrong_clock_shows_and_its_offset_makes_it_right(kind: str, by: dict[str, Any]) -> None:
    ill = befallen(kind, **by)
    worst = max(ill.reports, key=lambda report: abs(report["offset"]["ms"]))
    offset = worst["offset"]["ms"] / 1000
    assert abs(offset) > 60
    for report, well in zip(ill.reports, HEALTHY.reports, strict=True):
        assert abs(report["sent"] + report["offset"]["ms"] - well["sent"]) < 50
        assert report["mono"] == well["mono"]
    values = {sample["device"]: sample["values"] for sample in worst["samples"]}
    assert abs(values["gateway-host"]["clock_offset_seconds"] - offset) < 0.1
    # What the hub makes of a camera's clock: its distance to ours, and ours to the reference.
    assert abs(values["cam-1"]["clock_offset_seconds"] + offset) < 0.5
