"""What counts only in numbers, and facts that change; both outlast a restart."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hub.rule import Changed, Occurrence, Rule, discover
from hub.store import schema
from tests.hub import hubs
from tests.hub.fleets import T0
from tests.hub.hubs import Hub
from wire.messages import Device, DeviceKind, Event
from wire.topics import Verb

RULES = {
    "denied_often": Rule(
        "denied_often",
        frozenset({DeviceKind.DOOR}),
        Occurrence("door.denied", {"reason": "unknown"}, count=lambda _: (3, 60.0)),
        "{count} cards refused",
    ),
    "firmware_changed": Rule(
        "firmware_changed", frozenset({DeviceKind.CAMERA}), Changed("firmware"), "from {before} to {after}"
    ),
}
CLEAR = {"clear_seconds": 300}


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, url: str = "") -> Hub:
    rules: Mapping[str, Rule] = {**discover(), **RULES}
    monkeypatch.setattr(hubs, "discover", lambda: rules)
    folder.mkdir(exist_ok=True)
    return Hub(folder, url=url, rules={"agent_silent": {"enabled": False}, **dict.fromkeys(RULES, CLEAR)})


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = made(tmp_path, monkeypatch)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


def deny(hub: Hub, second: float, reason: str = "unknown") -> None:
    hub.now = T0 + round(second * 1000)
    hub.tell(Event(device="door-1", at=hub.now, type="door.denied", data={"reason": reason}))


def test_two_refusals_are_nothing_three_within_the_time_are_a_ticket(hub: Hub) -> None:
    for second in (0, 50, 111, 115):
        deny(hub, second)
    deny(hub, 116, reason="late")
    assert hub.tickets() == []
    deny(hub, 118)
    assert hub.tickets() == [("door-1", "denied_often", "open")]
    (finding,) = hub.rows(schema.finding)
    assert finding.detail == {"reason": "unknown", "count": 3}


def test_one_of_a_clock_that_was_far_ahead_does_not_keep_others_from_counting(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.tell(Event(device="door-1", at=hub.now + 86_400_000, type="door.denied", data={"reason": "unknown"}))
    deny(hub, 100)
    again = made(tmp_path / "again", monkeypatch, url=str(hub.database.url))
    deny(again, 110)
    assert again.tickets() == []
    deny(again, 120)
    assert again.tickets() == [("door-1", "denied_often", "open")]
    again.close()


def test_the_same_refusal_told_again_is_one(hub: Hub) -> None:
    report = hub.tell(Event(device="door-1", at=hub.now, type="door.denied", data={"reason": "unknown"}))
    for _ in range(5):
        hub.hear(Verb.REPORT, report)
        hub.step()
    assert hub.tickets() == []


def test_what_was_counted_before_a_restart_counts(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deny(hub, 0)
    deny(hub, 20)
    again = made(tmp_path / "again", monkeypatch, url=str(hub.database.url))
    deny(again, 40)
    assert again.tickets() == [("door-1", "denied_often", "open")]
    again.close()


def camera(firmware: str | None) -> list[Device]:
    return [Device(device="cam-1", kind=DeviceKind.CAMERA, facts={"firmware": firmware})]


def test_a_fact_that_changes_is_a_ticket_that_names_both_and_ends_by_itself(hub: Hub) -> None:
    for firmware in (None, "5.6", "5.6", None, "5.7"):
        hub.announce(camera(firmware))
        hub.step()
    assert hub.tickets() == []  # from unknown to known is no change
    hub.announce(camera("5.8"))
    hub.step()
    assert hub.tickets() == [("cam-1", "firmware_changed", "open")]
    (finding,) = hub.rows(schema.finding)
    assert finding.detail == {"before": "5.7", "after": "5.8"}
    hub.pass_time(305)
    assert hub.tickets() == [("cam-1", "firmware_changed", "resolved")]


def test_a_change_while_the_hub_was_down_is_one_too(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.announce(camera("5.6"))
    hub.step()
    again = made(tmp_path / "again", monkeypatch, url=str(hub.database.url))
    again.announce(camera("5.7"))
    again.step()
    assert again.tickets() == [("cam-1", "firmware_changed", "open")]
    again.close()
