"""What a dashboard is asked for: where the data lies, which site, agent, device, where the console is.

The lists stay fast with 10,000 devices: tags come from InfluxDB's index, of one measurement and of the sites chosen
above them, and nothing is asked for until its list is opened or the dashboard loads.
"""

from dataclasses import dataclass
from typing import Protocol

from grafana_foundation_sdk.models.dashboard import (
    VariableHide,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
    VariableType,
)

from dashboards.query import CONDITIONS, TYPE, Tier, source
from dashboards.text import Language, Text

ALL = ".*"


class Variable(Protocol):
    """Something that can be chosen."""

    @property
    def name(self) -> str:
        """As queries and links call it."""
        ...

    def model(self, language: Language) -> VariableModel:
        """As Grafana has it."""
        ...


@dataclass(frozen=True)
class Source:
    """One of the three databases, found by the name its data source has."""

    name: Tier
    title: Text
    called: str

    def model(self, language: Language) -> VariableModel:
        """A list of the data sources of that name."""
        return VariableModel(
            type_val=VariableType.DATASOURCE,
            name=self.name,
            label=self.title.to(language),
            query=TYPE,
            regex=f"/^{self.called}$/",
            refresh=VariableRefresh.ON_DASHBOARD_LOAD,
            hide=VariableHide.HIDE_VARIABLE,
            options=[],
            multi=False,
            include_all=False,
        )


SOURCES = (
    Source("raw", Text("Raw values", "原始数据"), "Watchkeeper"),
    Source("hourly", Text("Hourly figures", "小时汇总"), "Watchkeeper hourly"),
    Source("daily", Text("Daily figures and records", "日汇总与记录"), "Watchkeeper daily"),
)


@dataclass(frozen=True)
class Choice:
    """The values of a tag in a measurement. `within`: the variables it is narrowed by; `tag` where the variable is not
    called as the tag is."""

    name: str
    title: Text
    measurement: str
    tier: Tier = "raw"
    within: tuple[str, ...] = ()
    several: bool = True
    tag: str = ""

    def statement(self) -> str:
        """As it is sent."""
        where = " AND ".join(CONDITIONS[name] for name in self.within)
        tail = f" WHERE {where}" if where else ""
        return f'SHOW TAG VALUES FROM "{self.measurement}" WITH KEY = "{self.tag or self.name}"{tail}'

    def model(self, language: Language) -> VariableModel:
        """A list, with All in front where several may be chosen."""
        return VariableModel(
            type_val=VariableType.QUERY,
            name=self.name,
            label=self.title.to(language),
            datasource=source(self.tier),
            query=self.statement(),
            refresh=VariableRefresh.ON_DASHBOARD_LOAD,
            sort=VariableSort.ALPHABETICAL_ASC,
            multi=self.several,
            include_all=self.several,
            all_value=ALL if self.several else None,
            current=VariableOption(text=_all(language), value="$__all") if self.several else None,
            options=[],
        )


def _all(language: Language) -> str:
    return "All" if language == "en" else "全部"


@dataclass(frozen=True)
class Console:
    """Where the hub's console is: what tickets are opened in. Publishing sets it."""

    name: str = "console"

    def model(self, language: Language) -> VariableModel:
        """A line of text."""
        here = "http://127.0.0.1:8080"
        return VariableModel(
            type_val=VariableType.TEXTBOX,
            name=self.name,
            label=Text("Console", "控制台").to(language),
            query=here,
            current=VariableOption(text=here, value=here),
            options=[VariableOption(text=here, value=here, selected=True)],
        )


CONSOLE = Console()
SITE = Choice("site", Text("Site", "站点"), "agent")
CLOSER = Choice("closer", Text("Charts of", "图表站点"), "agent", within=("site",), several=False, tag="site")
"""The one site whose devices have lines of their own, out of those chosen."""
ONE_SITE = Choice("site", Text("Site", "站点"), "agent", several=False)


def agents(*, several: bool = True) -> Choice:
    """The agents of the sites chosen."""
    return Choice("agent", Text("Agent", "代理"), "agent", within=("site",), several=several)


def devices(kind: str, *within: str, several: bool = True) -> Choice:
    """The devices of a kind at the sites chosen."""
    return Choice("device", Text("Device", "设备"), kind, within=within or ("site",), several=several)
