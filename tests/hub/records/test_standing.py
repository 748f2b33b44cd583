"""What stands: events, sites, covers, blindness and the inventory, as rows."""

import pytest

from hub.cover import Scope
from hub.records.events import family
from hub.records.inventory import anchor
from hub.records.states import Judges
from hub.rule import discover
from hub.store import schema
from tests.hub import covers
from tests.hub.fleets import DEVICES, SITE, T0
from tests.hub.records.rig import DAY_MS, Rig
from wire.messages import Device, DeviceKind

MINUTE = 60_000


def test_an_event_tells_who_and_why_in_both_languages(rig: Rig) -> None:
    rig.announce()
    rig.event("door.access_denied", credential='card "7"', reason="CredentialExpired")
    rig.mirror.round()
    (row,) = rig.rows("event")
    assert row == {
        **{"time": T0, "site": SITE, "device": "door-1", "family": "door", "type": "door.access_denied"},
        **{"agent": "gateway", "kind": "door", "device_name": "door-1", "person": 'card "7"', "received_at": T0},
        **{"reason": "CredentialExpired", "title": "Access denied", "title_zh": "门禁拒绝通行"},
        **{"text": 'credential: card "7", reason: credential expired', "text_zh": row["text_zh"]},
    }
    assert row["text_zh"].startswith('凭证：card "7"，')


def test_two_events_of_one_moment_stay_two(rig: Rig) -> None:
    rig.announce()
    for number in range(3):
        rig.event("door.access_granted", credential=f"c-{number}")
    rig.mirror.round()
    assert [row["person"] for row in rig.rows("event")] == ["c-0", "c-1", "c-2"]


def test_a_type_that_others_invented_is_no_tag_but_is_told(rig: Rig) -> None:
    rig.announce()
    rig.event("door.sang", device="door-1")
    rig.mirror.round()
    (row,) = rig.rows("event")
    assert (row["family"], row["type"], row["title"]) == ("door", "other", "door.sang")


def test_a_family_is_one_we_know() -> None:
    assert (family("door.forced"), family("hardware"), family("x7.y"), family("")) == (
        "door",
        "hardware",
        "other",
        "other",
    )


def test_a_site_stands_as_the_console_has_it_every_five_minutes_and_when_a_ticket_changes(rig: Rig) -> None:
    rig.announce()
    rig.camera(1.0)
    rig.mirror.round()
    (calm,) = rig.rows("site_state")
    assert calm == {
        **{"time": T0, "site": SITE, "open_critical": 0, "open_warning": 0, "open_info": 0, "open_tickets": 0},
        **{"covered": 0, "agents": 1, "agents_silent": 0, "devices": len(DEVICES)},
        **{"devices_fault": 0, "devices_down": 0, "devices_unknown": 0},
    }
    (fleet,) = rig.rows("fleet_state")
    assert fleet == {**{name: value for name, value in calm.items() if name != "site"}, "sites": 1, "sites_critical": 0}
    rig.camera(0.0)
    rig.mirror.round()
    rig.mirror.round()
    _, worse = rig.rows("site_state")
    changed = {"open_critical": 1, "open_tickets": 1, "worst_rank": 2, "devices_fault": 1, "devices_down": 1}
    assert worse == {**calm, **changed, "time": rig.hub.now, "oldest_at": rig.hub.now}
    rig.hub.now = T0 + 5 * MINUTE + 7_000
    rig.mirror.round()
    assert rig.rows("site_state")[-1]["time"] == T0 + 5 * MINUTE
    first, second = rig.rows("fleet_state")
    assert (first["open_critical"], second["open_critical"], second["sites_critical"]) == (0, 1, 1)
    assert (second["worst_rank"], second["oldest_at"]) == (2, worse["oldest_at"])


def test_of_a_silent_agent_nobody_knows_the_devices(rig: Rig) -> None:
    rig.announce()
    rig.camera(1.0)
    rig.hub.pass_time(600)
    rig.mirror.round()
    row = rig.rows("site_state")[-1]
    assert row["agents_silent"] == 1
    assert row["devices_unknown"] == len(DEVICES) - row["devices_fault"]


