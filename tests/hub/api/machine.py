"""A third site: one recorder machine with everything an agent knows of its own box. `NOW` is its present."""

from math import sin
from typing import Any

from sqlalchemy import Engine, insert

from hub.series.store import Point, SeriesStore
from hub.store import desired, schema
from tests.hub.api.filled import HOUR, MINUTE, NOW
from wire.codec import config_revision
from wire.messages import ConfigApplied
from wire.topics import Address

SITE, AGENT = "mill", "box"
DAY = 24 * HOUR
LACKING = "smartctl is not installed: apt-get install smartmontools"
REFUSED = "collectors.power.upss: unknown key"
DESIRED: dict[str, Any] = {"collectors": {"power": {"upss": []}}}
RUNNING = {"collectors": {"power": {"interval_seconds": 60}}}

DEVICES: tuple[tuple[str, str, str, str | None, dict[str, Any]], ...] = (
    ("box", "agent", "Mill agent", None, {"version": "0.2.0", "collector_disks": LACKING}),
    ("box-host", "host", "Mill recorder", None, {"cores": 4}),
    ("box-net-eth0", "network", "eth0", "box-host", {"address": "52:54:00:00:00:01"}),
    ("box-vol-rec", "volume", "Recordings", "box-host", {"role": "recording", "path": "/srv/rec"}),
    ("box-backup", "volume", "Nightly backup", "box-host", {"role": "backup", "path": "/mnt/backup"}),
    ("box-disk-1", "disk", "Disk 1", "box-host", {"model": "EX-4000", "serial": "A1"}),
    ("box-frigate", "recorder", "frigate", "box-host", {"software": True}),
    ("box-rec-yard", "channel", "Yard", "box-frigate", {}),
    ("box-ups", "ups", "UPS", "box-host", {"model": "EX 1500"}),
    ("box-room", "room", "Server room", None, {}),
)


def fill(engine: Engine, series: SeriesStore) -> None:
    """All of it, into tables that are there."""
    with engine.begin() as connection:
        values = {"site": SITE, "agent": AGENT, "first_heard": NOW - 30 * DAY, "last_heard": NOW - 3_000}
        values |= {"evaluated_until": NOW - 5_000, "version": "0.2.0", "state": "online"}
        connection.execute(insert(schema.agent).values(**values))
        for device, kind, name, parent, facts in DEVICES:
            row = {"device": device, "kind": kind, "name": name, "parent": parent, "facts": facts}
            connection.execute(insert(schema.device).values(site=SITE, agent=AGENT, **row))
        address = Address(SITE, AGENT)
        desired.write(connection, {address: DESIRED}, NOW - 20 * MINUTE)
        refusal = ConfigApplied(revision=config_revision(RUNNING), refused=config_revision(DESIRED), reason=REFUSED)
        desired.save_applied(connection, {address: refusal}, NOW - 19 * MINUTE)
        _events(connection)
    series.write(_points())


EVENTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("box-host", "host.rebooted", {"unexpected": True, "uptime_seconds": 41.5, "booted": float(NOW - 3 * HOUR)}),
    ("box-vol-rec", "volume.remounted_read_only", {"path": "/srv/rec", "options": "ro,relatime"}),
)


def _events(connection: Any) -> None:
    for position, (device, kind, data) in enumerate(EVENTS):
        row = {"site": SITE, "agent": AGENT, "report_id": "abcdef:1", "position": position, "device": device}
        at = NOW - (position + 1) * 7 * MINUTE
        connection.execute(insert(schema.event).values(**row, at=at, received=NOW, type=kind, data=data))


def _points() -> list[Point]:
    def point(kind: str, device: str, at: int, **values: float) -> Point:
        return Point(kind, SITE, AGENT, device, at, values)

    points: list[Point] = []
    for back in range(8 * 60, 0, -1):
        at, wave = NOW - back * MINUTE, sin(back / 40)
        well = {f"collector_{name}_ok": 1.0 for name in ("host", "volumes", "clock")}
        took = {f"collector_{name}_seconds": 0.02 for name in ("host", "volumes", "clock")}
        bad = {"collector_power_ok": 0.0, "collector_power_seconds": 5.0}
        points.append(
            point("agent", AGENT, at, up=1.0, process_rss_bytes=31e6, collectors_failing=1, **well, **took, **bad)
        )
        points.append(point("host", "box-host", at, cpu_ratio=0.3 + 0.2 * wave, temperature_celsius=48 + 3 * wave))
        points.append(point("network", "box-net-eth0", at, link_up=1.0, link_speed_bits_per_second=1e9))
        points.append(
            point("recorder", "box-frigate", at, process_running=1.0, process_rss_bytes=4e8, process_restarts=0)
        )
        points.append(point("ups", "box-ups", at, ups_reachable=1.0, on_battery=0.0, battery_charge_ratio=1.0))
        points.append(point("room", "box-room", at, temperature_celsius=22 + wave, humidity_ratio=0.4))
        if back % 5 == 1:
            points.append(point("disk", "box-disk-1", at, present=1.0))
            points.append(point("volume", "box-vol-rec", at, fill_ratio=0.97, full_in_days=3.5, read_only=0.0))
            points.append(point("channel", "box-rec-yard", at, recording_stalled=0.0, recording_retention_days=31.2))
        if back % 60 == 50:
            points.append(point("volume", "box-backup", at, backup_age_seconds=8 * 3600.0, backup_readable=1.0))
    points.append(point("agent", AGENT, NOW - 5 * HOUR, collector_disks_ok=0.0, collector_disks_seconds=0.01))
    for days in range(20):
        at = NOW - 5 * HOUR - days * DAY
        smart = {"smart_healthy": 1.0, "smart_reallocated_sectors": float(max(0, 8 - days)), "power_on_seconds": 9e7}
        points.append(point("disk", "box-disk-1", at, **smart, temperature_celsius=38.0 + days % 4))
    return points
