"""Stretches of time: sorted lists of half-open `(start, end)` in whole seconds that neither touch nor overlap."""

from array import array
from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span], join: int = 0) -> list[Span]:
    """The same time as a sorted list; spans at most `join` seconds apart become one. Empty ones vanish."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if result and start <= result[-1][1] + join:
            if end > result[-1][1]:
                result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def clipped(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """What of the spans lies between `start` and `end`."""
    cut = ((max(one, start), min(other, end)) for one, other in spans)
    return [(one, other) for one, other in cut if one < other]


def without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """What of `spans` lies in none of `holes`; both sorted and merged."""
    result: list[Span] = []
    first = 0
    for start, end in spans:
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        at, number = start, first
        while number < len(holes) and holes[number][0] < end:
            if holes[number][0] > at:
                result.append((at, holes[number][0]))
            at = max(at, holes[number][1])
            number += 1
        if at < end:
            result.append((at, end))
    return result


def total(spans: Iterable[Span]) -> int:
    """Seconds in all of them."""
    return sum(end - start for start, end in spans)


def packed(spans: Sequence[Span]) -> bytes:
    """As bytes, for the index."""
    return array("q", [moment for span in spans for moment in span]).tobytes()


def unpacked(body: bytes) -> list[Span]:
    """The reverse of `packed`. Raises ValueError where the bytes are no spans."""
    moments = array("q")
    moments.frombytes(body)
    return list(zip(moments[::2], moments[1::2], strict=True))
