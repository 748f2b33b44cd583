"""The collector against a simulated door controller over real sockets."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.collector import Context, Happening, Reading
from agent.collectors.doors import ControllerCollector, DoorsSettings, plugin
from simulator.onvif import DoorController, Misbehaviour
from tests.waiting import wait_until
from wire.messages import DeviceKind, Event
from wire.metrics import BY_NAME


@pytest.fixture
def controller() -> Iterator[DoorController]:
    with DoorController(name="access", doors=["D1", "D2"]) as controller:
        yield controller


class Clock:
    """Monotonic time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def table(controller: DoorController, tmp_path: Path, **more: Any) -> DoorsSettings:
    password = tmp_path / "password"
    password.write_text("secret")
    return DoorsSettings.model_validate(
        {
            "username": "watchkeeper",
            "password_file": str(password),
            "device_timeout_seconds": 10.0,
            "wait_seconds": 0.05,
            "controllers": [
                {
                    "id": "access",
                    "host": controller.host,
                    "port": controller.port,
                    "parent": "switch-1",
                    "doors": [{"id": "front", "token": "D1", "room": "hall"}, {"id": "back", "token": "D2"}],
                }
            ],
        }
        | more
    )


def collector(
    controller: DoorController, tmp_path: Path, clock: Clock | None = None, **more: Any
) -> ControllerCollector:
    settings = table(controller, tmp_path, **more)
    if clock is not None:
        return ControllerCollector(settings.controllers[0], settings, clock)
    (built,) = plugin.build(settings, Context(agent="gateway", host="host"))
    assert isinstance(built, ControllerCollector)
    return built


BESIDE = {"account_paused", "requests_per_hour", "requests_held_back", "door_silence_seconds"}


def values(reading: Reading) -> dict[str, dict[str, float]]:
    """What is measured of each door, without what is told of every door in every round."""
    assert all(m.values.keys() >= BESIDE for m in reading.measurements)
    return {m.device: {n: v for n, v in m.values.items() if n not in BESIDE} for m in reading.measurements}


def events(reading: Reading) -> list[tuple[str, str]]:
    return [(happening.device, happening.type) for happening in reading.happenings]


CLOSED = {
    **{"door_reachable": 1, "authenticated": 1},
    **{"door_open": 0, "door_locked": 1, "door_alarm": 0, "door_fault": 0},
}
OPEN = CLOSED | {"door_open": 1}


def test_the_first_round_tells_states_and_no_events(controller: DoorController, tmp_path: Path) -> None:
    controller.doors["D2"].open()
    built = collector(controller, tmp_path)
    reading = built.collect()
    assert values(reading) == {"front": CLOSED, "back": OPEN}
    assert events(reading) == []
    assert CLOSED.keys() | BESIDE == set(plugin.metrics)
    assert all(DeviceKind.DOOR in BY_NAME[name].kinds for name in plugin.metrics)
    assert reading.devices is not None
    assert [(d.device, d.kind, d.parent, d.room) for d in reading.devices] == [
        ("front", DeviceKind.DOOR, "switch-1", "hall"),
        ("back", DeviceKind.DOOR, "switch-1", None),
    ]
    built.close()


def test_each_event_comes_once(controller: DoorController, tmp_path: Path) -> None:
    built = collector(controller, tmp_path)
    built.collect()
    front, back = controller.doors["D1"], controller.doors["D2"]
    front.grant("C1")
    front.open()
    back.force()
    reading = built.collect()
    assert events(reading) == [
        ("front", "door.access_granted"),
        ("front", "door.opened"),
        ("back", "door.alarm"),
        ("back", "door.opened"),
    ]
    assert values(reading) == {"front": OPEN, "back": OPEN | {"door_alarm": 1}}
    assert events(built.collect()) == []
    front.close()
    back.close()
    reading = built.collect()
    assert events(reading) == [("front", "door.closed"), ("back", "door.closed")]
    assert values(reading) == {"front": CLOSED, "back": CLOSED}
    built.close()


