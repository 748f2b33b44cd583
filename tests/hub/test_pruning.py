"""Embedded stores forget what is older than their retention, hourly, where this hub is the one that works."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hub.pruning import EVERY_SECONDS, Pruner
from hub.series.config import Tier
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point

DAY = 86_400_000
NOW = 1000 * DAY
RETENTION: dict[Tier, int] = {"raw": 10 * DAY, "hourly": 100 * DAY}


class Hours(threading.Event):
    """Lets so many hours pass at once, then stops."""

    def __init__(self, hours: int) -> None:
        super().__init__()
        self.left = hours

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout == EVERY_SECONDS
        self.left -= 1
        return self.left < 0


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[dict[Tier, EmbeddedSeries]]:
    made: dict[Tier, EmbeddedSeries] = {tier: EmbeddedSeries(tmp_path / f"{tier}.db") for tier in RETENTION}
    for store in made.values():
        store.write(
            [Point("camera", "depot", "gateway", "cam-1", NOW - age * DAY, {"online": 1.0}) for age in (5, 50, 500)]
        )
    yield made
    for store in made.values():
        store.close()


def ages(store: EmbeddedSeries) -> Sequence[int]:
    """How old what it still holds is, in days."""
    return sorted((NOW - value.at) // DAY for value in store.window("depot", "camera", "cam-1", "online", 0, NOW))


def test_each_tier_forgets_what_is_older_than_its_own_retention(stores: dict[Tier, EmbeddedSeries]) -> None:
    Pruner(stores, RETENTION, lambda: NOW, lambda: True).run(Hours(1))
    assert {tier: ages(store) for tier, store in stores.items()} == {"raw": [5], "hourly": [5, 50]}


def test_a_hub_that_stands_by_forgets_nothing(stores: dict[Tier, EmbeddedSeries]) -> None:
    Pruner(stores, RETENTION, lambda: NOW, lambda: False).run(Hours(3))
    assert ages(stores["raw"]) == [5, 50, 500]


def test_where_no_store_is_embedded_there_is_nothing_to_wait_for() -> None:
    Pruner({}, {}, lambda: NOW, lambda: True).run(Hours(0))
