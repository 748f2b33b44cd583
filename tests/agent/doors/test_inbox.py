from agent.doors.inbox import Inbox
from agent.doors.told import DURESS, GRANTED, AccessTold, Aspect, StateTold, Told


def access(number: int, event: str = GRANTED) -> AccessTold:
    return AccessTold(event, None, "front", {"credential": number})


def position(value: str) -> StateTold:
    return StateTold("front", Aspect.POSITION, value, False)


def test_what_is_put_is_taken_once_in_its_order() -> None:
    inbox = Inbox(10)
    told: list[Told] = [access(1), position("Open"), access(2)]
    for one in told:
        inbox.put(one)
    assert inbox.take() == (told, 0)
    assert inbox.take() == ([], 0)


def test_at_its_bound_the_last_state_and_duress_are_kept_and_the_rest_is_counted() -> None:
    inbox = Inbox(2)
    for one in (access(1), access(2), access(3), position("Open"), access(4, DURESS), position("Closed"), access(5)):
        inbox.put(one)
    told, dropped = inbox.take()
    assert told == [access(1), access(2), access(4, DURESS), position("Closed")]
    assert dropped == 3


def test_nothing_it_keeps_grows_without_bound() -> None:
    inbox = Inbox(2)
    for number in range(20_000):
        inbox.put(StateTold(f"door {number}", Aspect.POSITION, "Open", False))
        inbox.put(access(number, DURESS))
    told, dropped = inbox.take()
    assert len(told) < 5_000
    assert len(told) + dropped == 40_000
