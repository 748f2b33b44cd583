"""Part of yesterday was not recorded.

Meaning: Of what the plan wanted on the last full day, less was recorded than the limit. Below 99 % it is at risk,
below 95 % the rule is broken.

Why it matters: The share of each day that is really there is what inspectors count, and what the police find.

First step: Look in the tickets of that day for what stopped it. If there is none, compare the plan with what the
recorder kept, and look for restarts.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from hub.unrecordable import DOWN
from wire.messages import DeviceKind


class DailyIntegritySettings(Settings):
    """At risk below 99 %, broken below 95 %: the practice of the field.

    Half an hour shows whether it is one channel, or all of a recorder, which are asked one after the other.
    """

    severity: Severity = Severity.WARNING
    hold_seconds: float = 1800.0
    risk_ratio: float = Field(default=0.99, gt=0, le=1, description="1, of the last full day's plan")
    broken_ratio: float = Field(default=0.95, gt=0, le=1, description="1, of the last full day's plan")


def judge(snapshot: Snapshot, settings: DailyIntegritySettings, now: int) -> Judgement:
    """What is still going on has a ticket of its own."""
    whole = snapshot.latest.get("recording_integrity_ratio")
    if whole is None:
        return UNKNOWN
    if whole.value >= settings.risk_ratio:
        return CLEAR
    stalled = snapshot.latest.get("recording_stalled")
    if snapshot.findings & (DOWN | {"channel_not_recording", "channel_plan_off"}) or (stalled and stalled.value >= 0.5):
        return UNKNOWN
    detail = {"integrity_ratio": whole.value}
    if whole.value < settings.broken_ratio:
        return Judgement("firing", {**detail, "case": "broken"}, Severity.CRITICAL)
    return Judgement("firing", {**detail, "case": "risk"})


rule = Rule(
    name="daily_integrity",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=judge,
    summary=N_("{integrity_ratio} of the last full day was recorded."),
    cases={
        "risk": N_("{integrity_ratio} of the last full day was recorded: at risk."),
        "broken": N_("{integrity_ratio} of the last full day was recorded: too little."),
    },
    metrics=("recording_integrity_ratio",),
    quiet=lambda s: {"recording_integrity_ratio": (s.risk_ratio, 2.0)},
    settings=DailyIntegritySettings,
    seldom=True,
    in_key_area={"severity": Severity.CRITICAL},
)
