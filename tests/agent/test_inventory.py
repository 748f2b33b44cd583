"""The inventory: put together, remembered, and never half known."""

from collections.abc import Mapping

import pytest

from agent.inventory import InventoryBook
from wire.codec import encode
from wire.messages import Device, DeviceKind

AGENT = Device(device="a", kind=DeviceKind.AGENT)
HOST = Device(device="h", kind=DeviceKind.HOST, facts={"machine": "x86"})


def camera(name: str) -> Device:
    return Device(device=name, kind=DeviceKind.CAMERA)


def book(parts: list[str], notes: dict[str, str] | None = None) -> InventoryBook:
    notes = {} if notes is None else notes
    return InventoryBook([AGENT, HOST], parts, notes.get, notes.__setitem__)


def names(one: InventoryBook) -> list[str]:
    whole = one.whole()
    assert whole is not None
    return [device.device for device in whole.devices]


def test_without_collectors_it_is_agent_and_host() -> None:
    assert names(book([])) == ["a", "h"]


def test_it_is_unknown_until_every_part_was_said_or_given_up_on() -> None:
    one = book(["cameras", "doors", "volumes"])
    one.update("cameras", [camera("c")])
    one.update("doors", None)
    assert one.whole() is None
    one.settle()
    assert names(one) == ["a", "h", "c"]


def test_parts_are_remembered_over_a_restart_while_their_collector_is_silent() -> None:
    notes: dict[str, str] = {}
    book(["cameras"], notes).update("cameras", [camera("c")])
    assert names(book(["cameras"], notes)) == ["a", "h", "c"]
    assert names(book(["doors"], notes | {"inventory.doors": "[]"})) == ["a", "h"]


def test_an_unreadable_memory_is_no_memory() -> None:
    assert book(["cameras"], {"inventory.cameras": "[{"}).whole() is None


def test_a_part_replaces_the_one_before_and_the_hash_tells() -> None:
    one = book(["cameras"])
    one.update("cameras", [camera("c"), camera("d")])
    before = one.whole()
    one.update("cameras", [camera("d")])
    assert names(one) == ["a", "h", "d"]
    assert before is not None
    assert one.whole() != before
    again = one.whole()
    one.update("cameras", None)
    assert one.whole() is again


def test_a_collector_may_add_facts_about_the_host() -> None:
    one = book(["host"])
    one.update("host", [Device(device="h", kind=DeviceKind.HOST, name="box", facts={"os": "Debian"})])
    whole = one.whole()
    assert whole is not None
    assert whole.devices[1].facts == {"machine": "x86", "os": "Debian"}
    assert whole.devices[1].name == "box"


def test_a_second_claim_to_an_id_is_left_out_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    one = book(["cameras", "recorders"])
    one.update("cameras", [camera("c"), Device(device="h", kind=DeviceKind.CAMERA)])
    for _ in range(3):
        one.update("recorders", [Device(device="c", kind=DeviceKind.CHANNEL, name=str(_))])
    whole = one.whole()
    assert whole is not None
    assert [(d.device, d.kind) for d in whole.devices] == [("a", "agent"), ("h", "host"), ("c", "camera")]
    assert caplog.text.count("device=c collector=recorders") == 1


def test_an_inventory_too_large_for_the_wire_is_cut_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    one = book(["cameras"])
    big = [Device(device=f"c{n}", kind=DeviceKind.CAMERA, facts={"x": "y" * 900}) for n in range(400)]
    one.update("cameras", big)
    whole = one.whole()
    assert whole is not None
    assert 200 < len(whole.devices) < 300
    assert len(encode(whole)) <= 256 * 1024
    assert "too large" in caplog.text


def channel(name: str, recorder: str) -> Device:
    return Device(device=name, kind=DeviceKind.CHANNEL, parent=recorder)


def test_what_a_recorder_makes_up_takes_no_others_place() -> None:
    one = book(["recorders", "recorders-1"])
    recorder = Device(device="nvr", kind=DeviceKind.RECORDER)
    one.update("recorders", [recorder, channel("nvr-1", "nvr")])
    assert one.attributes("nvr-1", "recorders")
    one.update("recorders-1", [Device(device="nvr-1", kind=DeviceKind.RECORDER), channel("nvr-1-a", "nvr-1")])
    one.update("recorders", [recorder, channel("nvr-1", "nvr"), channel("nvr-1-a", "nvr"), channel("h", "nvr")])
    assert not one.attributes("nvr-1", "recorders")
    assert not one.attributes("nvr-1-a", "recorders")
    assert not one.attributes("h", "recorders")
    assert one.attributes("nvr-1-a", "recorders-1")
    assert one.attributes("h", "recorders-1")
    assert names(one) == ["a", "h", "nvr", "nvr-1", "nvr-1-a"]


