"""Recordings do not reach back far enough.

Meaning: The oldest recording of this channel is younger than the target asks, compared unrounded. A channel that
simply has not been there for so long is no such case.

Why it matters: On the day somebody asks for an older recording it is gone, and in many places keeping it for so long
is the law.

First step: The summary names the likely cause. Lost disk: replace it. Cameras added or a higher bit rate: the store
is too small for what it takes in now; lower the rate, or add disks. Do not shorten the plan to make the figure fit.
"""

from math import inf
from statistics import median

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from hub.series.store import Value
from wire.messages import DeviceKind


class RetentionBelowTargetSettings(Settings):
    """Thirty days are the target of most; 29.99 are below it. The hold lets all channels of a store be asked."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 1500.0
    target_days: float = Field(default=30.0, gt=0, description="d")
    learn_days: float = Field(default=0.25, gt=0, description="d of looking on before a short history is called short")
    slack_days: float = Field(default=1.0, ge=0, description="d that a young history may lack of all its days")
    growth_share: float = Field(default=0.8, gt=0, le=1, description="1, growth a day of a history that is only young")
    bitrate_times: float = Field(default=1.15, gt=1, description="1, growth of the write rate that explains it")


DAY_MS = 86_400_000
AGE, RATE = "recording_retention_days", "recording_bytes_per_second"


def young(snapshot: Snapshot, settings: RetentionBelowTargetSettings, age: Value) -> bool | None:
    """Whether its history only began lately and grows a day a day; None while nobody knows."""
    since = snapshot.facts.get("recording_since")
    if isinstance(since, int | float) and not isinstance(since, bool):
        known_days = (age.at - since) / DAY_MS
        return known_days < settings.target_days and age.value >= known_days - settings.slack_days
    window = snapshot.windows.get(AGE)
    looked = (age.at - window[0].at) / DAY_MS if window else 0.0
    if window and age.value < max(value.value for value in window) - 0.01:
        return False  # it has been longer
    if looked < settings.learn_days or not window:
        return None
    return age.value - window[0].value >= settings.growth_share * looked


def cause(snapshot: Snapshot, settings: RetentionBelowTargetSettings, now: int) -> str:
    """Why, as far as the neighbours and the write rate tell."""
    parent = snapshot.relatives.parent()
    family = list(parent.relatives.children()) if parent is not None else []
    machine = parent.relatives.parent() if parent is not None and parent.kind == DeviceKind.RECORDER else None
    disks = [*family, *machine.relatives.children()] if machine is not None else family
    if any(one.kind == DeviceKind.DISK and one.findings & {"disk_missing", "disk_failing"} for one in disks):
        return "disk"
    added = [one.facts.get("recording_since") for one in family if one.device != snapshot.device]
    if any(isinstance(since, int | float) and now - since < settings.target_days * DAY_MS for since in added):
        return "added"
    rate, before = snapshot.latest.get(RATE), snapshot.windows.get(RATE)
    if rate is not None and before and rate.value >= settings.bitrate_times * median(v.value for v in before):
        return "bitrate"
    return "undersized"


def judge(snapshot: Snapshot, settings: RetentionBelowTargetSettings, now: int) -> Judgement:
    """Unrounded."""
    age = snapshot.latest.get(AGE)
    if age is None:
        return UNKNOWN
    if age.value >= settings.target_days:
        return CLEAR
    immature = young(snapshot, settings, age)
    if immature is not False:
        return CLEAR if immature else UNKNOWN
    detail = {"kept_days": age.value, "target_days": settings.target_days}
    return Judgement("firing", {**detail, "case": cause(snapshot, settings, now)})


rule = Rule(
    name="retention_below_target",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=judge,
    summary=N_("{kept_days} kept, {target_days} wanted."),
    cases={
        "disk": N_("{kept_days} kept, {target_days} wanted: its recorder has lost a disk."),
        "added": N_("{kept_days} kept, {target_days} wanted: cameras were added to the same store."),
        "bitrate": N_("{kept_days} kept, {target_days} wanted: it writes more than it used to."),
        "undersized": N_("{kept_days} kept, {target_days} wanted: the store is too small."),
    },
    metrics=(AGE, RATE),
    quiet=lambda s: {AGE: (s.target_days, inf), RATE: (-inf, inf)},
    settings=RetentionBelowTargetSettings,
    lookback_seconds=10 * 86_400.0,
    sample_seconds=21_600.0,
    # What is wrong is the store: of the channels that share it a young one reaches its end last, weeks after others.
    explains_beside=frozenset({"retention_below_target"}),
    in_key_area={"severity": Severity.CRITICAL},
)