def test_every_kind_of_event_fits_the_wire(controller: DoorController, tmp_path: Path) -> None:
    built = collector(controller, tmp_path)
    built.collect()
    door = controller.doors["D1"]
    door.deny("C9", "Expired")
    door.deny_unknown("0004711")
    door.duress("C1")
    door.tamper()
    door.fault()
    door.hold_open()
    happenings = built.collect().happenings
    assert [h.type for h in happenings] == [
        "door.access_denied",
        "door.access_denied",
        "door.duress",
        "door.tamper",
        "door.fault",
        "door.opened",
        "door.alarm",
    ]
    data = [{k: v for k, v in h.data.items() if k != "device_time"} for h in happenings]
    assert data[0] == {"credential": "C9", "reason": "Expired"}
    assert data[1] == {"reason": "CredentialNotFound"}
    assert data[6] == {"state": "DoorOpenTooLong"}
    for happening in happenings:
        assert happening.mono is not None
        Event(device=happening.device, at=0, type=happening.type, data=dict(happening.data))
    built.close()


def test_news_ends_the_wait_at_once(controller: DoorController, tmp_path: Path) -> None:
    built = collector(controller, tmp_path, wait_seconds=10.0)
    built.collect()
    controller.doors["D1"].open()
    assert events(built.collect()) == [("front", "door.opened")]
    built.close()


def test_more_news_than_the_limit_comes_in_one_round(controller: DoorController, tmp_path: Path) -> None:
    built = collector(controller, tmp_path, message_limit=5)
    built.collect()
    for number in range(23):
        controller.doors["D1"].grant(f"C{number}")
    assert [h.data["credential"] for h in built.collect().happenings] == [f"C{number}" for number in range(23)]
    built.close()


def test_a_subscription_that_is_gone_is_made_anew_in_the_same_round(controller: DoorController, tmp_path: Path) -> None:
    built = collector(controller, tmp_path)
    built.collect()
    controller.events.end_all()
    reading = built.collect()
    assert values(reading) == {"front": CLOSED, "back": CLOSED}
    assert events(reading) == []
    controller.doors["D1"].open()
    assert events(built.collect()) == [("front", "door.opened")]
    assert controller.answered["CreatePullPointSubscription"] == 2
    built.close()


def test_a_subscription_that_dies_silently_is_found_out(controller: DoorController, tmp_path: Path) -> None:
    clock = Clock()
    built = collector(controller, tmp_path, clock, silence_seconds=60.0, subscription_seconds=600.0)
    built.collect()
    controller.events.deafen_all()
    controller.doors["D1"].open()
    assert events(built.collect()) == [], "nobody can know yet"
    clock.now += 61.0
    reading = built.collect()
    assert events(reading) == [("front", "door.opened")]
    assert reading.happenings[0].data["after_gap"] is True
    assert values(reading)["front"] == OPEN
    assert controller.answered["Unsubscribe"] == 1
    assert controller.events.subscriptions == 1
    assert events(built.collect()) == []
    built.close()


def test_a_quiet_door_keeps_its_subscription(controller: DoorController, tmp_path: Path) -> None:
    clock = Clock()
    built = collector(controller, tmp_path, clock, silence_seconds=60.0, subscription_seconds=600.0)
    for _ in range(3):
        reading = built.collect()
        assert values(reading) == {"front": CLOSED, "back": CLOSED}
        assert events(reading) == []
        clock.now += 61.0
    assert controller.answered["CreatePullPointSubscription"] == 1
    built.close()


def test_it_renews_at_half_of_what_the_controller_grants(controller: DoorController, tmp_path: Path) -> None:
    controller.events.longest_life_seconds = 60.0
    clock = Clock()
    built = collector(controller, tmp_path, clock, subscription_seconds=600.0)
    built.collect()
    clock.now += 29.0
    built.collect()
    assert controller.answered["Renew"] == 0
    clock.now += 2.0
    built.collect()
    assert controller.answered["Renew"] == 1
    built.close()


def test_a_controller_that_is_off_is_unreachable_and_its_doors_unknown(
    controller: DoorController, tmp_path: Path
) -> None:
    built = collector(controller, tmp_path)
    built.collect()
    controller.off()
    assert values(built.collect()) == {"front": {"door_reachable": 0}, "back": {"door_reachable": 0}}
    controller.events.end_all()
    controller.doors["D2"].open()
    controller.on()
    reading = built.collect()
    assert values(reading) == {"front": CLOSED, "back": OPEN}
    assert events(reading) == [("back", "door.opened")], "it changed while we could not hear"
    built.close()


