"""Door was forced open.

Meaning: The door opened although nobody was let in: its contact opened without a card, a button or a key.

Why it matters: Somebody may be inside who has no business there, with the recordings and the people on duty.

First step: Look at the door on its camera, now and at the time of the alarm. Send somebody, not alone, or call the
police as your plan says. If nobody forced it, check the contact and whether a key was used.
"""

from hub.rule import N_, Occurrence, Rule, Settings, Severity
from wire.messages import DeviceKind


class DoorForcedSettings(Settings):
    """An hour of quiet after the last time, and the door closed: long enough to be seen by whoever is on duty."""

    severity: Severity = Severity.CRITICAL
    clear_seconds: float = 3600.0


rule = Rule(
    name="door_forced",
    kinds=frozenset({DeviceKind.DOOR}),
    condition=Occurrence("door.alarm", {"state": "DoorForcedOpen"}, late=True, lasting="door_open"),
    summary=N_("The door was opened by force."),
    cases={"late": N_("The door was opened by force; the news came late.")},
    settings=DoorForcedSettings,
    explains=frozenset({"door_held_open"}),
)
