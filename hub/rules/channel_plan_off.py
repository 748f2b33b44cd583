"""Recording plan is switched off.

Meaning: The recorder says that this channel's recording plan is switched off: it will not be recorded at any time.

Why it matters: This is the quietest way to lose footage. Nothing fails, no alarm is raised, and live view goes on.

First step: Find out who switched it off and why: the recorder's log names the account. If nobody should have, switch
it on again and check the other channels. If the channel is meant to be watched only, switch this rule off for it.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class ChannelPlanOffSettings(Settings):
    """Ten minutes let somebody finish what is being changed."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 600.0
    clear_seconds: float = 60.0


rule = Rule(
    name="channel_plan_off",
    kinds=frozenset({DeviceKind.CHANNEL, DeviceKind.CAMERA}),
    condition=Threshold("recording_plan_enabled", lambda _: (0.0, 1.0)),
    summary=N_("The channel's recording plan is switched off."),
    settings=ChannelPlanOffSettings,
)
