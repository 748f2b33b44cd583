"""Panels as Grafana gets them."""

import json
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import GridPos

from dashboards.devices import course
from dashboards.limits import Limit, above, below, beyond
from dashboards.panel import Column, Lines, Number, Spec, Table
from dashboards.query import Query, Tier
from dashboards.text import NO_DATA, Text
from dashboards.words import NONE_IS_GOOD, none_or_untold

RAW = Query('SELECT "text{lang}" AS "text" FROM "event" WHERE {day} AND {site}', table=True)
DAILY = Query('SELECT "text" FROM "ticket_event" WHERE {until} AND {site}', "daily", table=True)


def table(**more: Any) -> Spec:
    return Table(title=Text("T", "表"), description=Text("D", "述"), **{"queries": [RAW], **more})


def number(**more: Any) -> Spec:
    return Number(title=Text("T", "数"), description=Text("D", "述"), queries=[RAW], unit="none", **more)


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


def test_columns_stand_in_the_order_of_the_panel_whatever_the_answers_is() -> None:
    columns = [Column("device", Text("Device", "设备")), Column("Time", Text("When", "时间"))]
    merged, ordered = made(table(queries=[RAW, DAILY], merge=True, columns=columns))["transformations"]
    assert merged["id"] == "merge"
    assert (ordered["id"], ordered["options"]["indexByName"]) == ("organize", {"device": 0, "Time": 1})


def test_rows_are_joined_by_a_column() -> None:
    step = {"id": "joinByField", "options": {"byField": "device", "mode": "outer"}}
    assert made(table(join="device"))["transformations"] == [step]


@pytest.mark.parametrize(("empty", "said"), [({}, "—"), ({"empty": NO_DATA}, "无数据")])
def test_an_empty_cell_is_grey_and_says_what_the_column_says(empty: dict[str, Any], said: str) -> None:
    panel = made(table(columns=[Column("text", Text("Words", "说明"), **empty)]))
    properties = {one["id"]: one["value"] for one in panel["fieldConfig"]["overrides"][0]["properties"]}
    result = properties["mappings"][-1]["options"]["result"]
    assert (properties["noValue"], result["text"], result["color"]) == (said, said, "#8e8e8e")


def test_a_list_that_may_be_empty_for_two_reasons_says_both_and_where_to_see_which() -> None:
    panel = made(table(empty=none_or_untold(Text("Clocks measured", "已测量的时钟"))))
    words = "无，或没有数据：请看“已测量的时钟”"
    assert panel["fieldConfig"]["defaults"]["noValue"] == words
    assert panel["description"] == f"述。为空表示：{words}。"


def test_the_value_of_a_cell_that_nobody_knows_is_still_no_data_in_such_a_list() -> None:
    unknown = made(table(empty=none_or_untold(Text("A", "甲"))))["fieldConfig"]["defaults"]["mappings"][-1]
    assert unknown["options"]["result"]["text"] == "无数据"


def test_a_column_that_is_hidden_has_no_title() -> None:
    panel = made(table(columns=[Column("text", Text("Words", "说明"), hidden=True)]))
    assert "displayName" not in {one["id"] for one in panel["fieldConfig"]["overrides"][0]["properties"]}


def test_what_should_not_be_there_is_coloured_from_the_first_on_and_keeps_its_number() -> None:
    none, some, unknown = made(number(states=NONE_IS_GOOD))["fieldConfig"]["defaults"]["mappings"]
    assert none["options"]["0"]["color"] == "green"
    assert some == {"type": "range", "options": {"from": 1, "to": None, "result": {"color": "red", "index": 2}}}
    assert unknown["options"]["match"] == "null+nan"


@pytest.mark.parametrize(
    ("tier", "more", "bridged"),
    [
        ("raw", {}, 900_000),
        ("hourly", {}, 10_800_000),
        ("daily", {}, 259_200_000),
        ("raw", {"bridged_seconds": 60}, 60_000),
    ],
)
def test_a_short_hole_is_bridged_by_the_pace_of_the_database(tier: Tier, more: dict[str, Any], bridged: int) -> None:
    panel = Lines(
        title=Text("T", "表"),
        description=Text("D", "述"),
        queries=[course('mean("fill_ratio")', "volume", tier)],
        unit="percentunit",
        **more,
    )
    assert made(panel)["fieldConfig"]["defaults"]["custom"]["spanNulls"] == bridged


@pytest.mark.parametrize(
    ("more", "figures", "first"),
    [
        ({}, ["max"], ("Max", True)),
        ({"lowest": True}, ["min"], ("Min", False)),
        ({"limits": above(Limit("disk_hot", "raise_celsius"))}, ["max"], ("Max", True)),
        ({"limits": below(Limit("retention_below_target", "target_days"))}, ["min"], ("Min", False)),
        ({"limits": beyond(Limit("clock_drift", "raise_offset_seconds"))}, ["min", "max"], ("Max", True)),
    ],
    ids=["nothing is said", "little is bad", "above a limit", "below one", "either way"],
)
def test_a_legend_says_how_bad_it_was_and_has_the_worst_first(
    more: dict[str, Any], figures: list[str], first: tuple[str, bool]
) -> None:
    panel = Lines(title=Text("T", "表"), description=Text("D", "述"), queries=[RAW], unit="none", **more)
    legend = made(panel)["options"]["legend"]
    assert legend["calcs"] == ["lastNotNull", *figures]
    assert (legend["sortBy"], legend["sortDesc"]) == first


def test_a_table_is_sorted_by_several_columns_as_they_are_called() -> None:
    panel = made(table(sort=(Text("A", "甲"), True), then=[(Text("B", "乙"), False)]))
    assert panel["options"]["sortBy"] == [{"displayName": "甲", "desc": True}, {"displayName": "乙", "desc": False}]
