"""Recorder's software does not run.

Meaning: The process that records is not there, although its machine is up.

Why it matters: Nothing is being recorded by it. Live view over other ways may still work, so nobody notices.

First step: Start its service and read its log: why did it end? A full disk, a lost licence and an update are the
usual reasons. Then see that new recordings appear.
"""

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class RecorderProcessDownSettings(Settings):
    """Two minutes let it be restarted."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 120.0
    clear_seconds: float = 60.0


rule = Rule(
    name="recorder_process_down",
    kinds=frozenset({DeviceKind.RECORDER}),
    condition=Threshold("process_running", lambda _: (0.0, 1.0)),
    summary=N_("The recorder's process is not running."),
    settings=RecorderProcessDownSettings,
    hides_children=True,
    outage=True,
)
