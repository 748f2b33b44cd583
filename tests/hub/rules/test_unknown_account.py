"""An account that nobody knows, as a timeline."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import schema
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


def names(hub: Hub) -> list[tuple[str, object]]:
    return [(row.state, row.detail["user"]) for row in hub.rows(schema.finding)]


def test_of_two_found_at_once_the_ticket_names_both_and_lasts_until_both_are_removed(hub: Hub) -> None:
    hub.tell(account(hub, "added", "evil"), account(hub, "added", "helper"))
    assert names(hub) == [("open", "evil, helper")]
    hub.pass_time(600)
    hub.tell(account(hub, "removed", "helper"))
    assert names(hub) == [("open", "evil")]
    assert hub.tickets() == [("nvr-1", "unknown_account", "open")]
    hub.tell(account(hub, "removed", "evil"))
    assert hub.tickets() == [("nvr-1", "unknown_account", "resolved")]
    told = [(row.what, row.data.get("user")) for row in hub.rows(schema.timeline)]
    assert told == [("opened", "evil"), ("relapsed", "evil, helper"), ("amended", "evil"), ("resolved", None)]


def test_a_second_one_later_does_not_make_the_first_forgotten_nor_does_a_restart(hub: Hub, tmp_path: Path) -> None:
    for name in ("evil", "helper"):
        hub.tell(account(hub, "added", name))
        hub.pass_time(65)
    assert [row.what for row in hub.rows(schema.timeline)] == ["opened", "relapsed"]
    again = Hub(tmp_path, rules=RULES)
    again.now = hub.now + 1000
    again.tell(account(again, "removed", "helper"))
    assert names(again) == [("open", "evil")]
    again.tell(account(again, "removed", "evil"))
    assert again.tickets() == [("nvr-1", "unknown_account", "resolved")]
    again.close()


def test_one_that_is_on_the_list_is_none(hub: Hub) -> None:
    hub.tell(account(hub, "added", "duty-3"))
    assert hub.tickets() == []
