"""What Dahua's events mean: lines as its devices send them, and any bytes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.device.multipart import Part
from agent.hardware.dahua import ATTACH, CODES, MAX_EVENTS, STATES, interpret, states, states_path
from agent.hardware.model import Kind, Stranger, Told


def event(text: str) -> Part:
    return Part("text/plain", text.encode())


@pytest.mark.parametrize(
    ("text", "kind", "active", "channel", "lasting"),
    [
        ("Code=VideoLoss;action=Start;index=3", Kind.VIDEO_LOSS, True, "4", True),
        ("Code=VideoLoss;action=Stop;index=3;data={}", Kind.VIDEO_LOSS, False, "4", True),
        ("Code=VideoBlind; action=Start; index=0", Kind.TAMPER, True, "1", True),
        ("Code=StorageFailure;action=Start;index=0", Kind.STORAGE_FAILURE, True, "", True),
        ("Code=StorageNotExist;action=Stop;index=0", Kind.STORAGE_FAILURE, False, "", True),
        ("Code=StorageLowSpace;action=Pulse;index=0", Kind.STORAGE_FULL, True, "", False),
        ("Code=NetAbort;action=Start", Kind.NETWORK_LOST, True, "", True),
        ("Code=MACConflict;action=Start;index=0", Kind.ADDRESS_CONFLICT, True, "", True),
        ("Code=ChassisIntruded;action=Start;index=0", Kind.TAMPER, True, "", True),
    ],
)
def test_a_line_has_one_meaning(text: str, kind: Kind, active: bool, channel: str, lasting: bool) -> None:
    code = text.split(";")[0].removeprefix("Code=")
    assert interpret(event(text)) == [Told(kind, code, active, channel, part=code, lasting=lasting)]


def test_a_refused_login_tells_where_from_and_not_who() -> None:
    data = '{\n   "Address" : "192.0.2.66",\n   "User" : "admin"\n}'
    (told,) = interpret(event(f"Code=LoginFailure;action=Pulse;index=0;data={data}\n\n"))
    assert isinstance(told, Told)
    assert (told.kind, told.active, told.detail) == (Kind.ILLEGAL_LOGIN, None, "192.0.2.66")


def test_several_lines_in_a_part_are_several_events() -> None:
    told = interpret(event("Code=VideoLoss;action=Start;index=0\r\n\r\nCode=VideoLoss;action=Start;index=1"))
    assert [one.channel for one in told if isinstance(one, Told)] == ["1", "2"]


def test_heartbeats_motion_and_odd_actions_are_nothing_and_the_unknown_is_a_stranger() -> None:
    assert interpret(event("Heartbeat")) == []
    assert interpret(event("Code=VideoMotion;action=Start;index=0")) == []
    assert interpret(event("Code=VideoLoss;action=State;index=0")) == []
    assert interpret(event("Code=CoffeeEmpty;action=Start;index=0")) == [Stranger("CoffeeEmpty")]


def test_only_what_is_understood_is_asked_for() -> None:
    asked = ATTACH.partition("codes=[")[2].partition("]")[0].split(",")
    assert asked == list(CODES)
    assert set(STATES) <= set(CODES)
    assert states_path("VideoLoss").endswith("action=getEventIndexes&code=VideoLoss")


def test_channels_that_are_not_listed_are_well() -> None:
    told = states("VideoLoss", b"channels[0]=1\r\nchannels[1]=3\r\n", ["1", "2", "3"])
    assert {one.channel: one.active for one in told} == {"1": False, "2": True, "3": False, "4": True}
    assert all(one.initial for one in told)
    assert [one.active for one in states("StorageFailure", b"channels[0]=0\r\n", ["1"])] == [True]
    assert [one.active for one in states("StorageFailure", b"Error: No Events\r\n", ["1"])] == [False]


def test_an_answer_that_lists_nothing_and_says_nothing_tells_nothing() -> None:
    assert states("VideoLoss", b"OK", ["1"]) == []
    assert states("VideoLoss", b"", ["1"]) == []


_PIECES = st.lists(
    st.sampled_from([b"Code=", b"VideoLoss", b"LoginFailure", b";action=", b"Start", b"Pulse", b";index=", b"1"])
    | st.sampled_from([b";data=", b'{"Address":', b'"a"}', b"[" * 3000, b"channels[0]="])
    | st.binary(max_size=8),
    max_size=25,
).map(b"".join)


@given(_PIECES)
def test_any_bytes_are_told_strange_or_nothing(body: bytes) -> None:
    assert all(isinstance(one, Told | Stranger) for one in interpret(Part("", body)))
    assert all(isinstance(one, Told) for one in states("VideoLoss", body, []))


def test_a_part_full_of_events_costs_little() -> None:
    part = event("Code=LoginFailure;action=Pulse;index=0;data=[" * 5_800)
    begun = time.process_time()
    assert len(interpret(part)) == MAX_EVENTS
    assert time.process_time() - begun < 0.3
