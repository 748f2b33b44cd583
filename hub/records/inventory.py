"""The inventory as rows: one a device, at one time however often it changes. Pure."""

from collections.abc import Mapping
from typing import Any

from hub.records.row import Row
from hub.records.tickets import worst
from hub.scope import Whereabouts
from hub.scoped import Scoped
from hub.store.records import Watched
from wire.messages import DeviceKind
from wire.records import DEVICE_INFO

DAY_MS = 86_400_000
FACTS = ("manufacturer", "model", "firmware", "serial", "address")
NONE_OPEN = -1.0
"""A rank, for a field that was written can't be taken away when the last ticket is resolved."""
TARGET = "retention_below_target"
"""The rule whose settings say how many days of recordings are wanted."""
_RECORDED = (DeviceKind.CHANNEL, DeviceKind.CAMERA)


def anchor(first_heard: int, now: int, retention: int) -> int:
    """Where a site's rows stand (ms UTC): the day it was first heard. Once half of the database's retention has gone by
    since then, they move on by that half, so that they are never deleted under us.
    """
    half = max(retention // 2 // DAY_MS, 1) * DAY_MS
    first = first_heard // DAY_MS * DAY_MS
    return first + max(now - first - 1, 0) // half * half


def device_row(one: Watched, at: int, rules: Scoped) -> Row:
    """A device as it is now."""
    texts: dict[str, float | str | None] = {name: _fact(one.facts, name) for name in FACTS}
    fields: dict[str, float | str | None] = {
        "name": one.name,
        "parent": one.parent or "",
        "parent_name": one.parent_name,
        "room": one.room or "",
        "agent": one.agent,
        "agent_name": one.agent_name,
        "version": one.version if one.kind == DeviceKind.AGENT else None,
        "retired": float(one.retired is not None),
        "retired_at": None if one.retired is None else float(one.retired),
        "open_tickets": float(sum(one.tickets.values())),
        "worst_rank": NONE_OPEN if (rank := worst(one.tickets)) is None else rank,
        "target_days": _target(one, rules),
    }
    return Row(DEVICE_INFO, {"site": one.site, "device": one.device, "kind": one.kind}, at, {**texts, **fields})


def _fact(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    return "" if value is None else str(value)


def _target(one: Watched, rules: Scoped) -> float | None:
    if one.kind not in _RECORDED or TARGET not in rules.rules:
        return None
    spot = rules.spot(Whereabouts(one.site, one.device, one.kind, one.room or ""))
    target = getattr(rules.check(TARGET, spot).settings, "target_days", None)
    return None if target is None else float(target)
