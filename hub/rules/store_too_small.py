"""A recorder's store is too small.

Meaning: Several channels of one recorder began to keep less than their target, or to fall towards it, within a few
days of each other: what they share, the store, no longer holds what it should.

Why it matters: All of them lose the days that somebody will ask for.

First step: Compare the size of the disks with what is written a day times the target. Replace a lost disk, lower the
bit rate of the largest writers, or add disks.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Together
from wire.messages import DeviceKind


class StoreTooSmallSettings(Settings):
    """Two are no coincidence where that is half of them."""

    severity: Severity = Severity.WARNING
    least_channels: int = Field(default=2, ge=2, description="1, channels")
    share_ratio: float = Field(default=0.5, gt=0, le=1, description="1, of its channels")
    within_seconds: float = Field(default=345_600.0, gt=0, description="s, in which they fell below")


rule = Rule(
    name="store_too_small",
    kinds=frozenset({DeviceKind.RECORDER, DeviceKind.HOST, DeviceKind.AGENT}),
    condition=Together(
        frozenset({"retention_below_target", "retention_forecast"}),
        lambda s: (s.least_channels, s.share_ratio, s.within_seconds),
    ),
    summary=N_("{number} of {of} channels keep less than they should, or soon will."),
    settings=StoreTooSmallSettings,
    hides_children=True,
)
