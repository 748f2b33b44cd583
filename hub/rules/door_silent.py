"""Nothing is heard of a door.

Meaning: The door's controller does not answer, or it answers and has told nothing of this door for longer than the
limit. Whether the door stands open nobody knows.

Why it matters: A door that tells nothing looks like a closed one. It may stand open, or be forced, unnoticed.

First step: Look at the door on its camera, or go there. Check the controller's power, network and its own page; where
another program tells of the door, check that it runs.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class DoorSilentSettings(Settings):
    """Agents ask a controller for the states of a quiet door every few minutes; what only speaks when something
    happens may have long holidays."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 300.0
    clear_seconds: float = 120.0
    asked_silence_seconds: float = Field(default=900.0, gt=0, description="s, of a door whose controller is asked")
    told_silence_seconds: float = Field(
        default=1_209_600.0, gt=0, description="s, of a door of which a program tells when something happens"
    )


def _spoken_for(snapshot: Snapshot) -> bool:
    """Of several doors whose controller is gone, the first has the ticket: the first that gets one."""
    controller, parent = snapshot.facts.get("controller"), snapshot.relatives.parent()
    if controller is None or parent is None:
        return False
    for other in parent.relatives.children():
        if other.device < snapshot.device and other.facts.get("controller") == controller:
            reachable = other.latest.get("door_reachable")
            if reachable is not None and reachable.value < 0.5 and parent.relatives.tells(other.device, "door_silent"):
                return True
    return False


def judge(snapshot: Snapshot, settings: DoorSilentSettings, now: int) -> Judgement:
    """The controller first; where nobody tells whether it is there, silence alone."""
    latest = snapshot.latest
    reachable, silence = latest.get("door_reachable"), latest.get("door_silence_seconds")
    if reachable is not None and reachable.value < 0.5:
        spoken_for = "door_silent" not in snapshot.findings and _spoken_for(snapshot)
        return CLEAR if spoken_for else Judgement("firing", {"case": "controller"})
    if silence is None:
        return UNKNOWN if reachable is None else CLEAR
    asked = "requests_per_hour" in latest  # by an agent; else somebody else's program tells of the door
    limit = settings.asked_silence_seconds if asked else settings.told_silence_seconds
    if silence.value < limit:
        return CLEAR
    return Judgement("firing", {"case": "silence", "silence_seconds": silence.value})


rule = Rule(
    name="door_silent",
    kinds=frozenset({DeviceKind.DOOR}),
    condition=judge,
    summary=N_("Nothing is heard of the door."),
    cases={
        "controller": N_("The door's controller does not answer."),
        "silence": N_("Nothing has been heard of the door for {silence_seconds}."),
    },
    metrics=("door_reachable", "door_silence_seconds"),
    quiet=lambda s: {
        "door_reachable": (0.5, 1.5),
        "door_silence_seconds": (-1.0, min(s.asked_silence_seconds, s.told_silence_seconds)),
    },
    settings=DoorSilentSettings,
    outage=True,
)
