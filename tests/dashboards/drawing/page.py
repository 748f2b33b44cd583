"""A played dashboard as one HTML page that needs nothing else."""

import re
from datetime import datetime
from html import escape

from tests.dashboards.drawing.charts import chart, lines_of
from tests.dashboards.drawing.colours import STYLE
from tests.dashboards.drawing.scale import ZONE
from tests.dashboards.drawing.stat import bar_gauge, nothing, stat
from tests.dashboards.drawing.table import table
from tests.dashboards.drawing.timeline import timeline
from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.play import COLUMNS, Panel, Played
from tests.dashboards.player.words import as_text, filled

WIDTH = 1368
"""Pixels of the grid."""

CELL, GAP, HEAD = 30, 8, 27
"""Grafana's grid: height of a unit, space between two, a panel's title."""

FOOT = {
    "en": "Drawn from the dashboard's JSON and its queries' real results by Watchkeeper's tests, not by Grafana.",
    "zh_CN": "由 Watchkeeper 的测试根据仪表板 JSON 与查询的真实结果绘制，并非 Grafana 截图。",
}


def page(played: Played, language: str) -> str:
    """The page. Raises DashboardError for what cannot be drawn."""
    dashboard = played.json
    rows = [panel for panel in dashboard["panels"] if panel["type"] == "row"]
    hidden = {one["id"] for row in rows if row.get("collapsed") for one in row.get("panels") or []}
    panels = [panel for panel in played.panels if panel.json["id"] not in hidden]
    tall = max(_bottom(one) for one in [*rows, *(panel.json for panel in panels)])
    strips = "".join(_row(row, played) for row in rows)
    boxes = "".join(_panel(panel, played) for panel in panels)
    return (
        f'<!doctype html><html lang="{language.replace("_", "-")}"><meta charset="utf-8">'
        f"<title>{escape(dashboard['title'])}</title><style>{STYLE}</style><body>{_head(played)}{_chips(played)}"
        f'<main style="height:{tall}px;width:{WIDTH}px">{strips}{boxes}</main>'
        f"<footer>{FOOT[language]}</footer></body></html>"
    )


def _head(played: Played) -> str:
    since, until = (
        datetime.fromtimestamp(at / 1000, ZONE).strftime("%Y-%m-%d %H:%M")
        for at in (played.span.since, played.span.until)
    )
    return f'<header><b>{escape(played.json["title"])}</b><span class="to">{since} – {until} {ZONE}</span></header>'


def _chips(played: Played) -> str:
    """Variables that are shown, and links to other dashboards."""
    chips = []
    for variable in played.json.get("templating", {}).get("list", []):
        if variable.get("hide", 0) != 2:
            text = played.variables.chosen[variable["name"]].text
            label = variable.get("label") or variable["name"]
            chips.append(f'<div class="chip"><i>{escape(label)}</i><span>{escape(text)}</span></div>')
    links = [f'<span class="link">↗ {escape(one["title"])}</span>' for one in played.json.get("links") or []]
    return f'<div class="chips">{"".join([*chips, *links])}</div>'


def _box(place: dict[str, int]) -> tuple[float, float, float, float]:
    unit = (WIDTH + GAP) / COLUMNS
    return (
        place["x"] * unit,
        place["y"] * (CELL + GAP),
        place["w"] * unit - GAP,
        place["h"] * (CELL + GAP) - GAP,
    )


def _bottom(panel: dict[str, dict[str, int]]) -> float:
    _, top, _, tall = _box(panel["gridPos"])
    return top + tall


def _row(row: dict[str, dict[str, int]], played: Played) -> str:
    left, top, _, _ = _box(row["gridPos"])
    sign = "›" if row.get("collapsed") else "⌄"
    title = filled(str(row.get("title", "")), played.variables.chosen, as_text)
    return f'<div class="row" style="left:{left:.0f}px;top:{top:.0f}px">{sign} {escape(title)}</div>'


def _panel(panel: Panel, played: Played) -> str:
    left, top, wide, tall = _box(panel.json["gridPos"])
    title = (
        f"<h2>{escape(panel.title)}{'<sup>ⓘ</sup>' if panel.json.get('description') else ''}</h2>"
        if panel.title
        else ""
    )
    try:
        body = _body(panel, played, wide - 18, tall - HEAD - 10)
    except DashboardError as error:
        raise DashboardError(f"panel {panel.json['id']} {panel.title!r}: {error}") from None
    style = f"left:{left:.1f}px;top:{top}px;width:{wide:.1f}px;height:{tall}px"
    return f'<section class="panel" style="{style}">{title}<div class="body">{body}</div></section>'


def _body(panel: Panel, played: Played, width: float, height: float) -> str:
    match panel.json["type"]:
        case "stat" | "gauge":
            return stat(panel, width, height)
        case "bargauge":
            return bar_gauge(panel, width, height)
        case "timeseries" | "trend":
            return chart(panel, played, width, height) if lines_of(panel) and panel.rows else nothing(panel)
        case "state-timeline" | "status-history":
            return timeline(panel, width, height) if panel.rows else nothing(panel)
        case "table":
            return table(panel, played, width, height)
        case "text":
            return _text(panel, played)
    raise DashboardError(f"a panel of type {panel.json['type']} cannot be drawn here")


def _text(panel: Panel, played: Played) -> str:
    """Markdown, as much of it as our texts use: headings, bold, links, lists, paragraphs."""
    content = filled(panel.json["options"]["content"], played.variables.chosen, as_text)
    made = []
    for line in escape(content, quote=False).splitlines():
        line = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", line)
        line = re.sub(r"\[(.+?)\]\((.+?)\)", r'<span class="link">\1</span>', line)
        line = re.sub(r"`(.+?)`", r"<code>\1</code>", line)
        if head := re.match(r"#+ (.+)", line):
            line = f"<b>{head[1]}</b>"
        made.append(f"• {line[2:]}" if line.startswith(("- ", "* ")) else line)
    return "<br>".join(made)