def test_a_hanging_controller_is_unreachable(controller: DoorController, tmp_path: Path) -> None:
    built = collector(controller, tmp_path, device_timeout_seconds=2.0)
    built.collect()
    controller.hang = True
    assert values(built.collect())["front"] == {"door_reachable": 0}
    controller.hang = False
    assert values(built.collect())["front"] == CLOSED
    built.close()


def test_garbage_is_reachable_with_unknown_doors(controller: DoorController, tmp_path: Path) -> None:
    built = collector(controller, tmp_path)
    built.collect()
    controller.misbehaviour = Misbehaviour.GARBAGE
    assert values(built.collect())["front"] == {"door_reachable": 1}
    controller.misbehaviour = None
    assert values(built.collect())["front"] == CLOSED
    built.close()


def test_a_wrong_password_is_tried_once_and_leaves_the_doors_reachable(
    controller: DoorController, tmp_path: Path
) -> None:
    controller.gate.password = "changed"
    built = collector(controller, tmp_path)
    for _ in range(3):
        assert values(built.collect())["front"] == {"door_reachable": 1, "authenticated": 0}
    assert controller.refused_logins == 1
    controller.off()
    assert values(built.collect())["front"] == {"door_reachable": 0}, "not asked with the account, but looked for"
    built.close()


def test_readers_may_be_configured_where_the_controller_does_not_tell_them(tmp_path: Path) -> None:
    with DoorController(name="access", doors=["D1", "D2"]) as controller:
        controller.doors["D1"].access_point = "reader-of-nobody"
        doors = [
            {"id": "front", "token": "D1"},
            {"id": "back", "token": "D2", "access_points": ["reader-of-nobody"]},
        ]
        where = {"id": "access", "host": controller.host, "port": controller.port, "doors": doors}
        built = collector(controller, tmp_path, controllers=[where])
        built.collect()
        controller.doors["D1"].grant("C1")
        assert events(built.collect()) == [("back", "door.access_granted")]
        built.close()


def test_subscriptions_told_apart_by_a_header_work_too(controller: DoorController, tmp_path: Path) -> None:
    controller.events.by_header = True
    controller.events.longest_life_seconds = 60.0
    clock = Clock()
    built = collector(controller, tmp_path, clock)
    for number in range(3):
        built.collect()
        clock.now += 31.0
        controller.doors["D1"].grant(f"C{number}")
    assert events(built.collect()) == [("front", "door.access_granted")]
    assert controller.answered["Renew"] == 3
    assert controller.answered["CreatePullPointSubscription"] == 1
    built.close()
    assert controller.events.subscriptions == 0


def test_closing_ends_the_subscription(controller: DoorController, tmp_path: Path) -> None:
    built = collector(controller, tmp_path)
    built.collect()
    assert controller.events.subscriptions == 1
    built.close()
    wait_until(lambda: controller.events.subscriptions == 0, what="the subscription ended")


def test_an_interrupted_pull_ends_at_once_and_its_subscription_with_it(
    controller: DoorController, tmp_path: Path
) -> None:
    built = collector(controller, tmp_path, wait_seconds=20.0, interval_seconds=20.0)
    built.collect()
    pulls = controller.requests["PullMessages"]
    readings: list[Reading] = []
    pulling = threading.Thread(target=lambda: readings.append(built.collect()), daemon=True)
    pulling.start()
    wait_until(lambda: controller.requests["PullMessages"] > pulls, what="a pull is under way")
    built.interrupt()
    pulling.join(5.0)
    assert readings == [Reading()], "nothing is known of the doors, neither good nor bad"
    assert controller.events.subscriptions == 1
    built.close()
    assert controller.events.subscriptions == 0


