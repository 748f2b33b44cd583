import threading

import pytest

from agent.device.address import Endpoint
from agent.device.errors import HeldBack
from agent.device.manners import HOUR, Manner, Manners
from agent.device.pause import Pauses


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_hours_requests_are_counted_and_bounded_and_come_free_again() -> None:
    watch = Watch()
    manner = Manner(watch)
    for _ in range(60):
        manner.spend(60)
        watch.now += 10
    assert manner.spent == 60
    with pytest.raises(HeldBack, match="60 requests within an hour"):
        manner.spend(60)
    assert (manner.spent, manner.held_back) == (60, 1)
    watch.now = 1000.0 + HOUR
    assert manner.spent == 54, "those of the first minute are an hour old"
    manner.spend(60)
    watch.now += 2 * HOUR
    assert manner.spent == 0


def test_two_of_us_never_ask_at_once() -> None:
    manner = Manner()
    entered, leave = threading.Event(), threading.Event()

    def first() -> None:
        with manner.turn(5):
            entered.set()
            leave.wait(5)

    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(30)
    with pytest.raises(HeldBack, match="busy"), manner.turn(0.05):
        pytest.fail("two at once")
    leave.set()
    with manner.turn(5):
        pass
    thread.join()


def test_who_waits_for_a_turn_can_be_called_off() -> None:
    manner = Manner()
    with manner.turn(1), pytest.raises(HeldBack), manner.turn(60, given_up=lambda: True):
        pytest.fail("two at once")


def test_a_turn_ends_with_an_error_too() -> None:
    manner = Manner()
    with pytest.raises(ZeroDivisionError), manner.turn(1):
        raise ZeroDivisionError
    with manner.turn(0.1):
        pass


def test_every_collector_meets_the_same_manner_of_a_device() -> None:
    manners = Manners()
    assert manners.of(Endpoint("h", 80)) is manners.of(Endpoint("h", 80, follow_ports=True))
    assert manners.of(Endpoint("h", 80)) is not manners.of(Endpoint("h", 81))


@pytest.mark.parametrize(("one", "other"), [("nvr.Lan", "NVR.lan."), ("fe80::1", "FE80:0:0:0:0:0:0:1")])
def test_a_device_is_one_however_its_address_is_spelled(one: str, other: str) -> None:
    manners, pauses = Manners(), Pauses()
    assert manners.of(Endpoint(one, 80)) is manners.of(Endpoint(other, 80))
    pauses.start(Endpoint(one, 80), "wk")
    assert pauses.remaining(Endpoint(other, 80), "wk") > 1700
    assert pauses.remaining(Endpoint(other, 81), "wk") == 0
