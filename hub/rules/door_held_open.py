"""Door is held open.

Meaning: The door has stood open for longer than the hold time.

Why it matters: Anyone can walk in unseen by the access control, and the record of who was in the room is worth
nothing.

First step: Look at the door on its camera and send somebody to close it. If it is closed, check the door contact and
its wiring.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class DoorHeldOpenSettings(Settings):
    """A minute lets a trolley through."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 60.0
    clear_seconds: float = 5.0


rule = Rule(
    name="door_held_open",
    kinds=frozenset({DeviceKind.DOOR}),
    condition=Threshold("door_open", lambda _: (1.0, 0.0)),
    summary=N_("The door stands open."),
    settings=DoorHeldOpenSettings,
    fickle=True,
    in_key_area={"severity": Severity.CRITICAL},
)
