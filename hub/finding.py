"""The life of one finding: hold time, hysteresis, clear time. Pure: the same judgements give the same life.

    none → pending → open → (clearing → open)* → closed

A pending finding whose condition goes away before its hold time leaves nothing behind. Judgements are taken at the
times of the samples, so a gap in the data proves nothing: neither hold nor clear time runs across a gap longer than
`GAP_SECONDS`, twice the time itself, or one and a half times the step before it, whichever is longest. A collector may
be set to look once a day: what comes at such a pace has no gap, it is all there is to know. Two outages of one length
with a single look between them are taken for a pace.
"""

from dataclasses import dataclass, replace
from typing import Literal

from hub.rule import Judgement

GAP_SECONDS = 600.0
PACE_SLACK = 1.5
"""How much longer than the step before a step may be: more is a look that is missing."""

State = Literal["pending", "open", "closed", "dropped"]
Change = Literal["pending", "opened", "clearing", "relapsed", "closed", "dropped"]


@dataclass(frozen=True)
class Life:
    """Where a finding stands. Times are ms UTC: of the samples, or of the hub's clock for absence rules."""

    state: State
    since: int
    """When the condition began."""
    opened: int | None = None
    clearing: int | None = None
    """Since when the condition has been gone, while the clear time runs."""
    closed: int | None = None


@dataclass(frozen=True)
class Holds:
    """How long a condition must last, and be gone, in ms."""

    hold: int
    clear: int


def advance(
    life: Life | None, judgement: Judgement, at: int, previous: int | None, holds: Holds, pace: int = 0
) -> tuple[Life | None, Change | None]:
    """The life after one judgement made at `at`, and what changed, if anything.

    `previous` is the time of the judgement before it (None: none known), `pace` how long before that the one before was
    made (ms; 0: not known).
    """
    if judgement.verdict == "unknown":
        return life, None
    if judgement.verdict == "firing":
        return _firing(life, at, holds, gap=_gap(at, previous, holds.hold, pace))
    return _clear(life, at, holds, gap=_gap(at, previous, holds.clear, pace))


def _firing(life: Life | None, at: int, holds: Holds, *, gap: bool) -> tuple[Life | None, Change | None]:
    if life is None:
        born = Life("pending", since=at)
        return _mature(born, at, holds, "pending")
    if life.state == "pending":
        since = at if gap else min(life.since, at)
        return _mature(replace(life, since=since), at, holds, None if since == life.since else "pending")
    if life.clearing is not None:
        return replace(life, clearing=None), "relapsed"
    return life, None


def _mature(life: Life, at: int, holds: Holds, otherwise: Change | None) -> tuple[Life, Change | None]:
    if at - life.since >= holds.hold:
        return replace(life, state="open", opened=at), "opened"
    return life, otherwise


def _clear(life: Life | None, at: int, holds: Holds, *, gap: bool) -> tuple[Life | None, Change | None]:
    if life is None:
        return None, None
    if life.state == "pending":
        return replace(life, state="dropped"), "dropped"
    began = life.clearing
    if began is None or gap or at < began:
        began = at
    if at - began >= holds.clear:
        return replace(life, state="closed", clearing=None, closed=at), "closed"
    return replace(life, clearing=began), None if life.clearing == began else "clearing"


def _gap(at: int, previous: int | None, time: int, pace: int) -> bool:
    return previous is None or at - previous > max(GAP_SECONDS * 1000, 2 * time, PACE_SLACK * pace)
