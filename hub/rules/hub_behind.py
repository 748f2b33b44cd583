"""The hub is behind.

Meaning: Messages of agents wait longer in the hub than the limit before they are committed, or its queue has been
nearly full, for longer than its hold time. A backlog that agents send after an outage may do that for a while.

Why it matters: Tickets come late, and what finds the queue full has to be sent again. If it goes on for long, agents
begin to thin out what they keep.

First step: Open the hub's charts: if commits take long because of the time-series store or the database, look at
their machine and disk. If they do not, the hub's processor is busy: see what else runs there, or give it a faster one.
"""

from pydantic import Field

from hub.rule import CLEAR, N_, UNKNOWN, Judgement, Rule, Settings, Severity, Snapshot
from wire.messages import DeviceKind


class HubBehindSettings(Settings):
    """Times are on the hub's own clock, from a message's arrival on: no agent's clock or backlog counts."""

    severity: Severity = Severity.WARNING
    hold_seconds: float = 300.0
    clear_seconds: float = 120.0
    raise_wait_seconds: float = Field(default=30.0, gt=0, description="s, from arrival to commit")
    clear_wait_seconds: float = Field(default=10.0, gt=0, description="s")
    raise_queue_ratio: float = Field(default=0.9, gt=0, le=1, description="1, of the queue")
    clear_queue_ratio: float = Field(default=0.5, ge=0, le=1, description="1, of the queue")


def judge(snapshot: Snapshot, settings: HubBehindSettings, now: int) -> Judgement:
    """Either is enough; both have to be well again."""
    wait, queue = snapshot.latest.get("commit_wait_seconds"), snapshot.latest.get("queue_fill_ratio")
    if wait is None or queue is None:
        return UNKNOWN
    detail = {"wait_seconds": wait.value, "queue_ratio": queue.value}
    if wait.value >= settings.raise_wait_seconds:
        return Judgement("firing", {**detail, "case": "slow"})
    if queue.value >= settings.raise_queue_ratio:
        return Judgement("firing", {**detail, "case": "full"})
    well = wait.value <= settings.clear_wait_seconds and queue.value <= settings.clear_queue_ratio
    return CLEAR if well else UNKNOWN


rule = Rule(
    name="hub_behind",
    kinds=frozenset({DeviceKind.HUB}),
    condition=judge,
    summary=N_("Messages wait {wait_seconds} to be committed."),
    cases={
        "slow": N_("Messages wait {wait_seconds} to be committed."),
        "full": N_("{queue_ratio} of the queue for messages is in use."),
    },
    metrics=("commit_wait_seconds", "queue_fill_ratio"),
    settings=HubBehindSettings,
)
