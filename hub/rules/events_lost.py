"""Device's events are not heard.

Meaning: The device answers and takes our account, but the subscription to its events is gone and a new one does not
hold.

Why it matters: What a device tells by itself, failing disks and fans, lost pictures, tampering, comes over its events
alone. Until they are heard again none of that is known.

First step: See how many others subscribe to its events: most devices hold only a few subscriptions, and forget none
before a restart. Close what is not needed, or restart the device outside of busy hours.
"""

from collections.abc import Mapping
from typing import Any

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class EventsLostSettings(Settings):
    """Half an hour: subscriptions break now and then, and agents make them anew."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 1800.0
    clear_seconds: float = 120.0


def offers_events(facts: Mapping[str, Any]) -> bool:
    """Many devices have none to subscribe to."""
    return facts.get("events") != "not offered"


def judge(snapshot: Snapshot, settings: EventsLostSettings, now: int) -> Judgement:
    """A device that is gone, or refuses our account, has that ticket. Since when it is back the time runs anew."""
    latest = snapshot.latest
    subscribed = latest.get("events_subscribed")
    if subscribed is None:
        return UNKNOWN
    barred = any(name in latest and latest[name].value < 0.5 for name in ("reachable", "authenticated"))
    return CLEAR if subscribed.value >= 0.5 or barred else Judgement("firing")


rule = Rule(
    name="events_lost",
    kinds=frozenset({DeviceKind.CAMERA, DeviceKind.RECORDER}),
    condition=judge,
    summary=N_("The device answers, but its events are not heard."),
    metrics=("events_subscribed",),
    quiet=lambda _: {"events_subscribed": (0.5, 1.5)},
    settings=EventsLostSettings,
    applies=offers_events,
)
