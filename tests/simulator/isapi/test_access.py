"""The simulated access controller as a client of another make sees it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from simulator.isapi import AccessController
from tests.waiting import wait_until

AUTH = HTTPDigestAuth("watchkeeper", "secret")


@pytest.fixture
def controller() -> Iterator[AccessController]:
    with AccessController() as controller:
        yield controller


def url(controller: AccessController, path: str) -> str:
    return f"http://{controller.host}:{controller.port}/ISAPI/{path}"


def test_it_wants_a_login(controller: AccessController) -> None:
    path = url(controller, "AccessControl/AcsWorkStatus?format=json")
    assert requests.get(path, timeout=5).status_code == 401
    assert requests.get(path, auth=HTTPDigestAuth("watchkeeper", "wrong"), timeout=5).status_code == 401
    assert controller.refused_logins == 1
    controller.force(2)
    told = requests.get(path, auth=AUTH, timeout=5).json()["AcsWorkStatus"]
    assert (told["magneticStatus"], told["doorLockStatus"], told["doorStatus"]) == ([0, 1], [0, 0], [4, 4])


def test_it_is_searched_page_by_page(controller: AccessController) -> None:
    for _ in range(35):
        controller.grant(1)
    times = {"startTime": "2000-01-01T00:00:00+08:00", "endTime": "2100-01-01T00:00:00+08:00"}
    serials: list[int] = []
    for position, status in ((0, "MORE"), (30, "OK"), (35, "NO MATCH")):
        asked = {"searchID": "1", "searchResultPosition": position, "maxResults": 50, "major": 0, "minor": 0, **times}
        body = json.dumps({"AcsEventCond": asked})
        path = url(controller, "AccessControl/AcsEvent?format=json")
        answer: dict[str, Any] = requests.post(path, body, auth=AUTH, timeout=5).json()["AcsEvent"]
        assert answer["responseStatusStrg"] == status
        serials += [row["serialNo"] for row in answer["InfoList"]]
    assert serials == list(range(1, 36))


def test_its_stream_tells_events_between_heartbeats_and_dies_to_order(controller: AccessController) -> None:
    path = url(controller, "Event/notification/alertStream")
    with requests.get(path, auth=AUTH, stream=True, timeout=5) as stream:
        assert stream.headers["Content-Type"] == "multipart/mixed; boundary=MIME_boundary"
        wait_until(lambda: controller.listeners == 1)
        controller.open(1)
        heard = b""
        for piece in stream.iter_content(16):
            heard += piece
            if b'"subEventType": 25' in heard and heard.count(b"heartBeat") > 1:
                break
        controller.kill_streams()
        assert controller.listeners == 0
