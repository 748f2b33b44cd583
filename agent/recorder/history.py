"""What is recorded of each channel over time: how far back, up to when, and what is missing.

Channels take turns: a round asks for as many as our manners allow (`pace`), the one that waits longest first.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from agent.collector import Happening
from agent.memory import Memory
from agent.recorder import judgement
from agent.recorder.ids import told
from agent.recorder.model import Extent, RecordingPlan, Spans
from agent.recorder.settings import MAX_CHANNELS, RecordersSettings
from agent.recordings.gaps import Day, ended
from agent.recordings.local_time import Zone, machine_zone
from agent.recordings.plan import Plan
from agent.recordings.spans import Span, clipped, merged

GAP = "recording.gap"
MOST_TOLD = 100
"""Gaps of a channel told at once; the others are told the next time."""

BACK_SECONDS = 7 * 86_400
"""How far back gaps are looked for after a time in which nobody looked."""

RECORDING_LIMIT = 7200
"""How old the newest recording may be where the recorder says that it records: some list only complete files."""

_DAY = 86_400
_JOIN_SECONDS = 2
_OVERWRITTEN_SECONDS = 3600
_MOST_OFFSET = 18 * 3600


class _Past(BaseModel):
    model_config = ConfigDict(frozen=True)

    since: float | None = None
    """The oldest recording ever seen."""
    settled: int = 0
    """Up to where gaps were told."""


class HistoryNote(BaseModel):
    """What is remembered of the channels' recordings, by token as the inventory has it."""

    channels: dict[str, _Past] = Field(default={}, max_length=MAX_CHANNELS)


@dataclass
class _Course:
    """One channel. Due times are monotonic."""

    extent_due: float = 0.0
    gaps_due: float = 0.0
    extent: Extent | None = None
    active: bool | None = None
    day: tuple[Span, Day] | None = None
    past: _Past = field(default_factory=_Past)


