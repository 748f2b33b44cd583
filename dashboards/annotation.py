"""What is marked on every panel over time: tickets, maintenance, times in which the hub heard nobody."""

from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.models.dashboard import AnnotationQuery

from dashboards.query import Query, source
from dashboards.text import Language, Text


@dataclass(frozen=True)
class Annotation:
    """Rows of a record. `until`: the field that holds its end (ms UTC), where it has one."""

    title: Text
    query: Query
    colour: str
    text: str
    tags: str = ""
    until: str = ""

    def model(self, language: Language) -> "Marks":
        """As Grafana has it."""
        return Marks(self, language)


class Marks(AnnotationQuery):
    """With what the InfluxDB data source asks for besides: it reads these from the annotation itself."""

    def __init__(self, of: Annotation, language: Language) -> None:
        super().__init__(
            name=of.title.to(language),
            datasource=source(of.query.tier),
            enable=True,
            icon_color=of.colour,
        )
        text = of.text + ("_zh" if language == "zh_CN" else "")
        self.more: dict[str, Any] = {
            "query": of.query.statement(language),
            "textColumn": text,
            **({"tagsColumn": of.tags} if of.tags else {}),
            **({"timeEndColumn": of.until} if of.until else {}),
        }

    def to_json(self) -> dict[str, object]:
        """Both."""
        return {**super().to_json(), **self.more}


BLINDNESS = Annotation(
    Text("Hub heard nobody", "中心失聪"),
    Query('SELECT "text{lang}", "until_at" FROM "blindness" WHERE $timeFilter', "daily", table=True),
    "#8e8e8e",
    "text",
    until="until_at",
)


def maintenance(site: str = "{site}") -> Annotation:
    """Windows at these sites, and those for all."""
    return Annotation(
        Text("Maintenance", "维护"),
        Query(
            f'SELECT "text{{lang}}", "until_at" FROM "maintenance" WHERE $timeFilter AND ({site} OR "site" = \'*\')',
            "daily",
            table=True,
        ),
        "blue",
        "text",
        until="until_at",
    )


def marks(site: str = "{site}", about: str = "") -> tuple[Annotation, ...]:
    """Tickets too, from their opening to their end: of the one site that charts are of, for marks of a thousand sites
    are a carpet. `about` narrows them further: "{device}"."""
    narrowed = " AND ".join(part for part in ("$timeFilter", site, about) if part)
    tickets = Annotation(
        Text("Tickets", "工单"),
        Query(f'SELECT "title{{lang}}", "severity", "resolved_at" FROM "ticket" WHERE {narrowed}', "daily", table=True),
        "red",
        "title",
        "severity",
        "resolved_at",
    )
    return (tickets, maintenance(site), BLINDNESS)
