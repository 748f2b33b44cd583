"""Clock is wrong.

Meaning: The device's clock differs from reference time by more than the limit, beyond the error of the measurement, or
runs off so steadily that it will within days.

Why it matters: Footage with a wrong time is contested or worthless as evidence, and recordings are looked for in the
wrong place.

First step: Open the device's time settings: is an NTP server set, and does it answer? A difference of whole hours is
a wrong time zone or daylight-saving setting. Note the difference before you correct it: earlier footage carries it.
"""

from typing import Self

from pydantic import Field, model_validator

from hub import slide
from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from hub.series.store import Value
from wire.messages import DeviceKind

HOUR_SECONDS = 3600.0
ZONE_TOLERANCE_SECONDS = 60.0
"""A time-zone error is a whole number of hours, give or take the drift that comes on top."""
SAME_SECONDS = 2.0
"""Two clocks that are off by the same, give or take this, are wrong for one reason."""
LEAST_DAYS = 1.5
"""Longer than a day: many devices set their clock right once a day, and drift in between."""


class ClockDriftSettings(Settings):
    """The practice of the field: a notice at five seconds, a ticket at ten (`severity`), a breach at thirty (critical).
    What will be a ticket within some days is one already."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 120.0
    clear_seconds: float = 60.0
    clear_offset_seconds: float = Field(default=3.0, gt=0, description="s, either way: well again")
    notice_offset_seconds: float = Field(default=5.0, gt=0, description="s, either way: a notice")
    raise_offset_seconds: float = Field(default=10.0, gt=0, description="s, either way: of the rule's severity")
    breach_offset_seconds: float = Field(default=30.0, gt=0, description="s, either way: critical")
    ahead_days: float = Field(default=7.0, ge=0, description="d, how far a slide is foreseen; 0: not at all")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        levels = (self.clear_offset_seconds, self.notice_offset_seconds, self.raise_offset_seconds)
        if not levels[0] < levels[1] <= levels[2] <= self.breach_offset_seconds:
            raise ValueError("clear, notice, raise and breach must be in this order")
        return self


def judge(snapshot: Snapshot, settings: ClockDriftSettings, now: int) -> Judgement:
    """Judges the offset less its error bound, so that a coarse measurement accuses nobody."""
    offset = snapshot.latest.get("clock_offset_seconds")
    if offset is None:
        return UNKNOWN
    error = snapshot.latest.get("clock_offset_error_seconds")
    margin = error.value if error else 0.0
    certain = abs(offset.value) - margin
    if _as_its_recorder(snapshot, offset.value):
        return UNKNOWN if "clock_drift" in snapshot.findings else CLEAR
    if certain >= settings.raise_offset_seconds:
        breach = certain >= settings.breach_offset_seconds
        return _off(offset.value, Severity.CRITICAL if breach else settings.severity)
    sliding = _sliding(snapshot, offset, margin, settings)
    if sliding is not None:
        return sliding
    if certain >= settings.notice_offset_seconds:
        return _off(offset.value, Severity.INFO)
    return CLEAR if certain <= settings.clear_offset_seconds else UNKNOWN


def _off(offset: float, severity: Severity) -> Judgement:
    hours = round(offset / HOUR_SECONDS)
    whole = hours != 0 and abs(offset - hours * HOUR_SECONDS) <= ZONE_TOLERANCE_SECONDS
    case = ("zone_" if whole else "") + _side(offset)
    return Judgement("firing", {"offset_seconds": abs(offset), "case": case}, severity)


def _side(offset: float) -> str:
    return "behind" if offset > 0 else "ahead"


def _sliding(snapshot: Snapshot, offset: Value, margin: float, settings: ClockDriftSettings) -> Judgement | None:
    """Whether it runs away from the right time so steadily that it will be a ticket soon."""
    past = snapshot.windows.get("clock_offset_seconds", ())
    values = past if past and past[-1].at == offset.at else (*past, offset)
    rate = slide.per_day(values, LEAST_DAYS, max(0.5, 2 * margin))
    if rate is None or rate * offset.value <= 0:
        return None
    left = (settings.raise_offset_seconds - abs(offset.value)) / abs(rate)
    if left > settings.ahead_days:
        return None
    known = {"offset_seconds": abs(offset.value), "rate_seconds": abs(rate), "left_days": max(left, 0.0)}
    return Judgement("firing", {**known, "case": f"sliding_{_side(offset.value)}"}, settings.severity)


def _as_its_recorder(snapshot: Snapshot, offset: float) -> bool:
    """A recorder hands its own time to its cameras: then there is one clock to set right."""
    above = snapshot.relatives.parent() if snapshot.kind is DeviceKind.CAMERA else None
    if above is None or above.kind is not DeviceKind.RECORDER:
        return False
    own = above.latest.get("clock_offset_seconds")
    return own is not None and abs(own.value - offset) <= SAME_SECONDS


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
        "sliding_behind": N_(
            "The clock is {offset_seconds} behind and loses {rate_seconds} a day: past the limit in {left_days}."
        ),
        "sliding_ahead": N_(
            "The clock is {offset_seconds} ahead and gains {rate_seconds} a day: past the limit in {left_days}."
        ),
    },
    metrics=("clock_offset_seconds",),
    quiet=lambda s: {"clock_offset_seconds": (-s.clear_offset_seconds / 2, s.clear_offset_seconds / 2)},
    settings=ClockDriftSettings,
    lookback_seconds=4 * 86_400.0,
    sample_seconds=4 * 3600.0,
)
