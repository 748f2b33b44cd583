"""Whether the columns of a table fit into its panel, and their titles into them, on a screen as small as many have.

Grafana gives a column the width that it is told, and shares what is left among the others, each of which has its least
width at least. What is too much is off the right edge, where nobody looks.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from unicodedata import east_asian_width

Json = Mapping[str, Any]

SCREEN = 1366
"""Pixels: the smallest screen that a board is made for."""
MARGINS, PADDING, COLUMNS = 32, 16, 24
"""Pixels beside the board, and within a panel; how many columns Grafana's grid has."""
CELL = 12
"""Pixels left and right of a cell's text."""
LETTER, WIDE = 7.0, 14.0
"""Pixels of a letter at Grafana's size of 14, on average, and of a Chinese one."""


def room(board: Json) -> Iterator[str]:
    """What does not fit, in words."""
    for panel in board.get("panels", []):
        if panel.get("type") == "table":
            yield from _cramped(panel)


def _cramped(panel: Json) -> Iterator[str]:
    least = panel["fieldConfig"]["defaults"]["custom"]["minWidth"]
    there = (SCREEN - MARGINS) * panel["gridPos"]["w"] / COLUMNS - PADDING
    columns = list(_columns(panel))
    shared = sum(width == 0 for _, width in columns)
    left = there - sum(width for _, width in columns)
    if left < shared * least:
        yield f"{panel['title']!r} is {shared * least - left:.0f} pixels too wide for a screen of {SCREEN}"
    for title, width in columns:
        if pixels(title) > (width or left / shared):
            yield f"{panel['title']!r}: there is no room for the title {title!r}"


def _columns(panel: Json) -> Iterator[tuple[str, float]]:
    """(title, told width or 0) of each that is shown."""
    for one in panel["fieldConfig"]["overrides"]:
        said = {each["id"]: each["value"] for each in one["properties"]}
        if not said.get("custom.hidden"):
            yield said["displayName"], said.get("custom.width", 0)


def pixels(title: str) -> float:
    """Of a column whose title is seen whole."""
    return CELL + sum(WIDE if east_asian_width(letter) in "WF" else LETTER for letter in title)
