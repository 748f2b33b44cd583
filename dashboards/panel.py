"""One panel. Every panel says what it shows, in which unit, what "good" is where a rule knows, and what it cannot tell.

Lines(Text("Fill", "占用率"), Text("How full each volume is.", "各卷的占用率。"), [query], unit="percentunit",
      limits=above(Limit("volume_filling", "raise_ratio")))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides,
    DashboardLink,
    DashboardLinkType,
    DashboardRangeMapOptions,
    DashboardSpecialValueMapOptions,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColor,
    FieldColorModeId,
    FieldConfig,
    FieldConfigSource,
    GridPos,
    MatcherConfig,
    Panel,
    RangeMap,
    SpecialValueMap,
    SpecialValueMatch,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from dashboards.limits import GREY, Limits, config
from dashboards.query import Query, Tier, shared
from dashboards.text import ENDING, NO_DATA, Language, Text

OPEN = Text("Open", "打开")
NOTHING = Text("—", "—")
"""In a cell where there is nothing to say."""
NARROWEST = 80
"""Pixels of a column at least that is told no width."""
ANY = "1+"
"""As a state: any number of what should not be there, in that colour; its text is the number itself."""
_WORST: Mapping[str, Sequence[Literal["min", "max"]]] = {"above": ["max"], "below": ["min"], "beyond": ["min", "max"]}
BRIDGED_SECONDS: Mapping[Tier, float] = {"raw": 900.0, "hourly": 10_800.0, "daily": 259_200.0}
"""A hole no longer than this is none: agents look at their own pace, which may be slower than the chart's step."""


