"""Tables, with the colours and links of their cells."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

from tests.dashboards.drawing.fields import Field, fields_of
from tests.dashboards.drawing.stat import nothing
from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.frames import Frame
from tests.dashboards.player.play import Panel, Played
from tests.dashboards.player.words import Chosen, as_text, filled

ROW_PIXELS = 36
NARROWEST = 150
"""Pixels of a column that is told neither a width nor a least one."""


def table(panel: Panel, played: Played, width: float, height: float) -> str:
    """The first frame's rows, as many as there is room for; how many there are where it is too small. Columns are as
    wide as Grafana makes them: what does not fit is cut off, within a cell and at the panel's right edge."""
    if not panel.rows:
        return nothing(panel)
    frame = panel.frames[0]
    fields = fields_of(panel, frame)
    wide = widths(fields, width)
    columns = "".join(f'<col style="width:{one:.0f}px">' for one in wide)
    head = "".join(f'<th class="{_class(field)}">{escape(field.name)}</th>' for field in fields)
    room = max(1, int(height // ROW_PIXELS) - 1)
    order = _order(panel, frame)
    rows = "".join(f"<tr>{_cells(fields, frame, index, played)}</tr>" for index in order[:room])
    more = f'<div class="more">{len(order)} …</div>' if len(order) > room else ""
    return f'<table style="width:{sum(wide):.0f}px"><colgroup>{columns}</colgroup><tr>{head}</tr>{rows}</table>{more}'


def widths(fields: Sequence[Field], room: float) -> list[float]:
    """Pixels of each column. Those that are told a width have it; the others share what is left, none below its least,
    so that all together may be more than there is room for."""
    told: list[float] = [field.custom.get("width") or 0.0 for field in fields]
    least: list[float] = [field.custom.get("minWidth") or NARROWEST for field in fields]
    shared = {index for index, width in enumerate(told) if not width}
    while shared:
        share = (room - sum(told)) / len(shared)
        tight = {index for index in shared if least[index] > share}
        for index in tight or shared:
            told[index] = least[index] if tight else share
        shared -= tight or shared
    return told


def _order(panel: Panel, frame: Frame) -> Sequence[int]:
    """Of rows, by what the table sorts by."""
    order = list(range(frame.length))
    for by in reversed((panel.json.get("options") or {}).get("sortBy") or []):
        cells = next((one.column.cells for one in fields_of(panel, frame) if one.name == by["displayName"]), None)
        if cells is None:
            raise DashboardError(f"sorted by {by['displayName']!r}, no column of it")
        order.sort(key=lambda index: (cells[index] is not None, cells[index] or 0), reverse=bool(by.get("desc")))
    return order


def _class(field: Field) -> str:
    align = field.custom.get("align", "auto")
    return "n" if align == "right" or (align in ("auto", "") and field.column.kind == "number") else ""


def _cells(fields: Sequence[Field], frame: Frame, index: int, played: Played) -> str:
    row = {one.column.title: one.show(one.column.cells[index]).text for one in fields}
    row |= {column.title: _plain(column.cells[index]) for column in frame.columns if column.title not in row}
    made = []
    for field in fields:
        value = field.show(field.column.cells[index])
        text = escape(value.text)
        links = field.config.get("links") or []
        if links and value.known:
            href = link(links[0]["url"], played, row, field.column.labels)
            text = f'<a href="{escape(href, quote=True)}">{text}</a>'
        kind = (field.custom.get("cellOptions") or {}).get("type", "auto")
        hue = value.colour
        style = ""
        if not value.known:
            style = "color:#8e92a4"
        elif kind == "color-background" and hue:
            style = f"background:{hue};color:#111217"
        elif kind == "color-text" and hue:
            style = f"color:{hue}"
        made.append(f'<td class="{_class(field)}" style="{style}">{text}</td>')
    return "".join(made)


def _plain(cell: object) -> str:
    return "" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell)


_FIELD = re.compile(
    r"\$\{__(?:data\.fields(?:\.([\w-]+)|\[\"?([^\"\]]+)\"?\])|field\.labels(?:\.([\w-]+)|\[\"?([^\"\]]+)\"?\])|"
    r"(value)(?:\.(?:raw|text))?|(url_time_range)|(all_variables))(?::(\w+))?\}"
)


def link(url: str, played: Played, row: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """Where it leads from one row. Raises DashboardError for what is not there."""

    def fill(found: re.Match[str]) -> str:
        name, label = found[1] or found[2], found[3] or found[4]
        if name:
            if name not in row:
                raise DashboardError(f"link {url}: no column {name!r} in {sorted(row)}")
            return quote(row[name], safe="") if found[8] != "raw" else row[name]
        if label:
            if label not in labels:
                raise DashboardError(f"link {url}: no label {label!r} in {sorted(labels)}")
            return quote(labels[label], safe="")
        if found[6]:
            return f"from={played.span.since}&to={played.span.until}"
        if found[7]:
            return "&".join(f"var-{name}={quote(one.text)}" for name, one in played.variables.chosen.items())
        return "value"

    time: Mapping[str, Chosen] = {
        "__from": Chosen((str(played.span.since),), ("from",)),
        "__to": Chosen((str(played.span.until),), ("to",)),
    }
    return filled(
        _FIELD.sub(fill, url),
        {**played.variables.chosen, **time},
        lambda n, c, a: ",".join(c.values) or as_text(n, c, a),
    )
