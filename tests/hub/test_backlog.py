"""Three days without a way to the hub, then all at once: stored at its own time, and no ticket about the past."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import schema
from tests.hub.fleets import SITE, T0
from tests.hub.hubs import Hub
from wire.messages import Offset, Sample
from wire.topics import Verb

MINUTE_MS = 60_000
DAY_MS = 86_400_000
RULES = {"agent_silent": {"enabled": False}}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules=RULES)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


def hear(hub: Hub, at: int, reachable: int, device: str = "cam-1", metric: str = "reachable") -> None:
    """A report made at `at`, heard now."""
    report = hub.report(Sample(device=device, at=at, values={metric: reachable}))
    made = {"sent": at, "mono": at - T0 + 10 * DAY_MS, "offset": Offset(ms=0, source="ntp")}
    hub.hear(Verb.REPORT, report.model_copy(update=made))
    hub.step()


def night(hub: Hub, ago: int = 3 * DAY_MS) -> None:
    """Two hours in which the camera was down, three days ago."""
    began = hub.now - ago
    for minute in range(180):
        hear(hub, began + minute * MINUTE_MS, 0 if 30 <= minute < 150 else 1)


def test_a_backlog_of_three_days_lands_at_its_own_time_and_raises_nothing(hub: Hub) -> None:
    hear(hub, hub.now, 1)
    night(hub)
    values = hub.series.window(SITE, "camera", "cam-1", "reachable", T0 - 4 * DAY_MS, T0)
    assert [value.value for value in values].count(0) == 120
    assert values[0].at == T0 - 3 * DAY_MS
    assert hub.tickets() == []


def test_nor_does_it_where_the_backlog_comes_before_anything_live(hub: Hub) -> None:
    night(hub)
    assert hub.tickets() == []


def test_nor_one_of_this_morning(hub: Hub) -> None:
    night(hub, ago=180 * MINUTE_MS)
    assert hub.tickets() == []


def test_a_fault_that_lasts_is_judged_on_what_is_live(hub: Hub) -> None:
    night(hub)
    for minute in range(7):
        hear(hub, hub.now + minute * MINUTE_MS, 0)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]


def outage(hub: Hub, *, down: bool) -> int:
    """A camera is lost a moment before the way to the hub is, for an hour; what it was like meanwhile comes after it.
    Returns when it began, ms UTC."""
    began = hub.now
    hear(hub, began, 1)
    hear(hub, began + MINUTE_MS, 0)
    hub.now += 60 * MINUTE_MS
    for minute in range(2, 45):
        hear(hub, began + minute * MINUTE_MS, 0 if down else 1)
    hear(hub, began + 45 * MINUTE_MS, 0)
    return began


def test_what_waited_to_be_told_is_forgotten_when_the_backlog_shows_that_it_was_well_meanwhile(hub: Hub) -> None:
    began = outage(hub, down=False)
    assert hub.tickets() == [], "down for a moment then, and for a moment now"
    for minute in range(46, 51):
        hear(hub, began + minute * MINUTE_MS, 0)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    assert [row.since for row in hub.rows(schema.finding) if row.state == "open"] == [began + 45 * MINUTE_MS]


def test_what_waited_to_be_told_is_told_when_the_backlog_shows_the_same(hub: Hub) -> None:
    began = outage(hub, down=True)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    assert [row.since for row in hub.rows(schema.finding) if row.state == "open"] == [began + MINUTE_MS]


def test_nor_does_what_a_function_judges_outlast_the_backlog_that_shows_it_well(hub: Hub) -> None:
    began = hub.now
    hear(hub, began, 1, "nvr-1-ch1", "online")
    hear(hub, began + MINUTE_MS, 0, "nvr-1-ch1", "online")
    hub.now += 60 * MINUTE_MS
    for minute in range(2, 50):
        hear(hub, began + minute * MINUTE_MS, int(minute != 45), "nvr-1-ch1", "online")
    assert hub.tickets() == [], "the channel was away for a moment before the outage, and for one in it"


def test_what_is_told_stays_told_whatever_the_backlog_shows(hub: Hub) -> None:
    began = hub.now
    for minute in range(7):
        hear(hub, began + minute * MINUTE_MS, 0)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    hub.now += 60 * MINUTE_MS
    for minute in range(7, 12):
        hear(hub, began + minute * MINUTE_MS, 1)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")], "it is resolved by what is live"
