"""Machine is overloaded.

Meaning: Processor, load or memory of the machine has been at its limit for longer than the hold time.

Why it matters: A recorder on this machine may drop frames or stop; measurements come late.

First step: See which process takes it (top). A recorder that transcodes or a full-disk scan are the usual ones. If
memory is short, restart what grows and tell its maker.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class HostOverloadedSettings(Settings):
    """A quarter of an hour lets a nightly job end."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 900.0
    clear_seconds: float = 300.0
    raise_cpu_ratio: float = Field(default=0.95, gt=0, le=1, description="1, of all processors")
    raise_load_ratio: float = Field(default=2.0, gt=0, description="1, load average per core")
    raise_memory_ratio: float = Field(default=0.95, gt=0, le=1, description="1, of the memory")
    clear_share: float = Field(default=0.9, gt=0, lt=1, description="1, of the level to raise at")


LEVELS = (
    ("cpu_ratio", "raise_cpu_ratio", "processor"),
    ("load1_ratio", "raise_load_ratio", "load"),
    ("memory_used_ratio", "raise_memory_ratio", "memory"),
)
"""Metric, its setting, and the summary that tells of it."""


def judge(snapshot: Snapshot, settings: HostOverloadedSettings, now: int) -> Judgement:
    """One is enough; all have to be well again."""
    between = False
    for metric, level, case in LEVELS:
        value, limit = snapshot.latest.get(metric), getattr(settings, level)
        if value is not None and value.value >= limit:
            return Judgement("firing", {"ratio": value.value, "case": case})
        between = between or (value is not None and value.value > limit * settings.clear_share)
    return UNKNOWN if between else CLEAR


rule = Rule(
    name="host_overloaded",
    kinds=frozenset({DeviceKind.HOST}),
    condition=judge,
    summary=N_("The machine is at its limit."),
    cases={
        "processor": N_("{ratio} of the processors are busy."),
        "load": N_("The load is {ratio} per core."),
        "memory": N_("{ratio} of the memory is in use."),
    },
    metrics=("cpu_ratio", "load1_ratio", "memory_used_ratio"),
    quiet=lambda s: {metric: (-1.0, getattr(s, level)) for metric, level, _ in LEVELS},
    settings=HostOverloadedSettings,
)
