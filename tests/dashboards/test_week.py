"""The week, made once and taken by others."""

from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.dashboards.filling import sources_on
from tests.dashboards.player.source import Source
from tests.dashboards.week import the_week
from tests.servers.influxdb import InfluxDB


def counts(sources: Sequence[Source]) -> dict[str, dict[str, int]]:
    """Source → measurement → values of all its fields."""
    found: dict[str, dict[str, int]] = {}
    for source in sources:
        series = source.ask("SELECT count(*) FROM /.*/")
        found[source.uid] = {one.name: sum(int(cell) for cell in one.rows[0][1:] if cell) for one in series}
    return found


def test_who_takes_the_week_has_what_its_maker_wrote(
    sources: Sequence[Source], server: InfluxDB, client: httpx.Client, week_folder: Path
) -> None:
    taken = sources_on(server, client, "_taken")
    the_week(week_folder, taken)
    assert counts(taken) == counts(sources)
    assert {"ticket", "site_rate", "device_info", "repair"} <= set(counts(taken)["wk-daily"])
