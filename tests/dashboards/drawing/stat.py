"""Panels of single values: stat, gauge, bar gauge."""

import re
from collections.abc import Iterator
from html import escape

from tests.dashboards.drawing.charts import spark
from tests.dashboards.drawing.colours import NEUTRAL
from tests.dashboards.drawing.fields import NO_DATA, Field, Shown, fields_of
from tests.dashboards.drawing.reduce import reduced
from tests.dashboards.player.frames import Cell
from tests.dashboards.player.play import Panel

MOST = 40
"""Values that are drawn at most."""


def values(panel: Panel) -> list[tuple[str, Shown, Cell, Field]]:
    """Name, value as shown and as it is, and where from; no more than MOST."""
    return [one for _, one in zip(range(MOST), _values(panel), strict=False)]


def _values(panel: Panel) -> Iterator[tuple[str, Shown, Cell, Field]]:
    options = panel.json.get("options") or {}
    how = options.get("reduceOptions") or {}
    calculation = (how.get("calcs") or ["lastNotNull"])[0]
    pattern = how.get("fields") or ""
    number = 0
    for frame in panel.frames:
        columns = fields_of(panel, frame, number)
        number += sum(one.column.kind == "number" for one in columns)
        names = [one for one in columns if one.column.kind == "string" and not pattern]
        for field in columns:
            if not (_wanted(field, pattern) if pattern else field.column.kind == "number"):
                continue
            if how.get("values"):
                for index, cell in enumerate(field.column.cells):
                    name = " ".join(str(one.column.cells[index] or "") for one in names)
                    yield name or field.name, field.show(cell), cell, field
            else:
                cell = reduced(field.column.cells, calculation)
                yield field.name, field.show(cell), cell, field


def _wanted(field: Field, pattern: str) -> bool:
    if pattern.startswith("/"):
        return re.search(pattern.strip("/"), field.column.title) is not None
    return field.column.title == pattern


def nothing(panel: Panel) -> str:
    """What a panel without data says: in grey, in the words that it was given."""
    words = ((panel.json.get("fieldConfig") or {}).get("defaults") or {}).get("noValue") or NO_DATA
    return f'<div class="none">{escape(words)}</div>'


def stat(panel: Panel, width: float, height: float) -> str:
    """Big numbers, with their names where there are several."""
    shown = values(panel)
    if not shown:
        return nothing(panel)
    options = panel.json.get("options") or {}
    mode = options.get("textMode", "auto")
    named = mode in ("value_and_name", "name") or (mode == "auto" and len(shown) > 1)
    columns = max(1, min(len(shown), int(width // 110)))
    if options.get("orientation") == "horizontal" and len(shown) > 1:
        columns = 1
    rows = -(-len(shown) // columns)
    room = min(height / rows * (0.42 if named else 0.55), 46)
    cells = []
    for name, value, _, field in shown:
        longest = max(len(value.text), 1)
        size = max(11.0, min(room, (width / columns - 16) / longest * 1.55))
        back = options.get("colorMode", "value").startswith("background")
        hue = value.colour or "#ccccdc"
        style = (
            f"background:{hue};color:#111217" if back and value.known else f"color:{hue if value.known else NEUTRAL}"
        )
        text = (
            ""
            if mode == "name"
            else f'<span style="font-size:{size:.0f}px;font-weight:500">{escape(value.text)}</span>'
        )
        label = f"<small>{escape(name)}</small>" if named else ""
        line = ""
        if options.get("graphMode", "area") == "area" and value.known and field.column.kind == "number" and room > 25:
            line = spark(field.column.cells, hue if not back else "#111217", width / columns - 16, height / rows * 0.25)
        cells.append(f'<div class="stat" style="{style}">{label}{text}{line}</div>')
    grid = f"display:grid;grid-template-columns:repeat({columns},minmax(0,1fr));height:100%;gap:4px"
    return f'<div style="{grid}">{"".join(cells)}</div>'


def bar_gauge(panel: Panel, width: float, height: float) -> str:
    """A bar a value, from the configured least to most."""
    shown = values(panel)
    if not shown:
        return nothing(panel)
    numbers = [cell for _, _, cell, _ in shown if isinstance(cell, float)]
    rows = []
    for name, value, cell, field in shown:
        low = field.config.get("min", min(0.0, *numbers) if numbers else 0.0)
        high = field.config.get("max", max(numbers, default=1.0))
        share = (min(max(cell, low), high) - low) / ((high - low) or 1) if isinstance(cell, float) else 0.0
        hue = value.colour or NEUTRAL
        rows.append(
            f"<span>{escape(name)}</span>"
            f'<div class="track"><div class="fill" style="width:{share * 100:.1f}%;background:{hue}"></div></div>'
            f'<span style="color:{hue};text-align:right">{escape(value.text)}</span>'
        )
    columns = "grid-template-columns:minmax(40px,auto) 1fr auto"
    return f'<div class="bars" style="{columns};overflow:hidden">{"".join(rows)}</div>'
