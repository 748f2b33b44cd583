"""A channel's figures and gaps at a moment, from the index."""

from dataclasses import dataclass, field

from agent.recordings.gaps import Day, ended, of_day, patience, stalled
from agent.recordings.index import Channel, Index
from agent.recordings.leaf import RATE_SECONDS
from agent.recordings.local_time import Zone
from agent.recordings.plan import Plan
from agent.recordings.spans import Span, clipped, merged

MOST_TOLD = 100
_LEDGER_SECONDS = 4 * 86_400
_NEVER = 1 << 60
_DAY = 86_400


@dataclass(frozen=True)
class Told:
    """What there is to say: metrics by name, and gaps that have ended."""

    values: dict[str, float] = field(default_factory=dict)
    gaps: list[Span] = field(default_factory=list)


class Watch:
    """One channel against its plan. `least` is the length from which a gap counts, `segment` 0 where it is learnt."""

    def __init__(self, plan: Plan, zone: Zone, *, least: int, segment: int, interval: float) -> None:
        self.plan = plan
        self._zone, self._least, self._fixed, self._interval = zone, least, segment, interval
        self._day: tuple[Span, Day] | None = None

    def look(self, index: Index, channel: Channel, now: int, *, away: bool = False) -> Told:
        """Figures at a moment at which all that may hold segments of now has been read. Gaps are told once.

        `away`: nobody had looked for longer than an hour before.
        """
        ends = index.ends(channel)
        complete = bool(index.meta("complete"))
        segment = self._fixed or channel.segment
        last = max(channel.sign, min(now, ends[1][1].until) if ends else 0, channel.watched)
        values: dict[str, float] = {}
        still = stalled(self.plan, now, last, segment, self._interval)
        if still is not None and (complete or ends):
            values["recording_stalled"] = float(still)
        if ends:
            values["recording_newest_age_seconds"] = float(max(0, now - ends[1][1].until))
        self._add_rate(values, channel, now)
        if not complete:
            return Told(values)
        values |= {
            "recording_segments": float(channel.files),
            "recording_bytes": float(channel.bytes),
            "recording_scan_age_seconds": float(max(0, now - int(index.meta("scanned")))),
        }
        if ends is None:
            return Told(values)
        oldest = ends[0][1].oldest
        channel.since = min(channel.since or oldest, oldest)
        values["recording_age_seconds"] = float(max(0, now - oldest))
        values["recording_retention_days"] = max(0, now - oldest) / _DAY
        if away and oldest > channel.settled > 0:
            channel.settled = channel.blind = oldest  # nobody looked, and it is overwritten: unknown, not missing
        gaps = self._tell(index, channel, now, segment, oldest) if self.plan.tells_gaps else []
        self._add_day(values, index, channel, now, segment, oldest)
        return Told(values, gaps)

    def _add_rate(self, values: dict[str, float], channel: Channel, now: int) -> None:
        first = (now - RATE_SECONDS) // 60
        seen = now - max(now - RATE_SECONDS, min(channel.since or _NEVER, channel.watched))
        if seen >= 60:
            size = sum(size for minute, size in channel.rate.items() if minute > first)
            values["recording_bytes_per_second"] = size / seen

    def _covered(self, index: Index, channel: Channel, since: int, oldest: int) -> list[Span]:
        """What is kept, and of the time before it what was seen: overwritten is not missed. Deleted in between is."""
        kept = index.spans(channel, since)
        return merged([*kept, *clipped(channel.ledger, since, oldest)], 2)

    def _tell(self, index: Index, channel: Channel, now: int, segment: int, oldest: int) -> list[Span]:
        """Gaps that have ended since they were last told."""
        yesterday = self._zone.span_of(self._zone.day(self._zone.midnight(self._zone.day(now)) - 1))
        if not channel.settled:
            channel.settled = max(channel.since, yesterday[0])
        horizon = now - patience(segment)
        covered = self._covered(index, channel, channel.settled, oldest)
        kept = clipped(covered, now - _LEDGER_SECONDS, now)
        channel.ledger = merged([*clipped(channel.ledger, now - _LEDGER_SECONDS, now), *kept], 2)
        gaps, settled = ended(self.plan, covered, channel.settled, horizon)
        long = [gap for gap in gaps if gap[1] - gap[0] >= self._least]
        if len(long) > MOST_TOLD:
            settled = long[MOST_TOLD][0]
        channel.settled = settled
        return long[:MOST_TOLD]

    def _add_day(
        self, values: dict[str, float], index: Index, channel: Channel, now: int, segment: int, oldest: int
    ) -> None:
        """Of the last full day, once its last segments had time to show; none of one that history does not fill."""
        if not self.plan.tells_gaps:
            return
        today = self._zone.day(now - patience(segment))
        span = self._zone.span_of(self._zone.day(self._zone.midnight(today) - 1))
        if max(channel.since, channel.blind) > span[0]:
            return
        if self._day is None or self._day[0] != span or channel.touched:
            covered = self._covered(index, channel, span[0], oldest)
            self._day = span, of_day(self.plan, covered, span, self._least)
            channel.day, channel.touched = span, False
        day = self._day[1]
        if day.ratio is not None:
            values["recording_integrity_ratio"] = day.ratio
            values["recording_gaps"] = float(day.gaps)
            values["recording_longest_gap_seconds"] = float(day.longest)
