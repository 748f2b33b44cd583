"""A dashboard's variables, resolved in their order as Grafana does on loading."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.source import Series, Source
from tests.dashboards.player.words import Chosen, as_influxql, filled

ALL = "$__all"
_KEY_VALUE = re.compile(r"^\s*(.+?)\s:\s(.+?)\s*$")

JSON = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What may be chosen: texts and values, in the order of the list."""

    texts: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Resolved:
    """All variables of a dashboard."""

    chosen: Mapping[str, Chosen]
    options: Mapping[str, Options]
    asked: Mapping[str, str]
    """The query of each that has one, as InfluxDB got it."""


Finder = Callable[[str], Source]
"""uid → data source."""


def resolve(
    dashboard: JSON,
    sources: Sequence[Source],
    wanted: Mapping[str, Sequence[str]],
    macros: Callable[[str], str],
) -> Resolved:
    """`wanted` is what the address says (`var-site=…`), ALL for all. Raises DashboardError."""
    chosen: dict[str, Chosen] = {}
    options: dict[str, Options] = {}
    asked: dict[str, str] = {}
    for variable in dashboard.get("templating", {}).get("list", []):
        name = variable["name"]
        if name in chosen:
            raise DashboardError(f"variable {name} is there twice")
        if variable["type"] == "query":
            source = source_of(variable, sources, chosen)
            asked[name] = macros(filled(_query(variable), chosen, as_influxql, MACROS))
            options[name] = _sorted(variable, _filtered(variable, answers(source.ask(asked[name]), asked[name])))
        else:
            options[name] = _plain(variable, sources)
        chosen[name] = _choose(variable, options[name], wanted.get(name))
    if unknown := set(wanted) - set(chosen):
        raise DashboardError(f"no such variables: {sorted(unknown)}")
    return Resolved(chosen, options, asked)


MACROS = ("timeFilter", "interval", "__interval", "__interval_ms", "__from", "__to")
"""What the data source fills in itself, after the variables."""


def source_of(holder: JSON, sources: Sequence[Source], chosen: Mapping[str, Chosen]) -> Source:
    """The data source of a panel, target, variable or annotation. Raises DashboardError for one by a fixed uid, or
    that is not there."""
    reference = holder.get("datasource") or {}
    uid = reference.get("uid", "")
    if reference.get("type") != "influxdb" or not re.fullmatch(r"\$\{\w+\}", uid):
        raise DashboardError(f"datasource {reference}: want type influxdb and a variable")
    name = filled(uid, chosen, as_influxql)
    for source in sources:
        if source.uid == name:
            return source
    raise DashboardError(f"{uid} stands for {name!r}, no data source")


def answers(series: Sequence[Series], statement: str) -> Iterator[str]:
    """What of an answer becomes an option: the second column, or the first of one column, each once."""
    seen: set[str] = set()
    first = statement.upper().startswith(("SHOW FIELD KEYS", "SHOW RETENTION POLICIES"))
    for one in series:
        for row in one.rows:
            value = row[0] if first or len(row) == 1 else row[1]
            text = f"{value:g}" if isinstance(value, float) else str(value)
            if value is not None and text not in seen:
                seen.add(text)
                yield text


def _query(variable: JSON) -> str:
    """As a text or, from Grafana 10 on, in a table."""
    if variable.get("refresh") not in (1, 2):
        raise DashboardError(f"variable {variable['name']} is never refreshed: its list would be of another day")
    query = variable["query"]
    return str(query["query"] if isinstance(query, dict) else query)


def _filtered(variable: JSON, found: Iterator[str]) -> Options:
    """By the variable's regular expression, whose groups `text` and `value` take an option apart."""
    pattern = variable.get("regex") or ""
    if not pattern:
        values = tuple(found)
        return Options(values, values)
    body = re.sub(r"\(\?<(?![=!])", "(?P<", pattern.strip("/"))
    texts, values_ = [], []
    for one in found:
        match = re.search(body, one)
        if not match:
            continue
        groups = match.groupdict()
        value = groups.get("value") or groups.get("text") or (match[1] if match.groups() else one)
        texts.append(groups.get("text") or value)
        values_.append(value)
    return Options(tuple(texts), tuple(values_))


def _sorted(variable: JSON, options: Options) -> Options:
    order = variable.get("sort", 0)
    if order not in (0, 1, 2, 3, 5, 7):
        raise DashboardError(f"variable {variable['name']}: sort {order} is not known here")
    pairs = list(zip(options.texts, options.values, strict=True))
    keys: dict[int, Callable[[tuple[str, str]], Any]] = {
        1: lambda pair: pair[0],
        2: lambda pair: pair[0],
        3: lambda pair: float((re.findall(r"\d+", pair[0]) or ["0"])[0]),
        5: lambda pair: pair[0].lower(),
        7: lambda pair: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", pair[0])],
    }
    if order:
        pairs.sort(key=keys[order], reverse=order == 2)
    return Options(tuple(text for text, _ in pairs), tuple(value for _, value in pairs))


def _plain(variable: JSON, sources: Sequence[Source]) -> Options:
    """Of every type that asks nothing."""
    match variable["type"]:
        case "datasource":
            if variable["query"] != "influxdb":
                return Options((), ())
            pattern = re.compile((variable.get("regex") or "").strip("/"))
            fitting = [source for source in sources if pattern.search(source.name)]
            return Options(tuple(one.name for one in fitting), tuple(one.uid for one in fitting))
        case "custom" | "interval":
            pairs = [_pair(part) for part in re.split(r"(?<!\\),", variable["query"]) if part.strip()]
            return Options(tuple(text for text, _ in pairs), tuple(value for _, value in pairs))
        case "textbox" | "constant":
            return Options((variable.get("query", ""),), (variable.get("query", ""),))
    raise DashboardError(f"variable {variable['name']}: type {variable['type']} is not known here")


def _pair(part: str) -> tuple[str, str]:
    found = _KEY_VALUE.match(part)
    return (found[1], found[2]) if found else (part.strip(), part.strip())


def _choose(variable: JSON, options: Options, wanted: Sequence[str] | None) -> Chosen:
    """What is wanted; else what was saved where it is still an option; else all, or the first."""
    multi, all_too = bool(variable.get("multi")), bool(variable.get("includeAll"))
    saved = (variable.get("current") or {}).get("value")
    values = list(wanted) if wanted is not None else [saved] if isinstance(saved, str) else list(saved or [])
    if variable["type"] == "textbox":
        values = values if wanted is not None or saved else list(options.values)
        return Chosen(tuple(values or [""]), tuple(values or [""]))
    if ALL in values and not all_too:
        raise DashboardError(f"variable {variable['name']} has no All")
    if wanted is not None and not set(values) <= {ALL, *options.values}:
        raise DashboardError(f"variable {variable['name']}: {values} are no options: {options.values}")
    values = [value for value in values if value in {ALL, *options.values}]
    if not values:
        values = [ALL] if all_too else list(options.values[:1])
    if len(values) > 1 and not multi:
        raise DashboardError(f"variable {variable['name']} takes one value, not {values}")
    if values == [ALL]:
        whole = variable.get("allValue") or None
        word = (variable.get("current") or {}).get("text") if saved == ALL else None
        return Chosen(options.values or ("",), (word or "All",), multi=True, whole=whole)
    texts = tuple(options.texts[options.values.index(value)] for value in values)
    return Chosen(tuple(values) or ("",), texts or ("",), multi)
