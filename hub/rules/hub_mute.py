"""The hub's own messages do not come back.

Meaning: The hub hears agents, but its own word to itself has not come back for longer than the limit. Either the broker
does not deliver what the hub sends, or only that word, because the broker's access rules are older than the hub.

Why it matters: In the first case agents get no acknowledgements: they keep what was long committed and send it again
and again until their disks are full. In the second the hub would be slower to notice that it hears nothing any more.

First step: Look into the broker's log for publishes of the hub that were denied. Give the broker the access rules that
belong to this version of the hub, and make it read them again. The hub's log names the line that is lacking.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class HubMuteSettings(Settings):
    """What is lost now and then is sent again."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 60.0
    clear_seconds: float = 60.0
    raise_mute_seconds: float = Field(default=60.0, gt=0, description="s")
    clear_mute_seconds: float = Field(default=10.0, ge=0, description="s")


rule = Rule(
    name="hub_mute",
    kinds=frozenset({DeviceKind.HUB}),
    condition=Threshold("mute_seconds", lambda s: (s.raise_mute_seconds, s.clear_mute_seconds)),
    summary=N_("The hub's own word has not come back for {mute_seconds}, though agents are heard."),
    settings=HubMuteSettings,
)
