"""A panel's transformations, those that our dashboards use."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.frames import Cell, Column, Frame

Options = dict[str, Any]
Frames = list[Frame]


def transformed(frames: Frames, steps: Sequence[dict[str, Any]]) -> Frames:
    """One after the other. Raises DashboardError for one that is not known here."""
    for step in steps:
        if step.get("disabled"):
            continue
        if step["id"] not in _KNOWN:
            raise DashboardError(f"transformation {step['id']} is not known here")
        if "filter" in step:
            raise DashboardError(f"transformation {step['id']}: a filter is not known here")
        frames = _KNOWN[step["id"]](frames, step.get("options") or {})
    return frames


def _organize(frames: Frames, options: Options) -> Frames:
    """Leave out, order, rename columns."""
    hidden = {name for name, is_so in options.get("excludeByName", {}).items() if is_so}
    order, names = options.get("indexByName", {}), options.get("renameByName", {})
    made = []
    for frame in frames:
        kept = [one for one in frame.columns if one.title not in hidden]
        kept.sort(key=lambda one: order.get(one.title, len(order)))
        columns = (replace(one, shown=names.get(one.title) or one.title) for one in kept)
        made.append(replace(frame, columns=tuple(columns)))
    return made


def _merge(frames: Frames, _: Options) -> Frames:
    """All as one table: rows that agree in all columns that two frames share become one."""
    filled = [frame for frame in frames if frame.columns]
    if len(filled) < 2:
        return filled
    titles = list(dict.fromkeys(one.title for frame in filled for one in frame.columns))
    shared = [title for title in titles if all(title in _titles(frame) for frame in filled)]
    rows: list[dict[str, Cell]] = []
    for frame in filled:
        for row in frame.rows():
            home = next((one for one in rows if _fits(one, row, shared)), None)
            if home is None:
                rows.append(row)
            else:
                home.update(row)
    return [_table(titles, rows, filled)]


def _fits(home: dict[str, Cell], row: dict[str, Cell], shared: Sequence[str]) -> bool:
    return all(home[title] == row[title] for title in shared) and all(
        home.get(title, row[title]) == row[title] for title in row
    )


def _join(frames: Frames, options: Options) -> Frames:
    """By one column; "outer" keeps rows that one frame alone has, "inner" does not."""
    by, mode = options["byField"], options.get("mode", "outer")
    filled = [frame for frame in frames if by in _titles(frame)]
    if len(filled) < 2:
        return filled
    keys = list(dict.fromkeys(row[by] for frame in filled for row in frame.rows()))
    tables = [{row[by]: row for row in frame.rows()} for frame in filled]
    if mode == "inner":
        keys = [key for key in keys if all(key in table for table in tables)]
    elif mode != "outer":
        raise DashboardError(f"joinByField: mode {mode} is not known here")
    names: dict[tuple[int, str], str] = {}
    for number, frame in enumerate(filled):
        for title in _titles(frame):
            twice = title != by and title in names.values()
            names[number, title] = f"{title} {number + 1}" if twice else title  # as Grafana numbers them
    rows = []
    for key in keys:
        row: dict[str, Cell] = {by: key}
        for number, table in enumerate(tables):
            row |= {names[number, title]: cell for title, cell in table.get(key, {}).items() if title != by}
        rows.append(row)
    return [_table(list(dict.fromkeys([by, *names.values()])), rows, filled, names)]


def _table(
    titles: Sequence[str],
    rows: Sequence[dict[str, Cell]],
    frames: Frames,
    names: dict[tuple[int, str], str] | None = None,
) -> Frame:
    models: dict[str, Column] = {}
    for number, frame in enumerate(frames):
        for column in frame.columns:
            models.setdefault((names or {}).get((number, column.title), column.title), column)
    columns = (
        Column(title, models[title].kind, [row.get(title) for row in rows], models[title].labels) for title in titles
    )
    return Frame(frames[0].name, tuple(columns), frames[0].ref)


def _sort(frames: Frames, options: Options) -> Frames:
    """By columns; what is missing comes last going up, first going down."""
    for by in reversed(options.get("sort", [])):
        frames = [_sorted(frame, by["field"], bool(by.get("desc"))) for frame in frames]
    return frames


def _sorted(frame: Frame, title: str, down: bool) -> Frame:
    if title not in _titles(frame):
        return frame
    cells = frame.column(title).cells
    known = sorted((index for index in range(frame.length) if cells[index] is not None), key=lambda i: cells[i])  # type: ignore[arg-type,return-value] # cells of a column are alike
    missing = [index for index in range(frame.length) if cells[index] is None]
    return frame.taking([*known[::-1], *missing] if down else [*known, *missing])


def _limit(frames: Frames, options: Options) -> Frames:
    return [frame.taking(range(min(frame.length, int(options["limitField"])))) for frame in frames]


def _filter_fields(frames: Frames, options: Options) -> Frames:
    """Columns by name."""
    names = options["include"]["names"]
    return [replace(frame, columns=tuple(one for one in frame.columns if one.title in names)) for frame in frames]


def _filter_rows(frames: Frames, options: Options) -> Frames:
    """By values of columns."""
    include, every = options["type"] == "include", options.get("match", "any") == "all"
    made = []
    for frame in frames:
        verdicts = [list(_matches(frame, one)) for one in options["filters"] if one["fieldName"] in _titles(frame)]
        if not verdicts:
            made.append(frame)
            continue
        hits = [(all if every else any)(column) for column in zip(*verdicts, strict=True)]
        made.append(frame.taking([index for index, hit in enumerate(hits) if hit is include]))
    return made


def _matches(frame: Frame, condition: Options) -> Iterator[bool]:
    test = _TESTS.get(condition["config"]["id"])
    if test is None:
        raise DashboardError(f"filterByValue: {condition['config']['id']} is not known here")
    wanted = condition["config"].get("options", {}).get("value")
    for cell in frame.column(condition["fieldName"]).cells:
        yield test(cell, wanted)


def _number(test: Callable[[float, float], bool]) -> Callable[[Cell, Any], bool]:
    return lambda cell, wanted: isinstance(cell, float | int) and test(float(cell), float(wanted))


_TESTS: dict[str, Callable[[Cell, Any], bool]] = {
    "isNull": lambda cell, _: cell is None,
    "isNotNull": lambda cell, _: cell is not None,
    "equal": lambda cell, wanted: str(cell) == str(wanted) or _number(lambda a, b: a == b)(cell, wanted),
    "notEqual": lambda cell, wanted: not _TESTS["equal"](cell, wanted),
    "greater": _number(lambda a, b: a > b),
    "greaterOrEqual": _number(lambda a, b: a >= b),
    "lower": _number(lambda a, b: a < b),
    "lowerOrEqual": _number(lambda a, b: a <= b),
}


def _titles(frame: Frame) -> list[str]:
    return [column.title for column in frame.columns]


_KNOWN: dict[str, Callable[[Frames, Options], Frames]] = {
    "organize": _organize,
    "merge": _merge,
    "joinByField": _join,
    "sortBy": _sort,
    "limit": _limit,
    "filterFieldsByName": _filter_fields,
    "filterByValue": _filter_rows,
}
