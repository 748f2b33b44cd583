"""Recorder does not answer.

Meaning: The recorder has not answered its management protocol for longer than the hold time, while its agent is well.

Why it matters: If the recorder is down, none of its channels is being recorded, and what it holds can't be retrieved.

First step: Go to the recorder: power, fans, network lights, its own screen. If it runs, check its address and whether
its sessions are exhausted; restart it only after noting what its screen says.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class RecorderUnreachableSettings(Settings):
    """Recorders take minutes to restart, and many restart weekly by plan."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 300.0
    clear_seconds: float = 120.0


rule = Rule(
    name="recorder_unreachable",
    kinds=frozenset({DeviceKind.RECORDER}),
    condition=Threshold("reachable", lambda _: (0.0, 1.0)),
    summary=N_("The recorder does not answer."),
    settings=RecorderUnreachableSettings,
    hides_children=True,
    outage=True,
)