def test_interruptions_do_not_keep_a_subscription_from_being_ended(controller: DoorController, tmp_path: Path) -> None:
    built = collector(controller, tmp_path)
    built.collect()
    built.interrupt()
    assert built.collect() == Reading()
    stop = threading.Event()

    def interrupting() -> None:
        while not stop.is_set():
            built.interrupt()

    thread = threading.Thread(target=interrupting, daemon=True)
    thread.start()
    built.close()
    stop.set()
    thread.join()
    assert controller.events.subscriptions == 0


def test_a_flood_of_events_becomes_one_and_hides_no_alarm(controller: DoorController, tmp_path: Path) -> None:
    clock = Clock()
    built = collector(controller, tmp_path, clock, message_limit=300)
    built.collect()
    told: list[Happening] = []
    for _ in range(3):
        for number in range(250):
            controller.doors["D1"].deny(f"C{number}")
        reading = built.collect()
        told += reading.happenings
    assert [h.type for h in told].count("door.access_denied") == 500
    flood = told[-1]
    assert (flood.device, flood.type) == ("front", "door.flood")
    assert flood.data == {"count": 250, "by_type": "access_denied 250"}
    assert reading.problem == "door controller access: 250 events folded into one"
    clock.now += 6.0  # a tenth of a minute
    for number in range(100):
        controller.doors["D1"].deny(f"C{number}")
    controller.doors["D2"].force()
    reading = built.collect()
    assert ("back", "door.alarm") in events(reading)
    assert len(reading.happenings) == 50 + 1
    assert values(reading)["back"] == OPEN | {"door_alarm": 1}
    built.close()


def test_an_advertised_foreign_host_is_not_followed(controller: DoorController, tmp_path: Path) -> None:
    controller.wrong_xaddr = "192.0.2.1:80"  # RFC 5737: nobody is there
    built = collector(controller, tmp_path)
    assert values(built.collect())["front"] == CLOSED
    built.close()


def test_ids_and_tokens_given_twice_are_refused(controller: DoorController, tmp_path: Path) -> None:
    for doors in (
        [{"id": "front", "token": "D1"}, {"id": "front", "token": "D2"}],
        [{"id": "front", "token": "D1"}, {"id": "back", "token": "D1"}],
    ):
        with pytest.raises(ValidationError, match="occurs twice"):
            table(controller, tmp_path, controllers=[{"id": "access", "host": "a", "doors": doors}])


def test_one_collector_per_controller() -> None:
    settings = DoorsSettings.model_validate(
        {"controllers": [{"id": f"c{n}", "host": "a", "doors": [{"id": f"d{n}", "token": "T"}]} for n in range(3)]}
    )
    assert len(plugin.build(settings, Context(agent="gateway", host="host"))) == 3


def test_happenings_carry_small_data(controller: DoorController, tmp_path: Path) -> None:
    built = collector(controller, tmp_path)
    built.collect()
    controller.doors["D1"].grant("x" * 5000)
    (happening,) = built.collect().happenings
    assert isinstance(happening, Happening)
    assert len(str(happening.data["credential"])) == 200
    built.close()


def test_locks_and_modes_are_values_and_only_unusual_modes_are_events(
    controller: DoorController, tmp_path: Path
) -> None:
    built = collector(controller, tmp_path)
    built.collect()
    door = controller.doors["D1"]
    door.lock(False)
    assert values(built.collect())["front"] == CLOSED | {"door_locked": 0}
    door.lock()
    door.pass_through("C1")
    door.turn_back("C2")
    reading = built.collect()
    assert events(reading) == [("front", "door.access_taken"), ("front", "door.access_not_taken")]
    assert values(reading)["front"] == CLOSED
    door.run_as("LockedDown")
    reading = built.collect()
    assert [(h.type, h.data["state"]) for h in reading.happenings] == [("door.mode_changed", "LockedDown")]
    assert events(built.collect()) == []
    door.run_as("Locked")
    assert [(h.type, h.data["state"]) for h in built.collect().happenings] == [("door.mode_changed", "Locked")]
    built.close()


