"""Judges hourly means by the statistical detector: for metrics whose natural limit nobody knows.

A device's values are gathered to the mean of each hour, and that is judged when the hour is over: noise within an hour,
a reboot and a burst weigh little, the work a value makes is an addition, and an hour of the past can be taken from the
rollups as it was. A batch that fails leaves what was learnt as it was.
"""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from pydantic import Field

from hub.check import Check
from hub.detector import Detector
from hub.fleet import Site, Subject
from hub.rule import CLEAR, UNKNOWN, Judgement, Settings, Severity, Unusual

log = logging.getLogger(__name__)

HOUR_MS = 3_600_000
DAY_SECONDS = 86_400.0

FEWEST = 0.5
"""The share of the hours of the time of learning that must have values."""

STILL = 0.7
"""An alarm goes on until the value is nearer to what is usual than this share of the least change."""

FRESH_MS = 24 * HOUR_MS
"""What began no longer ago explains what is unusual now."""

MAX_WAITING = 72
"""Hours that are kept until the past is known; after that it is learnt from now on."""

MAX_DETECTORS = 30_000
"""Series that are judged, about 7 KB each; of others the rules say nothing, and the rule hub_learning_full does."""


class UnusualSettings(Settings):
    """Hours, not minutes: what is unusual is not yet broken."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = Field(default=7200.0, ge=0, description="s; judged once an hour")
    clear_seconds: float = Field(default=3600.0, ge=0, description="s; judged once an hour")
    raise_score: float = Field(default=0.5, gt=0, lt=1, description="1; the anomaly score, see docs/score.md")
    learn_days: float = Field(default=14.0, ge=1, description="d; nothing is raised before")


class RatioSettings(UnusualSettings):
    """For what has no fixed measure: so many times as much as usual, or so many times less."""

    least_factor: float = Field(default=2.0, gt=1, description="1; times more, or less, than usual at least")


class DifferenceSettings(UnusualSettings):
    """For what is measured in units that mean the same everywhere."""

    least_difference: float = Field(default=8.0, gt=0, description="in the metric's unit; more, or less, at least")


class Past(Protocol):
    """Where the hours before a start of the hub are learnt from (`hub/warming.py`)."""

    def learned(self, subject: Subject, condition: Unusual) -> Detector | None:
        """What the past has taught; None while that is being found out. Given away once, then asked anew."""
        ...


class NoPast:
    """There is none: everything is learnt from now on."""

    def learned(self, subject: Subject, condition: Unusual) -> Detector | None:
        """An empty one."""
        return Detector()


@dataclass(slots=True)
class Hours:
    """What is known of one metric of one device. Within an hour only sums change, and a value is summed once however
    often it comes; the end of an hour makes a new one of these."""

    hour: int
    """The one that is gathered, since the epoch."""
    detector: Detector | None = None
    """None while its past is not known."""
    waiting: tuple[tuple[int, float], ...] = ()
    """(hour, number) that it is taught when it is."""
    alarm: Literal["", "high", "low"] = ""
    began: int = 0
    """When the alarm began, ms UTC."""
    judged: int | None = None
    """The end of the hour that was judged last, ms UTC."""
    total: float = 0.0
    number: int = 0
    newest: int = -1
    """The time (ms UTC) of the newest value in the sum."""


class Verdict(NamedTuple):
    """Of one hour: to be applied as of `at` (ms UTC), the one before having been as of `before`."""

    judgement: Judgement
    at: int
    before: int | None
    began: int

    @property
    def firing(self) -> bool:
        """Whether the hour was unusual."""
        return self.judgement.verdict == "firing"


def measure(condition: Unusual) -> Callable[[float], float]:
    """Numbers as the detector sees them: logarithms where factors matter."""
    floor = condition.floor
    return (lambda number: math.log(max(number, floor))) if floor else float


class Unusuals:
    """Every such judgement of one engine."""

    def __init__(self, sites: Mapping[str, Site]) -> None:
        self._sites = sites
        self.past: Past = NoPast()
        self.number = 0
        """Series that are judged."""
        self._told = False

    def judge(self, subject: Subject, news: Mapping[str, float], at: int) -> Sequence[tuple[Check, Verdict]]:
        """Takes a device's values in; verdicts of the hours that this ends."""
        learned, hour = subject.learned, at // HOUR_MS
        verdicts: list[tuple[Check, Verdict]] | None = None
        for metric, name, check, condition in subject.plan.learners:
            value = news.get(metric)
            if value is None:
                continue
            known: Hours | None = learned.get(name)
            if known is None or hour > known.hour:
                verdict, known = self._next_hour(check, condition, subject, known, hour)
                if verdict is not None:
                    verdicts = [*(verdicts or ()), (check, verdict)]
            if known is not None and at > known.newest and hour == known.hour:
                known.total += value
                known.number += 1
                known.newest = at
        return verdicts or ()

    def _next_hour(
        self, check: Check, condition: Unusual, subject: Subject, known: Hours | None, hour: int
    ) -> tuple[Verdict | None, Hours | None]:
        verdict = None
        if known is not None:
            verdict, following = self._end_of_hour(check, condition, subject, known, hour)
        elif self.number < MAX_DETECTORS:
            self.number += 1
            following = Hours(hour)
        else:
            self._full(subject, check)
            return None, None
        subject.learned = {**subject.learned, check.rule.name: following}
        return verdict, following

    def keep(self, subject: Subject) -> None:
        """What the subject brings with it counts."""
        self.number += len(subject.learned)

    def forget(self, subject: Subject) -> None:
        """It is gone."""
        self.number -= len(subject.learned)

    @property
    def fill_ratio(self) -> float:
        """The share of the series that can be judged which are."""
        return self.number / MAX_DETECTORS

    def _full(self, subject: Subject, check: Check) -> None:
        """Said once; afterwards the hub's own figures and its ticket say it."""
        if not self._told:
            self._told = True
            about = {"site": subject.site, "device": subject.device, "rule": check.rule.name}
            log.warning(
                "%d series are judged by what is usual for them: of others nothing is learnt", self.number, extra=about
            )

    def _end_of_hour(
        self, check: Check, condition: Unusual, subject: Subject, known: Hours, hour: int
    ) -> tuple[Verdict, Hours]:
        mean, end = known.total / known.number, (known.hour + 1) * HOUR_MS
        number = measure(condition)(mean)
        detector = known.detector.copy() if known.detector else self._taught(subject, condition, known)
        if detector is None:
            waiting = (*known.waiting[-(MAX_WAITING - 1) :], (known.hour, number))
            return Verdict(UNKNOWN, end, known.judged, end), Hours(hour, waiting=waiting, judged=end)
        judgement, alarm = _judged(check, condition, detector, known, number, mean)
        if alarm and self._explained(subject, condition, end):
            judgement, alarm = UNKNOWN, ""
        began = known.began if alarm and alarm == known.alarm else end - HOUR_MS
        return Verdict(judgement, end, known.judged, began), Hours(hour, detector, (), alarm, began, end)

    def _explained(self, subject: Subject, condition: Unusual, at: int) -> bool:
        """Whether something else that is wrong, and is not old, may well be the reason."""
        place = self._sites.get(subject.site) or Site()
        devices = [subject, *place.ancestors(subject)]
        if condition.sum_of:
            devices += (d for d in place.devices.values() if d.agent == subject.agent and d.kind in condition.sum_of)
        return any(
            finding.began > at - FRESH_MS and not isinstance(one.plan.checks[finding.rule].rule.condition, Unusual)
            for one in devices
            for finding in one.findings.values()
            if finding.rule in one.plan.checks
        )

    def _taught(self, subject: Subject, condition: Unusual, known: Hours) -> Detector | None:
        detector = self.past.learned(subject, condition)
        if detector is None and len(known.waiting) >= MAX_WAITING - 1:
            detector = Detector()
        for hour, number in known.waiting if detector is not None else ():
            if detector is not None and hour * HOUR_MS / 1000 > detector.at:
                detector.update(hour * HOUR_MS / 1000, number)
        return detector


def _judged(
    check: Check, condition: Unusual, detector: Detector, known: Hours, number: float, mean: float
) -> tuple[Judgement, Literal["", "high", "low"]]:
    """The judgement of an hour's mean, which the detector learns, and the alarm that stands after it."""
    settings = check.settings
    score, least, learn_days = condition.levels(settings)
    reading = detector.update(known.hour * HOUR_MS / 1000, number)
    if detector.age_seconds < learn_days * DAY_SECONDS or detector.number < FEWEST * 24 * learn_days:
        return UNKNOWN, ""
    least = math.log(least) if condition.floor else least
    off = number - reading.expected
    towards: Literal["high", "low"] = "high" if off > 0 else "low"
    if known.alarm:
        goes_on = towards == known.alarm and abs(off) >= STILL * least
    else:  # what is usual at this hour on some other day is a holiday, or a working Sunday
        far = min(abs(off), detector.elsewhere(number)) >= least
        goes_on = far and towards in condition.towards and reading.score >= score
    if not goes_on:
        return CLEAR, ""
    usual = math.exp(reading.expected) if condition.floor else reading.expected
    detail: Mapping[str, float | str] = {condition.metric: mean, f"usual_{condition.metric}": usual, "case": towards}
    return Judgement("firing", detail), towards
