"""How long a hub that starts is deaf: its engine rebuilt from SQL and a real InfluxDB, for 1,000 agents of eight
cameras, a tenth of which fell silent at some time in the last days. Filling takes a minute or two.
"""

import time
from collections.abc import Iterator
from itertools import islice

import sqlalchemy as sa

from hub.blindness import Blindness
from hub.lookback import read_windows
from hub.rebuild import rebuild
from hub.recollection import owed
from hub.rule import discover
from hub.series.connection import InfluxTarget
from hub.series.influx import InfluxSeries
from tests.bench.long_past import AGENTS, CAMERAS, standing
from tests.bench.measure import Figure
from tests.hub.fleets import settings_of

END = 1_800_000_000_000
ALONE = 160
"""Devices whose windows are asked for one by one, for comparison."""


def figures() -> Iterator[Figure]:
    """Seconds."""
    with standing(end=END, silent=True) as (_, server, database):
        series = InfluxSeries(InfluxTarget(server.url, server.database, api="v1"))
        yield from _started(database, series)
        series.close()


def _started(database: sa.Engine, series: InfluxSeries) -> Iterator[Figure]:
    rules = discover()
    with database.connect() as connection:
        began = time.perf_counter()
        engine = rebuild(connection, series, rules, settings_of(rules), Blindness(), END)
        whole = time.perf_counter() - began
    wanted = owed(engine.sites)
    began = time.perf_counter()
    read_windows(wanted, series)
    windows = time.perf_counter() - began
    began, asked = time.perf_counter(), 0
    for (site, device), one in islice(wanted.items(), ALONE):
        for window in one.windows:
            series.window(site, one.kind, device, window.metric, one.mark - window.back_ms, one.mark)
            asked += 1
    alone = (time.perf_counter() - began) * len(wanted) / ALONE
    what = f"start: {AGENTS} agents, {AGENTS * CAMERAS} cameras"
    yield Figure(what, round(whole, 2), "s", round(whole, 2), 1.0, "itself")
    against = f"asked one by one ({asked * len(wanted) // ALONE} questions)"
    yield Figure(f"{what}: windows", round(windows, 2), "s", round(alone, 1), round(windows / alone, 3), against)
