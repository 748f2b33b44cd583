"""Clock follows no time server.

Meaning: Nothing holds this clock: the machine's time service has lost its source, or the device's time settings say
that it does not use NTP.

Why it matters: A clock that is left alone runs off by seconds a day. It is still right now; in some weeks the times on
its footage are contested.

First step: On a machine, see which time servers it is to ask and whether they answer (UDP port 123). On a camera or
recorder, open its time settings, switch NTP on and name a server that it can reach; a site without internet can ask
its own gateway.
"""

from collections.abc import Mapping
from typing import Any

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class NtpUnsynchronisedSettings(Settings):
    """A device is asked for its time settings every hour, give or take some minutes: two times in a row."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 3000.0
    clear_seconds: float = 0.0


def sets_its_own_clock(facts: Mapping[str, Any]) -> bool:
    """A camera on a recorder gets its time from it, by a way of their own."""
    return "recorder" not in facts


def judge(snapshot: Snapshot, settings: NtpUnsynchronisedSettings, now: int) -> Judgement:
    """Of a machine its time service's word counts; where it has none, whether a reference answers us."""
    latest = snapshot.latest
    if snapshot.kind is not DeviceKind.HOST:
        enabled = latest.get("ntp_enabled")
        if enabled is None:
            return UNKNOWN
        return CLEAR if enabled.value >= 0.5 else Judgement("firing", {"case": "switched_off"})
    told, case = latest.get("clock_synchronised"), "unsynchronised"
    if told is None:
        told, case = latest.get("clock_reference"), "no_reference"
    if told is None:
        return UNKNOWN
    return CLEAR if told.value >= 0.5 else Judgement("firing", {"case": case})


rule = Rule(
    name="ntp_unsynchronised",
    kinds=frozenset({DeviceKind.HOST, DeviceKind.CAMERA, DeviceKind.RECORDER}),
    condition=judge,
    summary=N_("The clock follows no time server."),
    cases={
        "switched_off": N_("The device does not set its clock by NTP."),
        "unsynchronised": N_("The machine's time service has lost its source."),
        "no_reference": N_("No time server answers, and nothing else says that the clock is held."),
    },
    metrics=("clock_synchronised", "clock_reference", "ntp_enabled"),
    quiet=lambda _: dict.fromkeys(("clock_synchronised", "clock_reference", "ntp_enabled"), (0.5, 1.5)),
    settings=NtpUnsynchronisedSettings,
    applies=sets_its_own_clock,
)
