"""A table of times and values, read row by row, and written again with a score: memory does not grow with its length.

Reading is forgiving where there is no doubt (header or none, ISO 8601 or the epoch, blank lines, further columns) and
says the line number where there is.
"""

import csv
import json
import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, NamedTuple

from hub.detector import Detector

SCORE = "anomaly_score"
TIMES = ("timestamp", "time", "date", "datetime", "at", "ts")
VALUES = ("value", "values", "mean", "y")
MISSING = {"", "nan", "null", "none", "na", "n/a"}
MILLISECONDS = 1e11
"""Epoch times as large as this are in ms: in seconds it would be the year 5138."""

MAX_FIELD = 1 << 20
"""Characters of one field; a longer one is no such table."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_SHOWN = 24


class HistoryError(Exception):
    """This is no table of times and values; the message says where."""


class Row(NamedTuple):
    """One line: its cells as they came, the time (s since the epoch), the value, None where there is none."""

    cells: list[str]
    at: float
    value: float | None


class Table:
    """Iterate once. `header` is None where there is none; the rows then have their columns' order."""

    def __init__(self, source: IO[str]) -> None:
        """Reads the header, if there is one. Raises HistoryError."""
        csv.field_size_limit(MAX_FIELD)
        self._reader = csv.reader(source)
        self.header: list[str] | None = None
        self._time, self._value, self._width = 0, 1, 0
        self._first: list[str] | None = None
        cells = self._next()
        if cells is None:
            raise HistoryError("is empty")
        self._width = len(cells)
        if not all(" ".join(cell.split()).isprintable() for cell in cells):
            raise HistoryError("line 1: is no text")  # a header goes out as it came, to a terminal perhaps
        if _is_header(cells):
            self.header = cells
            self._time, self._value = _columns(cells)
        else:
            self._first = cells
            if len(cells) < 2:
                raise HistoryError(f"line 1: {_quote(cells[0])} is one column; timestamp,value are two")

    def __iter__(self) -> Iterator[Row]:
        if self._first is not None:
            yield self._row(self._first)
        while (cells := self._next()) is not None:
            yield self._row(cells)

    def _next(self) -> list[str] | None:
        """The cells of the next line that is not blank."""
        try:
            for cells in self._reader:
                if any(cell.strip() for cell in cells):
                    return cells
        except csv.Error as error:
            raise HistoryError(f"line {self._reader.line_num}: {error}") from None
        return None

    def _row(self, cells: list[str]) -> Row:
        where = f"line {self._reader.line_num}: "
        if len(cells) <= max(self._time, self._value):
            raise HistoryError(f"{where}{len(cells)} column{'s' * (len(cells) > 1)} instead of {self._width}")
        if (at := parse_time(cells[self._time])) is None:
            raise HistoryError(f"{where}{_quote(cells[self._time])} is no time")
        text = cells[self._value].strip()
        if text.lower() in MISSING:
            return Row(cells, at, None)
        if (value := parse_number(text)) is None:
            raise HistoryError(f"{where}{_quote(text)} is no number")
        return Row(cells, at, value)


def parse_number(text: str) -> float | None:
    """A finite number; None for anything else."""
    if not _NUMBER.fullmatch(text.strip()):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def parse_time(text: str) -> float | None:
    """Seconds since the epoch of an ISO 8601 time (UTC where it has no offset) or of the epoch's s or ms."""
    text = text.strip()
    number = parse_number(text)
    if number is not None and not (len(text) == 8 and text.isdigit()):  # 20270131 is a date
        return number / 1000 if abs(number) >= MILLISECONDS else number
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def write(source: IO[str], sink: IO[str], *, as_json: bool, eager: bool = False) -> None:
    """Every row of the source with its score, as it is read; `eager`: out at once. Raises HistoryError, OSError."""
    table, detector = Table(source), Detector()
    writer = csv.writer(sink, lineterminator="\n")
    if table.header is not None and not as_json:
        writer.writerow([*table.header, SCORE])
    for row in table:
        score = None if row.value is None else round(detector.update(row.at, row.value).score, 6)
        if as_json:
            sink.write(json.dumps(_record(table.header, row.cells, score), ensure_ascii=False) + "\n")
        else:
            writer.writerow([*row.cells, "" if score is None else f"{score:.6f}"])
        if eager:
            sink.flush()


def _record(header: Sequence[str] | None, cells: Sequence[str], score: float | None) -> dict[str, str | float | None]:
    names = list(header or ("timestamp", "value"))
    names += [f"column_{number}" for number in range(len(names) + 1, len(cells) + 1)]
    record: dict[str, str | float | None] = dict(zip(names, cells, strict=False))
    if header is None:
        record["value"] = parse_number(cells[1])
    else:
        name = header[_columns(header)[1]]
        record[name] = parse_number(str(record[name]))
    return {**record, SCORE: score}


def _is_header(cells: Sequence[str]) -> bool:
    """No time and no number in it."""
    return all(parse_time(cell) is None and parse_number(cell) is None for cell in cells if cell.strip())


def _columns(header: Sequence[str]) -> tuple[int, int]:
    """Where the time and the value are: by name, else the first and the second."""
    names = [name.strip().lower() for name in header]
    time = next((names.index(name) for name in TIMES if name in names), None)
    value = next((names.index(name) for name in VALUES if name in names), None)
    if len(names) < 2:
        raise HistoryError(f"line 1: {_quote(header[0])} is one column; timestamp,value are two")
    if time is None:
        time = 0 if value != 0 else 1
    if value is None:
        value = next(column for column in range(len(names)) if column != time)
    return time, value


def _quote(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
