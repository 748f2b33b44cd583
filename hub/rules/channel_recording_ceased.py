"""Channel is recorded no longer.

Meaning: The recorder does not tell when it is to record this channel. It used to record it all day and all night, and
now nothing new has come for a while, though the channel is there.

Why it matters: Live view looks well, and what happens now will be missing when it is asked for.

First step: On the recorder, look whether the channel is being recorded; start it by hand and see whether it says why it
can't: no space, a failed disk, a plan that was switched off. If it is recorded on motion only from now on, this ticket
closes as soon as something is recorded.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind

LEAST_MS = 20 * 3_600_000
"""It must have been recorded all the time for so long: through a night, in which a channel on motion has gaps."""
LEAST_VALUES = 8


class ChannelRecordingCeasedSettings(Settings):
    """Half an hour without anything new, of a channel that used to have something every few minutes."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 500.0
    clear_seconds: float = 0.0
    raise_age_seconds: float = Field(default=1800.0, gt=0, description="s, age of the newest recording")
    usual_age_seconds: float = Field(default=900.0, gt=0, description="s, it used to be no older than this")


def tells_no_plan(facts: Mapping[str, Any]) -> bool:
    """Where there is a plan, what it wants is compared with what is recorded."""
    return "plan" not in facts


def judge(snapshot: Snapshot, settings: ChannelRecordingCeasedSettings, now: int) -> Judgement:
    """By what it used to be; a channel without a picture has that ticket."""
    latest = snapshot.latest
    age, lost = latest.get("recording_newest_age_seconds"), latest.get("video_loss")
    if age is None:
        return UNKNOWN
    gone = any(name in latest and latest[name].value < 0.5 for name in ("online", "listed", "reachable"))
    told = "recording_plan_enabled" in latest or "recording_stalled" in latest
    if gone or told or (lost is not None and lost.value >= 0.5) or age.value <= settings.usual_age_seconds:
        return CLEAR
    if age.value < settings.raise_age_seconds:
        return UNKNOWN
    if "channel_recording_ceased" in snapshot.findings or _was_continuous(snapshot, settings, now - age.value * 1000):
        return Judgement("firing", {"recording_newest_age_seconds": age.value})
    return CLEAR


def _was_continuous(snapshot: Snapshot, settings: ChannelRecordingCeasedSettings, until: float) -> bool:
    past = [one for one in snapshot.windows.get("recording_newest_age_seconds", ()) if one.at <= until]
    if len(past) < LEAST_VALUES or past[-1].at - past[0].at < LEAST_MS:
        return False
    return all(one.value <= settings.usual_age_seconds for one in past)


rule = Rule(
    name="channel_recording_ceased",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=judge,
    summary=N_("Nothing new has been recorded for {recording_newest_age_seconds}."),
    metrics=("recording_newest_age_seconds",),
    quiet=lambda s: {"recording_newest_age_seconds": (-1.0, s.raise_age_seconds)},
    settings=ChannelRecordingCeasedSettings,
    applies=tells_no_plan,
    lookback_seconds=2 * 86_400.0,
    sample_seconds=7200.0,
)
