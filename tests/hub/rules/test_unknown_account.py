"""An account that nobody knows, as a timeline."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.hubs import Hub
from wire.messages import Event

RULES: dict[str, dict[str, object]] = {
    "agent_silent": {"enabled": False},
    "unknown_account": {"known": ["duty-*"]},
}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules=RULES)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


def account(hub: Hub, what: str, user: str) -> Event:
    data = {"user": user, "level": "administrator"}
    return Event(device="nvr-1", at=hub.now, type=f"recorder.account_{what}", data=data)


def test_from_its_making_until_it_is_removed(hub: Hub) -> None:
    hub.tell(account(hub, "added", "helper"))
    assert hub.tickets() == [("nvr-1", "unknown_account", "open")]
    hub.pass_time(600)
    hub.tell(account(hub, "removed", "somebody-else"))
    assert hub.tickets() == [("nvr-1", "unknown_account", "open")]
    hub.tell(account(hub, "removed", "helper"))
    assert hub.tickets() == [("nvr-1", "unknown_account", "resolved")]


def test_one_that_is_on_the_list_is_none(hub: Hub) -> None:
    hub.tell(account(hub, "added", "duty-3"))
    assert hub.tickets() == []
