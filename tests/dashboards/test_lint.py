"""Every board is sound in every language, and what is not would be noticed."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import generate, lint
from dashboards.board import Board, LayoutError, Row
from dashboards.boards import discover
from dashboards.devices import course
from dashboards.limits import Limit, above
from dashboards.panel import Column, Lines, Table
from dashboards.query import Query
from dashboards.text import LANGUAGES, Language, Text
from dashboards.variable import SITE, devices
from dashboards.words import KINDS
from wire.messages import DeviceKind

BOARDS = discover()
Json = dict[str, Any]


def good() -> Board:
    table = Table(
        title=Text("Volumes", "卷"),
        description=Text("Now.", "当前。"),
        queries=[Query('SELECT last("fill_ratio") AS "fill" FROM "volume" WHERE {hour} AND {site}', table=True)],
        columns=[
            Column("fill", Text("Fill", "占用率"), "percentunit", limits=above(Limit("volume_filling", "raise_ratio")))
        ],
    )
    panel = Lines(
        title=Text("Fill", "占用率"),
        description=Text("How full.", "有多满。"),
        queries=[course('mean("fill_ratio")', "volume", "raw", "{site} AND {device}")],
        unit="percentunit",
        limits=above(Limit("volume_filling", "raise_ratio")),
    )
    return Board(
        name="x",
        title=Text("X", "某"),
        description=Text("Of a test.", "测试用。"),
        rows=[Row([panel, panel, table], Text("Volumes", "存储卷"))],
        variables=[SITE, devices("volume")],
    )


def made(board: Board, language: Language = "en") -> Json:
    found: Json = json.loads(JSONEncoder().encode(board.dashboard(language)))
    return found


def test_every_kind_of_device_has_a_word() -> None:
    assert set(KINDS) == set(DeviceKind)


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_sound(name: str) -> None:
    assert lint.troubles(BOARDS[name]) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", BOARDS)
def test_its_json_is_committed_and_what_grafanas_own_model_reads_and_writes(name: str, language: Language) -> None:
    text = (generate.FOLDER / language / f"{name}.json").read_text(encoding="utf-8")
    assert text == generate.rendered(BOARDS[name], language)
    again = Dashboard.from_json(json.loads(text))
    read = json.loads(JSONEncoder().encode(again))
    assert {**read, "annotations": None} == {**json.loads(text), "annotations": None}


def test_no_file_is_left_of_a_board_that_is_gone() -> None:
    assert generate.stale() == []


def _panel(board: Json) -> Json:
    return next(panel for panel in board["panels"] if panel["type"] != "row")


def _defaults(board: Json) -> Json:
    return _panel(board)["fieldConfig"]["defaults"]  # type: ignore[no-any-return]


def _column(board: Json, name: str) -> Json:
    said = board["panels"][-1]["fieldConfig"]["overrides"][0]["properties"]
    return next(one for one in said if one["id"] == name)


def _query(board: Json, old: str, new: str) -> None:
    target = _panel(board)["targets"][0]
    assert old in target["query"]
    target["query"] = target["query"].replace(old, new)


SPOILT: dict[str, tuple[Callable[[Json], object], str]] = {
    "no title": (lambda b: _panel(b).update(title=""), "no title"),
    "no description": (lambda b: _panel(b).pop("description"), "no description"),
    "no unit": (lambda b: _defaults(b).pop("unit"), "no unit"),
    "no word for no data": (lambda b: _defaults(b).pop("noValue"), "no noValue"),
    "no data in green": (lambda b: _defaults(b).pop("mappings"), "unknown in the colour"),
    "no data mapped to green": (
        lambda b: _defaults(b)["mappings"][0]["options"]["result"].update(color="green"),
        "unknown in the colour",
    ),
    "no data in green in a column": (lambda b: _column(b, "mappings")["value"].clear(), "unknown in the colour"),
    "a level of no rule": (
        lambda b: _defaults(b)["thresholds"]["steps"][1].update(value=0.5),
        "no rule about fill_ratio has the level 0.5",
    ),
    "a level of a rule left out": (
        lambda b: _defaults(b)["thresholds"]["steps"].pop(),
        "rule volume_filling raises at 0.9, and the panel does not say so",
    ),
    "a level of a rule left out in a column": (
        lambda b: _column(b, "thresholds")["value"]["steps"].pop(),
        "fill: rule volume_filling raises at 0.9",
    ),
    "no such variable": (lambda b: _query(b, "${device:regex}", "${camera:regex}"), "no variable 'camera'"),
    "no query": (lambda b: _panel(b).update(targets=[]), "asks nothing"),
    "a fixed data source": (
        lambda b: _panel(b)["targets"][0].update(datasource={"type": "influxdb", "uid": "abc"}),
        "no data source variable",
    ),
    "no such metric": (lambda b: _query(b, "fill_ratio", "fil_ratio"), "'fil_ratio' is no field"),
    "a metric of another kind": (lambda b: _query(b, "volume", "camera"), "'fill_ratio' is no field"),
    "no such measurement": (lambda b: _query(b, "volume", "volumes"), "'volumes' is no measurement"),
    "raw values of hourly figures": (
        lambda b: _panel(b)["targets"][0].update(datasource={"type": "influxdb", "uid": "${hourly}"}),
        "'fill_ratio' is no field",
    ),
    "grouped by a field": (
        lambda b: _query(b, '"device" fill', '"fill_ratio" fill'),
        "groups by 'fill_ratio', which is no tag of volume",
    ),
    "no time": (lambda b: _query(b, "$timeFilter AND ", ""), "no time filter"),
    "overlapping": (lambda b: _panel(b)["gridPos"].update(w=13), "overlaps 'Fill'"),
    "outside": (lambda b: _panel(b)["gridPos"].update(x=13), "out of the grid"),
    "twice the same number": (lambda b: _panel(b).update(id=1), "number of another"),
    "a variable of nothing": (
        lambda b: b["templating"]["list"][-1].update(query='SHOW TAG VALUES FROM "nothing" WITH KEY = "device"'),
        "'nothing' is no measurement",
    ),
}


@pytest.mark.parametrize("trouble", SPOILT)
def test_what_is_spoilt_is_told(trouble: str) -> None:
    spoil, told = SPOILT[trouble]
    board = made(good())
    assert [one for rule in lint.RULES for one in rule(board)] == []
    spoil(board)
    assert any(told in one for rule in lint.RULES for one in rule(board))


def test_a_threshold_of_its_own_is_told() -> None:
    board = made(good())
    assert list(lint.limits(good(), board)) == []
    _defaults(board)["thresholds"]["steps"][1]["value"] = 0.5
    assert any("differ from the rules' settings" in one for one in lint.limits(good(), board))


def test_a_threshold_of_a_column_that_differs_is_told() -> None:
    board = made(good())
    _column(board, "thresholds")["value"]["steps"][1]["color"] = "green"
    assert any("thresholds of fill differ" in one for one in lint.limits(good(), board))


ENGLISH: dict[str, Callable[[Json], object]] = {
    "title": lambda b: _panel(b).update(title="Fill"),
    "description": lambda b: _panel(b).update(description="How full."),
    "word for no data": lambda b: _defaults(b).update(noValue="no data"),
    "name of a line": lambda b: _panel(b)["targets"][0].update(alias="$tag_device: fill"),
    "word for a value": lambda b: _defaults(b)["mappings"][0]["options"]["result"].update(text="nothing"),
    "heading": lambda b: b["panels"][0].update(title="Volumes"),
    "variable": lambda b: b["templating"]["list"][-1].update(label="Device"),
    "column": lambda b: _column(b, "displayName").update(value="Fill"),
}


@pytest.mark.parametrize("where", ENGLISH)
def test_english_in_the_chinese_board_is_told(where: str) -> None:
    board = made(good(), "zh_CN")
    assert list(lint.untranslated(board, "zh_CN")) == []
    ENGLISH[where](board)
    assert [one for one in lint.untranslated(board, "zh_CN") if "is not translated" in one]


def test_chinese_in_the_english_board_is_told() -> None:
    board = made(good())
    _panel(board)["title"] = "占用率"
    assert list(lint.untranslated(board, "en")) == ["'占用率' is not English"]


def test_all_that_is_wrong_with_a_board_is_told_in_both_languages() -> None:
    board = good()
    panel = replace(next(board.panels), title=Text("Fill", "Fill"), unit="", limits=None)
    told = lint.troubles(replace(board, rows=[Row([panel])]))
    assert told == [
        "x (en): 'Fill' has no unit",
        "x (en): 'Fill': fill_ratio: rule volume_filling raises at 0.9, and the panel does not say so",
        "x (zh_CN): 'Fill' has no unit",
        "x (zh_CN): 'Fill': fill_ratio: rule volume_filling raises at 0.9, and the panel does not say so",
        "x (zh_CN): 'Fill' is not translated",
    ]


def test_a_panel_wider_than_the_grid_is_refused() -> None:
    board = good()
    panel = replace(next(board.panels), width=25)
    with pytest.raises(LayoutError, match="25 wide"):
        replace(board, rows=[Row([panel])]).dashboard("en")
