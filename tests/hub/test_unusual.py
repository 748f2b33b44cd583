"""Hours are gathered and judged once each; what is not known yet says nothing; a failed batch unlearns nothing."""

import math
from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from hub import unusual
from hub.blindness import Blindness
from hub.check import compile_check
from hub.detector import Detector
from hub.engine import Engine
from hub.fleet import Subject
from hub.plan import Plan
from hub.rule import N_, Rule, Threshold, Unusual
from hub.unusual import HOUR_MS, Hours, RatioSettings, Unusuals, Verdict, measure
from tests.hub.fleets import DEVICES, SITE, T0, Timeline, settings_of
from wire.messages import DeviceKind

METRIC = "network_receive_bytes_per_second"
CONDITION = Unusual(METRIC, lambda s: (s.raise_score, s.least_factor, s.learn_days), floor=1000.0)
RULE = Rule("odd_traffic", frozenset({DeviceKind.HOST}), CONDITION, N_("Odd."), settings=RatioSettings)
FIRST = T0 - T0 % HOUR_MS


def take(unusuals: Unusuals, subject: Subject, value: float, at: int) -> Verdict | None:
    verdicts = unusuals.judge(subject, {METRIC: value}, at)
    return verdicts[0][1] if verdicts else None


def host(name: str = "h") -> Subject:
    subject = Subject(SITE, name, DeviceKind.HOST, "gateway")
    subject.plan = Plan(learners=[(METRIC, RULE.name, compile_check(RULE, RatioSettings()), CONDITION)])
    return subject


class Later:
    """A past that is known after so many questions."""

    def __init__(self, questions: int, detector: Detector) -> None:
        self.left = questions
        self.detector = detector

    def learned(self, subject: Subject, condition: Unusual) -> Detector | None:
        self.left -= 1
        return self.detector if self.left < 0 else None


def weeks(number: int, until: int) -> Detector:
    """A detector that knows so many weeks of about 8 MB/s before a time (ms)."""
    random, detector = Random(4), Detector()
    for hour in range(-number * 7 * 24, 0):
        detector.update((until + hour * HOUR_MS) / 1000, math.log(random.gauss(8e6, 2e5)))
    return detector


