"""The disks collector: presence, SMART and arrays together, over a made-up /sys and smartctl, and over the real."""

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent import tool
from agent.collector import CollectError, Context, Interruptible, Measurement, NotAvailable, Reading, discover
from agent.collectors.disks import DisksSettings, build, plugin, run_smartctl
from agent.machine import block_devices, smart_reader
from agent.machine.smart import Outcome, parse
from tests.agent.machine.disk_tree import SATA, USB, DiskTree
from tests.waiting import wait_until
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

SAMPLES = Path(__file__).parent / "samples/disks"
SEAGATE = "gate-host-disk-wsd0a1b2"
WD = "gate-host-disk-wd-wcc4e1234567"


class Smartctl:
    """Answers by device file from samples, and keeps what it was asked."""

    def __init__(self, **answers: str) -> None:
        self.answers = {"scan": "scan_none", **answers}
        self.asked: list[list[str]] = []
        self.missing = False
        self.hangs: set[str] = set()
        self.ended: set[str] = set()

    def __call__(self, arguments: Sequence[str], timeout: float) -> tool.Output:
        if self.missing:
            raise NotAvailable("smartctl is not installed: apt-get install smartmontools")
        self.asked.append(list(arguments))
        path = arguments[-1]
        if path in self.ended:
            return tool.Output(-15, b"", "")
        if path in self.hangs or (path == "--scan-open" and "scan" in self.hangs):
            raise CollectError(f"smartctl did not end within {timeout:g} s")
        key = f"{path} {arguments[-2]}" if "-d" in arguments else path
        name = self.answers["scan" if path == "--scan-open" else key.removeprefix("/dev/")]
        text = (SAMPLES / f"{name}.json").read_bytes()
        return tool.Output(json.loads(text)["smartctl"]["exit_status"], text, "")

    def paths(self) -> "list[str]":
        return [one[-1] for one in self.asked if one[-1] != "--scan-open"]


class Machine:
    """A gateway's disks, collected as the agent would."""

    def __init__(self, tmp_path: Path, **settings: Any) -> None:
        self.tree = DiskTree(tmp_path)
        self.smartctl = Smartctl()
        self.mdstat = tmp_path / "mdstat"
        self.state = tmp_path / "state"
        self.start(**settings)

    def start(self, **settings: Any) -> None:
        """The agent starts, or starts anew."""
        context = Context(agent="gate", host="gate-host", state=self.state)
        self.asking, self.presence, self.arrays = build(
            DisksSettings(**settings), context, run=self.smartctl, sys=self.tree.sys, mdstat=self.mdstat
        )

    def round(self) -> "dict[str, list[dict[str, float]]]":
        """One run of all three; what was said of each device."""
        readings = [self.asking.collect(), self.presence.collect(), self.arrays.collect()]
        assert not any(one.problem for one in readings)
        return said(one for reading in readings for one in reading.measurements)


def said(measurements: Any) -> "dict[str, list[dict[str, float]]]":
    told: dict[str, list[dict[str, float]]] = {}
    for one in measurements:
        assert isinstance(one, Measurement)
        told.setdefault(one.device, []).append(dict(one.values))
    return told


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.tree.scsi("sda", SATA.format(n=1), serial="WSD0A1B2", model="ST8000VX004-2M11")
    made.tree.scsi("sdb", SATA.format(n=2), serial="WD-WCC4E1234567")
    made.smartctl.answers |= {"sda": "ata_seagate", "sdb": "ata_wd"}
    return made


def facts(reading: Reading, device: str) -> "dict[str, Any]":
    return next(dict(one.facts) for one in reading.devices or () if one.device == device)


def test_all_that_is_sent_is_declared_and_in_the_catalogue(machine: Machine) -> None:
    assert discover()["disks"] is plugin
    assert all(DeviceKind.DISK in BY_NAME[name].kinds for name in plugin.metrics)
    machine.tree.nvme("nvme0n1", serial="S4EWNF0M123456X", celsius=44)
    machine.tree.scsi("sdc", SATA.format(n=3), serial="S3Z1NB0K123456A")
    machine.smartctl.answers |= {"nvme0n1": "nvme", "sdc": "ssd_samsung"}
    machine.mdstat.write_bytes((SAMPLES / "mdstat_degraded.txt").read_bytes())
    sent = {name for told in machine.round().values() for values in told for name in values}
    assert sent == set(plugin.metrics)


def test_a_start_tells_presence_and_smart_at_once_and_then_presence_alone(machine: Machine) -> None:
    told = machine.round()
    assert told[SEAGATE][0] == {"present": 1.0}
    assert told[SEAGATE][1]["smart_command_timeouts"] == 15.0
    assert told[WD][1]["smart_healthy"] == 0.0
    machine.smartctl.asked.clear()
    assert machine.round() == {SEAGATE: [{"present": 1.0}], WD: [{"present": 1.0}]}
    assert machine.smartctl.asked == []


