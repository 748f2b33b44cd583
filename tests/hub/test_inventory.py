"""What becomes of devices and their findings when an agent says anew what it has."""

from tests.hub.fleets import DEVICES, SITE, T0, Timeline
from wire.messages import Device, DeviceKind


def test_a_device_that_leaves_the_inventory_takes_its_findings_along() -> None:
    line = Timeline({"camera_unreachable": {"hold_seconds": 0}})
    line.sample(1, "cam-1", reachable=0)
    taken = line.engine.inventory(line.state, [d for d in DEVICES if d.device != "cam-1"], T0 + 5_000)
    line.take()
    assert taken.vanished == ["cam-1"]
    assert line.log == ["1 cam-1 camera_unreachable opened", "5 cam-1 camera_unreachable closed"]


def test_a_rule_that_no_longer_applies_closes_its_finding() -> None:
    line = Timeline({"volume_filling": {"hold_seconds": 0}})
    line.sample(1, "vol-system", fill_ratio=0.95)
    facts = {"role": "recording", "overwrites": True}
    changed = [d.model_copy(update={"facts": facts}) if d.device == "vol-system" else d for d in DEVICES]
    line.engine.inventory(line.state, changed, T0 + 2_000)
    line.take()
    line.sample(3, "vol-system", fill_ratio=0.97)
    assert line.log == ["1 vol-system volume_filling opened", "2 vol-system volume_filling closed"]


def test_a_device_another_agent_has_claimed_stays_with_it() -> None:
    line = Timeline()
    other = line.engine.hear(SITE, "intruder", T0)
    claimed = [Device(device="cam-1", kind=DeviceKind.CAMERA), Device(device="gateway", kind=DeviceKind.AGENT)]
    taken = line.engine.inventory(other, claimed, T0)
    assert taken.accepted == []
    assert taken.conflicts == ["cam-1", "gateway"]
    assert line.engine.sites[SITE].devices["cam-1"].agent == "gateway"


def test_a_device_of_a_kind_from_a_later_version_is_left_out_and_named() -> None:
    line = Timeline()
    taken = line.engine.inventory(line.state, [*DEVICES, Device(device="drone-1", kind="drone")], T0)
    assert taken.unknown_kinds == ["drone-1"]
    assert len(taken.accepted) == len(DEVICES)


def test_a_device_of_another_kind_under_the_same_id_is_another_device() -> None:
    line = Timeline({"camera_unreachable": {"hold_seconds": 0}})
    line.sample(1, "cam-1", reachable=0)
    encoder = [d.model_copy(update={"kind": DeviceKind.RECORDER}) if d.device == "cam-1" else d for d in DEVICES]
    taken = line.engine.inventory(line.state, encoder, T0 + 5_000)
    line.take()
    assert taken.vanished == []
    assert line.log == ["1 cam-1 camera_unreachable opened", "5 cam-1 camera_unreachable closed"]
    device = line.engine.sites[SITE].devices["cam-1"]
    assert (device.kind, dict(device.latest), device.findings) == (DeviceKind.RECORDER, {}, {})


def test_an_agent_takes_its_own_id_from_whoever_named_a_device_so() -> None:
    line = Timeline({"camera_unreachable": {"hold_seconds": 0}})
    line.sample(1, "cam-1", reachable=0)
    line.engine.hear(SITE, "cam-1", T0 + 2_000)
    line.take()
    assert line.log == ["1 cam-1 camera_unreachable opened", "2 cam-1 camera_unreachable closed"]
    assert line.engine.sites[SITE].devices["cam-1"].agent == "cam-1"
