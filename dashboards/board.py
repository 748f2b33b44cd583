"""A dashboard: rows of panels, the variables they share, the links to others, what is marked over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.models.dashboard import (
    AnnotationContainer,
    Dashboard,
    DashboardCursorSync,
    DashboardDashboardTemplating,
    DashboardDashboardTime,
    DashboardLink,
    DashboardLinkType,
    GridPos,
    Panel,
    RowPanel,
    TimePickerConfig,
)

from dashboards.annotation import Annotation
from dashboards.panel import Spec
from dashboards.text import ENDING, Language, Text
from dashboards.variable import SOURCES, Variable

WIDTH = 24
"""Grafana's grid."""
TAG = "watchkeeper"
PREFIX = "wk-"


class LayoutError(ValueError):
    """Panels that do not fit."""


@dataclass(frozen=True)
class Row:
    """Panels side by side, the next line where they are wider than the grid; under a title that folds them away."""

    panels: Sequence[Spec]
    title: Text | None = None


@dataclass(frozen=True)
class Board:
    """One dashboard. `name` is its module's, and the uid's after `wk-`."""

    name: str
    title: Text
    description: Text
    rows: Sequence[Row]
    variables: Sequence[Variable] = ()
    annotations: Sequence[Annotation] = ()
    links: Sequence[tuple[str, Text]] = ()
    """Other boards: (name, what the link says). Time and variables go with it."""
    since: str = "now-24h"
    refresh: str = "1m"

    @property
    def panels(self) -> Iterator[Spec]:
        """All of them, from the top."""
        for row in self.rows:
            yield from row.panels

    def dashboard(self, language: Language) -> Dashboard:
        """As Grafana has it."""
        return Dashboard(
            uid=uid(self.name, language),
            title=f"Watchkeeper · {self.title.to(language)}",
            description=self.description.to(language),
            tags=[TAG],
            timezone="browser",
            editable=True,
            graph_tooltip=DashboardCursorSync.CROSSHAIR,
            time=DashboardDashboardTime(self.since, "now"),
            timepicker=TimePickerConfig(refresh_intervals=["30s", "1m", "5m", "15m", "1h"]),
            refresh=self.refresh,
            panels=list(_placed(self.rows, language)),
            templating=DashboardDashboardTemplating([one.model(language) for one in (*SOURCES, *self.variables)]),
            annotations=AnnotationContainer([one.model(language) for one in self.annotations]),
            links=[_link(name, text, language) for name, text in self.links],
        )


def uid(name: str, language: Language) -> str:
    """Under which Grafana finds the board of this name."""
    return f"{PREFIX}{name}{ENDING[language]}"


def to(name: str, **variables: str) -> str:
    """A link to a board, within a panel: `to("site", site="${__data.fields.site}")`. The time goes with it, and where
    the data comes from. `{ending}` is filled in by language when it is written."""
    chosen = "".join(f"&var-{key}={value}" for key, value in variables.items())
    sources = "&".join(f"${{{tier}:queryparam}}" for tier in ("raw", "hourly", "daily", "console"))
    return f"/d/{PREFIX}{name}{{ending}}?${{__url_time_range}}&{sources}{chosen}"


def _link(name: str, text: Text, language: Language) -> DashboardLink:
    return DashboardLink(
        title=text.to(language),
        type_val=DashboardLinkType.LINK,
        icon="dashboard",
        url=f"/d/{uid(name, language)}",
        include_vars=True,
        keep_time=True,
    )


def _placed(rows: Sequence[Row], language: Language) -> Iterator[Panel | RowPanel]:
    """Each at its place. Raises LayoutError."""
    number, top = 1, 0
    for row in rows:
        if row.title is not None:
            yield RowPanel(title=row.title.to(language), grid_pos=GridPos(1, WIDTH, 0, top), id_val=number, panels=[])
            number, top = number + 1, top + 1
        left = height = 0
        for spec in row.panels:
            if not 0 < spec.width <= WIDTH:
                raise LayoutError(f"{spec.title.en!r} is {spec.width} wide, the grid is {WIDTH}")
            if left + spec.width > WIDTH:
                left, top, height = 0, top + height, 0
            yield spec.panel(number, GridPos(spec.height, spec.width, left, top), language)
            number, left, height = number + 1, left + spec.width, max(height, spec.height)
        top += height
