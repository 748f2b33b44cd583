"""InfluxQL: quoting what goes into a statement, taking apart what comes back."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.series.admission import EARLIEST_MS, LATEST_MS
from hub.series.store import SeriesUnavailable


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


def parse_series(body: str) -> list[list[Series]]:
    """The series of each statement's result, in order. Raises SeriesUnavailable for errors told within the answer."""
    try:
        answer = json.loads(body)
        results = answer["results"] if "error" not in answer else [answer]
        return [_series_of(result) for result in results]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SeriesUnavailable(f"no InfluxDB answer: {error!r} in {body[:100]!r}") from None


def _series_of(result: Mapping[str, Any]) -> list[Series]:
    if "error" in result:
        raise SeriesUnavailable(f"InfluxDB says: {str(result['error'])[:200]}")
    series = result.get("series", [])
    if result.get("partial") or any(one.get("partial") for one in series):
        raise SeriesUnavailable("InfluxDB cuts answers short: raise max-row-limit in its [http] section")
    return [Series(one.get("tags", {}), one["values"]) for one in series]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
