"""After a start: what rules had seen is known again, and nothing that they had not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.blindness import Blindness
from hub.engine import Engine
from hub.rebuild import LATELY_MS, rebuild
from hub.rule import discover
from hub.series.store import Point, Value
from tests.hub.fleets import SITE, T0, settings_of
from tests.hub.hubs import GATEWAY, Hub
from wire.messages import Sample
from wire.topics import Address, Verb

ELSEWHERE = Address("depot", "gateway")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, rules={"agent_silent": {"enabled": False}})
    for address in (GATEWAY, ELSEWHERE):
        hub.announce(address=address)
    hub.step()
    yield hub
    hub.close()


def report(hub: Hub, at: int, address: Address, **values: float) -> None:
    hub.now = at
    hub.hear(Verb.REPORT, hub.report(Sample(device="cam-1", at=at, values=values), address=address), address)
    hub.step()


def rebuilt(hub: Hub) -> Engine:
    with hub.database.connect() as connection:
        rules = discover()
        return rebuild(connection, hub.series, rules, settings_of(rules), Blindness(), hub.now)


def latest(engine: Engine, site: str) -> dict[str, Value]:
    return dict(engine.sites[site].devices["cam-1"].latest)


def test_each_site_has_its_own_newest_values(hub: Hub) -> None:
    report(hub, T0, GATEWAY, reachable=1, response_seconds=0.5)
    report(hub, T0 + 1000, GATEWAY, reachable=0)
    report(hub, T0 + 2000, ELSEWHERE, reachable=1)
    engine = rebuilt(hub)
    assert latest(engine, SITE) == {"reachable": Value(T0 + 1000, 0.0), "response_seconds": Value(T0, 0.5)}
    assert latest(engine, "depot") == {"reachable": Value(T0 + 2000, 1.0)}


def test_values_that_were_written_and_never_judged_are_left_out(hub: Hub) -> None:
    report(hub, T0, GATEWAY, reachable=1)
    hub.series.write([Point("camera", SITE, "gateway", "cam-1", T0 + 5000, {"reachable": 0.0})])
    assert latest(rebuilt(hub), SITE) == {"reachable": Value(T0, 1.0)}


def test_who_was_silent_for_long_keeps_what_was_known(hub: Hub) -> None:
    report(hub, T0, GATEWAY, reachable=0)
    report(hub, T0 + 3 * LATELY_MS, ELSEWHERE, reachable=1)
    assert latest(rebuilt(hub), SITE) == {"reachable": Value(T0, 0.0)}


def test_what_is_older_than_two_days_before_the_last_word_is_forgotten(hub: Hub) -> None:
    report(hub, T0, GATEWAY, response_seconds=0.5)
    report(hub, T0 + 3 * 86_400_000, GATEWAY, reachable=1)
    assert latest(rebuilt(hub), SITE) == {"reachable": Value(T0 + 3 * 86_400_000, 1.0)}
