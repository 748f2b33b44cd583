"""What an agent's page tells of its configuration and collectors, and a device's of what is measured seldom."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from hub.series.store import SeriesUnavailable
from hub.store import desired, schema
from tests.hub.api import machine
from tests.hub.api.filled import NOW
from tests.hub.api.served import Served
from wire.codec import config_revision
from wire.messages import ConfigApplied
from wire.topics import Address

PAGE = "/sites/mill/devices/box"
ADDRESS = Address(machine.SITE, machine.AGENT)


@pytest.fixture
def mill(empty: Served) -> Served:
    machine.fill(empty.engine, empty.series)
    return empty


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same, for tests that only read."""
    hub = Served(tmp_path_factory.mktemp("mill"), full=False)
    machine.fill(hub.engine, hub.series)
    yield hub
    hub.close()


def test_a_refused_configuration_is_told_with_the_agents_reason(site: Served) -> None:
    text = site.client().get(PAGE).text
    assert "Refused" in text
    assert "for 19 min" in text
    assert "The agent would not take it and goes on with what it had." in text
    assert machine.REFUSED in text
    assert config_revision(machine.DESIRED) in text
    assert config_revision(machine.RUNNING) in text


def test_the_agents_own_words_stay_english_beside_a_chinese_sentence(site: Served) -> None:
    text = site.client("zh-CN").get(PAGE).text
    assert "代理未采用该配置" in text
    assert f'<code class="said" lang="en">{machine.LACKING}</code>' in text
    assert "本机缺少所需条件" in text


def test_collectors_are_well_failing_or_not_available(site: Served) -> None:
    answer = site.client().get(f"/api/v1{PAGE}").json()
    states = {one["name"]: one["state"] for one in answer["collectors"]}
    assert states == {
        "host": "well",
        "volumes": "well",
        "disks": "unavailable",
        "power": "failing",
        "clock": "well",
    }
    disks = next(one for one in answer["collectors"] if one["name"] == "disks")
    assert disks["reason"] == machine.LACKING
    assert disks["at"] == NOW - 5 * 3_600_000, "it runs once a day"
    text = site.client().get(PAGE).text
    assert text.count(machine.LACKING) == 1, "not among the facts as well"


def test_the_api_tells_how_configurations_stand(site: Served) -> None:
    assert site.client().get("/api/v1/configurations").json() == [
        {
            "site": "mill",
            "agent": "box",
            "state": "refused",
            "desired": config_revision(machine.DESIRED),
            "running": config_revision(machine.RUNNING),
            "refused": config_revision(machine.DESIRED),
            "reason": machine.REFUSED,
            "since": NOW - 19 * 60_000,
            "told": True,
        }
    ]
    assert site.client().get("/api/v1/sites/mill/devices/box-ups").json()["configuration"] is None


def _say(mill: Served, message: ConfigApplied) -> httpx.Response:
    with mill.engine.begin() as connection:
        desired.save_applied(connection, {ADDRESS: message}, NOW - 60_000)
    return mill.client().get(PAGE)


def test_every_way_a_configuration_can_stand_has_its_words(mill: Served) -> None:
    assert "Runs what is desired" in _say(mill, ConfigApplied(revision=config_revision(machine.DESIRED))).text
    assert "Not confirmed yet" in _say(mill, ConfigApplied()).text
    with mill.engine.begin() as connection:
        desired.write(connection, {ADDRESS: None}, NOW)
    assert "Nothing desired" in mill.client().get(PAGE).text
    with mill.engine.begin() as connection:
        connection.execute(sa.delete(schema.desired_config))
    assert "Runs what another hub desired" in _say(mill, ConfigApplied(revision="aa")).text


def test_a_silent_agents_collectors_are_unknown_not_well(mill: Served) -> None:
    with mill.engine.begin() as connection:
        values = {"site": "mill", "device": "box", "rule": "agent_silent", "state": "open", "severity": "critical"}
        connection.execute(sa.insert(schema.finding).values(**values, since=NOW, opened=NOW, detail={}))
    answer = mill.client().get(f"/api/v1{PAGE}").json()
    assert {one["state"] for one in answer["collectors"]} == {"unknown"}


def test_a_hostile_reason_is_text(mill: Served) -> None:
    text = _say(mill, ConfigApplied(refused=config_revision(machine.DESIRED), reason="<script>alert(1)</script>")).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_an_agent_that_has_said_nothing_yet_has_a_page(empty: Served) -> None:
    with empty.engine.begin() as connection:
        values = {"site": "mill", "agent": "new", "first_heard": NOW, "last_heard": NOW}
        connection.execute(sa.insert(schema.agent).values(**values))
        row = {"site": "mill", "agent": "new", "device": "new", "kind": "agent", "facts": {}}
        connection.execute(sa.insert(schema.device).values(**row))
    text = empty.client().get("/sites/mill/devices/new").text
    assert "the agent has not said yet" in text
    assert "The agent has not said yet how its collectors fare." in text


def test_with_the_series_store_away_the_configuration_is_still_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise SeriesUnavailable("away")

    hub = Served(tmp_path, full=False)
    machine.fill(hub.engine, hub.series)
    for name in ("latest", "chart", "window"):
        monkeypatch.setattr(hub.series, name, away)
    answer = hub.client().get(PAGE)
    assert answer.status_code == 200
    assert machine.REFUSED in answer.text
    assert hub.client().get(f"/api/v1{PAGE}").json()["collectors"] is None
    hub.close()


def test_what_is_measured_daily_is_drawn_over_days_with_its_age(site: Served) -> None:
    text = site.client().get("/sites/mill/devices/box-disk-1").text
    assert "Sectors replaced by spare ones" in text
    assert "5 hr ago" in text
    assert "No data in this time" not in text
    hour = site.client().get("/sites/mill/devices/box-disk-1?span=1h").text
    assert "No data in this time: Temperature" in hour, "asked for an hour, the hour is shown"


def test_what_such_a_device_never_measured_is_told_apart(site: Served) -> None:
    text = site.client().get("/sites/mill/devices/box-frigate").text
    summary, _, never = text.partition("<summary>")[2].partition("</summary>")
    assert "metrics of such devices have not been measured here within 30 days" in summary
    assert "Device answers its management protocol" in never.partition("</details>")[0]


def test_no_device_of_a_well_machine_is_unknown(site: Served) -> None:
    """Not even the backup that is looked at once an hour."""
    devices = site.client().get("/api/v1/sites/mill/devices").json()
    assert {one["state"] for one in devices} == {"ok"}


def test_events_read_as_sentences(site: Served) -> None:
    text = site.client().get("/sites/mill/devices/box-host").text
    assert "<strong>Machine was rebooted without an orderly stop</strong>" in text
    assert "running since: 29 May 2026, 01:26:40 GMT+08:00" in text
    assert "running for: 42 sec" in text
    assert "Volume was remounted read-only" in site.client().get("/sites/mill/devices/box-vol-rec").text
    assert "存储卷已转为只读" in site.client("zh-CN").get("/sites/mill/devices/box-vol-rec").text
