"""What is unusual for the hour of the week, as timelines: three weeks of silence, the ticket, the recovery."""

import math
from collections.abc import Callable
from random import Random

import pytest

from hub.locale.translator import translator
from hub.rule import discover
from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.rules.timelines import DAY, HOUR, case, lives, others, timeline
from wire.messages import Device, DeviceKind

WEEKS = 3 * 7 * 24
"""Hours."""

DEVICES = [
    Device(device="cam-1", kind=DeviceKind.CAMERA),
    Device(device="nvr-host", kind=DeviceKind.HOST),
    Device(device="sw-1", kind=DeviceKind.SWITCH),
    Device(device="room-1", kind=DeviceKind.ROOM),
]


def hour_of_week(hour: int) -> tuple[int, int]:
    """Monday is 0."""
    at = T0 // 1000 + hour * HOUR
    return (at - 4 * DAY) // DAY % 7, at % DAY // HOUR


def scene(hour: int, random: Random) -> float:
    """A channel that records motion: busy by day, nearly nothing by night, and on Sundays."""
    day, clock = hour_of_week(hour)
    busy = math.exp(-(((clock - 13) / 4) ** 2)) * (0.15 if day == 6 else 1.0)
    return 500_000 * (0.02 + busy) * random.lognormvariate(0, 0.3)


def traffic(hour: int, random: Random) -> float:
    """Cameras of constant bitrate."""
    return random.gauss(8e6, 2e5)


def answer(hour: int, random: Random) -> float:
    """Jitters, and now and then takes three times as long."""
    return 0.08 * random.lognormvariate(0, 0.3) * (3 if random.random() < 0.02 else 1)


def warmth(hour: int, random: Random) -> float:
    """Warmer in the afternoon."""
    return 24 + 3 * math.sin(2 * math.pi * (hour_of_week(hour)[1] - 9) / 24) + random.gauss(0, 0.4)


RULES: dict[str, tuple[str, str, Callable[[int, Random], float], Callable[[float], float], str | None]] = {
    "write_rate_unusual": ("cam-1", "recording_bytes_per_second", scene, lambda usual: usual * 25, "high"),
    "network_receive_unusual": ("nvr-host", "network_receive_bytes_per_second", traffic, lambda usual: 1.5e6, "low"),
    "response_slow": ("cam-1", "response_seconds", answer, lambda usual: 2.5, "high"),
    "ping_slow": ("sw-1", "ping_seconds", answer, lambda usual: 1.5, "high"),
    "temperature_unusual": ("room-1", "temperature_celsius", warmth, lambda usual: 34.5, "high"),
}


def play(line: Timeline, rule: str, hours: range, change: Callable[[float], float] = float, seed: int = 1) -> None:
    device, metric, usual, _, _ = RULES[rule]
    for hour in hours:
        random = Random(f"{seed} {hour}")
        line.sample(hour * HOUR + 60, device, **{metric: change(usual(hour, random))})


@pytest.mark.parametrize("rule", RULES)
def test_three_weeks_of_silence_the_ticket_and_the_recovery(rule: str) -> None:
    line = timeline(*DEVICES)
    device, _, _, change, towards = RULES[rule]
    play(line, rule, range(WEEKS))
    assert lives(line, rule) == []
    play(line, rule, range(WEEKS, WEEKS + 16), change)
    assert [life.split()[1] for life in lives(line, rule)] == ["pending", "opened"]
    opened = float(lives(line, rule)[1].split()[0]) / HOUR
    assert WEEKS + 3 <= opened <= WEEKS + 14
    assert case(line, device, rule) == towards
    play(line, rule, range(WEEKS + 16, WEEKS + 22))
    assert lives(line, rule)[-1].endswith("closed")
    assert others(line, rule) == []


@pytest.mark.parametrize("rule", RULES)
def test_six_weeks_of_a_healthy_room_are_silent(rule: str) -> None:
    line = timeline(*DEVICES)
    play(line, rule, range(42 * 24), seed=2)
    assert [life for life in lives(line, rule) if life.endswith("opened")] == []


def test_nothing_is_said_in_the_first_fortnight() -> None:
    line = timeline(*DEVICES)
    play(line, "network_receive_unusual", range(10 * 24))
    play(line, "network_receive_unusual", range(10 * 24, 13 * 24), lambda _: 1e5)
    assert line.log == []


def test_a_holiday_is_like_a_sunday() -> None:
    line = timeline(*DEVICES)
    rule = "write_rate_unusual"
    play(line, rule, range(WEEKS + 24))
    for hour in range(WEEKS + 24, WEEKS + 3 * 24):
        _, clock = hour_of_week(hour)
        quiet = 500_000 * (0.02 + 0.15 * math.exp(-(((clock - 13) / 4) ** 2)))
        line.sample(hour * HOUR + 60, "cam-1", recording_bytes_per_second=quiet)
    play(line, rule, range(WEEKS + 3 * 24, WEEKS + 5 * 24))
    assert [life for life in lives(line, rule) if life.endswith("opened")] == []


def test_an_hour_of_tidying_or_a_reboot_is_no_ticket() -> None:
    line = timeline(*DEVICES)
    rule = "temperature_unusual"
    play(line, rule, range(WEEKS))
    play(line, rule, range(WEEKS, WEEKS + 1), lambda usual: usual - 14)
    play(line, rule, range(WEEKS + 1, WEEKS + 48))
    assert [life for life in lives(line, rule) if life.endswith("opened")] == []


def test_what_lasts_is_usual_after_a_day_and_the_ticket_resolves() -> None:
    line = timeline(*DEVICES)
    rule = "network_receive_unusual"
    play(line, rule, range(WEEKS))
    play(line, rule, range(WEEKS, WEEKS + 40), lambda usual: usual * 4)
    story = [life.split() for life in lives(line, rule)]
    assert [change for _, change in story] == ["pending", "opened", "clearing", "closed"]
    assert 24 <= float(story[-1][0]) / HOUR - WEEKS <= 32


def test_the_summary_says_what_is_and_what_is_usual() -> None:
    line = timeline(*DEVICES)
    rule = "network_receive_unusual"
    play(line, rule, range(WEEKS))
    play(line, rule, range(WEEKS, WEEKS + 6), lambda _: 1.5e6)
    finding = line.engine.sites[SITE].devices["nvr-host"].findings[rule]
    english = translator("en").ticket_texts(discover()[rule], finding.detail).summary
    assert english.startswith("Receives 1.5 MB/s, far less than the usual 8")
