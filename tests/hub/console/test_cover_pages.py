"""What pages tell of maintenance windows and silences, of a fault that comes and goes, and of the same before."""

import pytest

from hub.store import schema
from tests.hub.api.filled import NOW
from tests.hub.api.served import Served


def page(served: Served, path: str, language: str = "en") -> str:
    answer = served.client(language).get(path)
    assert answer.status_code == 200
    return answer.text


def number(served: Served, device: str) -> int:
    found = served.client().get("/api/v1/tickets?state=open").json()["tickets"]
    return int(next(one["id"] for one in found if one["device"] == device))


@pytest.mark.parametrize(
    ("language", "said"), [("en", "This ticket was open before, and stays open."), ("zh-CN", "维护")]
)
def test_an_open_ticket_says_what_covers_it(served: Served, language: str, said: str) -> None:
    text = page(served, f"/tickets/{number(served, 'cam-1')}", language)
    assert said in text
    assert "mast is moved (Li Na)" in text


def test_a_device_and_its_site_say_what_covers_them_and_why_a_finding_has_no_ticket(served: Served) -> None:
    text = page(served, "/sites/depot/devices/cam-3")
    assert "No ticket: it began during a maintenance window or silence." in text
    assert "lens is ordered (Li Na)" in text
    assert "Maintenance from" in page(served, "/sites/depot/devices/nvr-1")
    assert "weekly restart (Li Na)" in page(served, "/sites/depot")


def test_a_ticket_tells_what_was_the_same_before(served: Served) -> None:
    text = page(served, f"/tickets/{number(served, 'cam-1')}")
    assert "3 earlier tickets about this on this device, 2 " in text
    assert "This is the first ticket about this on this device." in page(served, f"/tickets/{number(served, 'nvr-1')}")


def test_a_fault_that_came_back_is_counted(empty: Served) -> None:
    with empty.engine.begin() as connection:
        about = {"site": "depot", "device": "cam-1"}
        more = {"rule": "camera_unreachable", "state": "open", "severity": "critical", "detail": {}, "flaps": 3}
        found = {**about, **more, "since": NOW - 60_000, "opened": NOW - 30_000}
        key = connection.execute(schema.finding.insert().values(**found).returning(schema.finding.c.id)).scalar_one()
        ticket = {**about, "finding": key, "state": "open", "opened": NOW - 30_000}
        connection.execute(schema.ticket.insert().values(**ticket))
        for what, data in (
            ("promoted", {"since": 0, "cover": {"id": 1, "kind": "silence", "author": "Li", "reason": "known"}}),
            ("resolved", {"why": "retired"}),
        ):
            connection.execute(schema.timeline.insert().values(ticket=1, at=NOW, what=what, data=data))
    text = page(empty, "/tickets/1")
    assert "came back 3 times soon after it was over" in text
    assert "the fault lasts beyond its maintenance window or silence" in text
    assert "(known, Li)" in text
    assert "the device is no longer in its agent&#39;s inventory" in text