def test_covers_are_told_once_they_have_begun_and_again_when_they_are_ended(rig: Rig) -> None:
    rig.announce()
    number = covers.add(rig.hub.database, Scope(SITE, "cam-1"), T0 + MINUTE, T0 + 60 * MINUTE)
    covers.add(rig.hub.database, Scope(rule="door_forced"), T0 - MINUTE, T0 + 2 * MINUTE, "silence")
    covers.add(rig.hub.database, Scope(SITE), T0 - 3 * DAY_MS, T0 - 3 * DAY_MS + MINUTE, recurrence="FREQ=DAILY")
    rig.mirror.round()
    assert [row["time"] - T0 for row in rig.rows("maintenance")] == [-3 * DAY_MS, -2 * DAY_MS, -DAY_MS, 0]
    (silence,) = rig.rows("silence")
    assert (silence["site"], silence["device"], silence["rule"]) == ("*", "*", "door_forced")
    rig.hub.now = T0 + 10 * MINUTE
    covers.end(rig.hub.database, number, rig.hub.now)
    rig.mirror.round()
    last = rig.rows("maintenance")[-1]
    assert last == {
        **{"time": T0 + MINUTE, "site": SITE, "device": "cam-1", "number": number, "until_at": rig.hub.now},
        **{"duration_seconds": 540, "author": "Li", "reason": "new disks"},
        **{"text": "Maintenance: new disks", "text_zh": last["text_zh"]},
    }


def test_blindness_is_one_row_that_ends(rig: Rig) -> None:
    rig.sql(schema.blindness, [{"start": T0, "end": None, "reason": "broker"}])
    rig.mirror.round()
    (lasting,) = rig.rows("blindness")
    assert "until_at" not in lasting
    with rig.hub.database.begin() as connection:
        connection.execute(schema.blindness.update().values(end=T0 + MINUTE))
    rig.mirror.round()
    (row,) = rig.rows("blindness")
    assert (row["until_at"], row["duration_seconds"], row["reason"]) == (T0 + MINUTE, 60, "broker")
    assert row["text"] == "the hub had no connection to the broker"


def test_the_inventory_is_one_row_a_device_however_often_it_changes(rig: Rig) -> None:
    rig.announce()
    rig.mirror.round()
    rows = {row["device"]: row for row in rig.rows("device_info")}
    assert rows.keys() == {device.device for device in DEVICES}
    assert (rows["nvr-1-ch1"]["parent"], rows["nvr-1-ch1"]["target_days"]) == ("nvr-1", 30)
    assert (rows["cam-1"]["name"], rows["cam-1"]["room"], rows["cam-1"]["agent_name"]) == ("Gate", "yard", "Gateway")
    assert "target_days" not in rows["door-1"]
    moved = [
        Device(device="cam-1", kind=DeviceKind.CAMERA, name="Yard", facts={"model": "X-9"})
        if one.device == "cam-1"
        else one
        for one in DEVICES
        if one.device != "door-1"
    ]
    rig.hub.announce(moved)
    rig.hub.now += MINUTE
    rig.hub.step()
    rig.mirror.round()
    after = {row["device"]: row for row in rig.rows("device_info")}
    assert len(rig.rows("device_info")) == len(DEVICES)
    assert (after["cam-1"]["name"], after["cam-1"]["room"], after["cam-1"]["model"]) == ("Yard", "", "X-9")
    assert (after["door-1"]["retired"], after["cam-1"]["retired"]) == (1, 0)


def test_the_inventory_says_how_many_tickets_are_open_about_a_device(rig: Rig) -> None:
    rig.announce()
    rig.mirror.round()
    camera = "WHERE \"device\" = 'cam-1'"
    assert [(row["open_tickets"], row["worst_rank"]) for row in rig.rows("device_info", camera)] == [(0, -1)]
    rig.camera(0.0)
    rig.mirror.round()
    assert [(row["open_tickets"], row["worst_rank"]) for row in rig.rows("device_info", camera)] == [(1, 2)]
    rig.camera(1.0)
    rig.camera(1.0, seconds=30)
    rig.mirror.round()
    assert [(row["open_tickets"], row["worst_rank"]) for row in rig.rows("device_info", camera)] == [(0, -1)]


@pytest.mark.parametrize(("years", "moved"), [(0, 0), (4.9, 0), (5.1, 1), (10.2, 2)])
def test_the_inventory_stands_where_it_is_not_deleted_for_its_age(years: float, moved: int) -> None:
    retention = 3650 * DAY_MS
    day = T0 // DAY_MS * DAY_MS
    assert anchor(T0, T0 + round(years * 365 * DAY_MS), retention) == day + moved * retention // 2


def test_what_is_down_and_what_hides_is_what_the_rules_say() -> None:
    judges = Judges.of(discover())
    assert "camera_unreachable" in judges.outage
    assert {"agent_silent", "recorder_unreachable"} <= judges.hiding
    assert "door_forced" not in judges.outage | judges.hiding


def test_a_group_leaves_nothing_unknown_its_members_say_how_they_are() -> None:
    hiding = Judges.of(discover()).hiding
    assert {"recorder_unreachable", "camera_unreachable", "link_down", "agent_silent"} <= hiding
    assert hiding.isdisjoint({"cameras_down", "store_too_small", "agent_clock_wrong", "recorder_channels_down"})
