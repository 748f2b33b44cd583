"""What of a report is news and what is late: its order among its agent's, that agent's clock, what was seen before.

Looks at one agent and one device at a time and changes nothing but the agent's state; `hub/engine.py` judges the news.
"""

from collections.abc import Mapping

from hub.fleet import AgentState
from hub.newest import Newest
from wire.messages import Report

SKEW_MS = 120_000
"""A report that claims to be sent later than this after it came was sent by a clock that is ahead."""

REACH_MS = 60_000
"""How much older than its report a sample may be and still be judged after the clock was set back."""

STALE_MS = 86_400_000
"""How much older than its agent's newest report a sample may be and still be judged."""

LATE_MS = 900_000
"""A state heard so long after it was measured says nothing of now: it is remembered, and the next live one is judged.
Longer than an agent needs to send again what went astray."""

BEHIND_MS = 120_000
"""A sample that is taken in though it is so much older than its agent's newest changes what was known of the past
(`AgentState.revised`). Longer than a slow collector and a report that is sent again take; whoever reads on reads all of
so long again."""

CLOCK_STEP_MS = 2000
"""A report made later whose clock reads this much earlier than the one before was made after the clock was set back."""


def bounds(state: AgentState, received: int) -> tuple[int, int, int]:
    """(earliest, newest, live) of an agent's report that came at `received`, once its place is known (`note_order`):
    between which times its samples are taken in, and from which on they are judged; all ms UTC.

    What claims to be later than its agent's newest report was made before the agent's clock was set back. And a backlog
    of days opens no tickets about days ago. What an agent says of a time that nobody measured is held against its own
    newest report alone: live ones come before a backlog.
    """
    earliest, live = state.sent - STALE_MS, state.sent - LATE_MS
    if state.offset_ms is not None:  # the agent's time was measured and can be believed
        earliest, live = max(earliest, received - STALE_MS), received - LATE_MS
    return earliest, state.sent + CLOCK_STEP_MS, live


def note_order(state: AgentState, report: Report, received: int) -> int | None:
    """Take note of a report's place among its agent's; all times ms UTC. Where the agent's clock was set back: the time
    to which what is known of its devices is dated back, lest all look late until that clock catches up with itself.

    Within one boot the monotonic clock tells; across a reboot, a clock that was ahead of ours and no longer is. A
    virtual machine that was set back to a snapshot goes on in the same boot, its monotonic clock behind what it was:
    it tells of now what nobody has told for long.
    """
    offset = report.offset.ms
    sent = report.sent + (round(offset) if offset is not None else 0)
    newer = state.boot == report.boot and (report.mono > state.mono or _restored(state, sent, received))
    state.overlap = _overlap(state.offset_ms, offset) if newer else 0
    righted = state.boot != report.boot and sent <= received + SKEW_MS < state.sent
    back = sent < state.sent - CLOCK_STEP_MS and (newer or righted)
    if back:
        state.mark, state.floor = min(state.mark, sent - REACH_MS), min(state.floor, sent - REACH_MS)
    _count(state, report, newer)
    if newer or back or (state.boot != report.boot and sent >= state.sent):
        state.boot, state.mono, state.sent = report.boot, report.mono, sent
        state.offset_ms, state.offset_source = None if offset is None else round(offset), report.offset.source
    return sent - REACH_MS if back else None


def news_of(
    at: int, values: Mapping[str, float], latest: Newest, overlap: int
) -> tuple[int, Mapping[str, float], Newest]:
    """What is news of values that are not newer than all of the latest: as of when, which, and the latest with them."""
    if at + overlap > latest.at and (swapped := latest.differing(values)):
        return latest.at + 1, swapped, latest.then(latest.at + 1, swapped)
    news = {name: value for name, value in values.items() if at > (latest.time_of(name) or 0)}
    return at, news, latest.beside(at, news)


def _count(state: AgentState, report: Report, newer: bool) -> None:
    """Notice a report that is missing: it comes late, or never."""
    spool, _, number = report.id.rpartition(":")
    if newer and spool == state.spool and int(number) > state.number + 1:
        state.hole = state.sent
    if newer or spool != state.spool:
        state.spool, state.number = spool, int(number)


def _restored(state: AgentState, sent: int, received: int) -> bool:
    """Whether a report that was made earlier in the same boot, or so it says, was made just now: by a machine that was
    set back. One on its way since before its agent's clock was set back finds newer ones that are hardly older."""
    return state.sent + LATE_MS < sent and abs(received - sent) <= SKEW_MS


def _overlap(before: int | None, offset: float | None) -> int:
    """How far (ms) a report's corrected times may lie before those of the report before it, though the agent measured
    them later: each is corrected by what its clock was off then, which is measured anew and never quite the same."""
    fallen = before - round(offset) if before is not None and offset is not None else 0
    return fallen if 0 < fallen < CLOCK_STEP_MS else 0
