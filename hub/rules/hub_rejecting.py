"""The hub can't take much of what is sent.

Meaning: For longer than its hold time messages, or parts of them, have come in at a rate above the limit that the hub
can't use: unreadable, of devices or metrics it does not know, from senders that speak for others.

Why it matters: What is rejected is not stored and not judged. Somewhere a device goes unwatched that people think is
watched, or somebody sends what they should not.

First step: Look at the list of messages that could not be taken on the console's first page: it names sender and
reason. Unknown metrics or kinds of devices mean that agents are newer than the hub: update the hub.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class HubRejectingSettings(Settings):
    """What finds the queue full is not meant: it comes again."""

    severity: Severity = Severity.INFO
    hold_seconds: float = 900.0
    clear_seconds: float = 300.0
    raise_per_second: float = Field(default=1.0, gt=0, description="1/s")
    clear_per_second: float = Field(default=0.2, ge=0, description="1/s")


rule = Rule(
    name="hub_rejecting",
    kinds=frozenset({DeviceKind.HUB}),
    condition=Threshold("rejects_per_second", lambda s: (s.raise_per_second, s.clear_per_second)),
    summary=N_("Messages, or parts of them, are rejected at {rejects_per_second}."),
    settings=HubRejectingSettings,
)
