"""What a hub would have said of itself over the week, which no simulator knows: made by hand, each with its reason.

Every metric of kind hub is there. On Wednesday InfluxDB was away from 10 to 13, UTC: the buffer filled and was drained
within an hour. On Friday at 15 the broker was gone for an hour and a half: the hub heard nothing.
"""

from collections.abc import Iterator
from math import pi, sin

from hub.series.store import Point
from tests.dashboards.sites import DAYS, NOW, START
from wire.messages import DeviceKind

SITE, HUB = "hub", "hub-1"
HOUR_MS = 3_600_000
EVERY_MS = HOUR_MS // 6

AWAY = (START + (2 * 24 + 10) * HOUR_MS, START + (2 * 24 + 13) * HOUR_MS)
"""When InfluxDB took nothing."""

DEAF = (START + (4 * 24 + 15) * HOUR_MS, START + (4 * 24 + 16) * HOUR_MS + HOUR_MS // 2)
"""When the broker was gone."""

BUFFERED_A_SECOND = 40.0
RSS_BYTES = 180e6


def hub_week() -> Iterator[Point]:
    """Points of kind hub, one every ten minutes, and one a minute ago."""
    for at in (*range(START + EVERY_MS, NOW, EVERY_MS), NOW - 60_000):
        yield Point(DeviceKind.HUB, SITE, HUB, HUB, at, {**_work(at), **_store(at), **_broker(at), **_process(at)})


def _work(at: int) -> dict[str, float]:
    """Reports come and are judged, more by day than by night; none while the broker is gone."""
    load = 0.0 if _within(at, DEAF) else 1 + 0.2 * sin(2 * pi * (at - START) / (24 * HOUR_MS))
    drained = _within(at, (AWAY[1], AWAY[1] + HOUR_MS))
    lag = {} if _within(at, DEAF) else {"commit_lag_seconds": 0.4 * load, "batch_messages": 6 * load}
    return {
        "reports_per_second": 4 * load,
        "points_per_second": BUFFERED_A_SECOND * load,
        "backlog_points_per_second": 120.0 if drained else 0.0,
        **({"backlog_lag_seconds": 3600.0} if drained else {}),
        "rejects_per_second": 0.01,
        "drops_per_second": 0.0,
        **lag,
        "commit_wait_seconds": 0.3 * load,
        "commit_seconds": 0.02 * load,
        "database_seconds": 0.012 * load,
        "judging_ratio": 0.05 * load,
        "queue_messages": 12 * load,
        "queue_fill_ratio": 0.002 * load,
        "agents_known": 4.0,
        "agents_heard": 0.0 if _within(at, DEAF) else 4.0,
    }


def _store(at: int) -> dict[str, float]:
    """The buffer fills while InfluxDB is away, and is empty an hour later."""
    away = max(0, min(at, AWAY[1]) - AWAY[0]) / 1000
    drained = min(1.0, max(0.0, (at - AWAY[1]) / HOUR_MS))
    waiting = away * BUFFERED_A_SECOND * (1 - drained)
    return {
        "series_available": 0.0 if _within(at, AWAY) else 1.0,
        "series_write_seconds": 0.015,
        "buffer_points": waiting,
        "buffer_fill_ratio": waiting / 1e6,
        "buffer_oldest_seconds": away * (1 - drained),
        "dead_letters": 3.0 if at > AWAY[1] else 0.0,
    }


def _broker(at: int) -> dict[str, float]:
    deaf = _within(at, DEAF)
    return {
        "broker_connected": 0.0 if deaf else 1.0,
        "unheard_seconds": (at - DEAF[0]) / 1000 if deaf else 2.0,
        "mute_seconds": 0.0,
        **({} if deaf else {"probe_seconds": 0.003}),
        "answers_dropped": 0.0,
    }


def _process(at: int) -> dict[str, float]:
    grown = (at - START) / (DAYS * 24 * HOUR_MS)
    return {
        "process_rss_bytes": RSS_BYTES * (1 + 0.1 * grown),
        "process_cpu_ratio": 0.12,
        "open_files": 61.0,
        "learned_series": 1200.0,
        "learned_fill_ratio": 0.012,
        "certificate_left_days": 60 - DAYS * grown,
    }


def _within(at: int, span: tuple[int, int]) -> bool:
    return span[0] <= at < span[1]
