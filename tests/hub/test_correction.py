"""What becomes of a report's times and numbers."""

import pytest

from hub.correction import EARLIEST_MS, MAX_AHEAD_MS, correct
from hub.fleet import Site
from tests.hub.fleets import SITE, T0, Timeline
from wire.messages import Event, Offset, Report, Sample


@pytest.fixture
def site() -> Site:
    return Timeline().engine.sites[SITE]


def report(*samples: Sample, offset: Offset | None = None, events: list[Event] | None = None) -> Report:
    return Report(
        id="abcdef:1", boot="b", mono=1, sent=T0, offset=offset or Offset(), samples=list(samples), events=events or []
    )


def test_the_agents_offset_moves_samples_and_events_alike(site: Site) -> None:
    offset = Offset(ms=-1500, source="ntp1")
    event = Event(device="door-1", at=T0 + 5, type="door.opened")
    done = correct(
        report(Sample(device="door-1", at=T0, values={"door_open": 1}), offset=offset, events=[event]),
        site,
        "gateway",
        T0,
    )
    assert done.points[0][1].at == T0 - 1500
    assert done.events == [(0, T0 - 1495, event)]


def test_without_a_reference_times_stay_as_they_are(site: Site) -> None:
    done = correct(report(Sample(device="cam-1", at=T0 - 7, values={"reachable": 1})), site, "gateway", T0)
    assert done.points[0][1].at == T0 - 7


def test_a_cameras_offset_was_measured_against_the_agents_clock(site: Site) -> None:
    sample = Sample(device="cam-1", at=T0, values={"clock_offset_seconds": 2.0, "reachable": 1})
    done = correct(report(sample, offset=Offset(ms=500, source="ntp1")), site, "gateway", T0)
    assert done.points[0][1].values == {"clock_offset_seconds": 2.5, "reachable": 1}
    host = Sample(device="gateway-host", at=T0, values={"clock_offset_seconds": 0.5})
    done = correct(report(host, offset=Offset(ms=500, source="ntp1")), site, "gateway", T0)
    assert done.points[0][1].values == {"clock_offset_seconds": 0.5}


@pytest.mark.parametrize("at", [0, EARLIEST_MS - 1])
def test_absurd_times_are_set_aside_and_counted(site: Site, at: int) -> None:
    event = Event(device="door-1", at=at, type="door.opened")
    done = correct(report(Sample(device="cam-1", at=at, values={"reachable": 1}), events=[event]), site, "gateway", T0)
    assert (done.points, done.events) == ([], [])
    assert done.rejected["absurd_time"][0] == 2


def test_unknown_metrics_are_counted_and_the_rest_kept(site: Site) -> None:
    done = correct(report(Sample(device="cam-1", at=T0, values={"reachable": 1, "sorcery": 9})), site, "gateway", T0)
    assert done.points[0][1].values == {"reachable": 1}
    assert done.rejected == {"unknown_metric": (1, "sorcery")}


def test_absurd_numbers_are_counted_and_the_rest_kept(site: Site) -> None:
    values = {"reachable": 1.0, "response_seconds": -2e15, "online": 1.0}
    done = correct(report(Sample(device="cam-1", at=T0, values=values)), site, "gateway", T0)
    assert done.points[0][1].values == {"reachable": 1.0, "online": 1.0}
    assert done.rejected == {"absurd_value": (1, "response_seconds = -2e+15")}


def test_large_numbers_that_are_sensible_one_by_one_are_kept(site: Site) -> None:
    values = {"response_seconds": 0.9e15, "clock_offset_seconds": -0.9e15}
    done = correct(report(*(Sample(device="cam-1", at=T0 + n, values=values) for n in (0, 1))), site, "gateway", T0)
    assert [point.values for _, point in done.points] == [values, values]
    assert done.rejected == {}


def test_an_agent_speaks_only_for_its_own_devices(site: Site) -> None:
    done = correct(report(Sample(device="cam-1", at=T0, values={"reachable": 0})), site, "intruder", T0)
    assert done.points == []
    assert done.rejected == {"foreign_device": (1, "cam-1")}


def test_devices_nobody_announced_are_named(site: Site) -> None:
    done = correct(report(Sample(device="cam-99", at=T0, values={"reachable": 0})), site, "gateway", T0)
    assert done.unknown == {"cam-99"}


def test_what_is_far_ahead_of_the_hub_is_named_and_left_to_the_agent(site: Site) -> None:
    at = T0 + MAX_AHEAD_MS + 1
    done = correct(report(Sample(device="cam-1", at=at, values={"reachable": 1})), site, "gateway", T0)
    assert done.ahead == f"cam-1 at {at}"
