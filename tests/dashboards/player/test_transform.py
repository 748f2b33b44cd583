"""What becomes of frames on their way to a panel."""

from typing import Any

import pytest

from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.frames import Cell, Frame, as_series, as_table
from tests.dashboards.player.source import Series
from tests.dashboards.player.transform import transformed


def table(ref: str, *rows: dict[str, Cell]) -> Frame:
    names = list(rows[0])
    (frame,) = as_table([Series("m", names, [[row[name] for name in names] for row in rows], {})], ref)
    return frame


def cells(frames: list[Frame]) -> list[list[Cell]]:
    (frame,) = frames
    return [list(row.values()) for row in frame.rows()]


A = table("A", {"device": "b", "fill": 2.0}, {"device": "a", "fill": 1.0})
B = table("B", {"device": "b", "name": "Bee"}, {"device": "c", "name": "Sea"})


@pytest.mark.parametrize(
    ("step", "options", "wanted"),
    [
        ("joinByField", {"byField": "device"}, [["b", 2.0, "Bee"], ["a", 1.0, None], ["c", None, "Sea"]]),
        ("joinByField", {"byField": "device", "mode": "inner"}, [["b", 2.0, "Bee"]]),
        ("merge", {}, [["b", 2.0, "Bee"], ["a", 1.0, None], ["c", None, "Sea"]]),
    ],
)
def test_two_frames_become_one_table(step: str, options: dict[str, Any], wanted: list[list[Cell]]) -> None:
    assert cells(transformed([A, B], [{"id": step, "options": options}])) == wanted


def test_a_table_is_ordered_cut_and_named() -> None:
    steps: list[dict[str, Any]] = [
        {"id": "sortBy", "options": {"sort": [{"field": "fill"}]}},
        {"id": "limit", "options": {"limitField": 1}},
        {
            "id": "organize",
            "options": {"excludeByName": {"device": True}, "renameByName": {"fill": "Used"}, "indexByName": {}},
        },
    ]
    (made,) = transformed([A], steps)
    assert list(made.rows()) == [{"Used": 1.0}]


def test_rows_are_left_out_by_value() -> None:
    condition = {"fieldName": "fill", "config": {"id": "greater", "options": {"value": 1}}}
    options = {"type": "include", "match": "all", "filters": [condition]}
    assert cells(transformed([A], [{"id": "filterByValue", "options": options}])) == [["b", 2.0]]


def test_what_is_not_known_here_is_a_mistake() -> None:
    with pytest.raises(DashboardError, match="heatmap"):
        transformed([A], [{"id": "heatmap"}])


def test_a_series_is_named_by_its_alias_or_in_full() -> None:
    series = [Series("volume", ["time", "mean"], [[0, 1.0]], {"site": "s", "device": "v"})]
    assert [frame.name for frame in as_series(series, "A")] == ["volume.mean { site: s device: v }"]
    assert [frame.name for frame in as_series(series, "A", "[[tag_site]]: $tag_device")] == ["s: v"]
    with pytest.raises(DashboardError, match="tag_site-"):
        as_series(series, "A", "$tag_site-$tag_device")


def test_a_table_of_several_series_has_their_tags_as_columns() -> None:
    series = [Series("m", ["time", "last"], [[5, float(n)]], {"device": f"d{n}"}) for n in (1, 2)]
    (frame,) = as_table(series, "A")
    assert list(frame.rows()) == [{"Time": 5, "device": f"d{n}", "last": float(n)} for n in (1, 2)]
