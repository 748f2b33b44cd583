"""Clock is wrong.

Meaning: The device's clock differs from reference time by more than the limit, beyond the error of the measurement.

Why it matters: Footage with a wrong time is contested or worthless as evidence, and recordings are looked for in the
wrong place.

First step: Open the device's time settings: is an NTP server set, and does it answer? A difference of whole hours is
a wrong time zone or daylight-saving setting. Note the difference before you correct it: earlier footage carries it.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind

HOUR_SECONDS = 3600.0
ZONE_TOLERANCE_SECONDS = 60.0
"""A time-zone error is a whole number of hours, give or take the drift that comes on top."""


class ClockDriftSettings(Settings):
    """Ticket at ten seconds, the practice of the field; a breach is thirty."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 120.0
    clear_seconds: float = 60.0
    raise_offset_seconds: float = Field(default=10.0, gt=0, description="s, either way")
    clear_offset_seconds: float = Field(default=5.0, gt=0, description="s, either way")


def judge(snapshot: Snapshot, settings: ClockDriftSettings, now: int) -> Judgement:
    """Judges the offset less its error bound, so that a coarse measurement accuses nobody."""
    offset = snapshot.latest.get("clock_offset_seconds")
    if offset is None:
        return UNKNOWN
    error = snapshot.latest.get("clock_offset_error_seconds")
    certain = abs(offset.value) - (error.value if error else 0.0)
    if certain >= settings.raise_offset_seconds:
        hours = round(offset.value / HOUR_SECONDS)
        whole = hours != 0 and abs(offset.value - hours * HOUR_SECONDS) <= ZONE_TOLERANCE_SECONDS
        case = ("zone_" if whole else "") + ("behind" if offset.value > 0 else "ahead")
        return Judgement("firing", {"offset_seconds": abs(offset.value), "case": case})
    return CLEAR if certain <= settings.clear_offset_seconds else UNKNOWN


rule = Rule(
    name="clock_drift",
    kinds=frozenset({DeviceKind.HOST, DeviceKind.CAMERA, DeviceKind.RECORDER}),
    condition=judge,
    summary=N_("The clock is off by {offset_seconds}."),
    cases={
        "behind": N_("The clock is {offset_seconds} behind."),
        "ahead": N_("The clock is {offset_seconds} ahead."),
        "zone_behind": N_("The clock is {offset_seconds} behind, most likely a wrong time zone."),
        "zone_ahead": N_("The clock is {offset_seconds} ahead, most likely a wrong time zone."),
    },
    metrics=("clock_offset_seconds",),
    quiet=lambda s: {"clock_offset_seconds": (-s.raise_offset_seconds, s.raise_offset_seconds)},
    settings=ClockDriftSettings,
)
