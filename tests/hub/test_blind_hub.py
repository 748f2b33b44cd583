"""While hub or broker was down: nothing is blamed on agents or devices, and afterwards fresh data decides."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hub.fleets import SITE
from tests.hub.hubs import Hub
from wire.messages import Offset, Report, Sample
from wire.topics import Verb

MINUTE_MS, HOUR_MS = 60_000, 3_600_000


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules={"camera_unreachable": {"hold_seconds": 90, "clear_seconds": 60}})
    hub.announce()
    hub.step()
    yield hub
    hub.close()


def report(hub: Hub, at: int, reachable: int) -> Report:
    """Made at `at` by an agent that knows the time."""
    made = hub.report(Sample(device="cam-1", at=at, values={"reachable": reachable}))
    return made.model_copy(update={"sent": at, "mono": at, "offset": Offset(ms=0, source="ntp")})


def hear(hub: Hub, *reports: Report) -> None:
    for one in reports:
        hub.hear(Verb.REPORT, one)
    hub.step()


def live(hub: Hub, minutes: int, reachable: int) -> None:
    for _ in range(minutes):
        hub.committer.vigil.broker_back()
        for _ in range(6):  # the hub goes on working
            hub.now += 10_000
            hub.step()
        hear(hub, report(hub, hub.now, reachable))


def hub_down(hub: Hub) -> None:
    """Two hours in which the whole process stood still, as after a crash."""
    hub.now += 2 * HOUR_MS
    hub.step()


def broker_down(hub: Hub) -> None:
    """Two hours in which the hub worked and heard nobody."""
    hub.committer.vigil.broker_lost()
    for _ in range(2 * 12):
        hub.now += 5 * MINUTE_MS
        hub.step()
    hub.committer.vigil.broker_back()
    hub.step()


DOWN = pytest.mark.parametrize("down", [hub_down, broker_down])
Down = Callable[[Hub], None]


@DOWN
def test_nobody_is_called_silent_and_nothing_is_found(hub: Hub, down: Down) -> None:
    live(hub, 1, reachable=1)
    down(hub)
    assert hub.tickets() == []
    live(hub, 1, reachable=1)
    assert hub.tickets() == []


@DOWN
def test_what_fails_meanwhile_is_judged_by_fresh_data_for_its_whole_hold_time(hub: Hub, down: Down) -> None:
    live(hub, 1, reachable=1)
    down(hub)
    live(hub, 2, reachable=0)
    assert hub.tickets() == []
    live(hub, 1, reachable=0)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]


@DOWN
def test_what_failed_and_recovered_meanwhile_is_stored_and_opens_no_ticket(hub: Hub, down: Down) -> None:
    live(hub, 1, reachable=1)
    began = hub.now
    down(hub)
    hear(hub, report(hub, hub.now, 1))
    backlog = [report(hub, began + n * MINUTE_MS, 0 if 20 < n < 100 else 1) for n in range(1, 115)]
    hear(hub, *backlog)
    live(hub, 2, reachable=1)
    assert hub.tickets() == []
    stored = hub.series.window(SITE, "camera", "cam-1", "reachable", began, hub.now)
    assert [value.value for value in stored].count(0.0) == 79


@DOWN
def test_a_ticket_that_was_open_before_is_not_resolved_by_silence(hub: Hub, down: Down) -> None:
    live(hub, 3, reachable=0)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    down(hub)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    live(hub, 2, reachable=1)
    assert hub.tickets() == [("cam-1", "camera_unreachable", "resolved")]