def test_an_hour_is_judged_by_its_mean_when_it_is_over() -> None:
    unusuals, subject = Unusuals({}), host()
    assert take(unusuals, subject, 10.0, FIRST + 60_000) is None
    assert take(unusuals, subject, 30.0, FIRST + 3_540_000) is None
    verdict = take(unusuals, subject, 5.0, FIRST + HOUR_MS + 1)
    assert verdict is not None
    assert (verdict.at, verdict.judgement.verdict) == (FIRST + HOUR_MS, "unknown")
    known = subject.learned["odd_traffic"]
    assert isinstance(known, Hours)
    assert (known.total, known.number, known.hour) == (5.0, 1, FIRST // HOUR_MS + 1)


def test_what_comes_late_for_its_hour_is_left_out() -> None:
    unusuals, subject = Unusuals({}), host()
    take(unusuals, subject, 10.0, FIRST + HOUR_MS)
    assert take(unusuals, subject, 99.0, FIRST + HOUR_MS - 1) is None
    assert take(unusuals, subject, 99.0, FIRST + HOUR_MS) is None  # nor is one summed twice
    known: Hours = subject.learned["odd_traffic"]
    assert (known.total, known.number) == (10.0, 1)


def test_while_the_past_is_unknown_nothing_is_said_and_hours_wait() -> None:
    unusuals, subject = Unusuals({}), host()
    unusuals.past = Later(3, weeks(4, FIRST))
    verdicts = [
        verdict.judgement.verdict
        for hour in range(8)
        if (verdict := take(unusuals, subject, 8e4, FIRST + hour * HOUR_MS)) is not None
    ]
    assert verdicts == ["unknown"] * 3 + ["firing"] * 4
    known: Hours = subject.learned["odd_traffic"]
    assert known.detector is not None
    assert known.detector.number == 4 * 7 * 24 + 7  # the hours that waited are not lost


def test_a_past_that_never_comes_is_given_up() -> None:
    unusuals, subject = Unusuals({}), host()
    unusuals.past = Later(1 << 30, Detector())
    for hour in range(unusual.MAX_WAITING + 4):
        take(unusuals, subject, 8e6, FIRST + hour * HOUR_MS)
    known: Hours = subject.learned["odd_traffic"]
    assert known.detector is not None
    assert known.waiting == ()


def test_nothing_that_was_learnt_is_changed_in_place() -> None:
    unusuals, subject = Unusuals({}), host()
    unusuals.past = Later(0, weeks(4, FIRST))
    for hour in range(3):
        take(unusuals, subject, 8e6, FIRST + hour * HOUR_MS)
    before: Mapping[str, Hours] = subject.learned
    detector = before["odd_traffic"].detector
    assert detector is not None
    number, at = detector.number, detector.at
    first = take(unusuals, subject, 1e5, FIRST + 3 * HOUR_MS)
    subject.learned = before
    again = take(unusuals, subject, 1e5, FIRST + 3 * HOUR_MS)
    assert first == again
    assert (detector.number, detector.at) == (number, at)


def test_there_are_no_more_series_than_the_bound_and_that_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(unusual, "MAX_DETECTORS", 2)
    unusuals = Unusuals({})
    subjects = [host(str(number)) for number in range(3)]
    for subject in subjects:
        take(unusuals, subject, 1.0, FIRST)
    assert [len(subject.learned) for subject in subjects] == [1, 1, 0]
    assert (unusuals.number, unusuals.fill_ratio) == (2, 1.0)
    take(unusuals, subjects[2], 1.0, FIRST + 1)
    (said,) = caplog.records  # once, however often it comes
    assert "of others nothing is learnt" in said.getMessage()
    unusuals.forget(subjects[0])
    assert unusuals.fill_ratio == 0.5
    take(unusuals, subjects[2], 1.0, FIRST)
    assert len(subjects[2].learned) == 1


def test_factors_are_measured_in_logarithms_above_a_floor() -> None:
    number = measure(CONDITION)
    assert number(2e6) - number(1e6) == pytest.approx(math.log(2))
    assert number(0.0) == number(1000.0)
    assert measure(Unusual(METRIC, CONDITION.levels))(-3.0) == -3.0


def test_devices_whose_rules_want_none_keep_no_state() -> None:
    line = Timeline(rules={RULE.name: RULE})
    line.samples(range(0, 7200, 600), "cam-1", **{METRIC: 5.0})
    line.samples(range(0, 7200, 600), "gateway-host", **{METRIC: 5.0})
    devices = line.engine.sites[SITE].devices
    assert [name for name, subject in devices.items() if subject.learned] == ["gateway-host"]


def test_a_failed_batch_is_judged_again_from_what_was_known_before_it() -> None:
    line = Timeline(rules={RULE.name: RULE})
    line.engine.begin_batch()
    line.samples(range(0, 7200, 600), "gateway-host", **{METRIC: 5e6})
    line.engine.batch_committed()
    line.engine.begin_batch()
    kept = line.engine.sites[SITE].devices["gateway-host"].learned
    line.sample(7200, "gateway-host", **{METRIC: 5e6})
    assert line.engine.values_committed()[SITE, "gateway-host"].learned == kept


def test_an_engine_without_such_rules_asks_no_past() -> None:
    rules: dict[str, Rule] = {}
    engine = Engine(rules, settings_of(rules), Blindness())
    state = engine.hear(SITE, "gateway", T0)
    engine.inventory(state, DEVICES, T0)
    assert all(not subject.plan.learners for subject in engine.sites[SITE].devices.values())


@pytest.mark.parametrize(("device", "explains"), [("gateway-host", True), ("cam-1", True), ("door-1", False)])
def test_what_something_else_explains_is_no_finding_of_its_own(device: str, explains: bool) -> None:
    kinds = frozenset({DeviceKind.CAMERA, DeviceKind.HOST, DeviceKind.DOOR})
    other = Rule("broken", kinds, Threshold("up", lambda _: (0.0, 1.0)), N_("Broken."))
    condition = replace(CONDITION, sum_of=frozenset({DeviceKind.CAMERA}))
    line = Timeline(rules={RULE.name: replace(RULE, condition=condition), other.name: other})
    line.engine.unusuals.past = Later(0, weeks(4, FIRST))
    line.sample(0, "gateway-host", **{METRIC: 8e6})
    line.sample(60, device, up=0.0)
    for hour in range(1, 6):
        line.sample(hour * 3600, "gateway-host", **{METRIC: 8e4})
    assert any(RULE.name in entry for entry in line.log) is not explains
