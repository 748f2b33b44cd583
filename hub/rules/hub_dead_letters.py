"""Series store refuses values for good.

Meaning: The database of the series has answered that it will never take some values: of another type than before, older
than it keeps, or beyond a limit of its own. They are kept aside; all others are stored.

Why it matters: What is kept aside is in no chart and no report until somebody sends it again, and the newest push out
the oldest when there is no more room.

First step: `watchkeeper-hub deadletter list` names the reason. Mend it at the database, then `deadletter retry` sends
the values again; `deadletter drop` gives up what is worth nothing.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class HubDeadLettersSettings(Settings):
    """At once, and until none is left."""

    severity: Severity = Severity.WARNING


rule = Rule(
    name="hub_dead_letters",
    kinds=frozenset({DeviceKind.HUB}),
    condition=Threshold("dead_letters", lambda _: (1.0, 0.0)),
    summary=N_("Values refused for good: {dead_letters}."),
    settings=HubDeadLettersSettings,
)
