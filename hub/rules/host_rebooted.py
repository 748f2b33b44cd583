"""Machine rebooted unexpectedly.

Meaning: The machine was started anew without having been stopped in an orderly way: a power cut, a crash, or somebody
held the button.

Why it matters: What was being recorded at that moment may be damaged, and it tends to happen again.

First step: Ask the site about power at that time and look at the UPS. If the power held, read the system log of
before the restart. Check that the recorder's software runs again.
"""

from hub.rule import N_, Occurrence, Rule, Settings, Severity
from wire.messages import DeviceKind


class HostRebootedSettings(Settings):
    """An hour of quiet after the last time."""

    severity: Severity = Severity.WARNING
    clear_seconds: float = 3600.0


rule = Rule(
    name="host_rebooted",
    kinds=frozenset({DeviceKind.HOST}),
    condition=Occurrence("host.rebooted", {"unexpected": True}, aftermath=True),
    summary=N_("The machine was started anew without an orderly stop."),
    settings=HostRebootedSettings,
)
