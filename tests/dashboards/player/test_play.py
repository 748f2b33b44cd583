"""A dashboard made by hand, on the week."""

from collections.abc import Sequence

import pytest

from tests.dashboards.handmade import dashboard, panel, variable
from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.play import Player
from tests.dashboards.player.source import Source
from tests.dashboards.sites import NOW

HOUR_MS = 3_600_000
REACHABLE = panel(
    1,
    "timeseries",
    'SELECT min("reachable") FROM "camera" WHERE $timeFilter AND "site" =~ /^$site$/ AND "device" =~ /^$device$/ '
    'GROUP BY time($__interval), "device" fill(none)',
    alias="$tag_device",
    interval="1h",
)


def test_a_variable_asks_with_what_stands_before_it(sources: Sequence[Source]) -> None:
    played = Player(sources, NOW).play(dashboard(REACHABLE), {"site": ["harbour"]})
    assert played.variables.options["site"].values == ("harbour", "hill", "school")
    assert played.variables.options["device"].values == ("quay-1", "quay-2")
    assert "/^.*$/" in played.panels[0].statements[0]


def test_a_panel_shows_the_fault_that_the_script_made(sources: Sequence[Source]) -> None:
    wanted = {"site": ["school"], "device": ["cam-1", "cam-2"]}
    played = Player(sources, NOW).play(dashboard(REACHABLE), wanted)
    frames = {frame.name: frame for frame in played.panel(1).frames}
    down = {
        name: [at for at, value in zip(frame.columns[0].cells, frame.columns[1].cells, strict=True) if value == 0.0]
        for name, frame in frames.items()
    }
    assert down["cam-1"] == []
    start = played.span.since + 30 * HOUR_MS
    assert [at for at in down["cam-2"] if isinstance(at, int | float)] == [start + n * HOUR_MS for n in range(6)]


def test_an_empty_database_gives_no_rows_and_no_error(empty_sources: Sequence[Source]) -> None:
    played = Player(empty_sources, NOW).play(dashboard(REACHABLE))
    assert played.panel(1).rows == 0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ('SELECT mean("x") FROM "camera" WHERE $timeFilter AND "device" = \'$device\'', "several values"),
        ('SELECT mean("x") FROM "camera" WHERE $timeFilter AND "site" = \'$place\'', "no variable"),
        ('SELECT average("x") FROM "camera" WHERE $timeFilter', "undefined function"),
        ('SELECT mean("x") FROM "camera" WHERE $__timeFilter(time)', "is no variable"),
    ],
)
def test_a_query_that_grafana_could_not_ask_is_named(empty_sources: Sequence[Source], query: str, words: str) -> None:
    with pytest.raises(DashboardError, match=f"panel 1 'Panel 1'.*{words}"):
        Player(empty_sources, NOW).play(dashboard(panel(1, "stat", query)))


def test_a_list_that_would_never_be_refreshed_is_named(empty_sources: Sequence[Source]) -> None:
    stale = dashboard()
    stale["templating"]["list"].append(variable("kind", 'SHOW TAG VALUES WITH KEY = "kind"', refresh=0))
    with pytest.raises(DashboardError, match="never refreshed"):
        Player(empty_sources, NOW).play(stale)


def test_an_annotation_marks_its_events(sources: Sequence[Source]) -> None:
    asked = {
        "name": "restarts",
        "datasource": {"type": "influxdb", "uid": "${raw}"},
        "query": 'SELECT "streaming" FROM "camera" WHERE $timeFilter AND "streaming" = 0 AND "site" = \'$site\'',
        "textColumn": "streaming",
    }
    played = Player(sources, NOW).play(dashboard(annotations={"list": [asked]}), {"site": ["harbour"]})
    assert played.annotations[0].events
    asked["textColumn"] = "title"
    with pytest.raises(DashboardError, match="annotation restarts: no columns"):
        Player(sources, NOW).play(dashboard(annotations={"list": [asked]}), {"site": ["harbour"]})
