"""From what is told to what is reported, as timelines: quiet, fault, repetition, silence, end."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from agent.hardware.model import Kind, Told
from agent.hardware.states import MAX_STATES, Change, States

DISK = (Kind.STORAGE_FAILURE, Kind.STORAGE_FULL)


def lasting(active: bool, initial: bool = False, part: str = "Disk1") -> Told:
    return Told(Kind.STORAGE_FAILURE, "StorageFailure", active, part=part, initial=initial)


def repeated(active: bool = True, channel: str = "") -> Told:
    return Told(Kind.VIDEO_LOSS, "videoloss", active, channel, lasting=False)


def test_nothing_told_is_nothing_known() -> None:
    states = States(60)
    assert states.value(DISK, "") is None
    assert states.expire(1e9) == []


def test_a_state_told_for_the_first_time_as_it_is_is_a_value_and_no_event() -> None:
    states = States(60)
    assert states.learn(lasting(True, initial=True), 0) is None
    assert states.value(DISK, "") is True
    assert states.learn(lasting(False, initial=True, part="Disk2"), 0) is None
    assert states.value(DISK, "") is True  # any of them


def test_each_change_is_one_event_however_often_it_is_told() -> None:
    states = States(60)
    states.learn(lasting(False, initial=True), 0)
    fault, over = lasting(True), lasting(False)
    assert states.learn(fault, 1) == Change(fault, True)
    assert states.learn(fault, 2) is None
    assert states.expire(1e6) == []  # its end will be told
    assert states.learn(over, 3) == Change(over, False)
    assert states.learn(over, 4) is None
    assert states.value(DISK, "") is False


def test_an_end_without_a_beginning_is_a_value_and_no_event() -> None:
    states = States(60)
    assert states.learn(lasting(False), 0) is None
    assert states.value(DISK, "") is False


def test_what_changed_while_we_could_not_hear_says_so() -> None:
    states = States(60)
    states.learn(lasting(False, initial=True), 0)
    states.forget(1)
    assert states.value(DISK, "") is None
    states.resume(2)
    told = lasting(True, initial=True)
    assert states.learn(told, 2) == Change(told, True, after_gap=True)
    states.forget(3)
    states.resume(4)
    assert states.learn(told, 4) is None  # as it was


def test_what_is_no_longer_repeated_is_over() -> None:
    states = States(60)
    assert states.learn(repeated(), 0) == Change(repeated(), True)
    for now in range(1, 100):
        assert states.learn(repeated(), now) is None
        assert states.expire(now) == []
    assert states.expire(158) == []
    assert states.expire(159) == [Change(repeated(), False, assumed=True)]
    assert states.value((Kind.VIDEO_LOSS,), "") is False
    assert states.expire(500) == []
    assert states.learn(repeated(), 501) == Change(repeated(), True)


def test_what_was_told_only_once_is_unknown_after_that_and_never_said_to_be_over() -> None:
    states = States(60)
    states.learn(repeated(), 0)
    assert states.value((Kind.VIDEO_LOSS,), "") is True
    assert states.expire(60) == []
    assert states.value((Kind.VIDEO_LOSS,), "") is None
    assert states.learn(repeated(), 4000) == Change(repeated(), True)


def test_an_end_that_is_told_ends_it_at_once() -> None:
    states = States(60)
    states.learn(repeated(), 0)
    assert states.learn(repeated(False), 1) == Change(repeated(False), False)
    assert states.expire(1000) == []


def test_what_ended_during_a_gap_is_over_when_it_is_not_repeated_afterwards() -> None:
    states = States(60)
    states.resume(0)
    for now in range(10):
        states.learn(repeated(), now)
    states.forget(9)
    states.resume(1000)
    assert states.expire(1059) == []
    assert states.expire(1060) == [Change(repeated(), False, after_gap=True, assumed=True)]
    assert states.expire(2000) == []


def test_what_goes_on_after_a_gap_is_no_event() -> None:
    states = States(60)
    states.resume(0)
    states.learn(repeated(), 0)
    states.learn(repeated(), 1)
    states.forget(2)
    states.resume(100)
    assert states.learn(repeated(), 101) is None
    assert states.expire(160) == []
    assert states.expire(161) == [Change(repeated(), False, assumed=True)]


def test_what_was_told_once_before_a_gap_and_again_after_it_is_one_event() -> None:
    states = States(60)
    states.resume(0)
    assert states.learn(repeated(), 0) == Change(repeated(), True)
    states.forget(1)
    states.resume(2)
    assert states.learn(repeated(), 3, gap=True) is None
    assert states.expire(63) == [Change(repeated(), False, assumed=True)]


def test_what_was_told_once_before_a_gap_and_never_again_is_forgotten() -> None:
    states = States(60)
    states.resume(0)
    states.learn(repeated(), 0)
    states.forget(1)
    states.resume(2)
    assert states.expire(1000) == []
    assert states.learn(repeated(), 1001, gap=True) == Change(repeated(), True, after_gap=True)


def test_listening_in_short_pieces_adds_up_to_the_quiet_time() -> None:
    states = States(60)
    states.resume(0)
    states.learn(repeated(), 0)
    states.learn(repeated(), 1)
    ended = []
    for begin in range(50, 500, 50):  # a device that ends its stream every 45 s
        states.forget(begin - 5)
        ended += states.expire(begin - 1)
        states.resume(begin)
        ended += states.expire(begin + 44)
    assert ended == [Change(repeated(), False, after_gap=True, assumed=True)]


def test_what_has_no_length_is_told_once_in_a_burst() -> None:
    states = States(60)
    login = Told(Kind.ILLEGAL_LOGIN, "illAccess", None)
    told = [now for now in range(0, 100) if states.learn(login, now) is not None]
    assert told == [0]
    assert states.learn(login, 200) == Change(login, None)
    assert states.value((Kind.ILLEGAL_LOGIN,), None) is None


def test_channels_are_apart_and_none_of_them_fills_the_memory() -> None:
    states = States(60)
    for n in range(3 * MAX_STATES):
        states.learn(repeated(channel=str(n)), n)
        states.learn(Told(Kind.ILLEGAL_LOGIN, "x", None, part=str(n)), n)
    assert len(states.channels()) == MAX_STATES
    last = str(3 * MAX_STATES - 1)
    assert states.value((Kind.VIDEO_LOSS,), last) is True
    assert states.value((Kind.VIDEO_LOSS,), "0") is None
    for n in range(3):
        states.forget(n)
        for m in range(MAX_STATES):
            states.learn(repeated(channel=f"{n}-{m}"), n)
    stores = states._known, states._present, states._moments, states._unheard
    assert all(len(store) <= MAX_STATES for store in stores)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["on", "off", "repeat", "expire", "forget", "resume"]), st.integers(0, 2), st.integers(0, 40)
    ),
    max_size=60,
)


@given(_STEPS)
def test_changes_of_a_state_alternate_whatever_happens(steps: list[tuple[str, int, int]]) -> None:
    """No event is doubled: between two beginnings lies an end, or a time when nothing was known."""
    states = States(60)
    now, told = 0, []
    for what, channel, pause in steps:
        now += pause
        if what in ("on", "off", "repeat"):
            one = Told(Kind.VIDEO_LOSS, "c", what != "off", str(channel), lasting=what != "repeat")
            change = states.learn(one, now)
            told += [change] if change else []
        elif what == "expire":
            told += states.expire(now)
        elif what == "forget":
            states.forget(now)
        else:
            states.resume(now)
    for channel in range(3):
        active = [change.active for change in told if change.told.channel == str(channel)]
        assert not any(a is False and b is False for a, b in itertools.pairwise(active))
