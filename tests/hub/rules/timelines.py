"""What timelines of rules share: devices of one's own, and a finding's life in words."""

from collections.abc import Sequence

from tests.hub.fleets import SITE, T0, Changes, Timeline
from wire.messages import Device

MINUTE = 60
HOUR = 3600
DAY = 86_400


def timeline(*devices: Device, rules: Changes | None = None) -> Timeline:
    """A site with these devices besides its gateway, or the usual ones where none are named."""
    line = Timeline(rules or {})
    if devices:
        line.engine.inventory(line.state, devices, T0)
        line.take()
    return line


def lives(line: Timeline, rule: str, device: str = "") -> list[str]:
    """`seconds change` for each thing that happened to findings of a rule."""
    entries = (entry.split() for entry in line.log)
    return [f"{second} {change}" for second, on, name, change in entries if name == rule and device in ("", on)]


def others(line: Timeline, rule: str) -> Sequence[str]:
    """What other rules said."""
    return [entry for entry in line.log if entry.split()[2] != rule]


def case(line: Timeline, device: str, rule: str) -> object:
    """Which of a rule's summaries its finding shows."""
    return line.engine.sites[SITE].devices[device].findings[rule].detail.get("case")


def standing(line: Timeline) -> list[str]:
    """What has a ticket of its own now: `device rule`."""
    live = line.engine.sites[SITE].live()
    return sorted(f"{f.device} {f.rule}" for f in live if f.life.state == "open" and not f.explained)
