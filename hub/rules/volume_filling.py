"""Volume is running full.

Meaning: The volume is fuller than its limit, and it is not a recording volume that overwrites its oldest footage.

Why it matters: When it is full, the recorder's software, its database or its logs fail, often without a word, and
recording may stop.

First step: Find what grows: logs, dumps, exports left behind. Free space or enlarge the volume. For a recording
volume, check that overwriting is switched on.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class VolumeFillingSettings(Settings):
    """Levels are shares of the space ordinary users may use."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 120.0
    clear_seconds: float = 60.0
    raise_ratio: float = Field(default=0.9, gt=0, le=1, description="1")
    clear_ratio: float = Field(default=0.85, gt=0, le=1, description="1")


def fills_for_good(facts: Mapping[str, Any]) -> bool:
    """A recording volume that overwrites is full by design."""
    return not (facts.get("role") == "recording" and facts.get("overwrites") is True)


rule = Rule(
    name="volume_filling",
    kinds=frozenset({DeviceKind.VOLUME}),
    condition=Threshold("fill_ratio", lambda s: (s.raise_ratio, s.clear_ratio)),
    summary=N_("{fill_ratio} of the space is in use."),
    settings=VolumeFillingSettings,
    applies=fills_for_good,
)
