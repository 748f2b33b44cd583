"""The simulated recorder, asked by a client that knows nothing of ours."""

from collections.abc import Iterator

import pytest
import requests
from requests.auth import HTTPDigestAuth

from simulator.dahua import DahuaRecorder
from simulator.recorder.box import DAY, Box

NOW = 1_790_000_000.0
SECRET = "secret"


@pytest.fixture
def recorder() -> Iterator[DahuaRecorder]:
    with DahuaRecorder(Box(2, clock=lambda: NOW)) as made:
        yield made


def ask(recorder: DahuaRecorder, path: str, password: str = SECRET) -> requests.Response:
    url = f"http://127.0.0.1:{recorder.port}/cgi-bin/{path}"
    return requests.get(url, auth=HTTPDigestAuth("watchkeeper", password), timeout=5)


def find(recorder: DahuaRecorder, name: str, channel: int, begin: str, end: str) -> requests.Response:
    condition = f"condition.Channel={channel}&condition.StartTime={begin}&condition.EndTime={end}"
    return ask(recorder, f"mediaFileFind.cgi?action=findFile&object={name}&{condition}")


def test_a_table_behind_a_digest(recorder: DahuaRecorder) -> None:
    assert ask(recorder, "magicBox.cgi?action=getDeviceType").text == "type=NVR-4\r\n"
    title = ask(recorder, "configManager.cgi?action=getConfig&name=ChannelTitle")
    assert title.text == "table.ChannelTitle[0].Name=Camera 01\r\ntable.ChannelTitle[1].Name=Camera 02\r\n"
    assert ask(recorder, "magicBox.cgi?action=getDeviceType", "wrong").status_code == 401
    unknown = ask(recorder, "magicBox.cgi?action=fly")
    assert (unknown.status_code, unknown.text) == (400, "Error\r\nBad Request!\r\n")


def test_a_search_from_its_making_to_its_end(recorder: DahuaRecorder) -> None:
    name = ask(recorder, "mediaFileFind.cgi?action=factory.create").text.strip().partition("=")[2]
    assert find(recorder, name, 1, "2026-09-21 00:00:00", "2026-09-21 02:30:00").text == "OK\r\n"
    page = ask(recorder, f"mediaFileFind.cgi?action=findNextFile&object={name}&count=2").text.splitlines()
    assert page[:3] == ["found=2", "items[0].Channel=0", "items[0].EndTime=2026-09-21 01:00:00"]
    assert ask(recorder, f"mediaFileFind.cgi?action=findNextFile&object={name}&count=2").text.startswith("found=1")
    assert ask(recorder, f"mediaFileFind.cgi?action=findNextFile&object={name}&count=2").text == "found=0\r\n"
    for action in ("close", "destroy"):
        assert ask(recorder, f"mediaFileFind.cgi?action={action}&object={name}").text == "OK\r\n"
    assert ask(recorder, f"mediaFileFind.cgi?action=close&object={name}").status_code == 400
    assert recorder.finders.open == 0


def test_who_leaks_its_finders_is_refused_more(recorder: DahuaRecorder) -> None:
    statuses = [ask(recorder, "mediaFileFind.cgi?action=factory.create").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 400]


def test_a_search_without_result_too_long_or_for_nobody_is_refused_alike(recorder: DahuaRecorder) -> None:
    name = ask(recorder, "mediaFileFind.cgi?action=factory.create").text.strip().partition("=")[2]
    recorder.longest_search = DAY
    for channel, begin, end in (
        (1, "2020-01-01 00:00:00", "2020-01-01 01:00:00"),
        (1, "2026-09-01 00:00:00", "2026-09-21 01:00:00"),
        (0, "2026-09-21 00:00:00", "2026-09-21 01:00:00"),
        (3, "2026-09-21 00:00:00", "2026-09-21 01:00:00"),
    ):
        assert find(recorder, name, channel, begin, end).status_code == 400


def test_a_nonce_is_good_once(recorder: DahuaRecorder) -> None:
    url = f"http://127.0.0.1:{recorder.port}/cgi-bin/magicBox.cgi?action=getVendor"
    auth = HTTPDigestAuth("watchkeeper", "secret")
    with requests.Session() as session:
        assert session.get(url, auth=auth, timeout=5).status_code == 200
        session.get(url, auth=auth, timeout=5)
    assert recorder.reused_nonces == 1


def test_a_locked_account_is_told_in_json(recorder: DahuaRecorder) -> None:
    recorder.gate.lockout_after = 1
    ask(recorder, "magicBox.cgi?action=getVendor", "wrong")
    answer = ask(recorder, "magicBox.cgi?action=getVendor")
    assert answer.status_code == 403
    assert answer.json()["RmLock"] > 1700
