"""What is said of the machine's clock."""

import datetime

import pytest

from agent.checks.clock import check_service, check_wall, judge_reference
from agent.checks.finding import Mark
from agent.collector import ClockReading, Reading
from agent.machine.timesync import Sync


@pytest.mark.parametrize(("year", "mark"), [(1970, Mark.PROBLEM), (2024, Mark.PROBLEM), (2099, Mark.OK)])
def test_a_date_before_this_software_can_not_be(year: int, mark: Mark) -> None:
    moment = datetime.datetime(year, 3, 1, tzinfo=datetime.UTC).timestamp()
    found = check_wall(moment)
    assert (found.mark, found.text[:4]) == (mark, str(year))


@pytest.mark.parametrize(
    ("sync", "mark", "text"),
    [
        (Sync(synchronised=True, stratum=3), Mark.OK, "says that the clock is synchronised, stratum 3"),
        (Sync(synchronised=True), Mark.OK, "says that the clock is synchronised"),
        (Sync(synchronised=False), Mark.PROBLEM, "the clock is not synchronised"),
        (Sync(), Mark.SKIPPED, "neither the kernel nor chrony nor timesyncd tells whether the clock is synchronised"),
    ],
)
def test_the_time_services_word(sync: Sync, mark: Mark, text: str) -> None:
    found = check_service(sync)
    assert (found.mark, found.text) == (mark, text)


@pytest.mark.parametrize(
    ("offset", "mark", "text"),
    [
        (0.012, Mark.OK, "ntp.example.org answers, this clock is 12 ms behind"),
        (-1.5, Mark.OK, "ntp.example.org answers, this clock is 1.5 s ahead"),
        (-3600.0, Mark.PROBLEM, "ntp.example.org answers, this clock is 3600.0 s ahead"),
    ],
)
def test_the_references_word(offset: float, mark: Mark, text: str) -> None:
    reading = Reading(clock=ClockReading(offset, "ntp:ntp.example.org"))
    (found,) = judge_reference(reading, ["ntp.example.org"])
    assert (found.mark, found.text) == (mark, text)


def test_no_reference_is_a_problem_and_not_a_right_clock() -> None:
    (found,) = judge_reference(Reading(clock_lost=True), ["10.0.0.1", "10.0.0.2"])
    assert (found.mark, found.text) == (Mark.PROBLEM, "none of 10.0.0.1, 10.0.0.2 answers")
    assert "UDP 123" in found.mend