def test_a_fault_and_a_reader_that_is_tampered_with_last_until_they_are_over(
    controller: DoorController, tmp_path: Path
) -> None:
    built = collector(controller, tmp_path)
    built.collect()
    door = controller.doors["D1"]
    door.fault()
    door.tamper_reader()
    reading = built.collect()
    assert events(reading) == [("front", "door.fault"), ("front", "door.tamper")]
    assert reading.happenings[1].data["part"] == "D1-reader"
    assert values(reading) == {"front": CLOSED | {"door_fault": 1, "door_alarm": 1}, "back": CLOSED}
    assert values(built.collect())["front"] == CLOSED | {"door_fault": 1, "door_alarm": 1}
    door.fault(False)
    door.tamper_reader(False)
    reading = built.collect()
    assert (events(reading), values(reading)["front"]) == ([], CLOSED)
    built.close()


def test_states_are_asked_for_where_events_tell_none(controller: DoorController, tmp_path: Path) -> None:
    controller.tells_states = False
    controller.doors["D2"].force()
    controller.doors["D2"].fault()
    clock = Clock()
    built = collector(controller, tmp_path, clock, silence_seconds=60.0, subscription_seconds=600.0)
    reading = built.collect()
    assert values(reading) == {"front": CLOSED, "back": OPEN | {"door_alarm": 1, "door_fault": 1}}
    assert events(reading) == [], "it was so when we came"
    controller.events.deafen_all()
    controller.doors["D1"].open()
    assert values(built.collect())["front"] == CLOSED, "nobody can know yet"
    clock.now += 61.0
    reading = built.collect()
    assert [(h.device, h.type, h.data["after_gap"]) for h in reading.happenings] == [("front", "door.opened", True)]
    assert values(reading)["front"] == OPEN
    built.close()


def test_a_controller_without_a_door_service_is_asked_for_it_no_more(
    controller: DoorController, tmp_path: Path
) -> None:
    controller.tells_states = False
    controller.remove("http://www.onvif.org/ver10/doorcontrol/wsdl")
    clock = Clock()
    built = collector(controller, tmp_path, clock, silence_seconds=60.0)
    for _ in range(2):
        assert values(built.collect())["front"] == {"door_reachable": 1, "authenticated": 1}
        clock.now += 61.0
    assert controller.requests["GetDoorState"] == 0
    built.close()


def test_the_silence_of_one_door_beside_a_busy_one_is_noticed(controller: DoorController, tmp_path: Path) -> None:
    clock = Clock()
    built = collector(controller, tmp_path, clock, silence_seconds=60.0, subscription_seconds=6000.0)
    built.collect()

    def silence() -> dict[str, float]:
        controller.doors["D1"].grant("C1")
        return {m.device: m.values["door_silence_seconds"] for m in built.collect().measurements}

    clock.now += 40.0
    assert silence() == {"front": 0.0, "back": 40.0}
    clock.now += 40.0
    assert silence() == {"front": 0.0, "back": 0.0}, "it was asked for, and it answered"
    del controller.doors["D2"]
    for expected in (40.0, 80.0, 120.0):
        clock.now += 40.0
        assert silence()["back"] == expected, "it is gone, and no other door hides that"
    assert controller.answered["CreatePullPointSubscription"] == 1
    built.close()


def test_requests_are_counted_and_a_used_up_budget_is_no_silence_of_the_controller(
    controller: DoorController, tmp_path: Path
) -> None:
    built = collector(controller, tmp_path, max_requests_per_hour=60)
    reading = built.collect()
    first = reading.measurements[0].values
    assert first["requests_per_hour"] == sum(controller.requests.values())
    assert (first["requests_held_back"], first["account_paused"]) == (0, 0)
    for _ in range(40):
        reading = built.collect()
    last = reading.measurements[0].values
    assert last["requests_per_hour"] == 60 == sum(controller.requests.values())
    assert last["requests_held_back"] > 0
    assert "door_reachable" not in last
    assert "door_open" not in last
    assert "60 requests within an hour" in reading.problem
    built.close()


def test_an_account_that_rests_is_told(controller: DoorController, tmp_path: Path) -> None:
    controller.gate.password = "changed"
    built = collector(controller, tmp_path)
    for _ in range(2):
        assert {m.values["account_paused"] for m in built.collect().measurements} == {1.0}
    assert controller.refused_logins == 1
    built.close()
