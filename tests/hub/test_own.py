"""The hub as a device: its figures go where everybody's go, and nobody else can speak for it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.config import ConfigError
from hub.own import Process, refuse_taken
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point, SeriesStore, SeriesUnavailable
from hub.store import desired, schema
from tests.hub.fleets import DEVICES, SITE, T0
from tests.hub.hubs import GATEWAY, OWN, Hub
from tests.waiting import wait_until
from wire.messages import Ack, Device, DeviceKind, Sample
from wire.metrics import BY_NAME
from wire.topics import Address, Verb

MINUTE = 60


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, own=True)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


def newest(hub: Hub) -> dict[str, float]:
    """The newest of the hub's own values, out of the series store."""
    found = hub.series.latest("hub", "hub", hub.now, hub.now - 20_000).get("hub", {})
    return {metric: value.value for metric, value in found.items()}


def sample(hub: Hub, ago: float = 0.0, **values: float) -> Sample:
    return Sample(device="cam-1", at=hub.now - round(ago * 1000), values=values)


def test_the_hub_is_a_device_of_its_own_site_with_its_version(hub: Hub) -> None:
    hub.pass_time(20)
    row = next(row for row in hub.rows(schema.device) if row.site == "hub")
    assert (row.device, row.agent, row.kind) == ("hub", "hub", "hub")
    assert {"version", "python", "hostname"} <= row.facts.keys()


def test_its_figures_stand_in_the_series_store_every_fifteen_seconds(hub: Hub) -> None:
    hub.pass_time(MINUTE)
    assert len(hub.series.window("hub", "hub", "hub", "agents_known", T0, hub.now)) == 4
    values = newest(hub)
    assert values["agents_known"] == 1.0
    assert values["series_available"] == 1.0
    assert values["learned_series"] == values["learned_fill_ratio"] == 0.0
    assert values["process_cpu_ratio"] == 0.25
    assert set(values) <= {name for name, metric in BY_NAME.items() if DeviceKind.HUB in metric.kinds}


def test_it_counts_what_others_sent_and_not_its_own_reports(hub: Hub) -> None:
    hub.pass_time(30)
    assert newest(hub)["reports_per_second"] == 0.0
    assert "commit_lag_seconds" not in newest(hub), "nothing came, so nothing lagged"
    for _ in range(3):
        hub.hear(Verb.REPORT, hub.report(sample(hub, 2, reachable=1), sample(hub, 3, reachable=1, nonsense=1)))
    hub.pass_time(15)
    values = newest(hub)
    assert values["reports_per_second"] == pytest.approx(3 / 15)
    assert values["points_per_second"] == pytest.approx(6 / 15)
    assert values["rejects_per_second"] == pytest.approx(3 / 15)
    assert 7.0 <= values["commit_lag_seconds"] <= 8.0, "three seconds old, and committed five later"
    assert values["commit_wait_seconds"] == 5.0
    assert values["queue_messages"] == 3.0
    assert values["batch_messages"] == 3.0


def test_nobody_acknowledges_it_and_nothing_asks_it(hub: Hub) -> None:
    hub.pass_time(MINUTE)
    assert not [message for address, _, message in hub.mail.sent if address == OWN and isinstance(message, Ack)]
    assert hub.mail.commands() == []


@pytest.mark.parametrize("name", ["hub", "mallory"])
def test_nobody_can_speak_for_it(hub: Hub, name: str) -> None:
    liar = Address("hub", name)
    hub.announce([Device(device="hub", kind=DeviceKind.HUB)], liar)
    hub.hear(Verb.REPORT, hub.report(Sample(device="hub", at=hub.now, values={"agents_known": 7}), address=liar), liar)
    hub.pass_time(20)
    assert hub.rejected()[name, "own_site"] == 2
    assert newest(hub)["agents_known"] == 1.0
    assert [row.agent for row in hub.rows(schema.agent) if row.site == "hub"] == ["hub"]


