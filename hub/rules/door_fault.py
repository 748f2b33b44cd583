"""Door's hardware is faulty.

Meaning: The door's controller reports a fault of the door: of its lock, its contact, a reader or their supply.

Why it matters: It is no longer sure that the door locks, nor that anybody would learn of its being opened.

First step: Try the door: does it lock, does a card open it, does the controller notice? Then see the controller's own
page for the part that it means, and check that part's wiring and supply.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class DoorFaultSettings(Settings):
    """A minute lets a relay settle."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 60.0
    clear_seconds: float = 60.0


rule = Rule(
    name="door_fault",
    kinds=frozenset({DeviceKind.DOOR}),
    condition=Threshold("door_fault", lambda _: (1.0, 0.0)),
    summary=N_("The door's hardware reports a fault."),
    settings=DoorFaultSettings,
    in_key_area={"severity": Severity.CRITICAL},
)
