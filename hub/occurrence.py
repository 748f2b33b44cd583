"""The life of a finding that an event raises: open at once, closed when it has been quiet for the clear time. Pure.

    none → open (clearing from the start: what happened is over) → closed

While it lasts every further event begins the quiet anew. The times of the quiet are the hub's: what counts is for how
long nothing has been heard, and a late event is news when it comes.
"""

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hub.finding import Change, Life
from hub.rule import Occurrence

LATE_MS = 900_000
"""An event heard so long after it happened is late: longer than any pause of a healthy agent."""

NOTE_MS = 60_000
"""Further events are noted at most this often: a contact that chatters must not fill the database."""

MAX_NAMED = 50
"""What one finding tells of by name: what comes beyond has none, and the finding then lasts until it is quiet."""

SEVERAL = "several"
"""The `case` of a finding that tells of more than one."""

EACH = "each"
"""In its detail: the name of each."""

MORE = "more"
"""In its detail: there were more than MAX_NAMED."""


def matches(occurrence: Occurrence, data: Mapping[str, Any]) -> bool:
    """Whether the event is the one that is meant; its type is known to be."""
    return all(data.get(key) == value for key, value in occurrence.where.items())


def happened(life: Life | None, at: int, received: int, *, news: bool = False) -> tuple[Life, Change | None]:
    """The life after an event that happened at `at` and was heard at `received`, and what changed, if it is noted.
    `news`: it says what the ones before did not, and is noted however soon it comes."""
    if life is None:
        return Life("open", since=min(at, received), opened=received, clearing=received), "opened"
    last = life.clearing if life.clearing is not None else received
    if received - last < NOTE_MS and not news:
        return life, None
    return replace(life, clearing=received), "relapsed"


def joined(known: Mapping[str, Any], by: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The detail of a finding that told of `known` and now tells of this, too: each by its name, which is its `by`.
    What is not so of all of them is left out."""
    names, name, more = _names(known, by), str(data.get(by, "")), bool(known.get(MORE))
    if names == [name] and not more:
        return data
    if name not in names:
        names, more = [*names, name][:MAX_NAMED], more or len(names) >= MAX_NAMED
    return _telling({key: value for key, value in data.items() if known.get(key) == value}, by, names, more=more)


def without(known: Mapping[str, Any], by: str, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The detail of a finding once this is over; None where nothing is left of what it told of."""
    names = _names(known, by)
    left = [name for name in names if name != str(data.get(by, ""))]
    if not left and not known.get(MORE):
        return None
    return known if len(left) in (0, len(names)) else _telling(known, by, left, more=bool(known.get(MORE)))


def _names(detail: Mapping[str, Any], by: str) -> list[str]:
    each = detail.get(EACH)
    return each if isinstance(each, list) else [str(detail.get(by, ""))]


def _telling(detail: Mapping[str, Any], by: str, names: list[str], *, more: bool) -> dict[str, Any]:
    rest = {key: value for key, value in detail.items() if key not in (EACH, MORE, "case")}
    if len(names) == 1 and not more:
        return {**rest, by: names[0]}
    several = {**rest, by: ", ".join(names), EACH: names, "case": SEVERAL}
    return {**several, by: f"{several[by]}, …", MORE: True} if more else several


def quiet(life: Life, now: int, clear_ms: int) -> int:
    """ms until it closes if nothing more happens; 0 or less: now."""
    return (life.clearing if life.clearing is not None else life.since) + clear_ms - now


@dataclass
class Count:
    """The times of the newest events that count only in numbers."""

    times: list[int] = field(default_factory=list)
    """ms UTC, oldest first: no more than twice as many as it takes."""

    def add(self, at: int, number: int, within_ms: int) -> int:
        """One more; the most that lie within so many ms of each other, this one among them."""
        insort(self.times, at)
        newest = self.times[-1]
        self.times = [time for time in self.times if time > newest - 2 * within_ms][-2 * number :]
        near = [time for time in self.times if abs(time - at) < within_ms]
        return max(
            (sum(first <= time < first + within_ms for time in near) for first in near if first <= at), default=0
        )
