"""Firmware is none of those wanted.

Meaning: The device runs a firmware that is not on your list for its model. Without a list nothing is judged.

Why it matters: You have decided which versions are safe for this model; this device missed an update, came from stock,
or was set back.

First step: Read the maker's notes, keep a copy of the device's settings, and install a wanted version outside of busy
hours. If this version is fine, add it to the list.
"""

from fnmatch import fnmatchcase

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class FirmwareOutdatedSettings(Settings):
    """Judged against your own list alone: nobody else knows what you have tested."""

    severity: Severity = Severity.INFO
    hold_seconds: float = 600.0
    clear_seconds: float = 0.0
    wanted: dict[str, tuple[str, ...]] = Field(
        default={},
        max_length=500,
        description="model to firmware versions that are fine, both may hold * and ?; models not named are not judged",
    )


def judge(snapshot: Snapshot, settings: FirmwareOutdatedSettings, now: int) -> Judgement:
    """Every name that fits the model counts."""
    model, firmware = snapshot.facts.get("model"), snapshot.facts.get("firmware")
    if not isinstance(model, str) or not isinstance(firmware, str) or not firmware:
        return UNKNOWN
    lists = [versions for name, versions in settings.wanted.items() if fnmatchcase(model, name)]
    if not lists or any(fnmatchcase(firmware, version) for versions in lists for version in versions):
        return CLEAR
    return Judgement("firing", {"model": model, "firmware": firmware})


rule = Rule(
    name="firmware_outdated",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.RECORDER}),
    condition=judge,
    summary=N_("{model} runs firmware {firmware}, which is none of those wanted."),
    metrics=("reachable",),
    quiet=lambda settings: {} if settings.wanted else {"reachable": (-0.5, 1.5)},
    settings=FirmwareOutdatedSettings,
)
