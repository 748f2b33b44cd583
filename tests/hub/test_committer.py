"""Committing on real databases: once, durably, acknowledged afterwards, and going on whatever fails."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa

from hub.causes import STAND_MS
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point, SeriesStore, SeriesUnavailable, Value
from hub.store import schema, writes
from hub.store.database import connect
from hub.transaction import Transaction
from tests.hub.fleets import DEVICES, SITE, T0
from tests.hub.hubs import GATEWAY, Hub
from tests.waiting import wait_until
from wire.messages import ConfigApplied, Device, DeviceKind, Event, Inventory, Report, Sample, Status
from wire.topics import Address, Verb

QUICK = {
    "camera_unreachable": {"hold_seconds": 0, "clear_seconds": 0},
    "recorder_unreachable": {"hold_seconds": 0, "clear_seconds": 0},
    "channel_offline": {"hold_seconds": 0, "clear_seconds": 0},
    "agent_silent": {"silent_seconds": 60},
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_tables_url"))


@pytest.fixture
def hub(url: str, tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path, url, rules=QUICK)
    hub.announce()
    hub.step()
    yield hub
    hub.close()


def sample(device: str, second: float, **values: float) -> Sample:
    return Sample(device=device, at=T0 + round(second * 1000), values=values)


def test_a_report_is_stored_and_acknowledged(hub: Hub) -> None:
    report = hub.report(sample("cam-1", 1, reachable=1))
    hub.hear(Verb.REPORT, report)
    assert hub.step()
    assert hub.mail.committed() == [report.id]
    assert [v.value for v in hub.series.window(SITE, "camera", "cam-1", "reachable", T0, T0 + 9_000)] == [1]


def test_a_second_delivery_in_any_order_changes_nothing_and_is_acknowledged_again(hub: Hub) -> None:
    event = Event(device="door-1", at=T0 + 500, type="door.opened", data={"by": "key"})
    down = hub.report(sample("cam-1", 1, reachable=0), events=[event])
    up = hub.report(sample("cam-1", 2, reachable=1))
    for report in (down, up, down, up, down):
        hub.hear(Verb.REPORT, report)
        hub.step()
    hub.hear(Verb.REPORT, down)
    hub.hear(Verb.REPORT, down)
    hub.step()
    assert hub.tickets() == [("cam-1", "camera_unreachable", "resolved")]
    assert len(hub.rows(schema.event)) == 1
    assert hub.mail.committed().count(down.id) == 4  # the last two coalesced


def test_a_fault_that_comes_and_goes_twice_within_one_batch_is_one_resolved_ticket(hub: Hub) -> None:
    for second, reachable in enumerate((1, 0, 1, 0, 1)):
        hub.hear(Verb.REPORT, hub.report(sample("cam-1", second, reachable=reachable)))
    hub.step()
    assert hub.tickets() == [("cam-1", "camera_unreachable", "resolved")]
    assert [row.what for row in hub.rows(schema.timeline)] == ["opened", "resolved", "reopened", "resolved"]
    assert [(row.since - T0, row.closed - T0) for row in hub.rows(schema.finding)] == [(1000, 4000)]


def test_cause_and_consequence_within_one_batch_share_a_ticket(hub: Hub) -> None:
    hub.hear(Verb.REPORT, hub.report(sample("nvr-1", 1, reachable=0)))
    hub.hear(Verb.REPORT, hub.report(sample("nvr-1-ch1", 2, online=0)))
    hub.hear(Verb.REPORT, hub.report(sample("nvr-1", 3, reachable=1)))
    hub.hear(Verb.REPORT, hub.report(sample("nvr-1-ch1", 4, online=1)))
    hub.step()
    assert hub.tickets() == [("nvr-1", "recorder_unreachable", "resolved")]
    assert [row.what for row in hub.rows(schema.timeline)] == ["opened", "consequence", "resolved"]


def test_after_a_kill_between_series_and_sql_the_redelivery_is_judged(hub: Hub, url: str, tmp_path: Path) -> None:
    report = hub.report(sample("cam-1", 1, reachable=0))
    hub.series.write([Point("camera", SITE, "gateway", "cam-1", T0 + 1000, {"reachable": 0.0})])  # then: SIGKILL
    hub.close()
    again = Hub(tmp_path, url, rules=QUICK)
    again.hear(Verb.REPORT, report)
    again.step()
    assert again.tickets() == [("cam-1", "camera_unreachable", "open")]
    again.close()


def test_after_a_kill_before_the_acknowledgement_nothing_is_doubled(hub: Hub, url: str, tmp_path: Path) -> None:
    down = hub.report(sample("cam-1", 1, reachable=0))
    hub.hear(Verb.REPORT, down)
    hub.step()
    hub.close()
    again = Hub(tmp_path, url, rules=QUICK)
    again.hear(Verb.REPORT, down)
    again.step()
    assert again.tickets() == [("cam-1", "camera_unreachable", "open")]
    again.hear(Verb.REPORT, again.report(sample("cam-1", 5, reachable=1)))
    again.step()
    assert again.tickets() == [("cam-1", "camera_unreachable", "resolved")]
    again.close()


def test_a_hold_time_goes_on_across_a_restart(url: str, tmp_path: Path) -> None:
    slow = {"camera_unreachable": {"hold_seconds": 100, "clear_seconds": 0}}
    hub = Hub(tmp_path, url, rules=slow)
    hub.announce()
    hub.hear(Verb.REPORT, hub.report(sample("cam-1", 0, reachable=0)))
    hub.step()
    hub.close()
    again = Hub(tmp_path, url, rules=slow)
    again.now += 101_000
    again.hear(Verb.REPORT, again.report(sample("cam-1", 101, reachable=0)))
    again.step()
    assert again.tickets() == [("cam-1", "camera_unreachable", "open")]
    again.close()


def test_a_consequence_is_listed_on_its_causes_ticket_across_a_restart(hub: Hub, url: str, tmp_path: Path) -> None:
    hub.hear(Verb.REPORT, hub.report(sample("nvr-1", 1, reachable=0)))
    hub.step()
    hub.hear(Verb.REPORT, hub.report(sample("nvr-1-ch1", 2, online=0)))
    hub.step()
    assert hub.tickets() == [("nvr-1", "recorder_unreachable", "open")]
    hub.close()
    again = Hub(tmp_path, url, rules=QUICK)
    again.hear(Verb.REPORT, again.report(sample("nvr-1", 9, reachable=1)))
    again.step()
    assert again.tickets() == [("nvr-1", "recorder_unreachable", "resolved")]
    again.close()
    again = Hub(tmp_path, url, rules={**QUICK, "agent_silent": {"enabled": False}})
    again.step()
    again.pass_time(STAND_MS / 1000)
    assert again.tickets() == [("nvr-1", "recorder_unreachable", "resolved"), ("nvr-1-ch1", "channel_offline", "open")]
    assert [row.what for row in again.rows(schema.timeline)] == ["opened", "consequence", "resolved", "promoted"]
    again.close()


def test_the_database_away_means_no_acknowledgement_and_no_loss(tmp_path: Path) -> None:
    hub = Hub(tmp_path, rules=QUICK)
    sa.event.listen(hub.database, "begin", lambda c: c.exec_driver_sql("PRAGMA busy_timeout=50"))
    hub.announce()
    hub.step()
    report = hub.report(sample("cam-1", 1, reachable=0))
    with hub.database.connect() as blocker:
        blocker.exec_driver_sql("BEGIN EXCLUSIVE")
        hub.hear(Verb.REPORT, report)
        assert hub.step() is False
        blocker.exec_driver_sql("ROLLBACK")
    assert hub.mail.committed() == []
    hub.hear(Verb.REPORT, report)
    assert hub.step()
    assert hub.mail.committed() == [report.id]
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    hub.close()


class Moody(EmbeddedSeries):
    """A real store that can be unplugged."""

    away = False

    def write(self, points: Sequence[Point]) -> None:
        if Moody.away:
            raise SeriesUnavailable("unplugged")
        super().write(points)

    def latest(self, site: str, kind: str, until: int, since: int) -> dict[str, dict[str, Value]]:
        if Moody.away:
            raise SeriesUnavailable("unplugged")
        return super().latest(site, kind, until, since)

    def metrics(self, kind: str) -> list[str]:
        if Moody.away:
            raise SeriesUnavailable("unplugged")
        return super().metrics(kind)

    def ping(self) -> None:
        if Moody.away:
            raise SeriesUnavailable("unplugged")


def test_the_series_store_away_delays_neither_acknowledgement_nor_ticket(tmp_path: Path) -> None:
    def store() -> SeriesStore:
        return Moody(tmp_path / "series.db")

    hub = Hub(tmp_path, series=store, rules=QUICK)
    hub.announce()
    hub.step()
    Moody.away = True
    try:
        report = hub.report(sample("cam-1", 1, reachable=0))
        hub.hear(Verb.REPORT, report)
        assert hub.step()
    finally:
        Moody.away = False
    assert hub.mail.committed() == [report.id]
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    hub.close()


def test_a_full_buffer_withholds_the_acknowledgement_but_rules_still_run(tmp_path: Path) -> None:
    hub = Hub(tmp_path, series=lambda: Moody(tmp_path / "series.db"), max_buffer_bytes=0, rules=QUICK)
    hub.announce()
    hub.step()
    Moody.away = True
    try:
        report = hub.report(sample("cam-1", 1, reachable=0))
        hub.hear(Verb.REPORT, report)
        assert hub.step()
    finally:
        Moody.away = False
    assert hub.mail.committed() == []
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    hub.close()


def test_both_databases_away_a_report_that_comes_again_and_again_is_kept_once(tmp_path: Path) -> None:
    hub = Hub(tmp_path, series=lambda: Moody(tmp_path / "series.db"), rules=QUICK)
    hub.announce()
    hub.step()
    Moody.away = True
    try:
        report = hub.report(sample("cam-1", 1, reachable=0))
        refused = sa.exc.OperationalError("INSERT", {}, Exception("cannot execute INSERT in a read-only transaction"))
        with patch.object(Transaction, "save", side_effect=refused):
            for _ in range(5):
                hub.hear(Verb.REPORT, report)
                assert hub.step() is False
        assert hub.series.stats().points == 1
        assert hub.step()
    finally:
        Moody.away = False
    assert hub.mail.committed() == [report.id]
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    hub.close()


def test_a_commit_of_nothing_judges_no_silence_while_an_agents_word_waits(tmp_path: Path) -> None:
    hub = Hub(tmp_path, rules=QUICK)
    hub.announce()
    hub.step()
    hub.pass_time(58)
    refused = sa.exc.OperationalError("COMMIT", {}, Exception("gone"))
    with patch.object(Transaction, "save", side_effect=refused):
        hub.announce()
        assert hub.step() is False
    hub.now += 2_000
    hub.hear(Verb.REPORT, hub.report(sample("cam-1", 60, reachable=1)))
    hub.now += 6_000
    assert hub.step()
    assert hub.tickets() == []
    hub.close()


def test_a_report_that_names_unknown_devices_waits_for_the_inventory(url: str, tmp_path: Path) -> None:
    hub = Hub(tmp_path, url, rules=QUICK)
    report = hub.report(sample("cam-1", 1, reachable=0))
    hub.hear(Verb.REPORT, report)
    hub.step()
    assert hub.mail.committed() == []
    assert [c.action for c in hub.mail.commands()] == ["send_inventory"]
    hub.announce()
    hub.hear(Verb.REPORT, report)
    hub.step()
    assert hub.mail.committed() == [report.id]
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    hub.close()


def test_a_report_made_before_its_agents_first_inventory_waits_for_it(url: str, tmp_path: Path) -> None:
    hub = Hub(tmp_path, url, rules=QUICK)
    report = hub.report(sample("cam-1", 1, reachable=0)).model_copy(update={"inventory_hash": None})
    hub.hear(Verb.REPORT, report)
    hub.step()
    assert hub.mail.committed() == []
    assert [c.action for c in hub.mail.commands()] == ["send_inventory"]
    hub.announce()
    hub.hear(Verb.REPORT, report)
    hub.step()
    assert hub.mail.committed() == [report.id]
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    stray = hub.report(sample("nobody", 2, reachable=0)).model_copy(update={"inventory_hash": None})
    hub.hear(Verb.REPORT, stray)
    hub.step()
    assert stray.id in hub.mail.committed(), "an inventory is known and does not name it: it waits for nothing"
    hub.now += 6_000
    hub.step()
    assert hub.rejected() == {("gateway", "unknown_device"): 1}
    hub.close()


def test_a_report_older_than_the_inventory_does_not_wait_for_ever(hub: Hub) -> None:
    stale = hub.report(sample("long-gone", 1, reachable=0)).model_copy(update={"inventory_hash": "0" * 16})
    hub.now += 6_000
    hub.hear(Verb.REPORT, stale)
    hub.step()
    assert hub.mail.committed() == [], "an inventory may have been lost: it is asked for first"
    hub.announce()
    hub.hear(Verb.REPORT, stale)
    hub.step()
    assert hub.mail.committed() == [], "what came may have been under way: it is asked for once more"
    hub.now += 6_000
    hub.hear(Verb.REPORT, stale)
    hub.step()
    hub.announce()
    hub.hear(Verb.REPORT, stale)
    hub.step()
    assert hub.mail.committed() == [stale.id]
    assert hub.rejected()[("gateway", "unknown_device")] == 1


def test_an_inventory_that_was_under_way_when_another_was_asked_for_costs_no_reading(url: str, tmp_path: Path) -> None:
    hub = Hub(tmp_path, url, rules=QUICK)
    report = hub.report(sample("cam-1", 1, reachable=1))
    hub.hear(Verb.REPORT, report)
    hub.announce([Device(device="gateway", kind=DeviceKind.AGENT)])  # of before the camera was known
    hub.hear(Verb.REPORT, report)
    hub.step()
    assert hub.mail.committed() == []
    hub.announce()
    hub.hear(Verb.REPORT, report)
    hub.step()
    assert hub.mail.committed() == [report.id]
    assert hub.rejected() == {}
    hub.close()


@pytest.mark.parametrize("restarted", [False, True])
def test_a_device_that_moves_to_another_agent_of_the_site_is_watched_there(tmp_path: Path, restarted: bool) -> None:
    hub = Hub(tmp_path, rules=QUICK)
    other = Address(SITE, "gw-b")
    has = [Device(device="gw-b", kind=DeviceKind.AGENT), Device(device="cam-1", kind=DeviceKind.CAMERA)]
    hub.announce()
    claimed = hub.announce(has, other)
    hub.step()
    if restarted:
        hub.close()
        hub = Hub(tmp_path, rules=QUICK)
    hub.announce([device for device in DEVICES if device.device != "cam-1"])
    hub.step()
    told = hub.report(sample("cam-1", 1, reachable=0), address=other)
    report = told.model_copy(update={"inventory_hash": claimed, "boot": "b1"})
    hub.hear(Verb.REPORT, report, other)
    hub.step()
    assert report.id not in hub.mail.committed(), "nobody has the camera as yet: what it told is kept"
    assert [command.action for command in hub.mail.commands()] == ["send_inventory"]
    hub.announce(has, other)
    hub.hear(Verb.REPORT, report, other)
    hub.step()
    assert report.id in hub.mail.committed()
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    hub.close()


def test_what_was_judged_in_a_batch_that_failed_before_its_commit_is_judged_again(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.hear(Verb.REPORT, hub.report(sample("cam-1", 1, reachable=1)))
    hub.step()
    alarm = Event(device="door-1", at=T0 + 2000, type="door.tamper", data={})
    report = hub.report(sample("cam-1", 2, reachable=0), events=[alarm])
    looked = writes.known_events

    def away(*_: object) -> set[tuple[str, str, str, int]]:
        monkeypatch.setattr(writes, "known_events", looked)
        raise sa.exc.OperationalError("SELECT", {}, Exception("canceling statement due to statement timeout"))

    monkeypatch.setattr(writes, "known_events", away)
    hub.hear(Verb.REPORT, report)
    assert not hub.step()
    hub.hear(Verb.REPORT, report)
    assert hub.step()
    assert hub.mail.committed()[-1] == report.id
    assert sorted(hub.tickets()) == [("cam-1", "camera_unreachable", "open"), ("door-1", "door_tampered", "open")]


def test_what_poisons_a_batch_is_refused_alone(tmp_path: Path) -> None:
    hub = Hub(tmp_path, rules=QUICK)
    hub.announce()
    hub.step()
    with hub.database.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER poison BEFORE INSERT ON event WHEN NEW.type = 'door.cursed'"
            " BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    good = [hub.report(sample("cam-1", n, reachable=1)) for n in range(1, 8)]
    bad = hub.report(events=[Event(device="door-1", at=T0, type="door.cursed")])
    for report in (*good[:3], bad, *good[3:]):
        hub.hear(Verb.REPORT, report)
    hub.hear(Verb.STATUS, Status(state="online", session="s"), Address("other", "agent"))
    hub.step()
    assert list(hub.mail.refused()) == [bad.id]
    assert {row.site for row in hub.rows(schema.agent)} == {SITE, "other"}, "nobody else is hurt"
    for report in good:  # what its sender had in the same batch was left unsaid, and comes again
        hub.hear(Verb.REPORT, report)
    hub.step()
    assert set(hub.mail.committed()) == {r.id for r in good}
    hub.now += 6_000
    hub.step()
    assert hub.rejected() == {("gateway", "poison"): 1}
    hub.close()


def test_a_database_that_turns_read_only_refuses_nobody(postgresql_tables_url: str, tmp_path: Path) -> None:
    hub, url = Hub(tmp_path, postgresql_tables_url, rules=QUICK), postgresql_tables_url
    hub.announce()
    hub.step()
    report = hub.report(sample("cam-1", 1, reachable=0))
    admin = connect(url)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    hub.database.dispose()
    hub.hear(Verb.REPORT, report)
    assert hub.step() is False
    assert hub.mail.refused() == {}
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = off")
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    admin.dispose()
    hub.database.dispose()
    hub.hear(Verb.REPORT, report)
    assert hub.step()
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    hub.close()


def test_an_error_that_has_nothing_to_do_with_the_message_refuses_nobody(tmp_path: Path) -> None:
    hub = Hub(tmp_path, rules=QUICK)
    hub.announce()
    hub.step()
    with hub.database.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER sick BEFORE UPDATE ON heartbeat BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    report = hub.report(sample("cam-1", 1, reachable=0))
    hub.hear(Verb.REPORT, report)
    assert hub.step() is False
    assert hub.mail.refused() == {}
    with hub.database.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER sick")
    hub.hear(Verb.REPORT, report)
    assert hub.step()
    assert hub.mail.committed() == [report.id]
    hub.close()


def test_what_another_sender_poisons_is_judged_all_the_same(tmp_path: Path) -> None:
    hub = Hub(tmp_path, rules=QUICK)
    hub.announce()
    hub.hear(Verb.REPORT, hub.report(sample("nvr-1", 100, reachable=1)))
    hub.step()
    with hub.database.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER poison BEFORE INSERT ON agent WHEN NEW.site = 'cursed' BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    slow = hub.report(sample("cam-1", 95, reachable=0)).model_copy(update={"sent": T0 + 101_000})
    hub.hear(Verb.REPORT, slow)
    hub.hear(Verb.STATUS, Status(state="online", session="s"), Address("cursed", "agent"))
    hub.step()
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]
    hub.close()


def test_without_the_series_store_at_start_a_redelivery_is_not_judged_again(hub: Hub, url: str, tmp_path: Path) -> None:
    reports = [hub.report(sample("cam-1", n, reachable=n % 2)) for n in range(1, 5)]
    for report in reports:
        hub.hear(Verb.REPORT, report)
        hub.step()
    before = hub.tickets()
    hub.close()
    Moody.away = True
    try:
        again = Hub(tmp_path, url, series=lambda: Moody(tmp_path / "series.db"), rules=QUICK)
        for report in reports:
            again.hear(Verb.REPORT, report)
            again.step()
    finally:
        Moody.away = False
    assert again.tickets() == before
    again.close()


def test_a_batch_that_fails_after_such_a_start_has_nothing_judged_again(hub: Hub, url: str, tmp_path: Path) -> None:
    reports = [hub.report(sample("cam-1", n, reachable=n % 2)) for n in (2, 3)]
    for report in reports:
        hub.hear(Verb.REPORT, report)
        hub.step()
    hub.close()
    Moody.away = True
    try:
        again = Hub(tmp_path, url, series=lambda: Moody(tmp_path / "series.db"), rules=QUICK)
        again.now += 8 * 3_600_000  # so long that what comes back is a ticket of its own
        assert again.step()
        with patch.object(Transaction, "save", side_effect=sa.exc.OperationalError("COMMIT", {}, Exception("gone"))):
            again.hear(Verb.REPORT, again.report(sample("nvr-1", 4, reachable=1)))
            assert again.step() is False
        for report in reports:
            again.hear(Verb.REPORT, report)
            assert again.step()
    finally:
        Moody.away = False
    assert again.mail.committed() == [report.id for report in reports]
    assert again.tickets() == [("cam-1", "camera_unreachable", "resolved")]
    assert [row.what for row in again.rows(schema.timeline)] == ["opened", "resolved"]
    again.close()


def test_a_hub_whose_clock_is_unset_commits_nothing_and_loses_nothing(hub: Hub) -> None:
    report = hub.report(sample("cam-1", 1, reachable=0))
    hub.hear(Verb.REPORT, report)
    right, hub.now = hub.now, 1_000
    assert hub.step() is False
    hub.now = right
    assert hub.step()
    assert hub.mail.committed() == [report.id]


def test_an_absurd_number_is_set_aside_and_counted(hub: Hub) -> None:
    hub.hear(Verb.REPORT, hub.report(sample("vol-system", 1, fill_ratio=1e300, free_bytes=5)))
    hub.step()
    assert hub.tickets() == []
    assert hub.rejected() == {("gateway", "absurd_value"): 1}


def test_an_unusable_report_is_refused_by_id(hub: Hub) -> None:
    hub.intake.take("wk/v1/school/gateway/report", b'{"id": "abcdef:77", "boot": 1}')
    hub.step()
    assert list(hub.mail.refused()) == ["abcdef:77"]
    assert hub.rejected()[("gateway", "bad_report")] == 1


def test_an_agent_cannot_report_for_anothers_devices(hub: Hub) -> None:
    intruder = Address(SITE, "intruder")
    hub.hear(Verb.INVENTORY, Inventory(hash="a" * 16, devices=[DEVICES[4]]), intruder)
    report = Report(
        id="zzzzzz:1", boot="b", mono=1, sent=T0, inventory_hash="a" * 16, samples=[sample("cam-1", 1, reachable=0)]
    )
    hub.hear(Verb.REPORT, report, intruder)
    hub.step()
    assert hub.tickets() == []
    assert hub.rejected() == {("intruder", "claim_conflict"): 1, ("intruder", "foreign_device"): 1}
    assert hub.mail.committed() == [report.id]


def test_a_retained_birth_is_no_sign_of_life(hub: Hub) -> None:
    for _ in range(7):
        hub.now += 9_000
        hub.hear(Verb.STATUS, Status(state="online", session="s1"), retained=True)
        hub.step()
    assert hub.tickets() == [("gateway", "agent_silent", "open")]


def test_an_offline_of_another_session_is_ignored(hub: Hub) -> None:
    hub.hear(Verb.STATUS, Status(state="online", session="new", version="1"))
    hub.hear(Verb.STATUS, Status(state="offline", session="old"))
    hub.step()
    assert [row.state for row in hub.rows(schema.agent)] == ["online"]
    hub.hear(Verb.STATUS, Status(state="offline", session="new"))
    hub.step()
    assert [row.state for row in hub.rows(schema.agent)] == ["offline"]


def test_time_the_hub_did_not_see_is_blindness_not_silence(hub: Hub, url: str, tmp_path: Path) -> None:
    hub.close()
    again = Hub(tmp_path, url, rules=QUICK)
    again.now = T0 + 3_600_000
    again.step()
    again.now += 5_000
    again.step()
    assert again.tickets() == []
    (interval,) = again.rows(schema.blindness)
    assert (interval.start, interval.end, interval.reason) == (T0, T0 + 3_600_000, "hub")
    for _ in range(8):
        again.now += 9_000
        again.step()
    assert again.tickets() == [("gateway", "agent_silent", "open")]
    again.close()


def test_a_lost_broker_is_blindness_until_it_is_back(hub: Hub) -> None:
    hub.committer.vigil.broker_lost()
    for _ in range(20):
        hub.now += 9_000
        hub.step()
    hub.committer.vigil.broker_back()
    hub.step()
    assert hub.tickets() == []
    (interval,) = hub.rows(schema.blindness)
    assert (interval.reason, interval.end) == ("broker", hub.now)


def test_a_status_for_the_gateway_reaches_its_row(hub: Hub) -> None:
    hub.hear(Verb.STATUS, Status(state="online", session="s", version="9.9", oldest_unacknowledged=T0), GATEWAY)
    hub.step()
    (row,) = hub.rows(schema.agent)
    assert (row.version, row.oldest_unacknowledged) == ("9.9", T0)


def test_an_outage_of_the_database_is_blindness_not_silence(tmp_path: Path) -> None:
    hub = Hub(tmp_path, rules=QUICK)
    sa.event.listen(hub.database, "begin", lambda c: c.exec_driver_sql("PRAGMA busy_timeout=50"))
    hub.announce()
    hub.step()
    with hub.database.connect() as blocker:
        blocker.exec_driver_sql("BEGIN EXCLUSIVE")
        for _ in range(10):
            hub.now += 9_000
            hub.hear(Verb.REPORT, hub.report(sample("cam-1", 1, reachable=1)))
            assert hub.step() is False
        blocker.exec_driver_sql("ROLLBACK")
    hub.now += 9_000
    hub.step()
    assert hub.tickets() == []
    assert [row.reason for row in hub.rows(schema.blindness)] == ["hub"]
    hub.close()


def test_a_broker_lost_while_the_database_is_away_is_not_forgotten(tmp_path: Path) -> None:
    hub = Hub(tmp_path, rules=QUICK)
    sa.event.listen(hub.database, "begin", lambda c: c.exec_driver_sql("PRAGMA busy_timeout=50"))
    hub.announce()
    hub.step()
    with hub.database.connect() as blocker:
        blocker.exec_driver_sql("BEGIN EXCLUSIVE")
        hub.committer.vigil.broker_lost()
        assert hub.step() is False
        blocker.exec_driver_sql("ROLLBACK")
    for _ in range(20):
        hub.now += 9_000
        hub.step()
    assert hub.tickets() == []
    assert [(row.start, row.end) for row in hub.rows(schema.blindness)] == [(T0, None)]
    hub.close()


def test_silence_is_not_judged_past_messages_that_still_wait(tmp_path: Path) -> None:
    hub = Hub(tmp_path, batch_limit=1, rules=QUICK)
    hub.announce()
    hub.step()
    for _ in range(8):
        hub.now += 9_000
        hub.hear(Verb.REPORT, hub.report(sample("cam-1", (hub.now - T0) / 1000, reachable=1)))
    for _ in range(10):
        hub.step()
    assert hub.tickets() == []
    hub.close()


def test_a_ticket_whose_rule_is_switched_off_is_closed(hub: Hub, url: str, tmp_path: Path) -> None:
    hub.hear(Verb.REPORT, hub.report(sample("cam-1", 1, reachable=0)))
    hub.step()
    hub.close()
    again = Hub(tmp_path, url, rules={**QUICK, "camera_unreachable": {"enabled": False}})
    again.step()
    assert again.tickets() == [("cam-1", "camera_unreachable", "resolved")]
    again.close()


def test_a_ticket_whose_device_is_retired_behind_our_back_is_closed(hub: Hub, url: str, tmp_path: Path) -> None:
    hub.hear(Verb.REPORT, hub.report(sample("cam-1", 1, reachable=0)))
    hub.step()
    with hub.database.begin() as connection:
        connection.execute(schema.device.update().where(schema.device.c.device == "cam-1").values(retired=T0))
    hub.close()
    again = Hub(tmp_path, url, rules=QUICK)
    again.step()
    assert again.tickets() == [("cam-1", "camera_unreachable", "resolved")]
    again.close()


def test_an_agent_that_ever_invents_new_devices_fills_no_database(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.store.writes.MAX_RETIRED", 10)
    for turn in range(10):
        hub.now += 1_000
        hub.announce([Device(device=f"c{turn}-{n}", kind=DeviceKind.CAMERA) for n in range(5)])
        hub.step()
    assert len(hub.rows(schema.device)) == 1 + 5 + 10  # itself, its present devices, the newest retired


def test_a_clock_far_ahead_that_is_set_right_leaves_nothing_late(hub: Hub) -> None:
    hub.hear(Verb.REPORT, hub.report(sample("cam-1", 36_000, reachable=1)))
    hub.step()
    hub.now += 400_000
    rebooted = hub.report(sample("cam-1", 400, reachable=0)).model_copy(update={"boot": "b1"})
    hub.hear(Verb.REPORT, rebooted)
    hub.step()
    assert hub.tickets() == [("cam-1", "camera_unreachable", "open")]


def test_a_retained_report_is_not_taken_and_counted(hub: Hub) -> None:
    hub.hear(Verb.REPORT, hub.report(sample("cam-1", 1, reachable=0)), retained=True)
    hub.step()
    assert hub.tickets() == []
    assert hub.rejected() == {("gateway", "retained"): 1}


def test_a_commit_whose_answer_is_lost_is_not_judged_again(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    reports = [hub.report(sample("cam-1", n, reachable=n % 2)) for n in (1, 2, 3)]
    for report in reports:
        hub.hear(Verb.REPORT, report)
    lost = iter([True])

    def answer_lost(connection: sa.Connection) -> None:
        if next(lost, False):
            connection.connection.commit()
            raise sa.exc.OperationalError("COMMIT", {}, Exception("connection lost"))

    sa.event.listen(hub.database, "commit", answer_lost)
    assert hub.step() is False
    for report in reports:
        hub.hear(Verb.REPORT, report)
    assert hub.step()
    assert hub.tickets() == [("cam-1", "camera_unreachable", "resolved")]
    assert set(hub.mail.committed()) == {r.id for r in reports}


def test_a_commit_that_is_under_way_when_its_answer_is_lost_is_not_judged_again(
    postgresql_tables_url: str, tmp_path: Path
) -> None:
    """The connection breaks while the server still commits: what is committed next has to wait for that."""
    hub = Hub(tmp_path, postgresql_tables_url, rules=QUICK)
    hub.announce()
    hub.step()
    observer = connect(postgresql_tables_url)
    save, under_way = Transaction.save, threading.Event()
    lost: list[threading.Thread] = []

    def another_waits() -> bool:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with observer.connect() as connection:
            return bool(connection.exec_driver_sql(waiting).scalar())

    def commit(_connection: sa.Connection) -> None:
        if lost and threading.current_thread() is lost[0]:
            under_way.set()
            wait_until(another_waits, what="the next commit waits for this one")

    def broken(self: Transaction, *judged: Any) -> None:
        if lost:
            save(self, *judged)
            return
        lost.append(threading.Thread(target=save, args=(self, *judged)))
        lost[0].start()
        assert under_way.wait(30)
        raise sa.exc.OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    sa.event.listen(hub.database, "commit", commit)
    reports = [hub.report(sample("cam-1", n, reachable=n % 2)) for n in (2, 3)]
    with patch.object(Transaction, "save", broken):
        for _ in range(5):
            for report in reports:
                hub.hear(Verb.REPORT, report)
            hub.step()
    lost[0].join()
    assert set(hub.mail.committed()) == {report.id for report in reports}
    assert hub.tickets() == [("cam-1", "camera_unreachable", "resolved")]
    assert [row.what for row in hub.rows(schema.timeline)] == ["opened", "resolved"]
    observer.dispose()
    hub.close()


def test_a_commit_that_comes_through_between_two_that_fail_is_not_judged_again(hub: Hub) -> None:
    reports = [hub.report(sample("cam-1", n, reachable=n % 2)) for n in (2, 3)]
    for report in reports:
        hub.hear(Verb.REPORT, report)
    lost = sa.exc.OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))
    save, given_up = Transaction.save, list[tuple[Any, ...]]()

    def broken(self: Transaction, *judged: Any) -> None:
        given_up.append((self, *judged))
        raise lost

    with patch.object(Transaction, "save", broken):
        assert hub.step() is False
        save(*given_up[0])
        assert hub.step() is False
    for report in reports:
        hub.hear(Verb.REPORT, report)
    assert hub.step()
    assert hub.mail.committed() == [report.id for report in reports]
    assert hub.tickets() == [("cam-1", "camera_unreachable", "resolved")]
    assert [row.what for row in hub.rows(schema.timeline)] == ["opened", "resolved"]


def test_an_agent_whose_messages_find_the_queue_full_is_not_silent(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.intake.QUEUE_BYTES", 1)
    for _ in range(10):
        hub.now += 9_000
        hub.hear(Verb.REPORT, hub.report(sample("cam-1", 1, reachable=1)))
        hub.step()
    assert hub.tickets() == []
    assert hub.mail.committed() == []


def test_what_is_far_ahead_of_the_hub_stays_with_the_agent(hub: Hub) -> None:
    report = hub.report(sample("cam-1", 90_000, reachable=1))
    hub.hear(Verb.REPORT, report)
    hub.step()
    assert hub.mail.committed() == []
    hub.now += 90_000_000
    hub.hear(Verb.REPORT, report)
    hub.step()
    assert hub.mail.committed() == [report.id]


def test_what_an_agent_says_it_runs_is_stored_for_that_agent_alone(hub: Hub) -> None:
    other = Address(SITE, "other")
    hub.hear(Verb.CONFIG_APPLIED, ConfigApplied(revision="aa", refused="bb", reason="no such collector"))
    hub.hear(Verb.CONFIG_APPLIED, ConfigApplied(), other)
    hub.step()
    told = {row.agent: (row.revision, row.refused, row.reason, row.since) for row in hub.rows(schema.applied_config)}
    assert told == {"gateway": ("aa", "bb", "no such collector", T0), "other": (None, None, "", T0)}
    assert set(hub.answered) == {GATEWAY, other}


def test_the_newest_word_counts_and_a_repeated_one_changes_nothing(hub: Hub) -> None:
    hub.hear(Verb.CONFIG_APPLIED, ConfigApplied(revision="aa"))
    hub.hear(Verb.CONFIG_APPLIED, ConfigApplied(revision="bb"))
    hub.step()
    hub.now += 60_000
    hub.hear(Verb.CONFIG_APPLIED, ConfigApplied(revision="bb"))
    hub.step()
    assert [(row.revision, row.since) for row in hub.rows(schema.applied_config)] == [("bb", T0)]


def test_a_configuration_notice_that_the_broker_kept_is_not_taken(hub: Hub) -> None:
    hub.hear(Verb.CONFIG_APPLIED, ConfigApplied(revision="aa"), retained=True)
    hub.step()
    assert hub.rows(schema.applied_config) == []
    assert hub.rejected() == {("gateway", "retained"): 1}


def test_an_agent_that_connects_anew_is_looked_at_again(hub: Hub) -> None:
    hub.hear(Verb.STATUS, Status(state="online", session="s1"))
    hub.step()
    assert hub.answered == [GATEWAY]
    hub.hear(Verb.STATUS, Status(state="offline", session="s1"))
    hub.step()
    assert hub.answered == [GATEWAY]


def test_reports_say_nothing_of_configurations_and_ask_nothing(hub: Hub) -> None:
    """The cost of a report does not grow by a statement."""
    statements: list[str] = []
    sa.event.listen(hub.database, "before_cursor_execute", lambda *a: statements.append(a[2]))
    hub.hear(Verb.REPORT, hub.report(sample("cam-1", 1, reachable=1)))
    hub.step()
    assert statements
    assert not [text for text in statements if "config" in text]
    assert hub.answered == []


@pytest.mark.parametrize("what", ["measuring", "answering"])
def test_a_defect_behind_a_commit_refuses_nothing_that_is_committed(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    def defect(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    if what == "measuring":
        monkeypatch.setattr(hub.measures, "committed", defect)
        monkeypatch.setattr(hub.measures, "rejected", defect)
    else:
        monkeypatch.setattr(hub.committer, "_answered", defect)
    hub.announce()
    hub.hear(Verb.CONFIG_APPLIED, ConfigApplied(revision="aa"))
    report = hub.report(sample("cam-1", 0, reachable=1.0))
    hub.hear(Verb.REPORT, report)
    assert hub.step()
    assert hub.mail.refused() == {}
    assert hub.rejected() == {}
    assert len(hub.rows(schema.applied_config)) == 1
    assert f"{what} failed behind a commit, which stands" in caplog.text
    assert hub.mail.committed() == [report.id]
