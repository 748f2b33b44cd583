"""Recording has stopped.

Meaning: The plan wants a recording, and no new one has appeared for longer than the agent allows.

Why it matters: Live view may look well; what happens now will be missing when it is asked for.

First step: Look at the recorder's software and its log: disk full, file system read-only, stream refused? Restart the
recording of this channel and see that a new file grows.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from hub.unrecordable import DOWN
from wire.messages import DeviceKind


class RecordingStalledSettings(Settings):
    """The agent has waited ten minutes already."""

    severity: Severity = Severity.CRITICAL


def explained(snapshot: Snapshot) -> bool:
    """Whether the volume it is written to went read-only, or the recorder's process beside it is gone."""
    path = str(snapshot.facts.get("path", ""))
    above = snapshot.relatives.parent()
    for _ in range(2):  # the recorder and its machine
        for one in above.relatives.children() if above is not None else ():
            place = str(one.facts.get("mount") or one.facts.get("path") or "")
            inside = not path or not place or f"{path}/".startswith(f"{place.rstrip('/')}/")
            if "recorder_process_down" in one.findings or ("volume_read_only" in one.findings and inside):
                return True
        above = above.relatives.parent() if above is not None else None
    return False


def judge(snapshot: Snapshot, settings: RecordingStalledSettings, now: int) -> Judgement:
    """Where the recorder itself says that it does not record, the rule about that speaks."""
    stalled, active = snapshot.latest.get("recording_stalled"), snapshot.latest.get("recording_active")
    if stalled is None or (active is not None and active.value < 0.5):
        return UNKNOWN
    if stalled.value < 0.5:
        return CLEAR
    return UNKNOWN if snapshot.findings & DOWN or explained(snapshot) else Judgement("firing")


rule = Rule(
    name="recording_stalled",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=judge,
    summary=N_("No new recording, although the plan wants one."),
    metrics=("recording_stalled",),
    quiet=lambda _: {"recording_stalled": (-0.5, 0.5)},
    settings=RecordingStalledSettings,
    outage=True,
)
