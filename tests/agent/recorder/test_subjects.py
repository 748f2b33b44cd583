"""Subjects: each fails alone, a refusal is a fact for a day, and a silence ends the round."""

import logging

import pytest

from agent.device.account import PasswordMissing
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    DeviceError,
    Forbidden,
    HeldBack,
    Interrupted,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.recorder.subjects import RoundOver, Subjects


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def subjects(clock: Clock) -> Subjects:
    return Subjects("nvr", {"log": 600.0, "users": 3600.0, "channels": 0.0}, clock)


def fail(subjects: Subjects, name: str, error: Exception) -> None:
    with subjects.asking(name):
        raise error


def test_a_subject_is_asked_at_its_pace_and_jittered(subjects: Subjects, clock: Clock) -> None:
    with subjects.asking("log"):
        pass
    clock.now = 539.0
    assert not subjects.due("log")
    clock.now = 661.0
    assert subjects.due("log")
    assert subjects.due("users")


@pytest.mark.parametrize(("error", "other"), [(Unsupported, Forbidden), (Forbidden, Unsupported)])
def test_a_refusal_is_a_fact_told_once_and_asked_again_daily(
    subjects: Subjects,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    error: type[DeviceError],
    other: type[DeviceError],
) -> None:
    caplog.set_level(logging.INFO)
    for name in ("users", "log", "log"):
        fail(subjects, name, error("no"))
    assert (subjects.refused(error), subjects.refused(other)) == ("log, users", "")
    assert caplog.text.count(": log: ") == 1
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
    clock.now = 86_000.0
    assert not subjects.due("log")
    clock.now = 86_500.0
    assert subjects.due("log")
    with subjects.asking("log"):
        pass
    assert subjects.refused(error) == "users"


def test_a_bad_answer_costs_its_subject_this_turn_only(subjects: Subjects, clock: Clock) -> None:
    fail(subjects, "log", BadAnswer("what"))
    assert subjects.refused(DeviceError) == ""
    clock.now = 661.0
    assert subjects.due("log")


@pytest.mark.parametrize(
    "error", [Unreachable("a"), TimedOut("a"), AuthRefused("a"), AuthPaused("a"), HeldBack("a"), Interrupted("a")]
)
def test_silence_and_refused_logins_end_the_round(subjects: Subjects, error: DeviceError) -> None:
    with pytest.raises(RoundOver) as over:
        fail(subjects, "log", error)
    assert over.value.cause is error
    assert not subjects.due("log"), "others go before it comes round again"


def test_a_missing_password_ends_the_round(subjects: Subjects) -> None:
    with pytest.raises(RoundOver):
        fail(subjects, "log", PasswordMissing("no file"))


def test_what_is_no_devices_error_is_not_swallowed(subjects: Subjects) -> None:
    with pytest.raises(ZeroDivisionError):
        fail(subjects, "log", ZeroDivisionError())


def test_another_device_is_asked_everything_anew(subjects: Subjects) -> None:
    fail(subjects, "log", Unsupported("no"))
    subjects.again()
    assert subjects.due("log")
