"""How wide columns are, as Grafana makes them."""

from collections.abc import Sequence

import pytest

from tests.dashboards.drawing.fields import Field
from tests.dashboards.drawing.table import widths
from tests.dashboards.player.frames import Column


def columns(*custom: dict[str, int]) -> list[Field]:
    return [Field(Column("c", "number", (1.0,)), {"custom": one}, 0) for one in custom]


@pytest.mark.parametrize(
    ("custom", "wanted"),
    [
        ([{"width": 100}, {}, {}], [100, 450, 450]),
        ([{"width": 700}, {}, {}], [700, 150, 150]),
        ([{"width": 600}, {"minWidth": 300}, {"minWidth": 80}], [600, 300, 100]),
        ([{"width": 900}, {"minWidth": 80}, {"minWidth": 80}], [900, 80, 80]),
        ([{"width": 100}, {"width": 200}], [100, 200]),
    ],
    ids=["share what is left", "never below Grafana's least", "never below their own", "too wide together", "all told"],
)
def test_columns_that_are_told_no_width(custom: Sequence[dict[str, int]], wanted: Sequence[float]) -> None:
    assert widths(columns(*custom), 1000) == wanted
