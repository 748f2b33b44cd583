"""A door whose hardware is faulty, as a timeline."""

from tests.hub.rules.timelines import MINUTE, timeline


def test_a_fault_of_over_a_minute_until_it_is_repaired() -> None:
    line = timeline()
    line.samples(range(0, MINUTE, 10), "door-1", door_fault=0)
    line.samples(range(MINUTE, 90, 10), "door-1", door_fault=1)  # a relay that settles
    line.samples(range(90, 2 * MINUTE, 10), "door-1", door_fault=0)
    line.samples(range(2 * MINUTE, 5 * MINUTE, 10), "door-1", door_fault=1)
    line.samples(range(5 * MINUTE, 7 * MINUTE, 10), "door-1", door_fault=0)
    assert line.log[2:] == [
        "120 door-1 door_fault pending",
        "180 door-1 door_fault opened",
        "300 door-1 door_fault clearing",
        "360 door-1 door_fault closed",
    ]