def test_a_claim_that_was_not_allowed_is_not_remembered_either() -> None:
    notes: dict[str, str] = {}
    one = book(["cameras", "recorders"], notes)
    one.update("recorders", [camera("c")])
    one.update("cameras", [camera("c"), camera("d")])
    again = book(["cameras", "recorders"], notes)
    assert again.attributes("c", "recorders")
    assert names(again) == names(one) == ["a", "h", "d", "c"]


def test_of_an_inventory_too_large_only_the_largest_part_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    one = book(["recorders", "cameras", "doors"])
    facts: dict[str, str | float | bool | None] = {"x": "y" * 900}
    one.update("recorders", [Device(device=f"r{n}", kind=DeviceKind.CHANNEL, facts=facts) for n in range(2000)])
    one.update("cameras", [camera(f"c{n}") for n in range(300)])
    one.update("doors", [camera("d")])
    found = names(one)
    assert {"a", "h", "d", *(f"c{n}" for n in range(300))} < set(found)
    assert found.count("r0") == 1
    whole = one.whole()
    assert whole is not None
    assert 200 * 1024 < len(encode(whole)) <= 256 * 1024
    assert "collector=recorders" in caplog.text
    assert "collector=cameras" not in caplog.text
    assert one.attributes("r1999", "recorders")


# Exchanges while the agent runs


def test_devices_stay_while_their_collectors_are_exchanged_and_go_where_they_are_claimed() -> None:
    one = book(["v", "v-1", "v-2"])
    for name, device in (("v", "a1"), ("v-1", "b1"), ("v-2", "c1")):
        one.update(name, [camera(device)])
    one.hand_over(["v", "v-1", "v-2"], ["v", "v-1"])
    assert names(one) == ["a", "h", "a1", "b1", "c1"]
    one.update("v-1", [camera("c1")])
    assert one.attributes("c1", "v-1")
    assert names(one) == ["a", "h", "a1", "c1"]
    one.update("v", [camera("b1")])
    assert names(one) == ["a", "h", "b1", "c1"]


def test_one_that_never_says_its_part_keeps_what_was_known() -> None:
    one = book(["v"])
    one.update("v", [camera("a1")])
    one.hand_over(["v"], ["v"])
    one.update("v", None)
    assert names(one) == ["a", "h", "a1"]


def test_exchanges_in_a_row_leave_nothing_behind() -> None:
    one = book(["v", "v-1"])
    one.update("v", [camera("a1")])
    one.update("v-1", [camera("b1")])
    one.hand_over(["v", "v-1"], ["v"])
    one.hand_over(["v"], [])
    assert names(one) == ["a", "h"]
    one.hand_over([], ["v"])
    one.update("v", [camera("a1")])
    assert names(one) == ["a", "h", "a1"]


def test_a_collector_that_is_gone_is_not_waited_for() -> None:
    one = book(["v", "w"])
    one.update("w", [camera("b1")])
    one.hand_over(["v"], [])
    assert names(one) == ["a", "h", "b1"]


def test_facts_about_the_agent_come_and_go_and_it_may_be_renamed() -> None:
    one = book([])
    one.mark("collector_disks", "no smartctl")
    one.declare([AGENT.model_copy(update={"name": "Gate"}), HOST])
    whole = one.whole()
    assert whole is not None
    assert (whole.devices[0].name, whole.devices[0].facts) == ("Gate", {"collector_disks": "no smartctl"})
    one.mark("collector_disks", "")
    whole = one.whole()
    assert whole is not None
    assert whole.devices[0].facts == {}


def volume(name: str, **facts: str) -> Device:
    return Device(device=name, kind=DeviceKind.VOLUME, parent="h", facts={**facts})


def with_guest(notes: dict[str, str] | None = None, *parts: str) -> InventoryBook:
    notes = {} if notes is None else notes
    return InventoryBook(
        [AGENT, HOST], parts or ("encryption", "volumes"), notes.get, notes.__setitem__, "encryption".__eq__
    )


def facts_of(one: InventoryBook, device: str) -> Mapping[str, object]:
    whole = one.whole()
    assert whole is not None
    (facts,) = [known.facts for known in whole.devices if known.device == device]
    return facts


