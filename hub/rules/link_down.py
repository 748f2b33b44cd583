"""Network port has lost its link.

Meaning: A port or interface that had a link lately has none any more, or the switch refuses it power.

Why it matters: What hangs on it is cut off.

First step: Look at both ends of the cable and at the device's power. A fault of the power supply over Ethernet shows
at the switch: unplug the device, see whether the fault goes, then try another device.
"""

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class LinkDownSettings(Settings):
    """Four minutes let a device restart, and are less than a camera has: the link is the cause."""

    severity: Severity = Severity.CRITICAL
    hold_seconds: float = 240.0
    clear_seconds: float = 60.0


def matters(snapshot: Snapshot) -> bool:
    """Of a switch only the ports at which something hangs that is watched: a computer may be switched off at night."""
    if "port" not in snapshot.facts or snapshot.facts.get("connected"):
        return True
    return next(snapshot.relatives.children(), None) is not None


def judge(snapshot: Snapshot, settings: LinkDownSettings, now: int) -> Judgement:
    """A port that nothing was plugged into for a day is just free."""
    link, fault = snapshot.latest.get("link_up"), snapshot.latest.get("poe_fault")
    if fault is not None and fault.value >= 0.5:
        return Judgement("firing", {"case": "power"})
    if link is None:
        return UNKNOWN
    if link.value >= 0.5:
        return CLEAR
    used = any(value.value >= 0.5 for value in snapshot.windows.get("link_up", ()))
    return Judgement("firing", {"case": "link"}) if used and matters(snapshot) else UNKNOWN


rule = Rule(
    name="link_down",
    kinds=frozenset({DeviceKind.NETWORK}),
    condition=judge,
    summary=N_("There is no link any more."),
    cases={"link": N_("There is no link any more."), "power": N_("The switch refuses it power.")},
    metrics=("link_up", "poe_fault"),
    quiet=lambda _: {"link_up": (0.5, 1.5), "poe_fault": (-0.5, 0.5)},
    settings=LinkDownSettings,
    lookback_seconds=86_400.0,
    sample_seconds=3600.0,
    hides_children=True,
    in_key_area={"hold_seconds": 90.0},
)
