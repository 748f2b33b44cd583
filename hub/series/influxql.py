"""InfluxQL: quoting what goes into a statement, taking apart what comes back."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.series.admission import EARLIEST_MS, LATEST_MS
from hub.series.store import Scope, SeriesUnavailable


class CutShort(SeriesUnavailable):
    """The answer is not whole."""


class Series(NamedTuple):
    """One series of a result: its GROUP BY tags and its rows, time (ms) first."""

    tags: Mapping[str, str]
    rows: list[list[Any]]


def identifier(name: str) -> str:
    """A measurement, tag or field in double quotes, whatever is in it."""
    return '"' + _escaped(name).replace('"', '\\"') + '"'


def literal(text: str) -> str:
    """A string value in single quotes, whatever is in it."""
    return "'" + _escaped(text).replace("'", "\\'") + "'"


def between(since: int, until: int) -> str:
    """The condition since < time ≤ until (ms), clipped to the times InfluxDB knows."""
    low, high = (min(max(bound, EARLIEST_MS), LATEST_MS) for bound in (since, until))
    return f"time > {low}ms AND time <= {high}ms"


def within(scope: Scope) -> str:
    """The condition that picks a scope's devices."""
    return " OR ".join(_site(site, sorted(devices)) for site, devices in sorted(scope.items()))


def _site(site: str, devices: list[str]) -> str:
    here = f'"site" = {literal(site)}'
    if not devices:
        return here
    names = " OR ".join(f'"device" = {literal(device)}' for device in devices)
    return f"({here} AND ({names}))"


def parse_series(body: str, statements: int) -> list[list[Series]]:
    """The series of each statement's result, in order, from an answer, chunked or not: a JSON document a line.

    Raises SeriesUnavailable for errors told within the answer, CutShort for one that is incomplete.
    """
    found: list[list[Series]] = [[] for _ in range(statements)]
    unfinished = set(range(statements))
    try:
        for line in body.split("\n"):
            for result in _results(line):
                statement = result.get("statement_id", 0)
                if _take(result, found[statement]):
                    unfinished.add(statement)
                else:
                    unfinished.discard(statement)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise SeriesUnavailable(f"no InfluxDB answer: {error!r} in {body[:100]!r}") from None
    if unfinished:
        raise CutShort(f"InfluxDB's answer ends early: {body[-100:]!r}")
    return found


def _results(line: str) -> list[dict[str, Any]]:
    if not line.strip():
        return []
    answer = json.loads(line)
    results: list[dict[str, Any]] = [answer] if "error" in answer else answer["results"]
    return results


def _take(result: dict[str, Any], found: list[Series]) -> bool:
    """Add a chunk of a result to what was found before; whether another chunk is to follow."""
    if "error" in result:
        raise SeriesUnavailable(f"InfluxDB says: {str(result['error'])[:200]}")
    partial = bool(result.get("partial"))
    for one in result.get("series", []):
        tags, rows = one.get("tags", {}), one["values"]
        if found and found[-1].tags == tags:
            found[-1].rows.extend(rows)
        else:
            found.append(Series(tags, rows))
        partial = partial or bool(one.get("partial"))
    return partial


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
