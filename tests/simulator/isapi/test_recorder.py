"""The simulated recorder itself: that it checks what it claims to check, keeps its state, and can be broken at will."""

import json
import time
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
import requests
from requests.auth import HTTPDigestAuth

from simulator.device.server import Misbehaviour
from simulator.isapi import IsapiRecorder
from simulator.isapi.document import NEW, OLD
from simulator.recorder.box import Box, Entry

NOON = 1_784_088_000.0  # 2026-07-15 12:00 in China


class Clock:
    """Monotonic time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def monotonic() -> Clock:
    return Clock()


@pytest.fixture
def recorder(monotonic: Clock) -> Iterator[IsapiRecorder]:
    with IsapiRecorder(Box(3, lambda: NOON), monotonic=monotonic, lockout_after=2) as recorder:
        yield recorder


def ask(recorder: IsapiRecorder, path: str, body: str = "", password: str | None = None) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        auth = HTTPDigestAuth("watchkeeper", password or "secret")
        url = f"http://{recorder.host}:{recorder.port}/ISAPI/{path}"
        return session.request("POST" if body else "GET", url, data=body or None, auth=auth, timeout=5)


def values(answer: requests.Response, name: str) -> list[str]:
    found = ElementTree.fromstring(answer.content).iter()  # noqa: S314 - our own answer
    return [element.text or "" for element in found if element.tag.rpartition("}")[2] == name]


def search(position: int = 0, name: str = "{A}", hours: tuple[str, str] = ("00", "12"), most: int = 5) -> str:
    begin, end = (f"2026-07-15T{hour}:00:00Z" for hour in hours)
    return (
        f"<CMSearchDescription><searchID>{name}</searchID><trackList><trackID>101</trackID></trackList><timeSpanList>"
        f"<timeSpan><startTime>{begin}</startTime><endTime>{end}</endTime></timeSpan></timeSpanList>"
        f"<maxResults>{most}</maxResults><searchResultPostion>{position}</searchResultPostion></CMSearchDescription>"
    )


def test_nothing_is_told_without_the_account(recorder: IsapiRecorder) -> None:
    url = f"http://{recorder.host}:{recorder.port}/ISAPI/System/time"
    assert requests.get(url, timeout=5).status_code == 401
    recorder.anonymous_time = True
    assert requests.get(url, timeout=5).status_code == 200
    assert recorder.refused_logins == 0


def test_wrong_logins_lock_the_account_for_a_while(recorder: IsapiRecorder, monotonic: Clock) -> None:
    first = ask(recorder, "System/time", password="wrong")
    assert (values(first, "lockStatus"), values(first, "retryLoginTime")) == (["unlock"], ["1"])
    second = ask(recorder, "System/time", password="wrong")
    assert (values(second, "lockStatus"), values(second, "unlockTime")) == (["lock"], ["1800"])
    assert ask(recorder, "System/time").status_code == 401, "the right one is refused too"
    monotonic.now += 1801
    assert ask(recorder, "System/time").status_code == 200


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_it_checks_digests_of_either_kind(recorder: IsapiRecorder, algorithm: str) -> None:
    recorder.gate.algorithms = (algorithm,)
    assert ask(recorder, "System/deviceInfo").status_code == 200
    assert ask(recorder, "System/deviceInfo", password="wrong").status_code == 401


def test_the_namespace_is_that_of_its_firmware(recorder: IsapiRecorder) -> None:
    for namespace in (OLD, NEW):
        recorder.namespace = namespace
        assert f'xmlns="{namespace}"' in ask(recorder, "System/deviceInfo").text


def test_its_clock_is_local_time_in_its_zone(recorder: IsapiRecorder) -> None:
    answer = ask(recorder, "System/time")
    assert values(answer, "localTime") == ["2026-07-15T12:00:00+08:00"]
    assert values(answer, "timeZone") == ["CST-8:00:00"]


def test_pages_of_a_search_belong_to_its_id(recorder: IsapiRecorder) -> None:
    first = ask(recorder, "ContentMgmt/search", search())
    assert values(first, "responseStatusStrg") == ["MORE"]
    assert values(first, "startTime")[0] == "2026-07-15T00:00:00Z", "local time with a Z behind"
    last = ask(recorder, "ContentMgmt/search", search(10))
    assert values(last, "responseStatusStrg") == ["OK"]
    assert values(last, "startTime") == ["2026-07-15T10:00:00Z", "2026-07-15T11:00:00Z"]
    assert ask(recorder, "ContentMgmt/search", search(10, "{B}")).status_code == 400
    assert values(ask(recorder, "ContentMgmt/search", search(hours=("13", "14"))), "responseStatusStrg") == [
        "NO MATCHES"
    ]


def test_a_z_can_be_meant(recorder: IsapiRecorder) -> None:
    recorder.calendar.fake_zulu = False
    answer = ask(recorder, "ContentMgmt/search", search(hours=("00", "04")))
    assert values(answer, "startTime")[0] == "2026-07-15T00:00:00Z"
    assert values(answer, "endTime")[-1] == "2026-07-15T04:00:00Z", "which is noon in China"


def test_days_of_a_month(recorder: IsapiRecorder) -> None:
    recorder.box.channels[0].oldest_seconds = 3 * 86_400
    body = "<trackDailyParam><year>2026</year><monthOfYear>07</monthOfYear></trackDailyParam>"
    answer = ask(recorder, "ContentMgmt/record/tracks/101/dailyDistribution", body)
    told = zip(values(answer, "dayOfMonth"), values(answer, "record"), strict=True)
    assert [day for day, recorded in told if recorded == "true"] == ["12", "13", "14", "15"]


def test_log_lines_of_a_kind(recorder: IsapiRecorder) -> None:
    recorder.box.note(Entry(NOON - 60, "playback", "eve", "10.0.0.9", 2))
    recorder.box.note(Entry(NOON - 30, "login_failed", "mallory"))
    body = search(hours=("11", "13")).replace("<trackList>", "<metaId>log.std-cgi.com/Operation</metaId><trackList>")
    answer = ask(recorder, "ContentMgmt/logSearch", body)
    assert values(answer, "metaId") == ["log.hikvision.com/Operation/remotePlayByTime/2"]
    assert values(answer, "StartDateTime") == ["2026-07-15T11:59:00Z"]


def test_channels_leave_the_list_or_stay(recorder: IsapiRecorder) -> None:
    recorder.box.channels[1].online = False
    path = "ContentMgmt/InputProxy/channels/status"
    assert values(ask(recorder, path), "online") == ["true", "false", "true"]
    recorder.hides_offline = True
    assert values(ask(recorder, path), "id") == ["1", "3"]
    recorder.poe_slots = [4]
    assert values(ask(recorder, path), "id") == ["1", "3", "4"]
    working = json.loads(ask(recorder, "System/workingstatus?format=json").text)
    assert [one["online"] for one in working["WorkingStatus"]["ChanStatus"]] == [1, 0, 1]


def test_anything_can_be_unknown_or_forbidden(recorder: IsapiRecorder) -> None:
    recorder.refuses, recorder.forbids = {"Security"}, {"System/status"}
    assert values(ask(recorder, "Security/users"), "subStatusCode") == ["notSupport"]
    assert values(ask(recorder, "System/status"), "subStatusCode") == ["lowPrivilege"]
    assert values(ask(recorder, "No/such/thing"), "subStatusCode") == ["notSupport"]
    assert ask(recorder, "ContentMgmt/search", "<oops").status_code == 400


def test_too_many_connections_are_turned_away(recorder: IsapiRecorder) -> None:
    recorder.most_connections = 0
    assert ask(recorder, "System/time").status_code == 503


def test_it_can_misbehave_and_go_away(recorder: IsapiRecorder) -> None:
    recorder.misbehaviour = Misbehaviour.GARBAGE
    assert ask(recorder, "System/time").headers["Content-Type"] == "text/html"
    recorder.misbehaviour = None
    recorder.off()
    with pytest.raises(requests.ConnectionError):
        ask(recorder, "System/time")
    recorder.on()
    start = time.monotonic()
    assert ask(recorder, "System/time").status_code == 200
    assert time.monotonic() - start < 10
