"""A ticket is about the fault on whose device, or on what hangs on it, it is, while it lasts; else about none."""

import pytest
from pydantic import TypeAdapter

from simulator.faults import AnyFault, Fault
from simulator.scenario import parse
from tests.detection.matching import match
from tests.detection.playing import Ticket
from tests.detection.scores import Month, Seen, by_kind, met, month, overall, precision, troubles
from tests.detection.topology import Topology

SITE = parse("""
site: a
length: 10h
agents:
  - id: g-1
    cameras: [cam-1, cam-2]
    switches: [{ id: switch, ports: 2 }]
    recorders: [{ id: nvr, channels: 1 }]
    behind: { cam-1: switch-p1 }
  - id: g-2
    cameras: [cam-3]
""")
FAULT: TypeAdapter[AnyFault] = TypeAdapter(Fault)
END = 36_000.0


def fault(kind: str, device: str, at: float = 3600, lasts: float = 3600, **more: object) -> AnyFault:
    return FAULT.validate_python({"kind": kind, "device": device, "at": at, "for": lasts, **more})


def ticket(device: str, opened: float = 4000, resolved: float | None = 8000, since: float | None = None) -> Ticket:
    began = opened if since is None else since
    return Ticket(device, "some_rule", "warning", began, opened, resolved, frozenset(), 0)


@pytest.mark.parametrize(
    ("kind", "device", "there", "elsewhere"),
    [
        ("camera_off", "cam-1", {"cam-1"}, {"cam-2", "switch", "g-1"}),
        ("switch_off", "switch", {"switch", "switch-p1", "cam-1"}, {"cam-2", "g-1"}),
        ("recorder_off", "nvr", {"nvr", "nvr-ch1"}, {"cam-1"}),
        ("footage_taken", "nvr-ch1", {"nvr-ch1", "nvr"}, {"cam-1"}),
        ("agent_silent", "g-1", {"g-1", "g-1-host", "cam-1", "nvr-ch1"}, {"cam-3", "g-2", "site"}),
    ],
)
def test_where_a_fault_may_show(kind: str, device: str, there: set[str], elsewhere: set[str]) -> None:
    places = Topology(SITE).places(fault(kind, device))
    assert there <= places
    assert not elsewhere & places


def test_an_uplink_of_several_agents_may_show_at_the_site() -> None:
    assert {"site", "g-1", "g-2", "cam-3"} <= Topology(SITE).places(fault("uplink_down", "g-1", also=["g-2"]))


@pytest.mark.parametrize(
    ("told", "explained"),
    [
        (ticket("cam-1"), True),
        (ticket("cam-2"), False),
        (ticket("cam-1", opened=3000, since=2900), False),  # before it began
        (ticket("cam-1", opened=10_000, since=7300, resolved=None), True),  # late, of what began meanwhile
        (ticket("cam-1", opened=12_000, resolved=None), False),  # long after its end
    ],
)
def test_a_ticket_fits_by_place_and_time(told: Ticket, explained: bool) -> None:
    (outcome,), false = match([fault("camera_off", "cam-1")], [told], Topology(SITE), END)
    assert (len(outcome.tickets), len(false)) == ((1, 0) if explained else (0, 1))


def test_of_two_faults_it_is_the_one_on_its_very_device() -> None:
    faults = [fault("camera_off", "cam-1"), fault("switch_off", "switch", at=3700)]
    on_camera, on_switch = match(faults, [ticket("cam-1")], Topology(SITE), END)[0]
    assert (len(on_camera.tickets), len(on_switch.tickets)) == (1, 0)


def test_what_is_counted() -> None:
    faults = [fault("camera_off", "cam-1"), fault("camera_off", "cam-2"), fault("recorder_off", "nvr")]
    tickets = [ticket("cam-1", opened=3900), ticket("nvr", opened=4500), ticket("nvr-ch1"), ticket("cam-3")]
    outcomes, false = match(faults, sorted(tickets, key=lambda one: one.opened), Topology(SITE), END)
    months = [month(7, outcomes, false, 1.0)]
    score = overall(months)
    assert (score.faults, score.found, score.tickets) == (3, 2, 3)
    assert score.recall == pytest.approx(2 / 3)
    assert score.per_fault == 1.5
    assert precision(months) == 0.75
    assert by_kind(months)["camera_off"].median == 300
    assert [line.partition(": ")[0] for line in troubles(months)] == [
        "seed 7, 3600 s, camera_off (cam-2 loses power)",
        "seed 7, 3600 s, recorder_off (recorder nvr loses power)",
        "seed 7",
    ]


def months_of(*tickets: tuple[str, ...], false: int = 0) -> list[Month]:
    """One month with a fault for each of these lists of tickets, and so many tickets without one."""
    seen = tuple(Seen(1, "camera_off", "cam-1 loses power", 0.0, 300.0 if one else None, one) for one in tickets)
    return [Month(1, seen, ("camera_unreachable on cam-1 at 9 s",) * false, 1.0)]


@pytest.mark.parametrize(
    ("months", "healthy", "met_"),
    [
        (months_of(*[("a",)] * 100), months_of(), True),
        (months_of(*[("a",)] * 99, (), false=1), months_of(), True),
        (months_of(*[("a",)] * 98, (), ()), months_of(), False),
        (months_of(*[("a",)] * 98, false=1), months_of(), False),
        (months_of(*[("a",)] * 99, ("a", "b")), months_of(), False),
        (months_of(*[("a",)] * 100), months_of(false=1), False),
    ],
    ids=["all", "one-missed-and-one-false", "two-missed", "too-many-false", "two-of-one-fault", "one-while-healthy"],
)
def test_when_the_targets_are_met(months: list[Month], healthy: list[Month], met_: bool) -> None:
    assert met(months, healthy) == met_
