"""The stores of one hub: which are opened where, who is given which, and what a close leaves behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.series.config import TIERS, SeriesSettings
from hub.series.store import Point
from hub.tiers import Tiers
from tests.hub.fleets import SITE, T0

DAY_MS = 86_400_000
POINT = Point("camera", SITE, "gateway", "cam-1", T0, {"reachable": 1.0})


@pytest.fixture
def database() -> Iterator[sa.Engine]:
    database = sa.create_engine("sqlite://")
    yield database
    database.dispose()


def settings(folder: Path, **more: object) -> SeriesSettings:
    given = {"path": folder / "series.db", "buffer_path": folder / "buffer.db", **more}
    return SeriesSettings.model_validate({**given, "retention_days": 5, "hourly_retention_days": 20})


def test_in_files_each_tier_has_its_own_and_what_is_buffered_ends_among_the_raw_ones(
    tmp_path: Path, database: sa.Engine
) -> None:
    tiers = Tiers(settings(tmp_path), database, lambda: T0)
    tiers.buffered.write([POINT])
    tiers.close()
    assert {path.name for path in tmp_path.glob("series*.db")} == {"series.db", "series_hourly.db", "series_daily.db"}
    again = Tiers(settings(tmp_path), database, lambda: T0)
    stores = again.for_rollups()
    assert [
        len(store.window(SITE, "camera", "cam-1", "reachable", T0 - 1, T0))
        for store in (stores.raw, stores.hourly, stores.daily)
    ] == [1, 0, 0]
    again.close()


def test_rollups_are_told_how_long_raw_and_hourly_values_are_kept(tmp_path: Path, database: sa.Engine) -> None:
    tiers = Tiers(settings(tmp_path), database, lambda: T0)
    stores = tiers.for_rollups()
    assert (stores.raw_retention, stores.hourly_retention) == (5 * DAY_MS, 20 * DAY_MS)
    assert tiers.for_records() is None
    tiers.close()


def test_in_influxdb_records_go_where_the_numbers_of_their_tier_are_and_are_kept_as_long(
    tmp_path: Path, database: sa.Engine
) -> None:
    tiers = Tiers(settings(tmp_path, kind="influx"), database, lambda: T0)
    databases = tiers.for_records()
    assert databases is not None
    assert [id(databases.store(tier)) for tier in TIERS] == [id(tiers.stores[tier]) for tier in TIERS]
    assert [databases.retention(tier) // DAY_MS for tier in TIERS] == [5, 20, 3650]
    tiers.close()
