"""What a channel's plan and recordings come to: ages, a stalled recording, the last full day. Pure computing.

All times are of the recorder's own clock; days and weekly windows are those its wall clock shows.
"""

import functools
from collections.abc import Sequence
from datetime import timedelta

from agent.device.errors import BadAnswer
from agent.recorder.model import Extent, RecordingPlan
from agent.recordings.gaps import Day, of_day, stalled
from agent.recordings.local_time import Zone
from agent.recordings.plan import WEEK, Plan, PlanKind
from agent.recordings.spans import Span, total

HORIZON_SECONDS = 7200
"""What is younger may still be missing from the recorder's lists: some show a recording when its file is complete."""

FIRST, LAST = 10 * 86_400, 200_000_000_000
"""Between these a recorder's clock can be reckoned with: days before it exist, and years have four digits."""

_DAY = 86_400
_STALLED_MARGIN = 30


def plan_in(plan: RecordingPlan, zone: Zone) -> Plan:
    """A recorder's plan as one that can be asked what it wants. Recording on events alone is never missed."""
    if not plan.enabled:
        return Plan("scheduled", (), zone)
    if plan.eventful and not plan.continuous:
        return Plan("motion", (), zone)
    return Plan("scheduled", plan.continuous, zone)


@functools.lru_cache(maxsize=512)
def kind_of(plan: RecordingPlan) -> PlanKind | None:
    """What people call it; None for one that wants nothing."""
    if not plan.enabled or not (plan.continuous or plan.eventful):
        return None
    if not plan.continuous:
        return "motion"
    week = Plan("scheduled", plan.continuous, Zone("UTC")).wanted(4 * _DAY, (4 + len(WEEK)) * _DAY)
    return "continuous" if total(week) == len(WEEK) * _DAY else "scheduled"


def ages(extent: Extent, now: float) -> dict[str, float]:
    """Of the oldest and the newest recording; empty where there is none. Raises BadAnswer where they contradict."""
    oldest, newest = extent.oldest, extent.newest
    if oldest is not None and newest is not None and oldest > newest:
        raise BadAnswer("its oldest recording is younger than its newest")
    values: dict[str, float] = {}
    if oldest is not None:
        values["recording_age_seconds"] = max(0.0, now - oldest)
    if newest is not None:
        # What is being recorded may end seconds ahead.
        values["recording_newest_age_seconds"] = max(0.0, now - newest)
    return values


def is_stalled(plan: Plan, extent: Extent, now: float, limit: int) -> bool | None:
    """Whether nothing new was recorded for `limit` seconds in which the plan wanted it; None where it can't say."""
    newest = extent.newest if extent.newest is not None else 0.0
    return stalled(plan, int(now), int(newest), (limit - _STALLED_MARGIN) // 2, 0)


def last_day(zone: Zone, now: float) -> Span:
    """The last full day whose recordings must be listed by now."""
    today = zone.day(int(now) - HORIZON_SECONDS)
    return zone.span_of(today - timedelta(days=1))


def of_last_day(plan: Plan, covered: Sequence[Span], day: Span, oldest: float | None, least: int) -> Day | None:
    """The figures of a day; None where the plan can't tell gaps, wanted nothing, or history does not fill the day."""
    if not plan.tells_gaps or oldest is None or oldest > day[0]:
        return None
    figures = of_day(plan, covered, day, least)
    return figures if figures.ratio is not None else None


def day_values(day: Day) -> dict[str, float]:
    """A day's figures as metrics."""
    return {
        "recording_integrity_ratio": day.ratio if day.ratio is not None else 1.0,
        "recording_gaps": float(day.gaps),
        "recording_longest_gap_seconds": float(day.longest),
    }
