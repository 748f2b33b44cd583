"""InfluxQL over HTTP, as the data source asks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.dashboards.player.errors import DashboardError


@dataclass(frozen=True)
class Series:
    """One series of an answer."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """A data source of a Grafana: its name and uid there, and the database it stands for."""

    uid: str
    name: str
    database: str
    url: str
    client: httpx.Client

    def ask(self, statement: str) -> list[Series]:
        """The answer's series. Raises DashboardError with InfluxDB's own words."""
        form = {"q": statement, "db": self.database, "epoch": "ms"}
        answer = self.client.post(f"{self.url}/query", data=form).json()
        results = answer.get("results", [])
        error = answer.get("error") or next((one["error"] for one in results if "error" in one), "")
        if error or len(results) != 1:
            raise DashboardError(f"{self.name}: {error or f'{len(results)} results'}: {statement}")
        if "partial" in results[0] or any("partial" in one for one in results[0].get("series", [])):
            raise DashboardError(f"{self.name}: the answer is cut short, it has too many rows: {statement}")
        return [
            Series(one.get("name", ""), one["columns"], one.get("values", []), one.get("tags", {}))
            for one in results[0].get("series", [])
        ]
