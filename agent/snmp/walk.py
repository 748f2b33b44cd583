"""Walks over tables, whoever answers: rows in order and within their column, and no more of them than agreed. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.device.errors import BadAnswer
from agent.snmp.mib import Oid, Value

Rows = Sequence[tuple[Oid, Value]]

BATCH = 48
"""Values of one answer: so many take about a kilobyte, which no switch has to split."""


@dataclass
class Table:
    """Values by column and row. `cut` where there were more rows than were wanted."""

    columns: dict[Oid, dict[Oid, Value]] = field(default_factory=dict)
    cut: bool = False

    def column(self, column: Oid) -> Mapping[Oid, Value]:
        """The values of a column by row; empty where the switch has none."""
        return self.columns.get(column, {})


def walk(ask: Callable[[Sequence[Oid], int], Rows], columns: Sequence[Oid], most: int) -> Table:
    """The columns of a table, at most so many rows of each. `ask` tells what follows each of some names, so often.

    Raises BadAnswer where rows do not ascend, and what `ask` raises.
    """
    table = Table({column: {} for column in columns})
    cursors = {column: column for column in columns}
    while cursors:
        asked = list(cursors)
        rows = ask([cursors[column] for column in asked], max(1, BATCH // len(asked)))
        ended = set(asked) if not rows else set()
        for number, (name, value) in enumerate(rows[: BATCH + len(asked)]):
            column = asked[number % len(asked)]
            if column not in ended and not _take(table, column, cursors, name, value, most):
                ended.add(column)
        for column in ended:
            del cursors[column]
    return table


def _take(table: Table, column: Oid, cursors: dict[Oid, Oid], name: Oid, value: Value, most: int) -> bool:
    """One value; whether its column goes on."""
    if name[: len(column)] != column or len(name) == len(column) or value is None:
        return False
    if name <= cursors[column]:
        raise BadAnswer("tells rows of a table in the wrong order")
    if len(table.columns[column]) >= most:
        table.cut = True
        return False
    cursors[column] = name
    table.columns[column][name[len(column) :]] = value
    return True