@dataclass(frozen=True)
class Column:
    """A column of a table: the query's own name of it, what it is called, its unit, where it leads.

    `link`: a URL with `${__data.fields.NAME}` for this row's values. `states`: value → (text, colour). `empty`: what a
    cell without a value says; where that means that nobody knows, NO_DATA.
    """

    name: str
    title: Text
    unit: str | Text = ""
    link: str = ""
    width: int = 0
    hidden: bool = False
    limits: Limits | None = None
    states: Mapping[str, tuple[Text, str]] = field(default_factory=dict)
    empty: Text = NOTHING
    decimals: int | None = None


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What all panels have. `width` of 24, `height` in Grafana's rows. `unit` is Grafana's id of it."""

    title: Text
    description: Text
    queries: Sequence[Query]
    unit: str | Text
    width: int = 12
    height: int = 8
    limits: Limits | None = None
    link: str = ""
    """Where a click leads: a URL with `${__field.labels.device}` and the like."""
    link_title: Text = OPEN
    states: Mapping[str, tuple[Text, str]] = field(default_factory=dict)
    """Value → (text, colour)."""
    interval: str = ""
    """The finest step that makes sense: `1h` for hourly rollups."""
    columns: Sequence[Column] = ()
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    bridged_seconds: float = 0.0
    """A hole in a line or lane that is no longer is drawn over; 0: as usual for the database (BRIDGED_SECONDS)."""
    join: str = ""
    """Of several queries: the column by which their rows become one; what one of them lacks is empty."""
    merge: bool = False
    """Of several queries: their rows in one table."""
    empty: Text = NO_DATA
    """What it says where nothing was answered. A list of what is wrong is empty where all is well and where nobody told
    anything: see `words.none_or_untold`."""

    type: ClassVar[str] = ""

    def options(self) -> dict[str, Any]:
        """Those of its type."""
        return {}

    def custom(self) -> dict[str, Any]:
        """Those of its type, a field."""
        return {}

    def panel(self, number: int, place: GridPos, language: Language) -> Panel:
        """As Grafana has it."""
        return Panel(
            type_val=self.type,
            id_val=number,
            title=self.title.to(language),
            description=self._described().to(language),
            datasource=shared(self.queries),
            targets=[query.target(chr(ord("A") + turn), language) for turn, query in enumerate(self.queries)],
            grid_pos=place,
            interval=self.interval or None,
            transformations=self._transformations(),
            options=self.options(),
            field_config=FieldConfigSource(
                self._defaults(language), [*(self._override(c, language) for c in self.columns), *self.overrides()]
            ),
        )

    def _described(self) -> Text:
        """With what it means that it is empty, where that is more than no data."""
        if self.empty == NO_DATA:
            return self.description
        words, empty = self.description, self.empty
        en, zh = words.en.removesuffix("."), words.zh.removesuffix("。")  # words of the catalogue have none
        return Text(f"{en}. Where it is empty: {empty.en}.", f"{zh}。为空表示：{empty.zh}。")

    def overrides(self) -> Sequence[DashboardFieldConfigSourceOverrides]:
        """What a type says of single series besides."""
        return ()

    def bridge(self) -> int:
        """ms, as Grafana has it."""
        usual = max(BRIDGED_SECONDS[query.tier] for query in self.queries)
        return round((self.bridged_seconds or usual) * 1000)

    def _transformations(self) -> list[DataTransformerConfig] | None:
        if self.join:
            return [DataTransformerConfig("joinByField", options={"byField": self.join, "mode": "outer"})]
        return [DataTransformerConfig("merge", options={})] if self.merge else None

    def _defaults(self, language: Language) -> FieldConfig:
        judged = self.limits is not None
        mode = FieldColorModeId.THRESHOLDS if judged or self.type != "timeseries" else FieldColorModeId.PALETTE_CLASSIC
        return FieldConfig(
            unit=_worded(self.unit, language),
            decimals=self.decimals,
            min_val=self.least,
            max_val=self.most,
            no_value=self.empty.to(language),
            mappings=[*mappings(self.states, language), unknown(language)],
            thresholds=config(self.limits),
            color=FieldColor(FieldColorModeId.PALETTE_CLASSIC if self.type == "timeseries" else mode),
            links=[_link(self.link, self.link_title, language)] if self.link else None,
            custom=self.custom(),
        )

    def _override(self, column: Column, language: Language) -> DashboardFieldConfigSourceOverrides:
        said: dict[str, Any] = {} if column.hidden else {"displayName": column.title.to(language)}
        if column.unit:
            said["unit"] = _worded(column.unit, language)
        if column.link:
            said["links"] = [_link(column.link, column.title, language).to_json()]
        if column.width:
            said["custom.width"] = column.width
        if column.hidden:
            said["custom.hidden"] = True  # tables of Grafana 10 and 11
            said["custom.hideFrom.viz"] = True
        if column.limits:
            said["thresholds"] = config(column.limits).to_json()
        if column.limits or column.states:
            said["custom.cellOptions"] = {"type": "color-text"}
        if column.decimals is not None:
            said["decimals"] = column.decimals
        said["noValue"] = column.empty.to(language)
        said["mappings"] = [*mappings(column.states, language), unknown(language, column.empty)]
        return DashboardFieldConfigSourceOverrides(
            MatcherConfig("byName", column.name), [DynamicConfigValue(key, value) for key, value in said.items()]
        )


def _worded(unit: str | Text, language: Language) -> str:
    return unit.to(language) if isinstance(unit, Text) else unit


def mappings(states: Mapping[str, tuple[Text, str]], language: Language) -> list[ValueMapping]:
    """Values as words in a colour."""
    results = {
        value: ValueMappingResult(text=text.to(language), color=colour, index=turn)
        for turn, (value, (text, colour)) in enumerate(states.items())
        if value != ANY
    }
    made: list[ValueMapping] = [ValueMap(results)] if results else []
    if ANY in states:
        result = ValueMappingResult(color=states[ANY][1], index=len(states))
        made.append(RangeMap(DashboardRangeMapOptions(from_val=1, to=None, result=result)))
    return made


def unknown(language: Language, words: Text = NO_DATA) -> SpecialValueMap:
    """What is not known is grey and says so: Grafana would give it the colour of the lowest threshold."""
    result = ValueMappingResult(text=words.to(language), color=GREY, index=99)
    return SpecialValueMap(DashboardSpecialValueMapOptions(SpecialValueMatch.NULL_AND_NAN, result))


def _link(url: str, title: Text, language: Language) -> DashboardLink:
    there = url.replace("{ending}", ENDING[language])
    return DashboardLink(title=title.to(language), type_val=DashboardLinkType.LINK, url=there)


@dataclass(frozen=True, kw_only=True)
class Lines(Spec):
    """Metrics over time."""

    type: ClassVar[str] = "timeseries"
    stacked: bool = False
    steps: bool = False
    """States rather than measures: a value lasts until the next."""
    colours: Sequence[str] = ()
    """A colour a query, where colours mean something: what is critical is not drawn in green."""
    lowest: bool = False
    """The less the worse, where no limit says so."""

    def overrides(self) -> Sequence[DashboardFieldConfigSourceOverrides]:
        """The colours."""
        return [
            DashboardFieldConfigSourceOverrides(
                MatcherConfig("byFrameRefID", chr(ord("A") + turn)),
                [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})],
            )
            for turn, colour in enumerate(self.colours)
        ]

    def options(self) -> dict[str, Any]:
        """A legend that says the newest and the worst, the worst first: Grafana leaves it a third of the panel, which
        is three of many lines."""
        calculations = self._worst()
        legend: dict[str, Any] = {
            "showLegend": True,
            "displayMode": "table",
            "placement": "bottom",
            "calcs": ["lastNotNull", *calculations],
        }
        if not self.colours:
            legend |= {"sortBy": calculations[-1].capitalize(), "sortDesc": calculations[-1] == "max"}
        return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}

    def _worst(self) -> Sequence[Literal["min", "max"]]:
        """Which values say how bad it was."""
        if self.limits is None:
            return ["min"] if self.lowest else ["max"]
        return _WORST[self.limits.worse]

    def custom(self) -> dict[str, Any]:
        """Gaps stay gaps, but for short ones: a line across them would claim what nobody measured. Under many lines no
        surfaces: they would be mud."""
        aliases = [str(query.alias) for query in self.queries]
        many = len(aliases) > 3 or any("$tag_" in alias or "$col" in alias for alias in aliases)
        return {
            "lineInterpolation": "stepAfter" if self.steps else "linear",
            "lineWidth": 1,
            "fillOpacity": 30 if self.stacked else 0 if many else 8,
            "showPoints": "auto",
            "spanNulls": self.bridge(),
            "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if self.limits else "off"},
        }


@dataclass(frozen=True, kw_only=True)
class Number(Spec):
    """One figure, or one a series."""

    type: ClassVar[str] = "stat"
    calculation: str = "lastNotNull"

    def options(self) -> dict[str, Any]:
        """The figure alone, coloured."""
        reduce = {"calcs": [self.calculation], "fields": "", "values": False}
        return {"reduceOptions": reduce, "colorMode": "value", "graphMode": "none", "textMode": "auto"}


@dataclass(frozen=True, kw_only=True)
class Bars(Spec):
    """A bar a series: which is the highest."""

    type: ClassVar[str] = "bargauge"
    calculation: str = "lastNotNull"

    def options(self) -> dict[str, Any]:
        """Lying, with their names."""
        reduce = {"calcs": [self.calculation], "fields": "", "values": False}
        return {"reduceOptions": reduce, "orientation": "horizontal", "displayMode": "basic", "showUnfilled": True}


@dataclass(frozen=True, kw_only=True)
class States(Spec):
    """What was the case when, a lane a series."""

    type: ClassVar[str] = "state-timeline"

    def options(self) -> dict[str, Any]:
        """Equal values are one block; where nothing is known nothing is drawn."""
        legend = {"showLegend": True, "displayMode": "list", "placement": "bottom"}
        return {"mergeValues": True, "showValue": "never", "rowHeight": 0.8, "legend": legend}

    def custom(self) -> dict[str, Any]:
        """Gaps stay gaps, but for short ones."""
        return {"fillOpacity": 80, "lineWidth": 0, "spanNulls": self.bridge()}


@dataclass(frozen=True, kw_only=True)
class Table(Spec):
    """Rows. `sort`: the column (by its title) and whether downwards; `then` those that decide where it is equal."""

    type: ClassVar[str] = "table"
    unit: str | Text = "none"
    width: int = 24
    sort: tuple[Text, bool] | None = None
    then: Sequence[tuple[Text, bool]] = ()

    def options(self) -> dict[str, Any]:
        """With its header; sorted as the panel says (`panel` knows the language)."""
        return {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}}

    def _transformations(self) -> list[DataTransformerConfig] | None:
        """Columns in their order, whatever the answer's is."""
        order = {column.name: turn for turn, column in enumerate(self.columns)}
        options = {"indexByName": order, "excludeByName": {}, "renameByName": {}}
        ordered = [DataTransformerConfig("organize", options=options)] if order else []
        return [*(super()._transformations() or []), *ordered] or None

    def panel(self, number: int, place: GridPos, language: Language) -> Panel:
        """As any, and sorted."""
        made = super().panel(number, place, language)
        if self.sort is not None:
            order = [{"displayName": title.to(language), "desc": down} for title, down in (self.sort, *self.then)]
            made.options = {**self.options(), "sortBy": order}
        return made

    def custom(self) -> dict[str, Any]:
        """Columns can be searched. Grafana's own least width is 150, with which ten do not fit."""
        return {"align": "auto", "filterable": True, "inspect": False, "minWidth": NARROWEST}
