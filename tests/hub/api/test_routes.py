"""The JSON API over a filled database."""

from contextlib import closing
from pathlib import Path

import httpx
import pytest

from hub.api.evidence import Evidence
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point, SeriesUnavailable, Value
from hub.store import reads
from tests.hub.api.filled import HOSTILE, HOUR, MINUTE, NOW
from tests.hub.api.served import Served


def test_tickets_carry_their_texts_in_the_language_asked_for(served: Served) -> None:
    english = served.client().get("/api/v1/tickets").json()["tickets"]
    chinese = served.client("zh-CN").get("/api/v1/tickets").json()["tickets"]
    camera = next(t for t in english if t["rule"] == "camera_unreachable" and t["state"] == "open")
    same = next(t for t in chinese if t["id"] == camera["id"])
    assert camera["title"] == "Camera does not answer"
    assert same["title"] == "摄像机无应答"
    wanted = {"id", "site", "device", "rule", "severity", "state", "opened", "resolved", "title", "summary", "why"}
    assert wanted | {"first_step", "consequences", "meaning", "since"} <= camera.keys()
    assert camera["opened"] == NOW - 7 * MINUTE
    assert camera["resolved"] is None


def test_numbers_in_a_summary_are_written_by_their_unit(served: Served) -> None:
    found = {t["rule"]: t["summary"] for t in served.client().get("/api/v1/tickets?state=open").json()["tickets"]}
    assert found["volume_filling"] == "93.4% of the space is in use."
    assert found["agent_silent"] == "No message for more than 44 min."
    assert found["clock_drift"] == "The clock is off by -42 sec."


def test_a_ticket_of_a_rule_that_is_gone_is_still_shown(served: Served) -> None:
    found = served.client().get("/api/v1/tickets?state=open").json()["tickets"]
    odd = next(t for t in found if t["rule"] == "rule_of_yesteryear")
    assert odd["title"] == "rule_of_yesteryear"
    assert odd["first_step"] == ""
    assert odd["device_name"] == HOSTILE


def test_tickets_are_paged_and_filtered(served: Served) -> None:
    client = served.client()
    first = client.get("/api/v1/tickets?limit=4").json()
    second = client.get(f"/api/v1/tickets?limit=4&before={first['next']}").json()
    assert len(first["tickets"]) == len(second["tickets"]) == 4
    assert not {t["id"] for t in first["tickets"]} & {t["id"] for t in second["tickets"]}
    assert {t["state"] for t in client.get("/api/v1/tickets?state=resolved").json()["tickets"]} == {"resolved"}
    assert client.get("/api/v1/tickets?limit=201").status_code == 422
    assert client.get("/api/v1/tickets?state=lost").status_code == 422


def test_one_ticket_lists_what_it_explains(served: Served) -> None:
    client = served.client()
    recorder = next(t for t in client.get("/api/v1/tickets").json()["tickets"] if t["rule"] == "recorder_unreachable")
    detail = client.get(f"/api/v1/tickets/{recorder['id']}").json()
    assert detail["consequences"] == 2
    assert {c["device"] for c in detail["explained"]} == {"ch-1", "ch-2"}
    assert detail["timeline"][0]["what"] == "opened"


def test_the_overview_tells_unknown_from_ok(served: Served) -> None:
    overview = served.client().get("/api/v1/overview").json()
    kinds = {k["kind"]: (k["ok"], k["fault"], k["unknown"]) for k in overview["kinds"]}
    assert overview["open_tickets"] == 6
    assert overview["agents"] == {"online": 1, "silent": 1, "never": 1}
    assert kinds["camera"] == (0, 3, 2), "one without data, one of an agent that never reported"
    assert kinds["channel"] == (0, 0, 4)
    assert kinds["volume"] == (1, 1, 0)
    assert {s["site"]: s["unknown"] for s in overview["sites"]} == {"depot": 6, "harbour": 2}
    assert overview["sites"] == served.client().get("/api/v1/sites").json()


