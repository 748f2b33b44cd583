"""The hub hears nobody.

Meaning: For longer than the limit nothing at all has come from the message broker, not even the hub's own word to
itself: there is no connection, or there is one that carries nothing. This time is kept as blindness, and no agent is
called silent because of it.

Why it matters: Nothing is being watched. What happens now is seen when the agents can send again; they keep their
reports until then, each as long as its disk has room.

First step: See whether the broker runs, and what its log and the hub's log say. If it runs and the hub is connected,
its access rules may have been changed: they must let the hub read what agents write, and read and write its own word
(the last line of the access rules that are provided with this software). If certificates are in use, see whether one
has expired.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class HubDeafSettings(Settings):
    """A broker that is restarted passes unnoticed."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 0.0
    clear_seconds: float = 60.0
    raise_unheard_seconds: float = Field(default=45.0, gt=0, description="s")
    clear_unheard_seconds: float = Field(default=20.0, gt=0, description="s")


def judge(snapshot: Snapshot, settings: HubDeafSettings, now: int) -> Judgement:
    """Where only others' words can be heard, a silence says nothing while the connection stands."""
    connected, unheard = snapshot.latest.get("broker_connected"), snapshot.latest.get("unheard_seconds")
    if connected is None or unheard is None or unheard.at < connected.at:
        return CLEAR if connected is not None and connected.value > 0.5 else UNKNOWN
    if unheard.value >= settings.raise_unheard_seconds:
        return Judgement("firing", {"unheard_seconds": unheard.value})
    return CLEAR if unheard.value <= settings.clear_unheard_seconds and connected.value > 0.5 else UNKNOWN


rule = Rule(
    name="hub_deaf",
    kinds=frozenset({DeviceKind.HUB}),
    condition=judge,
    summary=N_("Nothing has come from the message broker for {unheard_seconds}."),
    metrics=("broker_connected", "unheard_seconds"),
    settings=HubDeafSettings,
)
