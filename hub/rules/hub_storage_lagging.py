"""The hub's time-series store takes too little.

Meaning: For longer than its hold time the store has been away or refusing, or its disk buffer has been half full, or
what waits there is old. Meanwhile numbers are kept on the hub's own disk; rules and tickets go on.

Why it matters: Charts, dashboards and evidence lack what waits. When the buffer is full the hub confirms nothing any
more, and the agents have to keep their reports on their own small disks.

First step: Look for "series store" in the hub's log: it says whether the store does not answer, refuses the account or
has no room. Start it, mend its account or free its disk; the buffer drains by itself, oldest first.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class HubStorageLaggingSettings(Settings):
    """A restart of the store passes unnoticed; what lasts longer than five minutes is told."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 300.0
    clear_seconds: float = 120.0
    raise_fill_ratio: float = Field(default=0.5, gt=0, le=1, description="1, of the buffer")
    clear_fill_ratio: float = Field(default=0.4, ge=0, le=1, description="1, of the buffer")
    raise_oldest_seconds: float = Field(default=3600.0, gt=0, description="s, what waits longest, store there or not")
    clear_oldest_seconds: float = Field(default=600.0, gt=0, description="s")


def judge(snapshot: Snapshot, settings: HubStorageLaggingSettings, now: int) -> Judgement:
    """The store first, then how full the buffer is, then how old what is in it."""
    latest = snapshot.latest
    if not {"series_available", "buffer_fill_ratio", "buffer_oldest_seconds"} <= latest.keys():
        return UNKNOWN
    fill, oldest = latest["buffer_fill_ratio"].value, latest["buffer_oldest_seconds"].value
    detail = {"buffer_fill_ratio": fill, "buffer_oldest_seconds": oldest}
    if latest["series_available"].value < 0.5:
        return Judgement("firing", {**detail, "case": "away"})
    if fill >= settings.raise_fill_ratio:
        return Judgement("firing", {**detail, "case": "filling"})
    if oldest >= settings.raise_oldest_seconds:
        return Judgement("firing", {**detail, "case": "old"})
    return CLEAR if fill <= settings.clear_fill_ratio and oldest <= settings.clear_oldest_seconds else UNKNOWN


rule = Rule(
    name="hub_storage_lagging",
    kinds=frozenset({DeviceKind.HUB}),
    condition=judge,
    summary=N_("{buffer_fill_ratio} of the time-series store's buffer is in use."),
    cases={
        "away": N_("The time-series store takes nothing; {buffer_fill_ratio} of the buffer is in use."),
        "filling": N_("{buffer_fill_ratio} of the time-series store's buffer is in use."),
        "old": N_("Numbers have waited {buffer_oldest_seconds} for the time-series store."),
    },
    metrics=("series_available", "buffer_fill_ratio", "buffer_oldest_seconds"),
    settings=HubStorageLaggingSettings,
)
