"""A door of which nothing is heard, as a timeline."""

import pytest

from hub.cover import Cover, Covers, Scope
from hub.plan import EMPTY
from tests.hub.fleets import DEVICES, SITE, T0, Timeline
from tests.hub.rules.timelines import DAY, HOUR, MINUTE, case, lives, standing, timeline
from wire.messages import Device, DeviceKind

RULE = "door_silent"
ASKED = {"requests_per_hour": 700.0}


def test_a_controller_that_is_gone_for_five_minutes_and_back_for_two() -> None:
    line = timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), "door-1", door_reachable=1, door_silence_seconds=8, **ASKED)
    line.samples(range(10 * MINUTE, 20 * MINUTE, MINUTE), "door-1", door_reachable=0, door_silence_seconds=600, **ASKED)
    assert case(line, "door-1", RULE) == "controller"
    line.samples(range(20 * MINUTE, 25 * MINUTE, MINUTE), "door-1", door_reachable=1, door_silence_seconds=8, **ASKED)
    assert lives(line, RULE) == ["600 pending", "900 opened", "1200 clearing", "1320 closed"]


def test_a_controller_that_answers_and_tells_nothing_of_the_door() -> None:
    line = timeline()
    for second in range(0, HOUR, MINUTE):
        line.sample(second, "door-1", door_reachable=1, door_silence_seconds=second, **ASKED)
    assert case(line, "door-1", RULE) == "silence"
    assert lives(line, RULE) == ["900 pending", "1200 opened"]


def test_a_door_of_which_a_program_tells_what_happens_may_have_holidays() -> None:
    line = timeline()
    for second in range(0, 10 * DAY, HOUR):
        line.sample(second, "door-1", door_silence_seconds=second)
    assert line.log == []


def three_doors(scope: Scope | None = None, off: str = "") -> Timeline:
    """Of one controller that is gone for an hour, under a cover of this scope; one may have all rules switched off."""
    doors = [Device(device=f"door-{i}", kind=DeviceKind.DOOR, facts={"controller": "acc-1"}) for i in (1, 2, 3)]
    line = timeline(DEVICES[0], *doors)
    if scope is not None:
        cover = Cover(1, "silence", scope, T0, T0 + DAY * 1000, "Li", "its lock is being changed")
        line.engine.findings.cover(Covers([cover], T0), T0)
    if off:
        line.engine.sites[SITE].devices[off].plan = EMPTY
    for second in range(0, HOUR, MINUTE):
        for number, door in enumerate(doors):
            line.sample(second + number, door.device, door_reachable=0, **ASKED)
    return line


@pytest.mark.parametrize(
    ("scope", "told", "covered"),
    [
        (None, ["door-1"], []),
        (Scope(SITE, "door-1"), ["door-2"], ["door-1"]),
        (Scope(SITE, "door-2"), ["door-1"], []),
        (Scope(SITE), [], ["door-1"]),
    ],
)
def test_of_the_doors_of_a_controller_one_tells_that_may(
    scope: Scope | None, told: list[str], covered: list[str]
) -> None:
    live = [one for one in three_doors(scope).engine.sites[SITE].live() if one.life.state == "open"]
    assert [one.device for one in live if one.cover is None] == told
    assert [one.device for one in live if one.cover is not None] == covered


def test_nor_does_one_speak_for_the_others_of_which_nothing_is_judged() -> None:
    assert standing(three_doors(off="door-1")) == ["door-2 door_silent"]
