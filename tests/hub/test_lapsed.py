"""Findings that closed only lately are remembered: so many, and for so long."""

from dataclasses import replace

import pytest

from hub import lapsed
from hub.finding import Life
from hub.fleet import LiveFinding
from hub.lapsed import Lapsed
from hub.rule import Severity
from tests.hub.fleets import SITE, T0, Timeline

RULE = "camera_unreachable"
CLOSED = T0 + 600_000
HOUR_MS = 3_600_000


def closed(device: str = "cam-1", at: int = CLOSED) -> LiveFinding:
    life = Life("closed", since=T0, opened=T0 + 1, closed=at)
    return LiveFinding(SITE, device, RULE, Severity.CRITICAL, life, {})


def test_one_that_is_back_within_its_time_is_the_same_and_is_given_back_once() -> None:
    subject = Timeline({}).engine.sites[SITE].devices["cam-1"]
    check, known, finding = subject.plan.checks[RULE], Lapsed(), closed()
    known.remember(finding, CLOSED + HOUR_MS)
    assert known.of(subject, RULE) is finding
    assert known.back(check, subject, CLOSED + HOUR_MS - 1) is finding
    assert known.back(check, subject, CLOSED + HOUR_MS - 1) is None


def test_one_that_is_back_later_is_another() -> None:
    subject = Timeline({}).engine.sites[SITE].devices["cam-1"]
    known = Lapsed()
    known.remember(closed(), CLOSED + HOUR_MS)
    assert known.back(subject.plan.checks[RULE], subject, CLOSED + HOUR_MS) is None


def test_what_nobody_asks_for_is_forgotten_in_time() -> None:
    known = Lapsed()
    known.remember(closed("cam-1"), CLOSED)
    known.remember(closed("cam-2"), CLOSED + HOUR_MS)
    known.forget(CLOSED + 1)
    assert len(known) == 1


def test_of_too_many_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapsed, "MAX_LAPSED", 2)
    subject = Timeline({}).engine.sites[SITE].devices["cam-1"]
    known = Lapsed()
    for device in ("cam-1", "cam-2", "cam-3"):
        known.remember(closed(device), CLOSED)
    assert len(known) == 2
    assert known.of(subject, RULE) is None


def test_what_was_closed_while_the_clock_was_ahead_does_not_come_back() -> None:
    subject = Timeline({}).engine.sites[SITE].devices["cam-1"]
    known = Lapsed()
    known.remember(closed(at=CLOSED + 10 * HOUR_MS), CLOSED + 11 * HOUR_MS)
    known.clock_set_back(CLOSED)
    assert known.of(subject, RULE) is None


def test_one_that_is_remembered_again_is_the_youngest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapsed, "MAX_LAPSED", 2)
    subject = Timeline({}).engine.sites[SITE].devices["cam-1"]
    known, again = Lapsed(), closed("cam-1")
    for finding in (closed("cam-1"), closed("cam-2"), again, closed("cam-3")):
        known.remember(finding, CLOSED)
    again.life = replace(again.life, closed=CLOSED + 1)
    assert known.of(subject, RULE) is again
