"""InfluxQL, which InfluxDB 1.x, 2.x and 3.x all answer, as Grafana's InfluxDB data source takes it.

    Query('SELECT mean("fill_ratio") FROM "volume" WHERE $timeFilter AND {site} GROUP BY time($__interval), "device"')

`{site}`, `{closer}`, `{agent}`, `{device}` stand for the conditions that the dashboard's variables of that name make,
`{lang}` for the ending of the fields that hold texts in its language: `"title{lang}"`. Write other braces twice.
`{quarter}` (of an hour), `{hour}` and `{day}` are the last of the time chosen, for what is asked of its end alone: what
is older than it should be is not known any more, and the newest value of ten thousand devices is not looked for in a
month of raw ones. `{until}` is all before its end: for few rows only.
`{rolled_hour}` and `{rolled_day}` hold one row a device, the last whole hour or (UTC) day: read as it stands, it costs
little where `last(…) GROUP BY` over ten thousand devices takes seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from dashboards.text import SUFFIX, Language, Text

Tier = Literal["raw", "hourly", "daily"]
TYPE = "influxdb"
"""Grafana's name of the data source's plugin."""

CONDITIONS: Mapping[str, str] = {
    variable: f'"{tag}" =~ /^${{{variable}:regex}}$/'
    for variable, tag in (("site", "site"), ("closer", "site"), ("agent", "agent"), ("device", "device"))
}
"""Variable → condition on its tag. `:regex` escapes what was chosen; All is `.*`. `closer` is the one site that charts
with a line a device show, on a board whose tables are of many sites."""

TIMES: Mapping[str, str] = {
    "until": "time <= ${__to}ms",
    **{
        name: f"time > ${{__to}}ms - {length} AND time <= ${{__to}}ms"
        for name, length in (("quarter", "15m"), ("hour", "1h"), ("day", "1d"))
    },
    "rolled_hour": "time > ${__to}ms - 125m AND time <= ${__to}ms - 65m",
    "rolled_day": "time > ${__to}ms - 48h AND time <= ${__to}ms - 24h",
}
"""Placeholder → condition on time, by the end of the time chosen."""


class InfluxQuery(Dataquery):
    """A target of Grafana's InfluxDB data source, as its JSON model has it: the SDK brings none."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body

    def to_json(self) -> dict[str, Any]:
        """The target."""
        return self.body


def source(tier: Tier) -> DataSourceRef:
    """The data source that the variable of this name says: the same dashboards serve any of them."""
    return DataSourceRef(type_val=TYPE, uid=f"${{{tier}}}")


MIXED = DataSourceRef(type_val="datasource", uid="-- Mixed --")
"""Grafana's name for a panel whose queries each say their own data source."""


def shared(queries: "Sequence[Query]") -> DataSourceRef:
    """The data source of a panel with these queries."""
    tiers = {query.tier for query in queries}
    return source(queries[0].tier) if len(tiers) == 1 else MIXED


@dataclass(frozen=True)
class Query:
    """One InfluxQL statement. `alias`: what a series is called, with Grafana's `$tag_device`, `$col` and so on."""

    influxql: str
    tier: Tier = "raw"
    alias: Text | str = ""
    table: bool = False
    """Rows as they are, instead of series over time."""

    def statement(self, language: Language) -> str:
        """As it is sent, but for Grafana's own variables."""
        return " ".join(self.influxql.split()).format_map({**CONDITIONS, **TIMES, "lang": SUFFIX[language]})

    def target(self, ref: str, language: Language) -> InfluxQuery:
        """As a panel has it."""
        alias = self.alias.to(language) if isinstance(self.alias, Text) else self.alias
        return InfluxQuery(
            {
                "refId": ref,
                "datasource": source(self.tier).to_json(),
                "query": self.statement(language),
                "rawQuery": True,
                "resultFormat": "table" if self.table else "time_series",
                **({"alias": alias} if alias else {}),
            }
        )