def test_smart_values_carry_the_moment_they_were_read(machine: Machine) -> None:
    before = time.monotonic()
    machine.asking.collect()
    after = time.monotonic()
    moments = [one.mono for one in machine.presence.collect().measurements if "smart_healthy" in one.values]
    assert len(moments) == 2
    assert all(moment is not None and before <= moment <= after for moment in moments)


def test_no_sleeping_disk_is_woken_and_it_is_present_all_the_same(machine: Machine) -> None:
    machine.smartctl.answers["sdb"] = "standby"
    told = machine.round()
    assert told[WD] == [{"present": 1.0}]
    assert all("standby,3" in one for one in machine.smartctl.asked if one[-1] != "--scan-open")


def test_the_inventory_says_what_each_disk_is_and_changes_only_once(machine: Machine) -> None:
    machine.asking.collect()
    reading = machine.presence.collect()
    assert facts(reading, SEAGATE) == {
        "model": "ST8000VX004-2M1101",
        "serial": "WSD0A1B2",
        "firmware": "AV01",
        "interface": "ata",
        "path": "/dev/sda",
        "place": "pci0000:00/0000:00:17.0/ata1/0:0:0",
        "capacity_bytes": 8001563222016.0,
        "rotates": "yes",
        "rotation_rpm": 7200.0,
        "smart": "read",
    }
    machine.asking.collect()
    assert machine.presence.collect().devices is None


def test_a_disk_that_vanishes_is_missing_until_it_is_back_over_a_restart(machine: Machine) -> None:
    machine.round()
    machine.tree.pull("sdb")
    assert machine.round()[WD] == [{"present": 0.0}]
    machine.start()
    told = machine.round()
    assert told[WD] == [{"present": 0.0}]
    assert len(told[SEAGATE]) == 2
    machine.tree.scsi("sdf", SATA.format(n=2), serial="WD-WCC4E1234567")
    machine.smartctl.answers["sdf"] = "ata_wd"
    told = machine.round()
    assert told[WD][0] == {"present": 1.0}
    assert len(told[WD]) == 2, "a disk that is back is asked at once"


def test_a_disk_taken_away_for_good_is_no_longer_missed(machine: Machine) -> None:
    machine.round()
    machine.tree.pull("sdb")
    machine.start(forget=["WD-WCC4E1234567"])
    assert WD not in machine.round()


def test_empty_slots_and_sticks_are_no_disks_unless_they_are_to_be(machine: Machine) -> None:
    machine.tree.scsi("sdd", USB.format(n=4), size=0, removable="1", serial="READER1")
    machine.tree.scsi("sde", USB.format(n=5), removable="1", serial="STICK1")
    assert set(machine.round()) == {SEAGATE, WD}
    machine.smartctl.answers["sde"] = "usb_bridge_unknown"
    machine.start(removable=True)
    assert set(machine.round()) == {SEAGATE, WD, "gate-host-disk-stick1"}


def test_an_unknown_usb_bridge_is_no_failure_and_can_be_named(machine: Machine) -> None:
    machine.tree.scsi("sdf", USB.format(n=1), serial="WX1234", vendor="WD", model="Elements 2621")
    machine.smartctl.answers |= {"sdf": "usb_bridge_unknown", "sdf sat": "ssd_crucial"}
    assert machine.round()["gate-host-disk-wx1234"] == [{"present": 1.0}]
    machine.start(types={"WX1234": "sat"})
    assert machine.round()["gate-host-disk-wx1234"][1]["smart_wear_ratio"] == pytest.approx(0.11)


def test_a_virtual_machines_disk_is_present_and_nobody_asks_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.smartctl.missing = True
    machine.tree.virtio("vda", "overlayblk")
    assert machine.round() == {"gate-host-disk-overlayblk": [{"present": 1.0}]}


def test_without_smartctl_presence_and_arrays_go_on(machine: Machine) -> None:
    machine.smartctl.missing = True
    machine.mdstat.write_bytes((SAMPLES / "mdstat_whole.txt").read_bytes())
    for _ in range(2):
        with pytest.raises(NotAvailable, match="apt-get install smartmontools"):
            machine.asking.collect()
        assert said(machine.presence.collect().measurements) == {SEAGATE: [{"present": 1.0}], WD: [{"present": 1.0}]}
        assert len(machine.arrays.collect().measurements) == 4


