"""Panels as Grafana gets them."""

import json
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import GridPos

from dashboards.panel import Column, Spec, Table
from dashboards.query import Query
from dashboards.text import NO_DATA, Text

RAW = Query('SELECT "text{lang}" AS "text" FROM "event" WHERE {day} AND {site}', table=True)
DAILY = Query('SELECT "text" FROM "ticket_event" WHERE {until} AND {site}', "daily", table=True)


def table(**more: Any) -> Spec:
    return Table(title=Text("T", "表"), description=Text("D", "述"), **{"queries": [RAW], **more})


def made(panel: Spec) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(JSONEncoder().encode(panel.panel(1, GridPos(), "zh_CN")))
    return found


def test_a_query_says_its_time_by_the_end_of_the_time_chosen_and_its_text_in_the_language() -> None:
    assert made(table())["targets"][0]["query"] == (
        'SELECT "text_zh" AS "text" FROM "event" WHERE time > ${__to}ms - 1d AND time <= ${__to}ms '
        'AND "site" =~ /^${site:regex}$/'
    )


def test_a_panel_that_asks_two_databases_is_a_mixed_one() -> None:
    panel = made(table(queries=[RAW, DAILY], merge=True))
    assert panel["datasource"] == {"type": "datasource", "uid": "-- Mixed --"}
    assert [target["datasource"]["uid"] for target in panel["targets"]] == ["${raw}", "${daily}"]
    assert [step["id"] for step in panel["transformations"]] == ["merge"]


def test_a_panel_that_asks_one_database_names_it_and_changes_nothing() -> None:
    panel = made(table())
    assert panel["datasource"] == {"type": "influxdb", "uid": "${raw}"}
    assert "transformations" not in panel


def test_rows_are_joined_by_a_column() -> None:
    step = {"id": "joinByField", "options": {"byField": "device", "mode": "outer"}}
    assert made(table(join="device"))["transformations"] == [step]


@pytest.mark.parametrize(("empty", "said"), [({}, "—"), ({"empty": NO_DATA}, "无数据")])
def test_an_empty_cell_is_grey_and_says_what_the_column_says(empty: dict[str, Any], said: str) -> None:
    panel = made(table(columns=[Column("text", Text("Words", "说明"), **empty)]))
    properties = {one["id"]: one["value"] for one in panel["fieldConfig"]["overrides"][0]["properties"]}
    result = properties["mappings"][-1]["options"]["result"]
    assert (properties["noValue"], result["text"], result["color"]) == (said, said, "#8e8e8e")


def test_a_column_that_is_hidden_has_no_title() -> None:
    panel = made(table(columns=[Column("text", Text("Words", "说明"), hidden=True)]))
    assert "displayName" not in {one["id"] for one in panel["fieldConfig"]["overrides"][0]["properties"]}
