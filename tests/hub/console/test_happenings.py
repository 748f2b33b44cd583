"""Events in words: nothing said twice, nothing unknown hidden."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.console.happenings import Detail, details, title
from hub.locale import translator
from hub.store.reads import Event

NOW = 1_780_000_000_000  # 2026-05-28 20:26:40 UTC
EN, ZH = (translator(locale, ZoneInfo("Asia/Shanghai")) for locale in ("en", "zh_CN"))


def _of(kind: str, **data: Any) -> list[Detail]:
    return details(Event(NOW, kind, data), EN)


def test_a_state_that_repeats_the_event_is_left_out() -> None:
    assert _of("door.opened", state="Open") == []
    assert _of("door.alarm", state="DoorForcedOpen") == [Detail("state", "forced open")]


def test_codes_have_words_in_both_languages_and_others_stay_as_they_came() -> None:
    refused = {"credential": "0041", "reason": "CredentialExpired"}
    assert _of("door.access_denied", **refused) == [
        Detail("credential", "0041"),
        Detail("reason", "credential expired"),
    ]
    assert details(Event(NOW, "door.access_denied", refused), ZH)[1] == Detail("原因", "凭证已过期")
    assert _of("vendor.odd", colour="red", size=3) == [Detail("colour", "red"), Detail("size", "3")]


def test_a_devices_own_time_is_shown_where_it_differs() -> None:
    assert _of("door.opened", device_time="2026-05-28T20:26:35.000+00:00") == []
    assert _of("door.opened", device_time="2026-05-28T19:26:35.000+00:00") == [
        Detail("the device's own time", "29 May 2026, 03:26:35 GMT+08:00")
    ]


@pytest.mark.parametrize("odd", ["soon", "", None, 7, "0001-01-01T00:00:00+14:00", "2026-05-28T20:26:35"])
def test_a_time_that_is_none_is_shown_as_it_came(odd: object) -> None:
    assert [detail.name for detail in _of("door.opened", device_time=odd)] == ["the device's own time"]


def test_what_happened_unheard_says_so() -> None:
    assert _of("door.opened", after_gap=True) == [Detail("noticed late, after a time without connection", "")]


def test_a_detail_may_give_the_event_its_name_and_is_not_said_twice() -> None:
    rebooted = Event(NOW, "host.rebooted", {"unexpected": True, "uptime_seconds": 41.5})
    assert title(rebooted, EN) == "Machine was rebooted without an orderly stop"
    assert title(rebooted, ZH) == "主机异常重启（未正常关机）"
    assert details(rebooted, EN) == [Detail("running for", "42 sec")]
    assert title(Event(NOW, "host.rebooted", {"unexpected": False}), EN) == "Machine was rebooted in order"
    assert title(Event(NOW, "host.rebooted", {"unexpected": 1}), EN) == "Machine was rebooted"
    assert title(Event(NOW, "vendor.odd", {"unexpected": True}), EN) == "vendor.odd"


def test_times_and_durations_are_written_as_such() -> None:
    gap = {"from": NOW - 3_600_000.0, "to": NOW + 0.0, "seconds": 3600.0, "plan": "continuous"}
    assert _of("recording.gap", **gap) == [
        Detail("from", "29 May 2026, 03:26:40 GMT+08:00"),
        Detail("to", "29 May 2026, 04:26:40 GMT+08:00"),
        Detail("for", "1 hr"),
        Detail("recording plan", "continuous"),
    ]
    seconds = _of("recording.gap", **{"from": NOW / 1000})
    assert seconds == [Detail("from", "29 May 2026, 04:26:40 GMT+08:00")], "seconds or milliseconds"
    assert _of("recording.gap", **{"from": -1, "to": 1e300, "seconds": "many"}) == [
        Detail("from", "-1"),
        Detail("to", "1e+300"),
        Detail("for", "many"),
    ]


def test_a_volume_that_turned_read_only_reads_as_a_sentence() -> None:
    event = Event(NOW, "volume.remounted_read_only", {"path": "/srv/rec", "options": "ro,relatime"})
    assert title(event, EN) == "Volume was remounted read-only"
    assert details(event, EN) == [Detail("path", "/srv/rec"), Detail("mount options", "ro,relatime")]