def test_a_missing_permission_is_named_until_it_is_there(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.tree.nvme("nvme0n1", serial="S4EWNF0M123456X")
    machine.smartctl.answers |= {"sda": "denied", "sdb": "ata_wd", "nvme0n1": "nvme_denied"}
    expected = (
        r"smartctl may not read /dev/nvme0n1, /dev/sda: allow the agent CAP_SYS_ADMIN \(NVMe\) and CAP_SYS_RAWIO "
        r"\(ATA, SAS\), and read access to the device \(group disk\): "
        r"copy the systemd drop-in disks\.conf and nvme\.conf$"
    )
    for _ in range(2):
        with pytest.raises(NotAvailable, match=expected):
            machine.asking.collect()
    told = said(machine.presence.collect().measurements)
    assert told[SEAGATE] == [{"present": 1.0}]
    assert told[WD][1]["smart_healthy"] == 0.0, "what could be read is kept"
    machine.smartctl.answers |= {"sda": "ata_seagate", "nvme0n1": "nvme"}
    monkeypatch.setattr(smart_reader, "RETRY_SECONDS", 0.0)
    machine.start()
    assert machine.round()[SEAGATE][1]["smart_healthy"] == 1.0


def test_a_disk_without_its_device_file_is_withheld_from_us(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.tree.scsi("sdnone", SATA.format(n=1), serial="WSD0A1B2")
    machine.smartctl.answers["sdnone"] = "gone"
    with pytest.raises(NotAvailable, match=r"may not read /dev/sdnone: .* copy the systemd drop-in disks\.conf$"):
        machine.asking.collect()
    assert said(machine.presence.collect().measurements) == {SEAGATE: [{"present": 1.0}]}


def test_a_disk_that_is_no_such_device_though_its_file_is_there_fails(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.tree.scsi("null", SATA.format(n=1), serial="WSD0A1B2")  # a name that /dev has for sure
    machine.smartctl.answers["null"] = "gone"
    assert "No such device" in machine.asking.collect().problem


def test_a_disk_pulled_out_while_it_is_asked_fails(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.tree.scsi("sdnone", SATA.format(n=1), serial="WSD0A1B2")
    machine.smartctl.answers["sdnone"] = "gone"

    def pulled(arguments: Sequence[str], timeout: float) -> tool.Output:
        if arguments[-1] == "/dev/sdnone":
            machine.tree.pull("sdnone")
        return machine.smartctl(arguments, timeout)

    context = Context(agent="gate", host="gate-host")
    asking, _, _ = build(DisksSettings(), context, run=pulled, sys=machine.tree.sys, mdstat=machine.mdstat)
    assert "No such device" in asking.collect().problem


def test_a_smartctl_that_was_ended_is_told_as_that(machine: Machine) -> None:
    machine.smartctl.ended.add("/dev/sda")
    assert machine.asking.collect().problem == "/dev/sda: smartctl was ended by signal 15"
    machine.start()
    machine.smartctl.ended = {"--scan-open"}
    assert machine.asking.collect().problem == "smartctl was ended by signal 15"


def test_one_disk_that_fails_does_not_hide_the_others_and_is_asked_again_in_an_hour(machine: Machine) -> None:
    machine.smartctl.hangs.add("/dev/sda")
    for _ in range(2):
        assert machine.asking.collect().problem == "/dev/sda: smartctl did not end within 30 s"
    assert machine.smartctl.paths() == ["/dev/sda", "/dev/sdb"], "not at every run"
    told = said(machine.presence.collect().measurements)
    assert (told[SEAGATE], len(told[WD])) == ([{"present": 1.0}], 2)


def test_a_disk_that_gave_smart_values_and_no_longer_does_is_a_problem(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.round()
    machine.smartctl.answers["sda"] = "usb_bridge_unknown"
    later = time.monotonic() + 25 * 3600
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert "gave SMART values before" in machine.asking.collect().problem


def test_smart_is_asked_again_after_its_interval(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.round()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 23 * 3600)
    assert len(machine.round()[SEAGATE]) == 1
    monkeypatch.setattr(time, "monotonic", lambda: now + 24.1 * 3600)
    assert len(machine.round()[SEAGATE]) == 2


def test_asking_many_slow_disks_is_spread_over_several_runs(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]

    def slow(arguments: Sequence[str], timeout: float) -> tool.Output:
        clock[0] += 100.0
        return Smartctl.__call__(machine.smartctl, arguments, timeout)

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    context = Context(agent="gate", host="gate-host")
    asking, _, _ = build(DisksSettings(), context, run=slow, sys=machine.tree.sys, mdstat=machine.mdstat)
    asked = []
    for _ in range(4):
        asking.collect()
        asked.append(len(machine.smartctl.paths()))
    assert asked == [0, 1, 2, 2]


def test_a_disk_behind_a_raid_controller_is_watched_and_missed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = "gate-host-disk-za10wxyz0000r712"
    machine.smartctl.answers |= {"scan": "scan_raid", "bus/0 megaraid,3": "megaraid"}
    machine.asking.collect()
    reading = machine.presence.collect()
    told = said(reading.measurements)
    assert told[hidden][0] == {"present": 1.0}
    assert told[hidden][1]["smart_reallocated_sectors"] == 12.0
    assert facts(reading, hidden)["behind"] == "megaraid,3"
    assert machine.round()[hidden] == [{"present": 1.0}]
    machine.smartctl.answers["scan"] = "scan_none"
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 25 * 3600)
    assert machine.round()[hidden] == [{"present": 0.0}]


def test_whether_a_hidden_disk_is_there_is_not_known_while_nobody_can_look(machine: Machine) -> None:
    hidden = "gate-host-disk-za10wxyz0000r712"
    machine.smartctl.answers |= {"scan": "scan_raid", "bus/0 megaraid,3": "megaraid"}
    machine.round()
    machine.smartctl.hangs.add("scan")
    machine.start()
    assert "did not end" in machine.asking.collect().problem
    assert hidden not in said(machine.presence.collect().measurements)
    machine.smartctl.hangs.clear()
    machine.smartctl.answers["bus/0 megaraid,3"] = "denied"
    machine.start()
    with pytest.raises(NotAvailable, match="CAP_SYS_RAWIO"):
        machine.asking.collect()
    assert hidden not in said(machine.presence.collect().measurements)


def test_a_machine_without_disks_says_so(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.asking.collect()
    with pytest.raises(NotAvailable, match="no disk is to be seen"):
        machine.presence.collect()


def test_a_machine_without_sys_is_a_failure(tmp_path: Path) -> None:
    asking, presence, _ = build(DisksSettings(), Context(agent="gate", host="gate-host"), sys=tmp_path)
    for collector in (asking, presence):
        with pytest.raises(CollectError, match="No such file"):
            collector.collect()


def test_both_can_be_told_to_hurry(machine: Machine) -> None:
    assert isinstance(machine.presence, Interruptible)
    assert isinstance(machine.asking, Interruptible)
    readings: list[Reading] = []
    waiting = threading.Thread(target=lambda: readings.append(machine.presence.collect()))
    waiting.start()
    machine.presence.interrupt()
    wait_until(lambda: readings, 10.0, "presence told without waiting for SMART")
    waiting.join()
    assert set(said(readings[0].measurements)) == {SEAGATE, WD}
    machine.asking.interrupt()
    machine.asking.collect()
    assert machine.smartctl.paths() == []


@pytest.mark.parametrize(
    "settings",
    [{"types": {"A": "-x"}}, {"types": {"A": "sat /dev/sda"}}, {"smart_hours": 0}, {"forgot": []}],
)
def test_wrong_settings_are_refused(settings: "dict[str, Any]") -> None:
    with pytest.raises(ValidationError):
        DisksSettings(**settings)


def test_a_real_run_on_this_machine(tmp_path: Path) -> None:
    asking, presence, arrays = build(DisksSettings(), Context(agent="gate", host="gate-host", state=tmp_path))
    if not block_devices.read():
        pytest.skip("this machine shows no disk in /sys/block")
    try:
        asking.collect()
    except NotAvailable as reason:
        assert "smartctl" in str(reason)  # noqa: PT017 - either way is well
    told = said(presence.collect().measurements)
    assert told
    assert all(values[0]["present"] == 1.0 for values in told.values())
    arrays.collect()


def test_the_real_smartctl_on_this_machine(tmp_path: Path) -> None:
    if shutil.which("smartctl", path=tool.SEARCH_PATH) is None:
        pytest.skip("smartctl is not installed")
    assert run_smartctl(("smartctl", "-j", "--scan-open"), 30.0).stdout.startswith(b"{")
    missing = tmp_path / "no-disk"
    output = run_smartctl(("smartctl", "-j", "-a", "-n", "standby,3", "-d", "sat", str(missing)), 30.0)
    assert parse(output.stdout, output.status).outcome is Outcome.FAILED
    for disk in block_devices.read():
        if disk.interface == "virtio" and os.geteuid() == 0:
            output = run_smartctl(("smartctl", "-j", "-a", "-n", "standby,3", disk.path), 30.0)
            smart = parse(output.stdout, output.status)
            assert (smart.outcome, dict(smart.values)) == (Outcome.UNSUPPORTED, {})


def test_the_real_smartctl_without_the_right_to_read() -> None:
    if os.geteuid() != 0 or shutil.which("smartctl", path=tool.SEARCH_PATH) is None:
        pytest.skip("wants root, to become nobody, and smartctl")
    disks = block_devices.read()
    if not disks:
        pytest.skip("this machine shows no disk in /sys/block")
    command = ["smartctl", "-j", "-a", "-n", "standby,3", "-d", "sat", disks[0].path]
    done = subprocess.run(command, capture_output=True, user="nobody", group="nogroup", extra_groups=[], timeout=30)
    assert parse(done.stdout, done.returncode).outcome is Outcome.DENIED
