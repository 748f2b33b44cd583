"""Pages drawn from a dashboard made by hand."""

from collections.abc import Sequence

import pytest

from tests.dashboards.drawing.page import page
from tests.dashboards.handmade import JSON, dashboard, panel, select
from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.play import Player
from tests.dashboards.player.source import Source
from tests.dashboards.sites import NOW

WHERE = "WHERE $timeFilter AND \"site\" = '$site'"
THRESHOLDS = {"mode": "absolute", "steps": [{"value": None, "color": "green"}, {"value": 0.8, "color": "red"}]}
FILL: JSON = {"unit": "percentunit", "thresholds": THRESHOLDS, "color": {"mode": "thresholds"}, "decimals": 1}


def panels() -> list[JSON]:
    states = [
        {"type": "value", "options": {"1": {"text": "up", "color": "green"}, "0": {"text": "down", "color": "red"}}}
    ]
    series = select('mean("fill_ratio")', "volume", 'time($__interval), "device" fill(null)')
    last = select('last("fill_ratio")', "volume", '"device"')
    link = {"title": "Volume", "url": "/d/wk-storage?var-device=${__data.fields.device}&${__url_time_range}"}
    fitting = {"matcher": {"id": "byName", "options": "last"}, "properties": [{"id": "links", "value": [link]}]}
    cell = {**FILL, "custom": {"cellOptions": {"type": "color-background"}}}
    return [
        panel(1, "timeseries", series, alias="$tag_device", defaults={**FILL, "custom": {"fillOpacity": 10}}),
        panel(2, "stat", last, alias="$tag_device", defaults=FILL, options={"colorMode": "background"}),
        panel(3, "bargauge", last, alias="$tag_device", defaults={**FILL, "min": 0, "max": 1}),
        panel(4, "table", last, "table", defaults=cell, overrides=[fitting]),
        panel(
            5,
            "state-timeline",
            select('min("reachable")', "camera", 'time(1h), "device" fill(none)'),
            alias="$tag_device",
            defaults={"mappings": states},
        ),
        panel(6, "stat", select('last("full_in_days")', "nothing", '"device"'), defaults=FILL),
    ]


def test_a_page_shows_values_with_units_and_colours(sources: Sequence[Source]) -> None:
    drawn = page(Player(sources, NOW).play(dashboard(*panels()), {"site": ["school"]}), "en")
    assert "99.0%" in drawn  # the volume of footage
    assert "#f2495c" in drawn
    assert "<script" not in drawn
    assert "http" not in drawn
    assert "/d/wk-storage?var-device=footage&amp;from=" in drawn
    assert "not by Grafana" in drawn


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_no_data_is_grey_words(empty_sources: Sequence[Source], language: str) -> None:
    drawn = page(Player(empty_sources, NOW).play(dashboard(*panels())), language)
    assert drawn.count('<div class="none">No data</div>') == len(panels())
    assert "#73bf69" not in drawn


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"defaults": {"unit": "furlong"}}, "unit 'furlong'"),
        ({"defaults": {"displayName": "${__field.labels.city}"}}, "no label city"),
        ({"overrides": [{"matcher": {"id": "byMagic"}, "properties": []}]}, "override by byMagic"),
    ],
)
def test_what_cannot_be_drawn_is_named(sources: Sequence[Source], more: JSON, words: str) -> None:
    query = select('last("fill_ratio")', "volume", '"device"')
    played = Player(sources, NOW).play(dashboard(panel(1, "stat", query, **more)), {"site": ["school"]})
    with pytest.raises(DashboardError, match=words):
        page(played, "en")
