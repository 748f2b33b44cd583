"""Health and readiness name the part that is not well, and answer at once whatever hangs."""

import threading
import time

import pytest
import sqlalchemy as sa

from hub.api import health as routes
from tests.hub.api.served import Served


def test_a_hub_whose_parts_run_is_alive(empty: Served) -> None:
    empty.health.alive["committer"] = lambda: ""
    answer = empty.client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "reason": "", "parts": {"committer": ""}})


def test_a_part_that_has_ended_is_named(empty: Served) -> None:
    empty.health.alive |= {"committer": lambda: "hangs", "mqtt": lambda: ""}
    answer = empty.client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "reason": "committer: hangs", "parts": {"committer": "hangs", "mqtt": ""}}


def test_ready_with_both_databases_and_the_broker(empty: Served) -> None:
    empty.health.ready["broker"] = lambda: ""
    answer = empty.client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"] == {"broker": "", "database": "", "series": ""}


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