@pytest.mark.parametrize("order", [("encryption", "volumes"), ("volumes", "encryption")])
def test_a_guest_adds_to_anothers_device_whoever_speaks_first(
    order: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    said = {"volumes": [volume("v", path="/v", role="x")], "encryption": [volume("v", path="no", encryption="LUKS2")]}
    one = with_guest()
    for name in order:
        one.update(name, said[name])
    assert one.attributes("v", "volumes")
    assert one.attributes("v", "encryption")
    assert names(one) == ["a", "h", "v"]
    assert facts_of(one, "v") == {"path": "/v", "role": "x", "encryption": "LUKS2"}
    assert caplog.text == ""


def test_what_nobody_else_claims_is_the_guests_own_until_somebody_does() -> None:
    one = with_guest()
    one.update("volumes", [])
    one.update("encryption", [volume("v", encryption="none")])
    assert facts_of(one, "v") == {"encryption": "none"}
    one.update("volumes", [volume("v", path="/v")])
    assert facts_of(one, "v") == {"path": "/v", "encryption": "none"}
    one.update("volumes", [])
    assert one.attributes("v", "encryption")
    assert facts_of(one, "v") == {"encryption": "none"}


def test_a_guest_may_not_speak_for_what_it_did_not_claim_or_calls_by_another_kind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = with_guest()
    one.update("volumes", [volume("v"), volume("w")])
    one.update("encryption", [Device(device="v", kind=DeviceKind.CAMERA)])
    assert not one.attributes("v", "encryption")
    assert not one.attributes("w", "encryption")
    assert "device=v collector=encryption" in caplog.text


def test_what_a_guest_adds_is_there_at_once_after_a_restart() -> None:
    notes: dict[str, str] = {}
    one = with_guest(notes)
    one.update("encryption", [volume("v", encryption="LUKS2")])
    one.update("volumes", [volume("v", path="/v")])
    one.update("encryption", [volume("v", encryption="LUKS1")])
    again = with_guest(notes)
    assert facts_of(again, "v") == {"path": "/v", "encryption": "LUKS1"}
    assert again.attributes("v", "volumes")


def test_of_two_guests_one_has_what_nobody_else_claims() -> None:
    one = with_guest(None, "encryption-1", "encryption")
    one.update("encryption-1", [volume("v", a="1")])
    one.update("encryption", [volume("v", b="2")])
    assert facts_of(one, "v") == {"a": "1", "b": "2"}
    assert one.attributes("v", "encryption")
    assert one.attributes("v", "encryption-1")


def watched(name: str, parent: str | None = None, **facts: str) -> Device:
    return Device(device=name, kind=DeviceKind.CAMERA, parent=parent, facts={**facts})


def recorder_part(*channels: Device) -> list[Device]:
    return [Device(device="nvr", kind=DeviceKind.RECORDER), *channels]


def where_recorders_read_cameras(*parts: str) -> InventoryBook:
    notes: dict[str, str] = {}
    reads = {("recorders", "cameras")}
    return InventoryBook(
        [AGENT, HOST],
        parts or ("recorders-1", "cameras"),
        notes.get,
        notes.__setitem__,
        reads=lambda name, other: (name, other) in reads,
    )


@pytest.mark.parametrize("order", [("recorders-1", "cameras"), ("cameras", "recorders-1")])
def test_a_camera_that_is_also_a_recorders_channel_is_one_device(
    order: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    said = {
        "cameras": [watched("gate", "switch-1", model="C")],
        "recorders-1": recorder_part(watched("gate", "nvr", model="channel", recorder="nvr")),
    }
    one = where_recorders_read_cameras()
    for name in order:
        one.update(name, said[name])
    assert sorted(names(one)) == ["a", "gate", "h", "nvr"]
    assert facts_of(one, "gate") == {"model": "C", "recorder": "nvr"}
    whole = one.whole()
    assert whole is not None
    assert [device.parent for device in whole.devices if device.device == "gate"] == ["switch-1"]
    assert one.attributes("gate", "cameras")
    assert one.attributes("gate", "recorders-1"), "the recorder tells what it records of it"
    assert caplog.text == ""


def test_the_welcome_goes_one_way_only(caplog: pytest.LogCaptureFixture) -> None:
    one = where_recorders_read_cameras()
    one.update("recorders-1", recorder_part(watched("yard", "nvr")))
    one.update("cameras", [watched("gate"), Device(device="nvr", kind=DeviceKind.RECORDER)])
    assert not one.attributes("nvr", "cameras")
    assert "device=nvr collector=cameras" in caplog.text


def test_a_camera_that_nobody_watches_by_itself_any_more_is_the_recorders() -> None:
    one = where_recorders_read_cameras()
    one.update("cameras", [watched("gate", model="C")])
    one.update("recorders-1", recorder_part(watched("gate", "nvr", recorder="nvr")))
    one.update("cameras", [])
    assert one.attributes("gate", "recorders-1")
    assert facts_of(one, "gate") == {"recorder": "nvr"}
