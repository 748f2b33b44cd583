"""Covers, availability, evidence and history, as the API tells them."""

from typing import Any

import pytest

from tests.hub.api.filled import HOUR, MINUTE, NOW
from tests.hub.api.served import Served


@pytest.fixture
def ask(served: Served) -> Any:
    def get(path: str, status: int = 200) -> Any:
        answer = served.client().get(f"/api/v1{path}")
        assert answer.status_code == status, answer.text
        return answer.json()

    return get


def ticket(ask: Any, device: str) -> Any:
    found = ask("/tickets?state=open")["tickets"]
    return ask(f"/tickets/{next(one['id'] for one in found if one['device'] == device)}")


def test_an_open_ticket_is_marked_with_what_covers_it_now(ask: Any) -> None:
    cover = ticket(ask, "cam-1")["cover"]
    assert (cover["kind"], cover["reason"], cover["author"]) == ("maintenance", "mast is moved", "Li Na")
    assert (cover["start"], cover["end"], cover["current"]) == (NOW - HOUR, NOW + 2 * HOUR, True)
    assert ticket(ask, "nvr-1")["cover"] is None


def test_a_device_tells_what_covers_it_now_and_what_will_within_a_day(ask: Any) -> None:
    recorder, camera = ask("/sites/depot/devices/nvr-1"), ask("/sites/depot/devices/cam-3")
    assert [(one["reason"], one["current"]) for one in recorder["covers"]] == [("weekly restart", False)]
    assert [one["reason"] for one in camera["covers"]] == ["lens is ordered"]
    (silenced,) = [one for one in camera["findings"] if one["rule"] == "clock_drift"]
    assert (silenced["cover"], silenced["ticket"]) == (camera["covers"][0]["id"], None)
    assert [one["reason"] for one in ask("/sites/depot/devices/ch-3")["covers"]] == ["weekly restart"]
    assert len(ask("/covers")) == 3


def test_a_ticket_names_the_series_to_chart_and_where_they_are(ask: Any) -> None:
    found = ticket(ask, "cam-1")["evidence"]
    assert (found["fault_since"], found["fault_until"], found["until"]) == (NOW - 12 * MINUTE, NOW, NOW)
    (series,) = found["series"]
    assert (series["device"], series["metric"]) == ("cam-1", "reachable")
    buckets = ask(series["href"].removeprefix("/api/v1"))["buckets"]
    assert {bucket["mean"] for bucket in buckets} == {0.0, 1.0}


def test_a_ticket_tells_how_often_and_how_long_the_same_was_before(ask: Any) -> None:
    found = ticket(ask, "cam-1")["history"]
    assert (found["count"], found["lasted"], len(found["tickets"])) == (3, 3 * 40 * MINUTE, 3)
    assert ticket(ask, "nvr-1")["history"] == {"count": 0, "lasted": 0, "tickets": []}


def test_availability_of_a_device_tells_up_down_planned_and_unknown_apart(ask: Any) -> None:
    since = NOW - 24 * HOUR
    (camera,) = ask(f"/sites/depot/devices/cam-1/availability?since={since}")["devices"]
    assert camera["figures"] == {
        "up": 23 * HOUR - 90_000,
        "down": 0,
        "planned": HOUR,  # it has been down for twelve minutes of it, as planned
        "unknown": 90_000,  # the broker was away
        "ratio": 1.0,
    }
    (recorder,) = ask(f"/sites/depot/devices/nvr-1/availability?since={since}")["devices"]
    assert (recorder["figures"]["up"], recorder["figures"]["ratio"]) == (0, 0.0)
    (hall,) = ask(f"/sites/depot/devices/ch-3/availability?since={since}")["devices"]
    assert hall["figures"]["unknown"] == 24 * HOUR  # behind the recorder


def test_availability_of_a_site_is_that_of_all_its_devices(ask: Any) -> None:
    found = ask(f"/sites/depot/availability?since={NOW - 24 * HOUR}")
    every = [one["figures"] for one in found["devices"]]
    assert sum(sum(one[name] for name in ("up", "down", "planned", "unknown")) for one in every) == 24 * HOUR * len(
        every
    )
    assert found["figures"]["up"] == sum(one["up"] for one in every)


def test_what_cannot_be_reckoned_is_refused(ask: Any) -> None:
    ask("/sites/nowhere/availability", 404)
    ask("/sites/depot/devices/nothing/availability", 404)
    ask(f"/sites/depot/availability?since={NOW + HOUR}", 422)
    ask("/sites/depot/availability?since=0", 422)
