"""A machine that started anew without an orderly stop, as timelines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.hubs import Hub
from tests.hub.rules.timelines import HOUR, MINUTE, lives
from wire.messages import Event

RULES: dict[str, dict[str, object]] = {"agent_silent": {"enabled": False}, "host_rebooted": {"clear_seconds": 60}}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules=RULES)
    hub.announce()
    hub.step()
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
