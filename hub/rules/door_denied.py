"""Cards are turned away again and again.

Meaning: The door has refused access more often within a short time than its limit.

Why it matters: Somebody may be trying cards, or a lost or forbidden one. Or people who should get in can't: a rule of
the access control is wrong, or the reader misreads.

First step: Look at the door on its camera at these times, and whose card it was and why it was refused: the events of
the door tell. If it is one of your people, have the rights of the card checked.
"""

from pydantic import Field

from hub.rule import N_, Occurrence, Rule, Settings, Severity
from wire.messages import DeviceKind


class DoorDeniedSettings(Settings):
    """Once or twice is the wrong side of the card."""

    severity: Severity = Severity.WARNING
    clear_seconds: float = 3600.0
    refusals: int = Field(default=5, ge=1, le=1000, description="1, refused so often")
    within_seconds: float = Field(default=600.0, gt=0, le=86_400, description="s, within this time")


rule = Rule(
    name="door_denied",
    kinds=frozenset({DeviceKind.DOOR}),
    condition=Occurrence("door.access_denied", count=lambda s: (s.refusals, s.within_seconds)),
    summary=N_("Access was refused {count} times in a short time."),
    settings=DoorDeniedSettings,
    in_key_area={"severity": Severity.CRITICAL},
)
