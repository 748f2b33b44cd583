"""What scores are worth against a known window: ranks, alarms, delays."""

from collections.abc import Sequence
from dataclasses import dataclass

APART = 24
"""Rows without an alarm after which the next is another alarm."""

AFTER = 24
"""Rows after the window in which an alarm still is about it: running means remember."""


@dataclass(frozen=True)
class Figures:
    """Of one series. `auc`: how often an anomalous row scores above another (a half for ties); None without a window.

    `delay` in rows, None where it was not seen. `false_alarms` are alarms outside the window.
    """

    rows: int
    auc: float | None
    top: bool
    delay: int | None
    false_alarms: int


def alarms(scores: Sequence[float], level: float) -> list[range]:
    """Stretches of rows at or above the level, those that lie near each other as one."""
    found: list[range] = []
    for row, score in enumerate(scores):
        if score >= level:
            if found and row - found[-1].stop < APART:
                found[-1] = range(found[-1].start, row + 1)
            else:
                found.append(range(row, row + 1))
    return found


def area(scores: Sequence[float], inside: set[int]) -> float:
    """Area under the receiver's curve, by ranks (Mann and Whitney)."""
    order = sorted(range(len(scores)), key=lambda row: scores[row])
    ranks, row = [0.0] * len(scores), 0
    while row < len(order):
        end = row
        while end + 1 < len(order) and scores[order[end + 1]] == scores[order[row]]:
            end += 1
        for tied in order[row : end + 1]:
            ranks[tied] = (row + end) / 2 + 1
        row = end + 1
    own, other = len(inside), len(scores) - len(inside)
    return (sum(ranks[row] for row in inside) - own * (own + 1) / 2) / (own * other)


def measure(scores: Sequence[float], windows: Sequence[range], level: float) -> Figures:
    """The figures of one series."""
    inside = {row for window in windows for row in window if row < len(scores)}
    near = {row for window in windows for row in range(window.start, window.stop + AFTER)}
    found = alarms(scores, level)
    hits = [row for row in inside if scores[row] >= level]
    best = max(range(len(scores)), key=lambda row: scores[row])
    return Figures(
        rows=len(scores),
        auc=area(scores, inside) if inside else None,
        top=best in near,
        delay=min(hits) - min(window.start for window in windows) if hits and windows else None,
        false_alarms=sum(1 for alarm in found if not near.intersection(alarm)),
    )
