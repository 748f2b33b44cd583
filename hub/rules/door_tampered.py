"""Door's reader or contact was tampered with.

Meaning: The housing of a reader, contact or controller was opened or pulled off the wall.

Why it matters: Whoever gets at its wires can open the door without a card, or make it look shut.

First step: Look at the door on its camera at the time of the alarm and send somebody to look at the housing. If the
installer was there, note who sent him. Change nothing before it is photographed.
"""

from hub.rule import N_, Occurrence, Rule, Settings, Severity
from wire.messages import DeviceKind


class DoorTamperedSettings(Settings):
    """An hour of quiet after the last time."""

    severity: Severity = Severity.CRITICAL
    clear_seconds: float = 3600.0


rule = Rule(
    name="door_tampered",
    kinds=frozenset({DeviceKind.DOOR}),
    condition=Occurrence("door.tamper", late=True),
    summary=N_("Somebody was at the door's reader or contacts."),
    cases={"late": N_("Somebody was at the door's reader or contacts; the news came late.")},
    settings=DoorTamperedSettings,
)
