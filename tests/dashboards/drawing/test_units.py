"""Numbers with Grafana's units."""

import pytest

from tests.dashboards.drawing.units import shown
from tests.dashboards.player.errors import DashboardError


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "wanted"),
    [
        (0.4567, "percentunit", 1, "45.7%"),
        (1536.0, "bytes", None, "1.5 KiB"),
        (2.5e6, "bps", None, "2.5 Mb/s"),
        (0.0123, "s", None, "12.3 ms"),
        (90.0, "s", None, "1.5 mins"),
        (-90.0, "s", None, "-1.5 mins"),
        (1.0, "d", None, "1 day"),
        (30.0, "d", 0, "4 weeks"),
        (93_784.0, "dtdhms", None, "1 d 02:03:04"),
        (42.0, "celsius", 0, "42 °C"),
        (3.0, "suffix:d", None, "3 d"),
        (-0.004, "suffix:s", 2, "0.00 s"),
        (-0.0004, "none", None, "0"),
        (12.0, "short", None, "12"),
        (0.0, "bool_yes_no", None, "No"),
    ],
)
def test_a_number_is_shown_with_its_unit(value: float, unit: str, decimals: int | None, wanted: str) -> None:
    assert shown(value, unit, decimals) == wanted


def test_a_unit_that_is_not_known_is_named() -> None:
    with pytest.raises(DashboardError, match="furlong"):
        shown(1.0, "furlong")
