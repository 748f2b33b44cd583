"""A machine that started anew without an orderly stop, as timelines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import schema
from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.hubs import Hub
from tests.hub.rules.timelines import HOUR, MINUTE, lives
from wire.messages import Event

RULES: dict[str, dict[str, object]] = {"agent_silent": {"enabled": False}, "host_rebooted": {"clear_seconds": 60}}
SILENT: dict[str, dict[str, object]] = {"host_rebooted": {"clear_seconds": 3600}}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules=RULES)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Hub]:
    """A hub whose agent has just been silent, and is heard again."""
    hub = Hub(tmp_path, rules=SILENT)
    hub.announce()
    hub.step()
    hub.pass_time(200)
    assert hub.tickets() == [("gateway", "agent_silent", "open")]
    hub.tell()
    assert hub.tickets() == [("gateway", "agent_silent", "resolved")]
    yield hub
    hub.close()


def rebooted(hub: Hub, *, unexpected: bool) -> Event:
    data = {"unexpected": unexpected, "uptime_seconds": 40.0}
    return Event(device="gateway-host", at=hub.now, type="host.rebooted", data=data)


def test_an_orderly_restart_is_none_a_crash_is_a_ticket_until_it_has_been_quiet(hub: Hub) -> None:
    hub.tell(rebooted(hub, unexpected=False))
    assert hub.tickets() == []
    hub.tell(rebooted(hub, unexpected=True))
    assert hub.tickets() == [("gateway-host", "host_rebooted", "open")]
    hub.pass_time(61)
    assert hub.tickets() == [("gateway-host", "host_rebooted", "resolved")]


def test_a_reboot_without_an_orderly_stop_is_a_ticket_for_an_hour_and_an_orderly_one_is_none() -> None:
    line = Timeline()
    line.engine.happen(SITE, "gateway-host", "host.rebooted", {"unexpected": False}, T0, T0)
    line.take()
    assert line.log == []
    line.engine.happen(SITE, "gateway-host", "host.rebooted", {"unexpected": True}, T0, T0)
    line.tick(30 * MINUTE)
    line.tick(HOUR)
    assert [life.split()[1] for life in lives(line, "host_rebooted")] == ["opened", "closed"]


def test_a_crash_that_made_the_agent_silent_is_told_on_that_ticket_also_after_it_resolved(silent: Hub) -> None:
    silent.tell(rebooted(silent, unexpected=True))
    for _ in range(20):
        silent.now += 30_000
        silent.tell()
    assert silent.tickets() == [("gateway", "agent_silent", "resolved")]
    assert [row.what for row in silent.rows(schema.timeline)] == ["opened", "resolved", "consequence"]
    assert [(row.rule, row.state, row.cause) for row in silent.rows(schema.finding)] == [
        ("agent_silent", "closed", None),
        ("host_rebooted", "open", 1),
    ]


def test_it_stays_so_when_the_hub_starts_anew_and_the_next_crash_is_a_ticket(silent: Hub, tmp_path: Path) -> None:
    silent.tell(rebooted(silent, unexpected=True))
    (tmp_path / "again").mkdir()
    again = Hub(tmp_path / "again", url=str(silent.database.url), rules=SILENT)
    again.now = silent.now
    for _ in range(20):
        again.now += 30_000
        again.tell()
    assert again.tickets() == [("gateway", "agent_silent", "resolved")]
    again.tell(rebooted(again, unexpected=True))
    assert again.tickets() == [("gateway", "agent_silent", "resolved"), ("gateway-host", "host_rebooted", "open")]
    again.close()


def test_so_it_is_where_the_agent_comes_to_tell_it_only_minutes_later(silent: Hub) -> None:
    event = rebooted(silent, unexpected=True)
    for _ in range(25):
        silent.now += 30_000
        silent.tell()
    silent.tell(event)
    assert silent.tickets() == [("gateway", "agent_silent", "resolved")]


def test_a_crash_long_after_the_silence_is_a_ticket_of_its_own(silent: Hub) -> None:
    for _ in range(12):
        silent.now += 30_000
        silent.tell()
    silent.tell(rebooted(silent, unexpected=True))
    assert silent.tickets() == [("gateway", "agent_silent", "resolved"), ("gateway-host", "host_rebooted", "open")]
