"""After a start: what rules had seen is known again, and nothing that they had not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.blindness import Blindness
from hub.config import parse
from hub.engine import Engine
from hub.fleet import NOBODY
from hub.rebuild import rebuild
from hub.recollection import LATELY_MS
from hub.rule import CLEAR, Judgement, Rule, Settings, Snapshot, discover
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point, Value
from hub.store import schema
from hub.vigil import STALL_SECONDS, Vigil
from tests.hub.fleets import SITE, T0, settings_of
from tests.hub.hubs import GATEWAY, Hub
from wire.messages import DeviceKind, Sample
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


def test_a_site_is_a_device_again_while_it_has_two_agents_and_no_longer_with_one(hub: Hub) -> None:
    second = Address(SITE, "nvr-box")
    hub.announce([], address=second)
    hub.step()
    site = rebuilt(hub).sites[SITE].devices["site"]
    assert (site.kind, site.agent) == (DeviceKind.SITE, NOBODY)
    with hub.database.begin() as connection:
        values = {"site": SITE, "device": "site", "rule": "uplink_down", "state": "open", "since": T0, "detail": {}}
        connection.execute(schema.finding.insert().values(**values, severity="critical"))
        gone = (schema.agent.c.site == SITE) & (schema.agent.c.agent == second.agent)
        connection.execute(schema.agent.delete().where(gone))
    engine = rebuilt(hub)
    assert "site" not in engine.sites[SITE].devices
    assert [(one.finding.rule, one.change) for one in engine.take_transitions()] == [("uplink_down", "closed")]


def test_windows_are_as_coarse_after_a_start_as_they_were(tmp_path: Path) -> None:
    def judge(snapshot: Snapshot, settings: Settings, now: int) -> Judgement:
        return CLEAR

    rules = discover()
    cameras = frozenset({DeviceKind.CAMERA})
    plain = Rule("daily", cameras, judge, "", metrics=("response_seconds",))
    rules["daily"] = replace(plain, lookback_seconds=7200.0, sample_seconds=600.0)
    config = parse({"rules": {"agent_silent": {"enabled": False}}}, rules, folder=tmp_path)
    hub = Hub(tmp_path, config=config)
    hub.announce()
    hub.step()
    for minute in range(0, 180, 4):
        report(hub, T0 + minute * 60_000, GATEWAY, response_seconds=minute)
    before = hub.committer._ready.sites[SITE].devices["cam-1"].windows
    with hub.database.connect() as connection:
        engine = rebuild(connection, hub.series, rules, config.rules, Blindness(), hub.now)
    after = engine.sites[SITE].devices["cam-1"].windows
    (window,) = [one for one in after if one.metric == "response_seconds" and one.every_ms == 600_000]
    assert len(after[window]) == 12
    assert after == before
    hub.close()


def test_what_is_told_seldom_and_was_about_to_open_waits_anew_and_opens(hub: Hub) -> None:
    hub.hear(Verb.REPORT, hub.report(Sample(device="nvr-1-ch1", at=hub.now, values={"recording_integrity_ratio": 0.9})))
    hub.step()
    assert hub.tickets() == []
    engine = rebuilt(hub)
    finding = engine.sites[SITE].devices["nvr-1-ch1"].findings["daily_integrity"]
    assert (finding.life.state, finding.severity) == ("pending", "critical")
    wait = 1_800_000
    assert engine.next_due is not None
    assert engine.next_due <= hub.now + wait
    engine.tick(hub.now + wait - 1)
    assert finding.life.opened is None
    engine.tick(hub.now + wait)
    assert finding.life.opened == hub.now + wait


def test_a_start_that_asks_for_many_windows_does_not_look_hung(tmp_path: Path) -> None:
    seconds, hung = [0.0], []
    vigil = Vigil(lambda: T0, monotonic=lambda: seconds[0])

    class Slow(EmbeddedSeries):
        def across(self, *which: Any, **how: Any) -> dict[tuple[str, str], list[Value]]:
            seconds[0] += STALL_SECONDS
            hung.append(vigil.stalled())
            return super().across(*which, **how)

    hub = Hub(tmp_path)
    hub.announce()
    hub.step()
    report(hub, T0, GATEWAY, reachable=1)
    hub.close()
    hub = Hub(tmp_path, series=lambda: Slow(tmp_path / "series.db"))
    hub.committer.vigil = vigil
    assert hub.step()
    assert len(hung) > 1
    assert not any(hung)
    hub.close()
