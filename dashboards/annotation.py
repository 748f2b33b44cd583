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


TICKETS = Annotation(
    Text("Tickets", "工单"),
    Query(
        'SELECT "title{lang}", "severity", "resolved_at" FROM "ticket" WHERE $timeFilter AND {site}',
        "daily",
        table=True,
    ),
    "red",
    "title",
    "severity",
    "resolved_at",
)
MAINTENANCE = Annotation(
    Text("Maintenance", "维护"),
    Query(
        'SELECT "text{lang}", "until_at" FROM "maintenance" WHERE $timeFilter AND ({site} OR "site" = \'*\')',
        "daily",
        table=True,
    ),
    "blue",
    "text",
    until="until_at",
)
BLINDNESS = Annotation(
    Text("Hub heard nobody", "中心失聪"),
    Query('SELECT "text{lang}", "until_at" FROM "blindness" WHERE $timeFilter', "daily", table=True),
    "#8e8e8e",
    "text",
    until="until_at",
)
MARKS = (TICKETS, MAINTENANCE, BLINDNESS)
