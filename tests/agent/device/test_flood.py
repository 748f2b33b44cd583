from agent.collector import Happening
from agent.device.flood import FLOOD, MAX_EVENTS, RESERVE, Allowance


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def many(count: int, kind: str = "door.access_denied") -> list[Happening]:
    return [Happening("front", kind, {"number": number}) for number in range(count)]


def test_what_is_too_much_at_once_becomes_one_event_and_more_may_follow_with_time() -> None:
    clock = Clock()
    allowance = Allowance(clock)
    told, folded = allowance.spend(many(MAX_EVENTS + 3))
    assert folded == 3
    assert told[:-1] == many(MAX_EVENTS)
    assert (told[-1].type, told[-1].data) == (FLOOD, {"count": 3, "by_type": "access_denied 3"})
    clock.now += 60 * 10 / MAX_EVENTS
    assert len(allowance.spend(many(20))[0]) == 10 + 1
    clock.now += 3600.0
    assert allowance.spend(many(MAX_EVENTS)) == (many(MAX_EVENTS), 0)


def test_an_alarm_within_a_flood_or_behind_it_is_told() -> None:
    clock = Clock()
    allowance = Allowance(clock)
    alarm = Happening("back", "door.alarm")
    told, _ = allowance.spend([*many(MAX_EVENTS), alarm])
    assert alarm in told
    for _ in range(3):
        told, _ = allowance.spend([*many(MAX_EVENTS), alarm])
        assert told[0] == alarm
        assert told[1].type == FLOOD


def test_alarms_are_bounded_too() -> None:
    clock = Clock()
    allowance = Allowance(clock)
    told, folded = allowance.spend(many(2 * MAX_EVENTS, "door.alarm"))
    assert (len(told), folded) == (MAX_EVENTS + RESERVE + 1, MAX_EVENTS - RESERVE)
    assert len(allowance.spend(many(10, "door.alarm"))[0]) == 1
    clock.now += 60.0
    assert len(allowance.spend(many(2 * MAX_EVENTS, "door.alarm"))[0]) == MAX_EVENTS + RESERVE + 1
