"""Time ranges and steps."""

import pytest

from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.macros import Macros
from tests.dashboards.player.span import Span, duration_text

HOUR = 3_600_000
NOW = 1_773_014_400_000


def test_a_range_ends_now() -> None:
    assert Span.of({"from": "now-7d", "to": "now"}, NOW) == Span(NOW - 7 * 24 * HOUR, NOW)
    assert Span.of({"from": "now/d", "to": "now/d"}, NOW + HOUR) == Span(NOW, NOW + 24 * HOUR - 1)


@pytest.mark.parametrize(("hours", "step"), [(1, "5s"), (6, "30s"), (24, "2m"), (7 * 24, "15m"), (90 * 24, "3h")])
def test_a_step_is_one_that_people_count_in(hours: int, step: str) -> None:
    assert duration_text(Span(NOW - hours * HOUR, NOW).step(800)) == step


def test_a_step_is_no_shorter_than_the_panel_says() -> None:
    assert Span(NOW - HOUR, NOW).step(800, "1h") == HOUR


def test_macros_are_filled_in_and_what_is_left_is_a_mistake() -> None:
    macros = Macros(Span(1000, 2000), 60_000, 3000)
    assert macros("$timeFilter … time($__interval) $__from") == "time >= 1000ms and time <= 2000ms … time(1m) 1000"
    assert macros('"x" =~ /^a$/') == '"x" =~ /^a$/'
    assert macros("time > now() - 15m") == "time > 3000ms - 15m"
    with pytest.raises(DashboardError, match="is left in the query"):
        macros("$__timeFilter(time)")
