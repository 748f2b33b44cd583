"""Tickets compared with what the script expects."""

import re
from typing import Any

import pytest

from simulator.outcome import SLACK_MS, Expected, Ticket, differences, table

SITE = "north"
FAULT = Expected("camera_off of cam-03", "cam-03", "camera_unreachable", began=100_000, ended=120_000)
GOOD = Ticket(1, SITE, "cam-03", "camera_unreachable", "resolved", opened=104_000, resolved=123_000)


def test_one_ticket_that_heals_after_its_fault_is_as_it_should_be() -> None:
    assert differences(SITE, [FAULT], [GOOD]) == []


def test_no_faults_and_no_tickets_agree() -> None:
    assert differences(SITE, [], []) == []


def test_tickets_of_other_sites_are_not_judged() -> None:
    assert differences(SITE, [FAULT], [GOOD, GOOD._replace(id=2, site="this-machine", state="open")]) == []


@pytest.mark.parametrize(
    ("tickets", "said"),
    [
        ([], ["camera_unreachable on cam-03: 0 tickets, expected 1 (of camera_off of cam-03)"]),
        (
            [GOOD, GOOD._replace(id=2)],
            ["camera_unreachable on cam-03: 2 tickets, expected 1 (of camera_off of cam-03)"],
        ),
        ([GOOD, GOOD._replace(id=2, device="cam-04")], ["camera_unreachable on cam-04: 1 tickets, expected none"]),
        ([GOOD, GOOD._replace(id=2, rule="clock_drift")], ["clock_drift on cam-03: 1 tickets, expected none"]),
    ],
)
def test_missing_doubled_and_unexpected_tickets_are_named(tickets: list[Ticket], said: list[str]) -> None:
    assert differences(SITE, [FAULT], tickets) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"opened": 90_000}, "opened 10.0 s before the fault began"),
        ({"opened": 125_000, "resolved": 130_000}, "opened 5.0 s after the fault had ended"),
        ({"resolved": None, "state": "open"}, "still open"),
        ({"resolved": 110_000}, "resolved 10.0 s before the fault ended"),
    ],
)
def test_a_ticket_at_the_wrong_time_is_named(change: dict[str, Any], said: str) -> None:
    (line,) = differences(SITE, [FAULT], [GOOD._replace(**change)])
    assert line.startswith("ticket 1, camera_unreachable on cam-03")
    assert line.endswith(said)


def test_clocks_may_differ_by_the_slack_and_no_more() -> None:
    early = GOOD._replace(opened=FAULT.began - SLACK_MS, resolved=FAULT.ended - SLACK_MS)
    assert differences(SITE, [FAULT], [early]) == []
    assert differences(SITE, [FAULT], [early._replace(opened=early.opened - 1)])


def test_a_device_hit_twice_needs_two_tickets_each_in_its_time() -> None:
    again = FAULT._replace(fault="again", began=200_000, ended=220_000)
    second = GOOD._replace(id=2, opened=204_000, resolved=224_000)
    assert differences(SITE, [again, FAULT], [second, GOOD]) == []
    assert differences(SITE, [again, FAULT], [GOOD._replace(id=2), GOOD]) == [
        "ticket 1, camera_unreachable on cam-03 (of again): opened 96.0 s before the fault began"
    ]


def test_the_table_shows_every_ticket_by_its_opening() -> None:
    still = Ticket(7, "this-machine", "disk-root", "volume_filling", "open", opened=50_000)
    lines = table([GOOD, still]).splitlines()
    assert lines[0].split() == ["ticket", "site", "device", "rule", "state", "opened", "resolved", "lasted"]
    assert lines[1].split()[:5] == ["7", "this-machine", "disk-root", "volume_filling", "open"]
    assert re.search(r"cam-03 .* resolved +\d\d:\d\d:44 +\d\d:\d\d:03 +19 s$", lines[2])


def test_a_row_of_the_hubs_list_is_read_and_an_incomplete_one_refused() -> None:
    row = {**GOOD._asdict(), "severity": "critical"}
    assert Ticket.read(row) == GOOD
    del row["rule"]
    with pytest.raises(KeyError):
        Ticket.read(row)
