"""Recordings will soon not reach back far enough.

Meaning: The history of this channel still reaches the target, but grows shorter and will fall below it within the
limit if that goes on.

Why it matters: Now there is time to act; afterwards the days are gone.

First step: Find what changed: a camera added, a higher bit rate, a disk lost. Lower the rate or add disks before the
date.
"""

from pydantic import Field

from hub.forecast import crossing
from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class RetentionForecastSettings(Settings):
    """Half a day of loss within the lookback is no noise of a store that overwrites file by file."""

    severity: Severity = Severity.WARNING
    target_days: float = Field(default=30.0, gt=0, description="d")
    horizon_days: float = Field(default=14.0, gt=0, description="d within which it would fall below")
    least_loss_days: float = Field(default=0.5, gt=0, description="d of history lost within the lookback")


AGE = "recording_retention_days"


def judge(snapshot: Snapshot, settings: RetentionForecastSettings, now: int) -> Judgement:
    """By the robust slope of the lookback. Once below, this ticket lasts, or the other has come."""
    age, window = snapshot.latest.get(AGE), snapshot.windows.get(AGE)
    if age is None or not window:
        return UNKNOWN
    if age.value < settings.target_days:
        return UNKNOWN
    lost = max(value.value for value in window) - age.value
    left = crossing([*window, age], settings.target_days) if lost >= settings.least_loss_days else None
    if left is None or (days := left / 86_400.0) > settings.horizon_days:
        return CLEAR
    return Judgement("firing", {"kept_days": age.value, "target_days": settings.target_days, "left_days": days})


rule = Rule(
    name="retention_forecast",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=judge,
    summary=N_("{kept_days} kept, below {target_days} in {left_days}."),
    metrics=(AGE,),
    settings=RetentionForecastSettings,
    lookback_seconds=4 * 86_400.0,
    sample_seconds=10_800.0,
    explains=frozenset({"retention_below_target"}),
)
