"""Legends of charts."""

import re
from collections.abc import Sequence

from tests.dashboards.drawing.fields import Field
from tests.dashboards.drawing.legend import legend
from tests.dashboards.handmade import JSON, panel
from tests.dashboards.player.frames import Cell, Column
from tests.dashboards.player.play import Panel
from tests.dashboards.player.span import Span

LINES: dict[str, Sequence[Cell]] = {"calm": (1.0, 2.0), "silent": (None, None), "worst": (9.0, 1.0), "low": (-3.0, 3.0)}
TABLE: JSON = {"displayMode": "table", "calcs": ["lastNotNull", "max"]}


def drawn(options: JSON, height: float = 1000.0) -> tuple[list[str], list[str], float]:
    """Names, figures and height of it."""
    span = Span(0, 1)
    shown = Panel(panel(1, "timeseries", "", options={"legend": options}), "P", span, (), (), (), 0.0)
    fields = [Field(Column(name, "number", cells), {"noValue": "?"}, 0) for name, cells in LINES.items()]
    html, tall = legend(shown, [(field, "red") for field in fields], height)
    return re.findall(r"</i>(\w+)", html), re.findall(r"<td>([^<]+)</td>", html), tall


def test_a_list_has_names_alone() -> None:
    assert drawn({"displayMode": "list"})[:2] == (list(LINES), [])


def test_a_table_says_the_newest_and_the_most_of_each_line() -> None:
    assert drawn(TABLE)[:2] == (list(LINES), ["2", "2", "?", "?", "1", "9", "3", "3"])


def test_the_worst_line_is_first_and_one_without_a_figure_last() -> None:
    assert drawn({**TABLE, "sortBy": "Max", "sortDesc": True})[0] == ["worst", "low", "calm", "silent"]
    assert drawn({**TABLE, "calcs": ["min"], "sortBy": "Min", "sortDesc": False})[0] == [
        "low",
        "calm",
        "worst",
        "silent",
    ]


def test_it_takes_no_more_than_a_third_of_the_panel() -> None:
    assert drawn(TABLE)[2] == 5 * 22
    assert drawn(TABLE, 200.0)[2] == 70.0


def test_none_is_drawn_where_none_is_wanted() -> None:
    assert drawn({"showLegend": False}) == ([], [], 0.0)
