"""What a panel is expected to show of the week: rows, columns, and values where the script says what is true."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from tests.dashboards.player.frames import Cell, Frame
from tests.dashboards.player.play import Panel

Test = Callable[[Cell], bool]


@dataclass(frozen=True)
class Expected:
    """Of one panel. `nothing` is the reason why it shows no rows, empty where it must show some."""

    rows: int = 1
    """At least so many, of all frames."""
    columns: frozenset[str] = frozenset()
    """Titles that must be there, in a table; of series parts of their names, each in some series."""
    values: tuple[tuple[dict[str, str], str, Test], ...] = ()
    """Rows of a table by some of their cells, the column to look at, what it must be."""
    last: tuple[tuple[str, Test], ...] = ()
    """Series by a part of their name, what their newest value must be."""
    extremes: tuple[tuple[str, float, float], ...] = ()
    """Series by a part of their name, their least and most."""
    most: tuple[tuple[str, Test], ...] = ()
    """Series by a part of their name, what their greatest value must be."""
    least: tuple[tuple[str, Test], ...] = ()
    """The same of their least."""
    absent: frozenset[str] = field(default=frozenset())
    """Parts of names that no series and no cell may have."""
    nothing: str = ""

    def problems(self, panel: Panel) -> list[str]:
        """What is not as expected, in words."""
        frames = [frame for frame in panel.frames if frame.length]
        if self.nothing:
            return [f"has {panel.rows} rows, and was expected to have none: {self.nothing}"] if frames else []
        found = [] if panel.rows >= self.rows else [f"{panel.rows} rows, {self.rows} wanted"]
        names = [frame.name for frame in frames] + [one.title for frame in frames for one in frame.columns]
        found += [
            f"no {one!r} in {sorted(set(names))}" for one in self.columns if not any(one in name for name in names)
        ]
        found += self._misvalued(frames)
        words = names + [str(cell) for frame in frames for one in frame.columns for cell in one.cells]
        return found + [f"{one!r} is there" for one in self.absent if any(one in word for word in words)]

    def _misvalued(self, frames: Sequence[Frame]) -> list[str]:
        found = []
        rows = [row for frame in frames for row in frame.rows()]
        for wanted, column, test in self.values:
            hits = [row for row in rows if all(row.get(name) == cell for name, cell in wanted.items())]
            if not hits:
                found.append(f"no row {wanted} among {rows[:5]}…")
            found += [f"{column} of {wanted} is {row.get(column)!r}" for row in hits if not test(row.get(column))]
        for name, test in self.last:
            found += self._each(frames, name, partial(_ends, test))
        for name, test in self.most:
            found += self._each(frames, name, partial(_tops, test))
        for name, test in self.least:
            found += self._each(frames, name, partial(_falls, test))
        for name, low, high in self.extremes:
            found += self._each(frames, name, partial(_within, low, high))
        return found

    def _each(self, frames: Sequence[Frame], name: str, right: Callable[[Sequence[Cell]], bool]) -> list[str]:
        hits = [frame for frame in frames if name in frame.name]
        if not hits:
            return [f"no series {name!r} among {[frame.name for frame in frames]}"]
        cells = [(frame.name, frame.columns[-1].cells) for frame in hits]
        return [f"{shown} is {_last(of)!r} at last, {of[:3]}…" for shown, of in cells if not right(of)]


def shows(*columns: str, rows: int = 1) -> Expected:
    """Rows with these columns, or series whose names have these words."""
    return Expected(rows=rows, columns=frozenset(columns))


def none_of(reason: str) -> Expected:
    """No rows, for this reason."""
    return Expected(nothing=reason)


def near(wanted: float, share: float = 0.02) -> Test:
    """A number within that share of another."""
    return lambda cell: isinstance(cell, float | int) and abs(cell - wanted) <= abs(wanted) * share + 1e-9


def at_least(low: float) -> Test:
    """A number."""
    return lambda cell: isinstance(cell, float | int) and cell >= low


def at_most(high: float) -> Test:
    """A number."""
    return lambda cell: isinstance(cell, float | int) and cell <= high


def just(wanted: Cell) -> Test:
    """This very cell."""
    return lambda cell: cell == wanted


def _last(cells: Sequence[Cell]) -> Cell:
    return next((cell for cell in reversed(cells) if cell is not None), None)


def _ends(test: Test, cells: Sequence[Cell]) -> bool:
    return test(_last(cells))


def _tops(test: Test, cells: Sequence[Cell]) -> bool:
    return test(max((cell for cell in cells if isinstance(cell, float | int)), default=None))


def _falls(test: Test, cells: Sequence[Cell]) -> bool:
    return test(min((cell for cell in cells if isinstance(cell, float | int)), default=None))


def _within(low: float, high: float, cells: Sequence[Cell]) -> bool:
    numbers = [cell for cell in cells if isinstance(cell, float | int)]
    return bool(numbers) and near(low)(min(numbers)) and near(high)(max(numbers))
