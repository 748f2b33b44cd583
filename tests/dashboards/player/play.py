"""A whole dashboard: each panel's queries run, its frames, and how long each took."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.frames import Frame, as_series, as_table
from tests.dashboards.player.macros import Macros
from tests.dashboards.player.source import Series, Source
from tests.dashboards.player.span import Span, duration_ms
from tests.dashboards.player.transform import transformed
from tests.dashboards.player.variables import MACROS, Resolved, resolve, source_of
from tests.dashboards.player.words import as_influxql, as_text, filled

JSON = dict[str, Any]

WIDTH = 1600
"""Pixels that a dashboard is thought to be wide: a chart asks for a point a pixel."""

COLUMNS = 24
MIXED = "-- Mixed --"


@dataclass(frozen=True)
class Panel:
    """One panel and what it shows. `statements` are its queries as InfluxDB got them, `seconds` what they took."""

    json: JSON
    title: str
    span: Span
    frames: tuple[Frame, ...]
    raw: tuple[Frame, ...]
    """Before the transformations."""
    statements: tuple[str, ...]
    seconds: float

    @property
    def rows(self) -> int:
        """Of all frames."""
        return sum(frame.length for frame in self.frames)


@dataclass(frozen=True)
class Annotation:
    """An annotation query and its events: time, end and text of each."""

    json: JSON
    events: tuple[tuple[int, int | None, str], ...]
    statement: str


@dataclass(frozen=True)
class Played:
    """A dashboard, played."""

    json: JSON
    span: Span
    now: int
    variables: Resolved
    panels: tuple[Panel, ...]
    annotations: tuple[Annotation, ...]

    def panel(self, number: int) -> Panel:
        """By its id."""
        return next(panel for panel in self.panels if panel.json["id"] == number)


@dataclass(frozen=True)
class Player:
    """Plays dashboards on these data sources at one moment (`now`, ms UTC)."""

    sources: Sequence[Source]
    now: int

    def play(
        self, dashboard: JSON, wanted: Mapping[str, Sequence[str]] | None = None, since: str | None = None
    ) -> Played:
        """`wanted`: variables as the address gives them; `since`: "now-7d", instead of the dashboard's own range.
        Raises DashboardError, naming the panel."""
        span = Span.of({"from": since, "to": "now"} if since else dashboard["time"], self.now)
        variables = resolve(dashboard, self.sources, wanted or {}, Macros(span, span.step(WIDTH), self.now))
        panels = [self._panel(panel, span, variables) for panel in panels_of(dashboard) if panel["type"] != "row"]
        annotations = [
            self._annotation(one, span, variables)
            for one in dashboard.get("annotations", {}).get("list", [])
            if not one.get("builtIn")
        ]
        return Played(dashboard, span, self.now, variables, tuple(panels), tuple(annotations))

    def _panel(self, panel: JSON, span: Span, variables: Resolved) -> Panel:
        try:
            return self._played(panel, span, variables)
        except DashboardError as error:
            raise DashboardError(f"panel {panel.get('id')} {panel.get('title', '')!r}: {error}") from None

    def _played(self, panel: JSON, span: Span, variables: Resolved) -> Panel:
        if panel.get("repeat") or panel.get("timeShift"):
            raise DashboardError("repeat and timeShift are not known here")
        if panel.get("timeFrom"):
            span = Span(span.until - duration_ms(panel["timeFrom"]), span.until)
        began = time.perf_counter()
        asked = [self._target(target, panel, span, variables) for target in _shown(panel)]
        seconds = time.perf_counter() - began
        raw = [frame for frames, _ in asked for frame in frames]
        frames = transformed(raw, panel.get("transformations", []))
        title = filled(panel.get("title", ""), variables.chosen, as_text)
        statements = tuple(statement for _, statement in asked)
        return Panel(panel, title, span, tuple(frames), tuple(raw), statements, seconds)

    def _target(self, target: JSON, panel: JSON, span: Span, variables: Resolved) -> tuple[list[Frame], str]:
        if not target.get("rawQuery"):
            raise DashboardError(f"query {target.get('refId')}: only raw queries are known here")
        holder = target if target.get("datasource") else panel
        if (panel.get("datasource") or {}).get("uid") != MIXED and _uid(target, panel) != _uid(panel, panel):
            raise DashboardError(f"query {target['refId']} asks {_uid(target, panel)}, which wants a mixed panel")
        source = source_of(holder, self.sources, variables.chosen)
        width = panel["gridPos"]["w"] * WIDTH // COLUMNS
        step = span.step(panel.get("maxDataPoints") or width, panel.get("interval") or "")
        statement = Macros(span, step, self.now)(filled(target["query"], variables.chosen, as_influxql, MACROS))
        alias = target.get("alias", "")
        series = source.ask(statement)
        match target.get("resultFormat", "time_series"):
            case "table":
                return as_table(series, target["refId"]), statement
            case "time_series":
                return as_series(series, target["refId"], alias), statement
        raise DashboardError(f"query {target['refId']}: result format {target['resultFormat']} is not known here")

    def _annotation(self, annotation: JSON, span: Span, variables: Resolved) -> Annotation:
        try:
            return self._marked(annotation, span, variables)
        except DashboardError as error:
            raise DashboardError(f"annotation {annotation['name']}: {error}") from None

    def _marked(self, annotation: JSON, span: Span, variables: Resolved) -> Annotation:
        asked = annotation if "query" in annotation else annotation["target"]
        statement = Macros(span, span.step(WIDTH), self.now)(
            filled(asked["query"], variables.chosen, as_influxql, MACROS)
        )
        if "$timeFilter" not in asked["query"]:
            raise DashboardError("without $timeFilter it would fetch all there ever was")
        series = source_of(annotation, self.sources, variables.chosen).ask(statement)
        events = tuple(event for one in series for event in _events(one, asked))
        return Annotation(annotation, events, statement)


def _events(series: Series, asked: JSON) -> Iterator[tuple[int, int | None, str]]:
    """The columns that the annotation names; an end of 0 is none, as to Grafana. Raises DashboardError for one that is
    not there."""
    named = [asked.get(key) for key in ("textColumn", "timeEndColumn", "titleColumn", "tagsColumn")]
    if missing := [name for name in named if name and name not in series.columns]:
        raise DashboardError(f"no columns {missing} in {series.columns}")
    text, end = (series.columns.index(name) if name else None for name in named[:2])
    for row in series.rows:
        until = row[end] if end is not None else None
        yield row[0], int(until) if until else None, str(row[text] if text is not None else row[1])


def panels_of(dashboard: JSON) -> Iterator[JSON]:
    """All of them, rows and what rows hold, in their order."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels") or []


def _shown(panel: JSON) -> Iterator[JSON]:
    return (target for target in panel.get("targets") or [] if not target.get("hide"))


def _uid(holder: JSON, panel: JSON) -> str:
    return str((holder.get("datasource") or panel.get("datasource") or {}).get("uid", ""))