def test_devices_say_why_they_are_unknown(served: Served) -> None:
    found = {d["device"]: d for d in served.client().get("/api/v1/sites/depot/devices").json()}
    assert (found["cam-4"]["state"], found["cam-4"]["reason"]) == ("unknown", "no_data")
    assert (found["attic-host"]["reason"], found["attic-host"]["behind"]) == ("agent_silent", "attic")
    assert found["gateway"]["state"] == "ok"


def test_a_device_and_its_series(served: Served) -> None:
    client = served.client("zh")
    detail = client.get("/api/v1/sites/depot/devices/cam-1").json()
    assert detail["facts"]["model"] == "EO-2043"
    assert detail["device"]["state"] == "fault"
    address = "/api/v1/sites/depot/devices/cam-1/series/reachable"
    series = client.get(f"{address}?since={NOW - HOUR}&until={NOW}&step=60000").json()
    assert series["help"] == "设备可达"
    assert series["buckets"][-1]["mean"] == 0
    assert len(series["buckets"]) <= 61
    assert client.get(f"{address}?since=0&until={NOW}&step=60000").status_code == 422
    assert client.get(f"{address}?since={NOW}&until={NOW - 1}").status_code == 422
    assert client.get("/api/v1/sites/depot/devices/cam-1/series/fill_ratio").status_code == 404
    assert client.get("/api/v1/sites/depot/devices/cam-1/series/DROP TABLE").status_code == 422


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/tickets/4711",
        "/api/v1/sites/nowhere/devices",
        "/api/v1/sites/depot/devices/nobody",
        "/api/v1/nothing",
    ],
)
def test_what_is_not_there_is_a_404_in_json(served: Served, address: str) -> None:
    answer = served.client().get(address)
    assert answer.status_code == 404
    assert answer.json()["detail"]


def test_the_api_describes_itself(served: Served) -> None:
    described = served.client().get("/api/v1/openapi.json").json()
    assert "/api/v1/tickets/{ticket}" in described["paths"]
    assert not [path for path in described["paths"] if path == "/" or path.startswith("/sites")]
    assert served.client().get("/docs").status_code == 404, "it would load scripts from another host"


def test_an_empty_hub_answers(empty: Served) -> None:
    overview = empty.client().get("/api/v1/overview").json()
    assert (overview["open_tickets"], overview["kinds"], overview["sites"]) == (0, [], [])


def test_with_the_series_store_away_the_overview_still_answers_and_says_so(tmp_path: Path) -> None:
    with closing(Served(tmp_path)) as hub:
        hub.series.close()
        _check_without_series(hub.client())


def _check_without_series(client: httpx.Client) -> None:
    overview = client.get("/api/v1/overview").json()
    assert overview["series_away"] is True
    assert overview["open_tickets"] == 6
    away = client.get("/api/v1/sites/depot/devices/cam-1/series/reachable")
    assert away.status_code == 503


def test_evidence_expires_and_is_looked_for_again(empty: Served) -> None:
    device = reads.Device("depot", "cam-1", "camera", "", None, None, "gate-1", "ok", "")
    evidence = Evidence(empty.series, window_ms=900_000, refresh_ms=5_000)
    assert evidence.weigh([device], NOW)[0].reason == "no_data"
    empty.series.write([Point("camera", "depot", "gate-1", "cam-1", NOW, {"reachable": 1.0})])
    assert evidence.weigh([device], NOW + 1_000)[0].state == "unknown", "remembered for a moment"
    assert evidence.weigh([device], NOW + 6_000)[0].state == "ok"
    assert evidence.weigh([device], NOW + 906_000)[0].reason == "no_data"


def test_evidence_never_calls_a_device_ok_that_was_not(empty: Served) -> None:
    class Counting(EmbeddedSeries):
        asked = 0

        def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
            self.asked += 1
            raise SeriesUnavailable("not asked for what is known already")

    faulty = reads.Device("depot", "cam-1", "camera", "", None, None, "gate-1", "fault", "")
    series = Counting.__new__(Counting)
    assert Evidence(series, 1000).weigh([faulty], NOW) == [faulty]
    assert series.asked == 0
