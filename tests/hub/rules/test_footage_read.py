"""Footage that is copied, by day and by night, as timelines."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.rules.footage_read import FootageReadSettings
from hub.store import schema
from tests.hub.hubs import Hub
from wire.messages import Event

HOUR_MS = 3_600_000
RULES: dict[str, dict[str, object]] = {
    "agent_silent": {"enabled": False},
    "footage_read": {"clear_seconds": 60, "time_zone": "Asia/Shanghai", "known_users": ["backup*"]},
}
# The timeline begins on Friday, 15 January 2027 at 16:00 in Shanghai.


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules=RULES)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


def read(hub: Hub, user: str = "guard", device: str = "gateway-host", kind: str = "footage.read") -> Event:
    return Event(device=device, at=hub.now, type=kind, data={"user": user, "path": "/srv/1.mp4"})


def test_in_office_hours_it_is_no_matter_at_night_it_is_a_ticket(hub: Hub) -> None:
    hub.tell(read(hub))
    assert hub.tickets() == []
    hub.now += 4 * HOUR_MS
    hub.tell(read(hub))
    assert hub.tickets() == [("gateway-host", "footage_read", "open")]
    (finding,) = hub.rows(schema.finding)
    assert finding.detail["user"] == "guard"
    hub.pass_time(65)
    assert hub.tickets() == [("gateway-host", "footage_read", "resolved")]


def test_a_download_that_the_recorders_log_tells_of_counts_as_well(hub: Hub) -> None:
    hub.now += 24 * HOUR_MS  # a Saturday
    hub.tell(read(hub, device="nvr-1", kind="footage.downloaded"))
    assert hub.tickets() == [("nvr-1", "footage_read", "open")]


def test_those_who_may_at_any_time_may(hub: Hub) -> None:
    hub.now += 4 * HOUR_MS
    hub.tell(read(hub, user="backup-nightly"))
    assert hub.tickets() == []


def test_it_is_the_hour_of_the_reading_that_counts_not_of_the_news(hub: Hub) -> None:
    event = read(hub)
    hub.now += 4 * HOUR_MS
    hub.tell(event)
    assert hub.tickets() == []
    night = read(hub)
    hub.now += 14 * HOUR_MS
    hub.tell(night)
    (finding,) = hub.rows(schema.finding)
    assert finding.detail["case"] == "late"


@pytest.mark.parametrize("wrong", [{"allowed": ["always"]}, {"time_zone": "Shanghai"}])
def test_what_cannot_be_read_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FootageReadSettings.model_validate(wrong)
