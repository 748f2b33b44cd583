"""What every dashboard has to be, looked at in its JSON, as Grafana gets it: see `RULES`.

A panel has a title, a description, a unit, words for no data, and data sources by variable; its queries name only
measurements, tags and fields of wire's catalogues; panels do not overlap; thresholds are those of a rule. What a
statement computes from them (`AS "x"`) may be used around it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.board import Board
from dashboards.text import LANGUAGES, NO_DATA
from wire.messages import DeviceKind
from wire.metrics import CATALOGUE
from wire.records import BY_NAME

Json = Mapping[str, Any]

TAGS = frozenset({"site", "agent", "device"})
PLAIN = frozenset({"text", "green"})
_FROM = re.compile(r'FROM "([^"]+)"')
_SAID = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NAMED = re.compile(r'AS "([^"]+)"')
_KEY = re.compile(r'WITH KEY = "([^"]+)"')
_DATASOURCE = re.compile(r"\$\{(raw|hourly|daily)\}")
ROLLED = ("mean", "min", "max", "count")


@cache
def known(measurement: str, tier: str) -> frozenset[str]:
    """Tags and fields of a measurement in a database; empty for one that is not there."""
    record = BY_NAME.get(measurement)
    if record is not None:
        return (
            frozenset({*record.tags, *(field.name for field in record.fields)}) if record.tier == tier else frozenset()
        )
    metrics = {
        metric.name
        for metric in CATALOGUE
        if measurement in set(DeviceKind) and DeviceKind(measurement) in metric.kinds
    }
    if not metrics:
        return frozenset()
    if tier != "raw":
        metrics = {f"{metric}_{way}" for metric in metrics for way in ROLLED}
    return TAGS | metrics


def words(statement: str, tier: str) -> Iterator[str]:
    """What is wrong with the names in a statement."""
    measurements = _FROM.findall(statement)
    if not measurements:
        yield f"names no measurement: {statement}"
    there = set(_NAMED.findall(statement))
    for measurement in measurements:
        if not known(measurement, tier):
            yield f"{measurement!r} is no measurement of {tier}"
        there |= known(measurement, tier) | {measurement}
    for name in _SAID.findall(statement):
        if name not in there:
            yield f"{name!r} is no field or tag of {', '.join(measurements)} in {tier}"
    if "$timeFilter" not in statement and "now()" not in statement and not statement.startswith("SHOW TAG VALUES"):
        yield f"has no time filter: {statement}"


def _tier(source: object) -> str:
    """The database that a data source's variable says; empty for a fixed one."""
    uid = source.get("uid", "") if isinstance(source, Mapping) else ""
    found = _DATASOURCE.fullmatch(str(uid))
    return found.group(1) if found else ""


def _panels(board: Json) -> Iterator[Json]:
    for panel in board.get("panels", []):
        if panel.get("type") == "row":
            yield from panel.get("panels", [])
        else:
            yield panel


def texts(board: Json) -> Iterator[str]:
    """Title, description, unit, words for no data."""
    for panel in _panels(board):
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        for name, value in (
            ("title", panel.get("title")),
            ("description", panel.get("description")),
            ("unit", defaults.get("unit")),
            ("noValue", defaults.get("noValue")),
        ):
            if not value:
                yield f"{panel.get('title')!r} has no {name}"
        if not any(one.get("type") == "special" for one in defaults.get("mappings") or []):
            yield f"{panel.get('title')!r} shows what is unknown in the colour of what is good"


def queries(board: Json) -> Iterator[str]:
    """Data sources by variable, names of wire's catalogues."""
    for panel in _panels(board):
        if not panel.get("targets"):
            yield f"{panel.get('title')!r} asks nothing"
        for target in panel.get("targets", []):
            yield from _asked(f"{panel.get('title')!r}", target.get("datasource"), target.get("query", ""))
    for one in board.get("templating", {}).get("list", []):
        if one.get("type") == "query":
            yield from _asked(f"variable {one['name']}", one.get("datasource"), one.get("query", ""))
    for one in board.get("annotations", {}).get("list", []):
        yield from _asked(f"annotation {one['name']}", one.get("datasource"), one.get("query", ""))


def _asked(who: str, source: object, statement: str) -> Iterator[str]:
    tier = _tier(source)
    if not tier:
        yield f"{who} has no data source variable"
    for trouble in words(statement, tier):
        yield f"{who}: {trouble}"


def layout(board: Json) -> Iterator[str]:
    """No two panels overlap, none stands outside, no number twice."""
    taken: dict[tuple[int, int], str] = {}
    numbers: set[int] = set()
    for panel in board.get("panels", []):
        place, name = panel["gridPos"], str(panel.get("title"))
        if panel["id"] in numbers:
            yield f"{name!r} has the number of another"
        numbers.add(panel["id"])
        if place["x"] + place["w"] > 24:
            yield f"{name!r} stands out of the grid"
        cells = [
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        for other in sorted({taken[cell] for cell in cells if cell in taken}):
            yield f"{name!r} overlaps {other!r}"
        taken.update(dict.fromkeys(cells, name))


RULES: tuple[Callable[[Json], Iterator[str]], ...] = (texts, queries, layout)


def untranslated(board: Board) -> Iterator[str]:
    """A text that is the same in both languages, or has no Chinese in it."""
    for spec in board.panels:
        for text in (spec.title, spec.description, *(column.title for column in spec.columns)):
            if text.en == text.zh and not re.fullmatch(r"[\W\d_]*|[A-Z]{2,5}", text.en):
                yield f"{text.en!r} is not translated"
    if not NO_DATA.zh:
        yield "no word for no data"


def limits(board: Board, made: Json) -> Iterator[str]:
    """The thresholds in the JSON are what the rules' settings say now, and no panel has others."""
    for spec, panel in zip(board.panels, _panels(made), strict=True):
        wanted = [[value, colour] for value, colour in spec.limits.steps()] if spec.limits else [[None, "text"]]
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        if [[step["value"], step["color"]] for step in steps] != wanted:
            yield f"{panel['title']!r}: thresholds differ from the rules' settings"


def troubles(board: Board) -> list[str]:
    """All that is wrong with a board, in every language; empty where nothing is."""
    found = [f"{board.name}: {trouble}" for trouble in untranslated(board)]
    for language in LANGUAGES:
        made = json.loads(JSONEncoder().encode(board.dashboard(language)))
        for rule in RULES:
            found += [f"{board.name} ({language}): {trouble}" for trouble in rule(made)]
        found += [f"{board.name} ({language}): {trouble}" for trouble in limits(board, made)]
    return found
