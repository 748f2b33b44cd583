import pytest

from agent.doors.door import Door
from agent.doors.inputs import NamedDoorSettings
from agent.doors.told import Aspect, StateTold


@pytest.fixture
def door() -> Door:
    return Door(NamedDoorSettings.model_validate({"id": "front"}), since=100.0)


def tell(door: Door, aspect: Aspect, value: str, initial: bool = False, part: str = "") -> str | None:
    happening = door.learn(StateTold("front", aspect, value, initial, {}, part), 200.0)
    return happening.type if happening is not None else None


def test_nothing_is_known_of_a_door_that_nobody_told_of(door: Door) -> None:
    assert door.values() == {}
    assert door.silence(130.0) == 30.0


@pytest.mark.parametrize(
    ("mode", "locked"),
    [
        *(("Locked", 1), ("DoubleLocked", 1), ("Blocked", 1), ("LockedDown", 1)),
        *(("Unlocked", 0), ("LockedOpen", 0), ("Accessed", 0), ("Unknown", None)),
    ],
)
def test_a_mode_says_whether_a_door_is_locked_where_no_bolt_does(door: Door, mode: str, locked: int | None) -> None:
    tell(door, Aspect.MODE, mode, initial=True)
    assert door.values().get("door_locked") == locked
    tell(door, Aspect.LOCK, "Unlocked")
    assert door.values()["door_locked"] == 0
    tell(door, Aspect.DOUBLE_LOCK, "Locked")
    assert door.values()["door_locked"] == 1, "one bolt holds it"


def test_what_is_ill_side_by_side_is_well_when_all_of_it_is(door: Door) -> None:
    assert tell(door, Aspect.FAULT, "FaultDetected", part="power") == "door.fault"
    assert tell(door, Aspect.FAULT, "FaultDetected", part="reader 1") == "door.fault"
    tell(door, Aspect.FAULT, "NotInFault", part="power")
    assert door.values()["door_fault"] == 1
    tell(door, Aspect.FAULT, "NotInFault", part="reader 1")
    assert door.values()["door_fault"] == 0
    assert tell(door, Aspect.POSITION, "Fault") == "door.fault"
    assert door.values() == {"door_fault": 1}, "a contact that is broken knows no position"
    tell(door, Aspect.POSITION, "Closed")
    assert door.values() == {"door_fault": 0, "door_open": 0}


def test_a_change_that_was_not_heard_is_told_after_the_gap(door: Door) -> None:
    assert tell(door, Aspect.POSITION, "Closed", initial=True) is None
    door.present.clear()
    happening = door.learn(StateTold("front", Aspect.POSITION, "Open", True, {"state": "Open"}), 200.0)
    assert happening is not None
    assert (happening.type, happening.data) == ("door.opened", {"state": "Open", "after_gap": True})


def test_a_source_that_repeats_itself_tells_no_news_by_saying_that_all_is_well(door: Door) -> None:
    told = StateTold("front", Aspect.POSITION, "Closed", False, repeats=True)
    assert door.learn(told, 200.0) is None
    other = Door(door.entry, since=0.0)
    opened = StateTold("front", Aspect.POSITION, "Open", False, repeats=True)
    assert other.learn(opened, 200.0) is not None


def test_a_controller_that_makes_up_parts_fills_no_memory(door: Door) -> None:
    for number in range(10_000):
        tell(door, Aspect.FAULT, "FaultDetected", part=f"reader {number}")
    assert len(door.known) == len(door.present) <= 64
