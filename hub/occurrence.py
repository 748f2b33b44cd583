"""The life of a finding that an event raises: open at once, closed when it has been quiet for the clear time. Pure.

    none → open (clearing from the start: what happened is over) → closed

While it lasts every further event begins the quiet anew. The times of the quiet are the hub's: what counts is for how
long nothing has been heard, and a late event is news when it comes.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub.finding import Change, Life
from hub.rule import Occurrence

LATE_MS = 900_000
"""An event heard so long after it happened is late: longer than any pause of a healthy agent."""

NOTE_MS = 60_000
"""Further events are noted at most this often: a contact that chatters must not fill the database."""


def matches(occurrence: Occurrence, data: Mapping[str, Any]) -> bool:
    """Whether the event is the one that is meant; its type is known to be."""
    return all(data.get(key) == value for key, value in occurrence.where.items())


def happened(life: Life | None, at: int, received: int) -> tuple[Life, Change | None]:
    """The life after an event that happened at `at` and was heard at `received`, and what changed, if it is noted."""
    if life is None:
        return Life("open", since=min(at, received), opened=received, clearing=received), "opened"
    last = life.clearing if life.clearing is not None else received
    if received - last < NOTE_MS:
        return life, None
    return replace(life, clearing=received), "relapsed"


def quiet(life: Life, now: int, clear_ms: int) -> int:
    """ms until it closes if nothing more happens; 0 or less: now."""
    return (life.clearing if life.clearing is not None else life.since) + clear_ms - now
