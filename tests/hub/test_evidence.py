"""Which series a ticket's charts show, and from when to when."""

from dataclasses import replace

from hub.evidence import BEFORE_MOST_MS, LEAST_MS, Concerned, Series, evidence
from hub.recurrence import Span
from hub.rule import Rule, Together, discover
from wire.messages import DeviceKind

RULES = discover()
HOUR = 3_600_000
NOW = 1_800_000_000_000
CAMERA = Concerned("camera_unreachable", "camera", "cam-1")


def test_what_woke_the_rule_from_before_the_fault_until_after_its_end() -> None:
    found = evidence(CAMERA, [], RULES, NOW - 10 * HOUR, NOW - 9 * HOUR, NOW)
    assert found.series == [Series("camera", "cam-1", "reachable")]
    assert found.span == Span(NOW - 11 * HOUR, NOW - 8 * HOUR)
    assert found.fault == Span(NOW - 10 * HOUR, NOW - 9 * HOUR)


def test_a_fault_that_lasts_is_charted_until_now_and_never_beyond() -> None:
    found = evidence(CAMERA, [], RULES, NOW - HOUR, None, NOW)
    assert found.span == Span(NOW - 2 * HOUR, NOW)
    assert found.fault == Span(NOW - HOUR, NOW)
    assert evidence(CAMERA, [], RULES, NOW + HOUR, None, NOW).fault == Span(NOW + HOUR, NOW + HOUR)


def test_a_short_fault_has_some_time_around_it_and_a_long_one_not_too_much() -> None:
    short = evidence(CAMERA, [], RULES, NOW - 5 * HOUR, NOW - 5 * HOUR + 1000, NOW)
    assert short.span == Span(NOW - 5 * HOUR - LEAST_MS, NOW - 5 * HOUR + 1000 + LEAST_MS)
    long = evidence(CAMERA, [], RULES, NOW - 60 * 24 * HOUR, None, NOW)
    assert long.span.start == NOW - 60 * 24 * HOUR - BEFORE_MOST_MS


def test_it_goes_as_far_back_as_the_rule_looks() -> None:
    looking = replace(RULES["camera_unreachable"], name="slow", lookback_seconds=7200.0)
    found = evidence(Concerned("slow", "camera", "x"), [], {"slow": looking}, NOW - HOUR, None, NOW)
    assert found.span.start == NOW - 3 * HOUR


def test_a_group_is_shown_by_what_its_members_are_judged_by() -> None:
    group = Rule(
        name="together",
        kinds=frozenset({DeviceKind.SWITCH}),
        condition=Together(frozenset({"camera_unreachable"}), lambda _: (3, 0.5, 120.0)),
        summary="",
    )
    members = [Concerned("camera_unreachable", "camera", f"cam-{number}") for number in range(20)]
    found = evidence(
        Concerned("together", "switch", "switch-1"), members, {**RULES, "together": group}, NOW - HOUR, None, NOW
    )
    assert found.series[0] == Series("camera", "cam-0", "reachable")
    assert len(found.series) == 12


def test_a_rule_that_no_metric_wakes_or_that_is_gone_is_shown_by_what_the_device_is_first_of_all() -> None:
    silent = evidence(Concerned("agent_silent", "agent", "gate-1"), [], RULES, NOW - HOUR, None, NOW)
    assert [one.device for one in silent.series] == ["gate-1"]
    gone = evidence(Concerned("rule_of_yesteryear", "camera", "cam-1"), [], RULES, NOW - HOUR, None, NOW)
    assert [one.kind for one in gone.series] == ["camera"]
    assert evidence(Concerned("rule_of_yesteryear", "", "cam-1"), [], RULES, NOW, None, NOW).series == []
