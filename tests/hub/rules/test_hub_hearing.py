"""The rules about what the hub hears, and its certificate, as timelines."""

from collections.abc import Iterable

import pytest

from hub.fleet import Subject
from tests.hub.fleets import SITE, Timeline
from wire.messages import DeviceKind

DAY = 86_400


@pytest.fixture
def line() -> Timeline:
    line = Timeline()
    line.engine.add_subject(Subject(SITE, "hub", DeviceKind.HUB, "gateway"))
    return line


def seconds(start: float, end: float) -> Iterable[float]:
    return [start + 15 * n for n in range(int((end - start) / 15))]


def hears(line: Timeline, start: float, end: float) -> None:
    line.samples(seconds(start, end), "hub", broker_connected=1, unheard_seconds=3)


def silence(line: Timeline, start: float, end: float) -> None:
    for second in seconds(start, end):
        line.sample(second, "hub", broker_connected=0, unheard_seconds=second - start)


def test_a_broker_that_is_restarted_is_no_ticket(line: Timeline) -> None:
    hears(line, 0, 300)
    silence(line, 300, 345)
    hears(line, 345, 600)
    assert line.log == []


def test_a_hub_that_hears_nothing_is_a_ticket_within_a_minute_until_it_has_heard_for_one(line: Timeline) -> None:
    hears(line, 0, 300)
    silence(line, 300, 900)
    hears(line, 900, 1200)
    assert line.log == [
        "345 hub hub_deaf opened",
        "900 hub hub_deaf clearing",
        "960 hub hub_deaf closed",
    ]


def test_a_hub_that_only_others_can_reach_is_not_called_deaf_but_mute(line: Timeline) -> None:
    silence(line, 0, 90)
    for second in seconds(90, 600):
        line.sample(second, "hub", broker_connected=1, mute_seconds=second - 90)
    line.samples(seconds(600, 900), "hub", broker_connected=1, mute_seconds=0, unheard_seconds=1)
    assert line.log == [
        "45 hub hub_deaf opened",
        "90 hub hub_deaf clearing",
        "150 hub hub_deaf closed",
        "150 hub hub_mute pending",
        "210 hub hub_mute opened",
        "600 hub hub_mute clearing",
        "660 hub hub_mute closed",
    ]


def test_a_certificate_is_a_ticket_three_weeks_before_its_end_until_it_is_renewed(line: Timeline) -> None:
    for day in range(30):
        line.sample(day * DAY, "hub", certificate_left_days=40 - day)
    line.sample(30 * DAY, "hub", certificate_left_days=365)
    assert [entry for entry in line.log if "certificate" in entry] == [
        f"{19 * DAY:g} hub hub_certificate_expiring opened",
        f"{30 * DAY:g} hub hub_certificate_expiring closed",
    ]