class History:
    """Of one recorder. `now` is always what its clock shows. For one thread at a time."""

    def __init__(
        self,
        settings: RecordersSettings,
        memory: Memory[HistoryNote],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._memory = memory
        self._monotonic = monotonic
        self._note = memory.recall() or HistoryNote()
        self._courses: dict[str, _Course] = {}
        # One for all channels: where a language tells of all of them at once, they stay due together.
        self._jitter = random.uniform(0.95, 1.05)  # noqa: S311 - no secret
        self._turn: set[str] = set()
        self._ages: list[dict[str, float]] = []
        self._plans: Mapping[str, RecordingPlan] = {}
        self._zone = Zone(machine_zone())

    # What the recorder says

    def set_zone(self, utc_offset_seconds: int | None) -> None:
        """What the recorder's wall clock shows more than UTC; where it does not tell, it is in our own zone."""
        if utc_offset_seconds is not None and abs(utc_offset_seconds) <= _MOST_OFFSET:
            self._zone = Zone.fixed(utc_offset_seconds)

    def set_plans(self, plans: Mapping[str, RecordingPlan]) -> None:
        """When each channel is meant to be recorded."""
        self._plans = plans

    def set_recording(self, recording: Mapping[str, bool]) -> None:
        """Which channels the recorder says it records."""
        for token, course in self._courses.items():
            course.active = recording.get(token)

    # Turns

    def keep(self, tokens: Sequence[str]) -> None:
        """These are the channels there are."""
        known = set(tokens)
        self._courses = {token: course for token, course in self._courses.items() if token in known}
        self._turn &= known
        for token in tokens:
            if token not in self._courses:
                self._courses[token] = _Course(past=self._note.channels.get(told(token), _Past()))

    def due_extents(self, now: float) -> list[str]:
        """Channels whose oldest and newest recording are to be asked for: first those of which the recorder says that
        it does not record them though the plan wants it, then the one that waits longest."""
        mono = self._monotonic()
        due = [
            (not self._is_suspect(token, course, now), course.extent_due, token)
            for token, course in self._courses.items()
            if course.extent_due <= mono
        ]
        return [token for _, _, token in sorted(due)]

    def due_gaps(self, now: float) -> list[str]:
        """Channels whose recordings are to be looked through: those whose plan can be compared with them."""
        if not judgement.FIRST <= now <= judgement.LAST:
            return []
        mono, day = self._monotonic(), judgement.last_day(self._zone, now)
        due = []
        for token, course in self._courses.items():
            plan = self._plans.get(token)
            if plan is None or not judgement.plan_in(plan, self._zone).tells_gaps:
                continue
            over = course.day is not None and course.day[0] != day
            if over or course.gaps_due <= mono:
                due.append((course.gaps_due, token))
        return [token for _, token in sorted(due)]

    def begin_extent(self, token: str) -> None:
        """It is asked for now: whatever comes of it, the others go before it comes round again."""
        self._courses[token].extent_due = self._next(self._settings.recordings_seconds)
        self._turn.add(token)

    def begin_gaps(self, token: str, now: float) -> tuple[float, float]:
        """The same for a channel's recordings; from when to when to ask for them."""
        course = self._courses[token]
        course.gaps_due = self._next(self._settings.gaps_seconds)
        course.day = None
        first = judgement.last_day(self._zone, now)[0]
        if course.past.settled:
            first = max(min(first, course.past.settled), int(now) - BACK_SECONDS)
        return float(first), now

    def _is_suspect(self, token: str, course: _Course, now: float) -> bool:
        return course.active is False and self.round(token, now).get("recording_planned") == 1.0

    def _next(self, seconds: float) -> float:
        return self._monotonic() + seconds * self._jitter

    # What comes of it

    def learn_extent(self, token: str, extent: Extent, now: float) -> dict[str, float]:
        """A channel's values by its oldest and newest recording. Raises BadAnswer where they contradict."""
        values = judgement.ages(extent, now)
        course = self._courses[token]
        course.extent = extent
        self._ages.append(dict(values))
        if "recording_age_seconds" in values:
            values["recording_retention_days"] = values["recording_age_seconds"] / _DAY
        if extent.oldest is not None and (course.past.since is None or extent.oldest < course.past.since):
            course.past = course.past.model_copy(update={"since": extent.oldest})
        plan = self._plans.get(token)
        if plan is not None and judgement.FIRST <= now <= judgement.LAST:
            limit = RECORDING_LIMIT if course.active else self._settings.stalled_seconds
            still = judgement.is_stalled(judgement.plan_in(plan, self._zone), extent, now, limit)
            if still is not None:
                values["recording_stalled"] = float(still)
        if course.day is not None:
            values |= judgement.day_values(course.day[1])
        return values

    def learn_spans(self, token: str, spans: Spans, asked: tuple[float, float]) -> tuple[dict[str, float], list[Span]]:
        """A channel's values of the last full day, and gaps that have ended since they were last told."""
        course = self._courses[token]
        begin, now = int(asked[0]), int(asked[1])
        covered = clipped(merged(spans, _JOIN_SECONDS), begin, now)
        plan = judgement.plan_in(self._plans[token], self._zone)
        oldest = self._oldest(course, covered, begin)
        day = judgement.last_day(self._zone, now)
        figures = judgement.of_last_day(plan, covered, day, oldest, self._settings.gap_seconds)
        course.day = (day, figures) if figures is not None else None
        gaps = self._gaps(plan, course, covered, asked, oldest) if oldest is not None else []
        return judgement.day_values(figures) if figures is not None else {}, gaps

    def whole(self) -> dict[str, float]:
        """Ages of all recordings together, whenever every channel has had its turn; empty in between."""
        if self._courses.keys() - self._turn:
            return {}
        told_of, self._ages = self._ages, []
        self._turn.clear()
        oldest = [one["recording_age_seconds"] for one in told_of if "recording_age_seconds" in one]
        newest = [one["recording_newest_age_seconds"] for one in told_of if "recording_newest_age_seconds" in one]
        values = {"recording_age_seconds": max(oldest, default=None)}
        values["recording_newest_age_seconds"] = min(newest, default=None)
        return {name: value for name, value in values.items() if value is not None}

    def round(self, token: str, now: float) -> dict[str, float]:
        """What can be said of a channel in every round."""
        plan = self._plans.get(token)
        values: dict[str, float] = {}
        if plan is not None:
            values["recording_plan_enabled"] = float(plan.enabled)
            if judgement.FIRST <= now <= judgement.LAST:
                wanted = judgement.plan_in(plan, self._zone).wanted(int(now), int(now) + 1)
                values["recording_planned"] = float(bool(wanted))
        return values

    def active(self, token: str) -> bool | None:
        """Whether the recorder says that it records the channel."""
        course = self._courses.get(token)
        return course.active if course is not None else None

    def facts(self) -> dict[str, dict[str, float | str]]:
        """Token → what the inventory says of its history. A history that begins late is immature, not short."""
        facts: dict[str, dict[str, float | str]] = {}
        for token, course in self._courses.items():
            told_of = facts.setdefault(token, {})
            plan = self._plans.get(token)
            kind = judgement.kind_of(plan) if plan is not None else None
            if kind is not None:
                told_of["plan"] = kind
            if course.past.since is not None:
                told_of["recording_since"] = course.past.since * 1000.0
        return facts

    def gap(self, device: str, token: str, span: Span, ahead: float) -> Happening:
        """A gap as an event, by our clock; `ahead` is how much more the recorder's shows."""
        begin, end = (round(moment - ahead) * 1000.0 for moment in span)
        plan = judgement.kind_of(self._plans[token])
        return Happening(device, GAP, {"from": begin, "to": end, "seconds": float(span[1] - span[0]), "plan": plan})

    def remember(self) -> None:
        """Keep what changed, before it is told."""
        kept = {told(token): one.past for token, one in self._courses.items() if one.past != _Past()}
        note = HistoryNote(channels=dict(list(kept.items())[:MAX_CHANNELS]))
        if note != self._note:
            self._note = note
            self._memory.remember(note)

    def _oldest(self, course: _Course, covered: Sequence[Span], begin: int) -> float | None:
        """Since when recordings can be missed. What the recorder was just overwriting is gone since it was asked."""
        told_of = course.extent.oldest if course.extent is not None else begin
        if told_of is None:
            return None
        margin = _OVERWRITTEN_SECONDS + 2 * self._settings.recordings_seconds
        if told_of < begin - margin:
            return told_of
        return float(covered[0][0]) if covered else None

    def _gaps(
        self, plan: Plan, course: _Course, covered: Sequence[Span], asked: tuple[float, float], oldest: float
    ) -> list[Span]:
        settled = course.past.settled
        horizon = int(asked[1]) - judgement.HORIZON_SECONDS
        if settled > horizon + _DAY:
            settled = 0  # its clock was set back
        # What is overwritten is not missed, nor is what was before anybody looked.
        settled = max(settled, int(asked[0]), int(oldest))
        gaps, settled = ended(plan, covered, settled, horizon)
        long = [gap for gap in gaps if gap[1] - gap[0] >= self._settings.gap_seconds]
        if len(long) > MOST_TOLD:
            settled = long[MOST_TOLD][0]
        course.past = course.past.model_copy(update={"settled": settled})
        return long[:MOST_TOLD]
