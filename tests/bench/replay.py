"""A month of one site in minutes: generating its telemetry, and playing it through a hub's engine and tickets.

Two days of the issue's site (2 agents, 16 cameras, a report each a minute) with a recorder of 8 channels and a door
beside them (250 values a report), in CPU seconds of one process.
"""

import time
from collections.abc import Iterator

import sqlalchemy as sa

from hub.recording import read
from hub.replay import Replay
from hub.rule import discover
from hub.store.database import migrate
from simulator.scenario import parse
from simulator.virtual.recording import lines
from tests.bench.measure import Figure, rate
from tests.hub.fleets import settings_of

DAYS = 2
REALTIME = 86_400.0 * DAYS
MONTH = 30 * 86_400.0
TARGET_SECONDS = 180.0
"""What thirty days may take."""

SITE = f"""
site: school
length: {DAYS}d
agents:
  - id: gate-1
    cameras: {{ count: 8, prefix: a }}
    recorders: [{{ id: nvr-1, channels: 8, speaks: isapi }}]
    door_controllers: [{{ id: access-1, doors: [door-1] }}]
    volumes: [{{ id: system-1 }}]
  - id: gate-2
    cameras: {{ count: 8, prefix: b }}
    volumes: [{{ id: system-2 }}]
faults: [{{ at: 9h, for: 2h, kind: camera_off, device: a-03 }}]
"""


def figures() -> Iterator[Figure]:
    """How fast time passes beside real time, and thirty days beside what they may take."""
    began = time.process_time()
    recording = list(lines(parse(SITE)))
    generating = time.process_time() - began
    began = time.process_time()
    reports, found = _replayed(recording)
    replaying = time.process_time() - began
    if (reports, found) != (2 * 1440 * DAYS, 1):
        raise RuntimeError(f"{reports} reports and {found} tickets came of it")
    for name, seconds in (("generate", generating), ("replay", replaying)):
        yield rate(f"{name}: virtual seconds", REALTIME / seconds, 1.0, "1/s", "real time")
        month = seconds * MONTH / REALTIME
        ratio = round(month / TARGET_SECONDS, 3)
        yield Figure(f"{name} 30 days, 2 agents", round(month, 1), "s", TARGET_SECONDS, ratio, "what they may take")


def _replayed(recording: list[str]) -> tuple[int, int]:
    """Reports committed, and tickets."""
    database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    migrate(database)
    rules = discover()
    summary = Replay(database, rules, settings_of(rules)).play(read(recording))
    database.dispose()
    return summary.committed, summary.tickets
