"""What a panel gets: tables of named columns, made from InfluxDB's series as Grafana makes them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.source import Series

Cell = float | str | bool | None


@dataclass(frozen=True)
class Column:
    """`kind` is "time" (ms UTC), "number", "string", "boolean". `shown` is its name for people where it has another."""

    name: str
    kind: str
    cells: Sequence[Cell]
    labels: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""

    @property
    def title(self) -> str:
        """As shown unless a panel says otherwise."""
        return self.shown or self.name

    @property
    def last(self) -> Cell:
        """The newest that is known."""
        return next((cell for cell in reversed(self.cells) if cell is not None), None)


@dataclass(frozen=True)
class Frame:
    """Columns of equal length; `ref` is the query it came from."""

    name: str
    columns: tuple[Column, ...]
    ref: str = "A"

    @property
    def length(self) -> int:
        """Rows."""
        return len(self.columns[0].cells) if self.columns else 0

    def column(self, name: str) -> Column:
        """By its own or its shown name. Raises KeyError."""
        for column in self.columns:
            if name in (column.name, column.shown):
                return column
        raise KeyError(name)

    def rows(self) -> Iterator[dict[str, Cell]]:
        """Each as title → cell."""
        for index in range(self.length):
            yield {column.title: column.cells[index] for column in self.columns}

    def taking(self, indices: Sequence[int]) -> "Frame":
        """These rows, in this order."""
        columns = (replace(one, cells=[one.cells[index] for index in indices]) for one in self.columns)
        return replace(self, columns=tuple(columns))


def as_table(series: Sequence[Series], ref: str) -> list[Frame]:
    """All series as one table: the time, the tags, the fields of the first."""
    if not series:
        return []
    first = series[0]
    if any(list(one.columns) != list(first.columns) for one in series):
        raise DashboardError(
            f"the series of a table differ in their columns, Grafana takes the first's: {first.columns}"
        )
    rows = [(one.tags, row) for one in series for row in one.rows]
    head, *others = range(len(first.columns))
    columns = [_column(first.columns[head], [row[head] for _, row in rows], time=first.columns[head] == "time")]
    columns += [Column(tag, "string", [tags.get(tag, "") for tags, _ in rows]) for tag in first.tags]
    columns += [_column(first.columns[index], [row[index] for _, row in rows]) for index in others]
    return [Frame(first.name, tuple(columns), ref)]


def as_series(series: Sequence[Series], ref: str, alias: str = "") -> list[Frame]:
    """Each field of each series as a frame of its own."""
    frames = []
    for one in series:
        if one.columns[0] != "time":
            raise DashboardError(f"no time in {one.columns}: ask for a table")
        times = _column("time", [row[0] for row in one.rows], time=True)
        for index, name in list(enumerate(one.columns))[1:]:
            shown = _aliased(alias, one, name) if alias else _unaliased(one, name)
            value = _column("Value", [row[index] for row in one.rows])
            frames.append(Frame(shown, (times, replace(value, labels=one.tags, shown=shown)), ref))
    return frames


def _column(name: str, cells: Sequence[Any], *, time: bool = False) -> Column:
    if time:
        return Column("Time", "time", cells)
    known = {type(cell) for cell in cells if cell is not None}
    if known <= {int, float}:
        return Column(name, "number", [None if cell is None else float(cell) for cell in cells])
    if known == {bool}:
        return Column(name, "boolean", cells)
    if known == {str}:
        return Column(name, "string", cells)
    raise DashboardError(f"column {name} mixes {sorted(one.__name__ for one in known)}")


def _unaliased(series: Series, name: str) -> str:
    tags = " ".join(f"{tag}: {value}" for tag, value in series.tags.items())
    return f"{series.name}.{name} {{ {tags} }}" if tags else f"{series.name}.{name}"


_ALIAS = re.compile(r"\[\[([@/\w-]+)\]\]|\$([@\w-]+)", re.ASCII)


def _aliased(alias: str, series: Series, column: str) -> str:
    """Grafana reads on over hyphens, so that `$tag_a-$tag_b` is none of the two."""

    def fill(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name in ("m", "measurement"):
            return series.name
        if name == "col":
            return column
        tag = name.removeprefix("tag_")
        if tag == name or tag not in series.tags:
            raise DashboardError(f"alias {alias!r}: {found[0]} is nothing here; the tags are {sorted(series.tags)}")
        return series.tags[tag]

    return _ALIAS.sub(fill, alias)
