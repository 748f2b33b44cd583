"""A picture that cannot be had, as a timeline."""

import pytest

from tests.hub.rules.timelines import HOUR, MINUTE, lives, timeline

RULE = "picture_missing"
EVERY = 10 * MINUTE


def test_three_in_a_row_and_one_that_is_there_again() -> None:
    line = timeline()
    line.samples(range(0, HOUR, EVERY), "cam-1", picture_taken=1)
    line.samples([HOUR, HOUR + EVERY], "cam-1", picture_taken=0)
    line.samples([HOUR + 2 * EVERY], "cam-1", picture_taken=1)
    assert lives(line, RULE) == ["3600 pending", "4800 dropped"]
    line.samples(range(2 * HOUR, 3 * HOUR, EVERY), "cam-1", picture_taken=0)
    line.samples([3 * HOUR], "cam-1", picture_taken=1)
    assert lives(line, RULE)[2:] == ["7200 pending", "8400 opened", "10800 closed"]


@pytest.mark.parametrize(
    ("barred", "rule"),
    [
        ("reachable", "camera_unreachable"),
        ("authenticated", "camera_unauthenticated"),
        ("streaming", "camera_not_streaming"),
    ],
)
def test_what_stands_in_its_way_is_the_ticket(barred: str, rule: str) -> None:
    line = timeline()
    for second in range(0, 2 * HOUR, 5 * MINUTE):
        taken = {"picture_taken": 0.0} if second % EVERY == 0 else {}
        line.sample(second, "cam-1", **{barred: 0.0}, **taken)
    assert lives(line, RULE) == []
    assert len(lives(line, rule)) == 2
