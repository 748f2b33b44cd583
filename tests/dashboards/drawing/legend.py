"""What stands under a chart: a list of its lines, or a table of them with figures."""

from collections.abc import Sequence
from html import escape

from tests.dashboards.drawing.fields import Field
from tests.dashboards.drawing.reduce import reduced
from tests.dashboards.player.play import Panel

ROW, SHARE, LISTED = 22, 0.35, 40
"""Pixels of a table's row; the share of a panel that Grafana leaves to it at most, and the rest is to be scrolled; how
many names a list has at most."""
CALCULATIONS = {"lastNotNull": "Last *", "max": "Max", "min": "Min", "mean": "Mean"}
"""As Grafana heads them, and names them in `sortBy`."""


def legend(panel: Panel, lines: Sequence[tuple[Field, str]], height: float) -> tuple[str, float]:
    """HTML and how tall it is, of lines and their colours in a panel of that height; nothing where none is wanted."""
    options = (panel.json.get("options") or {}).get("legend") or {}
    if not options.get("showLegend", True) or options.get("displayMode") == "hidden":
        return "", 0.0
    if options.get("displayMode") != "table":
        items = "".join(f"<span>{_name(*line)}</span>" for line in lines[:LISTED])
        return f'<div class="legend">{items}</div>', 36.0 if len(lines) > 4 else 20.0
    calculations = options.get("calcs") or []
    tall = min(height * SHARE, ROW * (len(lines) + 1.0))
    head = "".join(f"<th>{CALCULATIONS[one]}</th>" for one in calculations)
    ordered = _ordered(lines, options.get("sortBy") or "", down=bool(options.get("sortDesc")))
    rows = "".join(
        f"<tr><td>{_name(*line)}</td>" + "".join(f"<td>{_figure(line[0], one)}</td>" for one in calculations) + "</tr>"
        for line in ordered
    )
    return f'<div class="rows" style="height:{tall:.0f}px"><table><tr><th></th>{head}</tr>{rows}</table></div>', tall


def _ordered(lines: Sequence[tuple[Field, str]], by: str, *, down: bool) -> Sequence[tuple[Field, str]]:
    """As the panel sorts them; those without a figure last."""
    calculation = next((one for one, title in CALCULATIONS.items() if title == by), None)
    if calculation is None:
        return lines
    figures = {id(field): reduced(field.column.cells, calculation) for field, _ in lines}
    known = {key: float(figure) for key, figure in figures.items() if isinstance(figure, float | int)}
    sign = -1 if down else 1
    return sorted(lines, key=lambda line: (id(line[0]) not in known, sign * known.get(id(line[0]), 0.0)))


def _name(field: Field, hue: str) -> str:
    return f'<i style="background:{hue}"></i>{escape(field.name)}'


def _figure(field: Field, calculation: str) -> str:
    return escape(field.show(reduced(field.column.cells, calculation)).text)
