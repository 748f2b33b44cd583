"""What is wanted of an InfluxDB, and what was done about each part of it."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from hub.series.config import DAY_MS, TIERS, SeriesSettings, Tier, of_tier, retention_ms

HOUR_SECONDS = 3600
FOR_EVER = 0
"""A retention, in hours."""

_SHARD_HOURS: dict[Tier, int] = {"raw": 0, "hourly": 30 * 24, "daily": 365 * 24}
"""How much time one shard holds; 0 leaves it to InfluxDB. Rollups are few: many small shards would cost files, memory
and time for nothing."""


class SetupError(Exception):
    """It cannot go on; the message says what to mend."""


class Done(StrEnum):
    """What became of one part."""

    CREATED = "created"
    CHANGED = "changed"
    KEPT = "kept"
    """It is there as wanted."""
    DIFFERS = "differs"
    """It is there, otherwise than wanted, and left so."""


@dataclass(frozen=True)
class Step:
    """One part and what became of it; with --dry-run, what would."""

    done: Done
    what: str
    detail: str = ""


@dataclass(frozen=True)
class Wanted:
    """A tier's place. `hours` is how long it keeps; `policy` the retention policy of 1.x, empty for the default."""

    tier: Tier
    database: str
    bucket: str
    policy: str
    hours: int

    @property
    def shard_hours(self) -> int:
        """0: InfluxDB's own choice. A shard may not hold more than is kept."""
        return min(_SHARD_HOURS[self.tier], self.hours)


@dataclass(frozen=True)
class Choice:
    """What the command line allows."""

    dry_run: bool = False
    change: bool = False
    shorten: bool = False


def wanted(settings: SeriesSettings) -> list[Wanted]:
    """Every tier's place."""
    found = []
    for tier in TIERS:
        own = of_tier(settings, tier)
        bucket, _, policy = own.bucket.partition("/")
        hours = ceil(retention_ms(settings, tier) * 24 / DAY_MS)
        name = own.database if settings.api == "v1" else bucket or own.database
        found.append(Wanted(tier, own.database, name, own.retention_policy or policy, hours))
    return found


def written(hours: int) -> str:
    """A retention as people read it."""
    if hours == FOR_EVER:
        return "for ever"
    return f"{hours // 24} days" if hours % 24 == 0 else f"{hours} hours"


def judge(have: int, want: int, choice: Choice) -> Done:
    """What to do about a retention that is there, in hours."""
    if have == want:
        return Done.KEPT
    shorter = have == FOR_EVER or (want != FOR_EVER and want < have)
    return Done.CHANGED if choice.change and (choice.shorten or not shorter) else Done.DIFFERS


def retention_step(what: str, have: int, want: int, choice: Choice) -> Step:
    """What `judge` says, in words."""
    done = judge(have, want, choice)
    if done is Done.KEPT:
        return Step(done, what, f"keeps {written(have)}")
    if done is Done.CHANGED:
        return Step(done, what, f"keeps {written(want)}, was {written(have)}")
    shorter = have == FOR_EVER or want < have
    flags = "--change-retention --shorten, which deletes what is older" if shorter else "--change-retention"
    return Step(done, what, f"keeps {written(have)}, configured are {written(want)} (change it: {flags})")
