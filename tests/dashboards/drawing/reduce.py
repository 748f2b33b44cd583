"""Many values as one, by Grafana's names."""

from collections.abc import Callable, Sequence

from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.frames import Cell


def reduced(cells: Sequence[Cell], calculation: str) -> Cell:
    """None where there is nothing. Raises DashboardError for one that is not known here."""
    if calculation in ("last", "first"):
        return (cells[-1] if calculation == "last" else cells[0]) if cells else None
    known = [cell for cell in cells if cell is not None]
    if calculation == "lastNotNull":
        return known[-1] if known else None
    if calculation == "firstNotNull":
        return known[0] if known else None
    if calculation == "count":
        return float(len(cells))
    if calculation == "distinctCount":
        return float(len(set(known)))
    if calculation not in _NUMBERS:
        raise DashboardError(f"calculation {calculation} is not known here")
    numbers = [float(cell) for cell in known if isinstance(cell, float | int)]
    return _NUMBERS[calculation](numbers) if numbers else None


_NUMBERS: dict[str, Callable[[list[float]], float]] = {
    "mean": lambda numbers: sum(numbers) / len(numbers),
    "sum": sum,
    "min": min,
    "max": max,
    "range": lambda numbers: max(numbers) - min(numbers),
    "diff": lambda numbers: numbers[-1] - numbers[0],
}
