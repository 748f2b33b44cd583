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
from dashboards.levels import levels
from dashboards.limits import GREY
from dashboards.room import room
from dashboards.text import LANGUAGES, Language
from wire.messages import DeviceKind
from wire.metrics import CATALOGUE
from wire.records import BY_NAME

Json = Mapping[str, Any]

TAGS = frozenset({"site", "agent", "device"})
TIMELESS = "device_info"
"""One row a device, at one time: read whole."""
NEUTRAL = frozenset({GREY, "text", "transparent"})
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SAID = frozenset({"title", "description", "noValue", "label", "alias"})
"""Keys of the JSON whose value people read; the words of mappings and columns are looked at besides."""
_FROM = re.compile(r'FROM ("[^"]+"(?:, "[^"]+")*)')
_SAID = re.compile(r'"((?:[^"\\]|\\.)*)"')
_GROUPED = re.compile(r"GROUP BY ((?:time\([^)]*\)|\"[^\"]+\"|, )+)")
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


def grouping(measurement: str) -> frozenset[str]:
    """The tags of a measurement. InfluxDB takes a field in GROUP BY without a word, and groups by nothing."""
    record = BY_NAME.get(measurement)
    return frozenset(record.tags) if record is not None else TAGS


def words(statement: str, tier: str) -> Iterator[str]:
    """What is wrong with the names in a statement."""
    measurements = [name for named in _FROM.findall(statement) for name in _SAID.findall(named)]
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
    tags = frozenset[str]().union(*(grouping(measurement) for measurement in measurements))
    for grouped in _GROUPED.findall(statement):
        for name in set(_SAID.findall(grouped)) - tags:
            yield f"groups by {name!r}, which is no tag of {', '.join(measurements)}"
    timed = any(word in statement for word in ("$timeFilter", "now()", "${__to}"))
    if not timed and not statement.startswith("SHOW TAG VALUES") and set(measurements) != {TIMELESS}:
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
        for one in (defaults, *(said for _, said in _columns(panel) if "mappings" in said)):
            if not any(_neutral(entry) for entry in one.get("mappings") or []):
                yield f"{panel.get('title')!r} shows what is unknown in the colour of what is good"


def _neutral(entry: Json) -> bool:
    """Whether it is the mapping that makes what has no value neutral."""
    if entry.get("type") != "special" or entry["options"]["match"] != "null+nan":
        return False
    return entry["options"]["result"].get("color") in NEUTRAL


def _columns(panel: Json) -> Iterator[tuple[str, dict[str, Any]]]:
    """(the query's name of it, property → value) of each column that is said something of."""
    for one in panel.get("fieldConfig", {}).get("overrides") or []:
        if one["matcher"]["id"] != "byName":
            continue  # a series' colour
        yield one["matcher"]["options"], {said["id"]: said["value"] for said in one["properties"]}


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


def variables(board: Json) -> Iterator[str]:
    """What is filled in is a variable of the board, or Grafana's own."""
    there = {one["name"] for one in board.get("templating", {}).get("list", [])}
    for name in sorted(set(re.findall(r"\$\{(\w+)[:}]", json.dumps(board))) - there):
        if not name.startswith("__"):
            yield f"there is no variable {name!r}"


RULES: tuple[Callable[[Json], Iterator[str]], ...] = (texts, queries, layout, variables, levels, room)


def untranslated(made: Json, language: Language) -> Iterator[str]:
    """The Chinese board says everything in Chinese, the English one nothing."""
    for said in _said(made):
        letters = re.search(r"[A-Za-z]{2}", re.sub(r"\$\w+|\$\{[^}]*\}|\b(?:Watchkeeper|[A-Z]{2,5})\b", "", said))
        if language == "zh_CN" and letters and not CHINESE.search(said):
            yield f"{said!r} is not translated"
        if language == "en" and CHINESE.search(said):
            yield f"{said!r} is not English"


def _said(value: object) -> Iterator[str]:
    """Every text that people read."""
    if isinstance(value, list):
        for one in value:
            yield from _said(one)
    elif isinstance(value, Mapping):
        if value.get("id") in ("displayName", "noValue"):
            yield str(value["value"])
        if value.get("type") == "datasource" and "label" in value:
            yield str(value["label"])
            return  # the rest names the data source
        for name, one in value.items():
            if name in SAID or (name == "text" and "color" in value):
                yield str(one)
            elif not isinstance(one, str):
                yield from _said(one)


def limits(board: Board, made: Json) -> Iterator[str]:
    """The thresholds in the JSON are what the rules' settings say now, and no panel has others."""
    for spec, panel in zip(board.panels, _panels(made), strict=True):
        wanted = [[value, colour] for value, colour in spec.limits.steps()] if spec.limits else [[None, "text"]]
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        if [[step["value"], step["color"]] for step in steps] != wanted:
            yield f"{panel['title']!r}: thresholds differ from the rules' settings"
        for column, (name, said) in zip(spec.columns, _columns(panel), strict=True):
            steps = said.get("thresholds", {"steps": []})["steps"]
            judged = column.limits.steps() if column.limits else []
            if [(step["value"], step["color"]) for step in steps] != judged:
                yield f"{panel['title']!r}: thresholds of {name} differ from the rules' settings"


def troubles(board: Board) -> list[str]:
    """All that is wrong with a board, in every language; empty where nothing is."""
    found: list[str] = []
    for language in LANGUAGES:
        made = json.loads(JSONEncoder().encode(board.dashboard(language)))
        for rule in RULES:
            found += [f"{board.name} ({language}): {trouble}" for trouble in rule(made)]
        for trouble in (*limits(board, made), *untranslated(made, language)):
            found.append(f"{board.name} ({language}): {trouble}")
    return found