@pytest.mark.parametrize("device", ["gateway", "a-hub"])
def test_no_agent_can_claim_to_be_a_hub(hub: Hub, device: str) -> None:
    others = [one for one in DEVICES if one.device != device]
    hub.announce([*others, Device(device=device, kind=DeviceKind.HUB)])
    hub.step()
    assert hub.rejected()["gateway", "claim_conflict"] == 1
    assert not [row for row in hub.rows(schema.device) if row.site == SITE and row.kind == "hub"]


def test_a_hub_is_never_a_silent_agent(tmp_path: Path) -> None:
    hub = Hub(tmp_path, own=True, rules={"agent_silent": {"silent_seconds": 60}})
    hub.announce()
    hub.pass_time(30)
    hub.close()
    other = Hub(
        tmp_path, rules={"agent_silent": {"silent_seconds": 60}}
    )  # another name speaks now: a standby took over
    other.now = hub.now
    other.pass_time(10 * MINUTE)
    assert other.tickets() == [("gateway", "agent_silent", "open")]
    other.close()


def test_it_goes_on_after_a_restart(hub: Hub, tmp_path: Path) -> None:
    hub.pass_time(30)
    hub.close()
    again = Hub(tmp_path, own=True)
    again.now = hub.now
    again.pass_time(30)
    assert len(again.series.window("hub", "hub", "hub", "agents_known", T0, again.now)) == 4
    again.close()


def test_it_goes_on_after_an_outage_of_the_database(hub: Hub) -> None:
    with hub.database.begin() as connection:
        connection.execute(sa.text("ALTER TABLE device RENAME TO away"))
    hub.now += 20_000
    assert not hub.step()
    with hub.database.begin() as connection:
        connection.execute(sa.text("ALTER TABLE away RENAME TO device"))
    hub.pass_time(30)
    assert [row.kind for row in hub.rows(schema.device) if row.site == "hub"] == ["hub"]
    assert newest(hub)["agents_known"] == 1.0
    assert hub.measures.total.outages == 1


class Away(EmbeddedSeries):
    """A store that takes nothing."""

    away = True

    def write(self, points: Sequence[Point]) -> None:
        if self.away:
            raise SeriesUnavailable("gone")
        super().write(points)

    def ping(self) -> None:
        if self.away:
            raise SeriesUnavailable("gone")


def test_a_store_that_stays_away_is_a_figure_and_a_ticket_until_its_buffer_is_empty(tmp_path: Path) -> None:
    store = Away(tmp_path / "series.db")

    def series() -> SeriesStore:
        return store

    hub = Hub(tmp_path, series=series, own=True, rules={"agent_silent": {"enabled": False}})
    hub.announce()
    hub.step()
    hub.hear(Verb.REPORT, hub.report(sample(hub, reachable=1)))
    hub.pass_time(7 * MINUTE)
    seen = hub.measures.gauges()
    assert seen["series_available"] == 0.0
    assert seen["buffer_points"] >= 4.0
    assert seen["buffer_oldest_seconds"] == pytest.approx(7 * MINUTE, abs=6)
    assert 0.0 < seen["buffer_fill_ratio"] < 1.0
    assert hub.tickets() == [("hub", "hub_storage_lagging", "open")]
    store.away = False
    wait_until(lambda: hub.series.stats().points == 0, what="the buffer to drain")
    hub.pass_time(5 * MINUTE)
    assert hub.tickets() == [("hub", "hub_storage_lagging", "resolved")]
    assert len(hub.series.window("hub", "hub", "hub", "series_available", T0, hub.now)) == 12 * 4, "none of it is lost"
    hub.close()


def test_a_site_that_agents_have_is_no_site_for_the_hub(hub: Hub) -> None:
    hub.pass_time(20)
    refuse_taken(hub.database, "hub")
    with pytest.raises(ConfigError, match="gateway"):
        refuse_taken(hub.database, GATEWAY.site)


def test_nobody_configures_a_hub(hub: Hub) -> None:
    hub.pass_time(20)
    with hub.database.connect() as connection:
        assert desired.known_agents(connection) == [GATEWAY]


def test_the_process_tells_what_it_uses() -> None:
    values = Process()()
    assert values["process_rss_bytes"] > 10e6
    assert values["open_files"] > 2
    assert values["process_cpu_ratio"] >= 0
