"""What does not fit into a table on a small screen is noticed."""

import json
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.board import Board, Row
from dashboards.panel import Column, Table
from dashboards.query import Query
from dashboards.room import room
from dashboards.text import Text
from dashboards.words import hidden


def told(*columns: Column, width: int = 24) -> list[str]:
    table = Table(
        title=Text("Ports", "端口"),
        description=Text("Now.", "当前。"),
        queries=[Query('SELECT "name" FROM "device_info" WHERE {site}', "daily", table=True)],
        columns=columns,
        width=width,
    )
    board = Board(name="x", title=Text("X", "某"), description=Text("D", "述"), rows=[Row([table])])
    made: dict[str, Any] = json.loads(JSONEncoder().encode(board.dashboard("en")))
    return list(room(made))


def port(title: str, width: int = 0) -> Column:
    return Column(title, Text(title, title), width=width)


def test_columns_that_fit_are_none_of_its_business() -> None:
    assert told(port("Link", 90), port("Speed", 110), port("Words")) == []


def test_columns_that_are_too_wide_together_are_told() -> None:
    assert told(port("Link", 700), port("Speed", 600), port("Words")) == [
        "'Ports' is 62 pixels too wide for a screen of 1366",
        "'Ports': there is no room for the title 'Words'",
    ]


def test_a_narrow_panel_holds_less() -> None:
    columns = [port("Link", 300), port("Speed", 300), port("Words")]
    assert told(*columns) == []
    assert told(*columns, width=12)


def test_a_title_that_is_cut_off_is_told() -> None:
    assert told(port("Ports with a link", 90)) == ["'Ports': there is no room for the title 'Ports with a link'"]


def test_a_hidden_column_takes_no_room() -> None:
    assert told(port("Link", 1300), *hidden("site", "device")) == []
