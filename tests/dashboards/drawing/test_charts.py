"""Lines and lanes: what is a hole, and what is not."""

import re
from collections.abc import Sequence

import pytest

from tests.dashboards.drawing.charts import chart
from tests.dashboards.drawing.timeline import timeline
from tests.dashboards.handmade import JSON, dashboard, panel
from tests.dashboards.player.frames import Cell, as_series
from tests.dashboards.player.play import Panel, Played
from tests.dashboards.player.source import Series
from tests.dashboards.player.span import Span
from tests.dashboards.player.variables import Resolved

MINUTE = 60_000
SPAN = Span(0, 10 * MINUTE)


def shown(kind: str, values: Sequence[Cell], custom: JSON) -> Panel:
    """A value a minute."""
    rows = [[turn * MINUTE, value] for turn, value in enumerate(values)]
    frames = tuple(as_series([Series("m", ["time", "v"], rows, {})], "A"))
    json = panel(1, kind, "", defaults={"custom": custom})
    return Panel(json, "P", SPAN, frames, frames, (), 0.0)


def played(one: Panel) -> Played:
    return Played(dashboard(one.json), SPAN, SPAN.until, Resolved({}, {}, {}), (one,), ())


@pytest.mark.parametrize(
    ("values", "spanned", "runs"),
    [
        ((1.0, 2.0, 3.0, 4.0), False, 1),
        ((1.0, 2.0, None, 4.0, 5.0), False, 2),
        ((1.0, 2.0, None, 4.0, 5.0), 3 * MINUTE, 1),
        ((1.0, 2.0, None, 4.0, 5.0), 2 * MINUTE, 2),
        ((1.0, 2.0, None, None, None, 6.0, 7.0), True, 1),
        ((1.0, 2.0, 3.0), 1, 1),  # nothing is missing between them
    ],
)
def test_a_line_breaks_where_values_are_missing_for_too_long(
    values: Sequence[Cell], spanned: bool | int, runs: int
) -> None:
    one = shown("timeseries", values, {"spanNulls": spanned})
    assert len(re.findall(r'<path d="M', chart(one, played(one), 400, 200))) == runs


@pytest.mark.parametrize(
    ("values", "spanned", "stretches"),
    [((1.0, 1.0, 0.0), False, 2), ((1.0, None, 1.0), False, 3), ((1.0, None, 1.0), 3 * MINUTE, 1)],
)
def test_a_lane_is_a_stretch_a_state(values: Sequence[Cell], spanned: bool | int, stretches: int) -> None:
    drawn = timeline(shown("state-timeline", values, {"spanNulls": spanned}), 400, 100)
    assert drawn.count("<rect") == stretches
