"""How a panel's field configuration shows a value: text, unit, mapping, threshold, colour."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.dashboards.drawing.colours import NEUTRAL, PALETTE, colour
from tests.dashboards.drawing.units import plain, shown
from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.frames import Cell, Column, Frame
from tests.dashboards.player.play import Panel

JSON = dict[str, Any]

NO_DATA = "No data"


@dataclass(frozen=True)
class Shown:
    """A value for people. `colour` is CSS; None where nothing says one."""

    text: str
    colour: str | None
    known: bool = True


@dataclass(frozen=True)
class Field:
    """One column of a frame with what the panel says of it."""

    column: Column
    config: JSON
    now: int
    index: int = 0

    @cached_property
    def name(self) -> str:
        """As shown. Raises DashboardError for a label that is not there."""
        pattern = self.config.get("displayName") or ""

        def fill(found: re.Match[str]) -> str:
            label = found[1] or found[2]
            if label not in self.column.labels:
                raise DashboardError(f"displayName {pattern!r}: no label {label} in {sorted(self.column.labels)}")
            return self.column.labels[label]

        named = re.sub(r"\$\{__field\.labels(?:\.(\w+)|\[\"?(\w+)\"?\])\}", fill, pattern)
        return named or self.column.title

    @property
    def custom(self) -> JSON:
        """What is of this kind of panel."""
        made: JSON = self.config.get("custom") or {}
        return made

    def show(self, cell: Cell) -> Shown:
        """Unknown is grey unless a mapping says otherwise."""
        mapped = _mapped(self.config.get("mappings") or [], cell)
        if cell is None and mapped is None:
            return Shown(self.config.get("noValue") or NO_DATA, NEUTRAL, known=False)
        text = mapped.get("text") if mapped else None
        own = mapped.get("color") if mapped else None
        return Shown(text or self._text(cell), colour(own) if own else self.paint(cell), known=cell is not None)

    def paint(self, cell: Cell) -> str | None:
        """By the configured way of colouring."""
        mode = (self.config.get("color") or {}).get("mode", "thresholds")
        if mode == "fixed":
            return colour(self.config["color"].get("fixedColor", "blue"))
        if mode.startswith("palette-classic"):
            return PALETTE[self.index % len(PALETTE)]
        if mode not in ("thresholds", "shades") and not mode.startswith("continuous"):
            raise DashboardError(f"colour mode {mode} is not known here")
        return self._threshold(cell) if isinstance(cell, float | int) else None

    def _threshold(self, cell: float) -> str | None:
        thresholds = self.config.get("thresholds") or {}
        steps: Sequence[JSON] = thresholds.get("steps") or []
        if thresholds.get("mode") == "percentage":
            low, high = self.config.get("min", 0.0), self.config.get("max", 100.0)
            cell = (cell - low) / ((high - low) or 1) * 100
        hit = [step for step in steps if step.get("value") is None or cell >= step["value"]]
        return colour(hit[-1]["color"]) if hit else None

    def _text(self, cell: Cell) -> str:
        unit = self.config.get("unit") or ""
        if self.column.kind == "time" and not unit.startswith(("dateTime", "time:")):
            unit = "dateTimeAsIso"
        if isinstance(cell, str):
            return cell
        if isinstance(cell, bool):
            return "true" if cell else "false"
        assert cell is not None
        decimals = self.config.get("decimals")
        return shown(cell, unit, decimals, self.now) if unit else plain(cell, decimals)


def fields_of(panel: Panel, frame: Frame, first: int = 0) -> list[Field]:
    """All columns that are not hidden. `first` numbers them on for their colours."""
    made: list[Field] = []
    for column in frame.columns:
        number = first + sum(one.column.kind != "time" for one in made)
        field = Field(column, _config(panel.json, frame, column), panel.span.until, number)
        viz = (field.custom.get("hideFrom") or {}).get("viz")
        hidden = field.custom.get("hidden") if panel.json["type"] == "table" else viz  # tables of Grafana 10 and 11
        if not hidden:
            made.append(field)
    return made


def _config(panel: JSON, frame: Frame, column: Column) -> JSON:
    """The defaults, and over them what fits."""
    settings = panel.get("fieldConfig") or {}
    config: JSON = dict(settings.get("defaults") or {})
    for override in settings.get("overrides") or []:
        if _fits(override["matcher"], frame, column):
            for one in override["properties"]:
                _set(config, one["id"], one.get("value"))
    return config


def _set(config: JSON, path: str, value: Any) -> None:
    head, _, rest = path.partition(".")
    if rest:
        config[head] = dict(config.get(head) or {})
        _set(config[head], rest, value)
    else:
        config[head] = value


def _fits(matcher: JSON, frame: Frame, column: Column) -> bool:
    wanted: Any = matcher.get("options")
    match matcher["id"]:
        case "byName":
            return bool(wanted in (column.title, column.name))
        case "byNames":
            return bool(column.title in wanted["names"])
        case "byRegexp":
            return re.search(str(wanted).strip("/"), column.title) is not None
        case "byType":
            return bool(column.kind == wanted)
        case "byFrameRefID":
            return bool(frame.ref == wanted) and column.kind != "time"
    raise DashboardError(f"override by {matcher['id']} is not known here")


def _mapped(mappings: Sequence[JSON], cell: Cell) -> Mapping[str, Any] | None:
    for mapping in mappings:
        options = mapping["options"]
        match mapping["type"]:
            case "value":
                found = options.get(_key(cell)) if cell is not None else None
            case "range":
                found = options["result"] if isinstance(cell, float | int) and _within(options, cell) else None
            case "special":
                found = options["result"] if options["match"] in _special(cell) else None
            case "regex":
                hit = isinstance(cell, str) and re.search(options["pattern"].strip("/"), cell)
                found = options["result"] if hit else None
            case other:
                raise DashboardError(f"mapping {other} is not known here")
        if found is not None:
            result: Mapping[str, Any] = found
            return result
    return None


def _key(cell: Cell) -> str:
    """As JavaScript writes it."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _within(options: JSON, cell: float) -> bool:
    low, high = options.get("from"), options.get("to")
    return (low is None or cell >= low) and (high is None or cell <= high)


def _special(cell: Cell) -> tuple[str, ...]:
    if cell is None:
        return ("null", "null+nan", "empty")
    if isinstance(cell, bool):
        return ("true",) if cell else ("false",)
    return ("empty",) if cell == "" else ()
