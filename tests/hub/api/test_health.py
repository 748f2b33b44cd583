"""Health and readiness name the part that is not well, and answer at once whatever hangs."""

import threading
import time

import pytest
import sqlalchemy as sa

from hub.api import health as routes
from hub.lease import Standing
from tests.hub.api.served import Served

WORKS = {"role": "holder", "name": "", "holder": ""}


def test_a_hub_whose_parts_run_is_alive(empty: Served) -> None:
    empty.health.alive["committer"] = lambda: ""
    answer = empty.client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "reason": "", "parts": {"committer": ""}, **WORKS})


def test_a_part_that_has_ended_is_named(empty: Served) -> None:
    empty.health.alive |= {"committer": lambda: "hangs", "mqtt": lambda: ""}
    answer = empty.client().get("/healthz")
    assert answer.status_code == 503
    parts = {"committer": "hangs", "mqtt": ""}
    assert answer.json() == {"ok": False, "reason": "committer: hangs", "parts": parts, **WORKS}


def test_ready_with_both_databases_and_the_broker(empty: Served) -> None:
    empty.health.ready["broker"] = lambda: ""
    answer = empty.client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"] == {"broker": "", "database": "", "series": ""}


def test_a_hub_that_stands_by_is_ready_and_says_who_works_everywhere(empty: Served) -> None:
    empty.health.standing = lambda: Standing("standby", "south", "north")
    answer = empty.client().get("/readyz")
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in WORKS} == {"role": "standby", "name": "south", "holder": "north"}
    assert "This hub, south, stands by: hub north works." in empty.client().get("/tickets").text
    assert "本中心 south 处于待命状态" in empty.client("zh-CN").get("/").text
    assert "watchkeeper_hub_works 0.0" in empty.client().get("/metrics").text
    empty.health.standing = lambda: Standing("standby", "south", "")
    assert "who works is not known yet" in empty.client().get("/").text


def test_a_hub_that_works_says_nothing_of_another(empty: Served) -> None:
    assert "stands by" not in empty.client().get("/").text
    assert "watchkeeper_hub_works 1.0" in empty.client().get("/metrics").text


def test_not_ready_without_a_broker_yet_alive(empty: Served) -> None:
    empty.health.ready["broker"] = lambda: "not subscribed"
    assert empty.client().get("/readyz").json()["reason"] == "broker: not subscribed"
    assert empty.client().get("/healthz").status_code == 200


def test_not_ready_without_its_databases_yet_alive(empty: Served) -> None:
    empty.series.close()
    answer = empty.client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reason"].startswith("series: ")
    assert answer.json()["parts"]["database"] == ""
    assert empty.client().get("/healthz").status_code == 200


def test_a_database_that_hangs_is_waited_for_briefly_and_by_one_thread(
    empty: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "WAIT_SECONDS", 0.2)
    let_go, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        let_go.wait(30)

    empty.health.answers("database", hang)
    began = time.monotonic()
    for _ in range(3):
        answer = empty.client().get("/readyz")
        assert answer.json()["reason"] == "database: no answer within 0.2 s"
    assert time.monotonic() - began < 10.0, "not three times as long as it hangs"
    assert asked == [1]
    let_go.set()


def test_a_databases_own_words_are_not_told(empty: Served) -> None:
    def refuse() -> None:
        raise sa.exc.OperationalError("SELECT secret", {}, Exception("password"))

    empty.health.answers("database", refuse)
    assert empty.client().get("/readyz").json()["reason"] == "database: OperationalError"
