"""Waiting for a condition with a deadline, instead of sleeping and hoping."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

POLL_SECONDS = 0.02
PATIENCE_SECONDS = 30.0
"""A deadline costs nothing where all is well: it may be far beyond what a busy machine takes."""
_STANDSTILL_SECONDS = 0.5


def wait_until(
    condition: Callable[[], object], timeout: float = PATIENCE_SECONDS, what: str | Callable[[], str] = ""
) -> None:
    """Return once `condition()` is true. Raises AssertionError naming `what` after `timeout` seconds.

    Where `what` ends with a log it is a function: what the log says at the end is of interest.

    A pause longer than half a second counts as half a second: while this process stood still, nothing in it went on.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        paused = time.monotonic()
        if paused >= deadline:
            missed = what() if callable(what) else what
            raise AssertionError(f"not within {timeout:g} s: {missed or 'the condition became true'}")
        time.sleep(POLL_SECONDS)
        deadline += max(0.0, time.monotonic() - paused - _STANDSTILL_SECONDS)


def answer_of(ask: Callable[[], Answer], *, though: type[Exception], timeout: float = PATIENCE_SECONDS) -> Answer:
    """What `ask` returns, asked again while it raises `though`: one that waits briefly may have waited too briefly."""
    answers: list[Answer] = []
    errors: list[Exception] = []

    def asked() -> bool:
        try:
            answers.append(ask())
        except though as error:
            errors.append(error)
        return bool(answers)

    try:
        wait_until(asked, timeout, "an answer")
    except AssertionError as error:
        raise error from errors[-1]
    return answers[0]
