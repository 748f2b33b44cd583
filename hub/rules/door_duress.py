"""Door was opened under duress.

Meaning: Somebody opened the door with the code or finger that says: I am being forced to.

Why it matters: A person is under threat right now. Nobody at the door may notice that help was called.

First step: Do not call the door or go there alone. Look at its camera, call the police as your plan says, and keep the
recordings of the hour before and after. If it was a mistake, have the code explained again.
"""

from hub.rule import N_, Occurrence, Rule, Settings, Severity
from wire.messages import DeviceKind


class DoorDuressSettings(Settings):
    """A day of quiet after the last time: it must not be gone when the next shift comes."""

    severity: Severity = Severity.CRITICAL
    clear_seconds: float = 86_400.0


rule = Rule(
    name="door_duress",
    kinds=frozenset({DeviceKind.DOOR}),
    condition=Occurrence("door.duress", late=True),
    summary=N_("The door was opened under duress."),
    cases={"late": N_("The door was opened under duress; the news came late.")},
    settings=DoorDuressSettings,
    never_covered=True,
)
