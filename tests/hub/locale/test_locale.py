"""Catalogues are complete; numbers, times and details are written as their readers write them."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.locale import Translator, negotiate, translator
from hub.locale import catalogue as catalogues
from hub.locale.__main__ import main
from hub.rule import discover

EN = translator("en", ZoneInfo("Asia/Shanghai"))
ZH = translator("zh_CN", ZoneInfo("Asia/Shanghai"))
NOW = 1_780_000_000_000


def test_the_chinese_catalogue_is_complete() -> None:
    assert catalogues.faults("zh_CN") == []
    assert main(["--check"]) == 0


def _broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> list[str]:
    text = catalogues.path("zh_CN").read_text(encoding="utf-8")
    assert old in text
    copy = tmp_path / "watchkeeper.po"
    copy.write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(catalogues, "path", lambda _: copy)
    return catalogues.faults("zh_CN")


def test_a_message_gone_from_the_catalogue_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _broken(tmp_path, monkeypatch, 'msgid "Camera does not answer"', 'msgid "Camera is shy"')
    assert found == ["missing: Camera does not answer", "obsolete: Camera is shy"]


def test_an_empty_translation_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _broken(tmp_path, monkeypatch, 'msgstr "摄像机无应答"', 'msgstr ""') == [
        "untranslated: Camera does not answer"
    ]


def test_a_fuzzy_translation_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _broken(tmp_path, monkeypatch, 'msgid "Camera does not answer"', '#, fuzzy\nmsgid "Camera does not answer"')
    assert found == ["fuzzy: Camera does not answer"]


def test_a_renamed_field_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _broken(tmp_path, monkeypatch, "时钟偏差 {offset_seconds}。", "时钟偏差 {seconds}。")
    assert found == ["fields differ: The clock is off by {offset_seconds}."]


def test_updating_twice_is_updating_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "watchkeeper.po"
    copy.write_bytes(catalogues.path("zh_CN").read_bytes())
    monkeypatch.setattr(catalogues, "path", lambda _: copy)
    catalogues.update("zh_CN")
    once = copy.read_bytes()
    catalogues.update("zh_CN")
    assert copy.read_bytes() == once
    assert catalogues.faults("zh_CN") == []


def test_plurals_follow_the_language() -> None:
    one, many = "{count} thing is broken", "{count} things are broken"
    assert EN.ngettext(one, many, 1) == one
    assert EN.ngettext(one, many, 2) == many
    assert ZH.ngettext(one, many, 1) == ZH.ngettext(one, many, 2) == "{count} 处故障"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.038, "0.038 sec", "0.038秒"),
        (1, "1 sec", "1秒"),
        (60, "1 min", "1分钟"),
        (59.7, "1 min", "1分钟"),
        (5_700, "1 hr 35 min", "1小时35分钟"),
        (3_601, "1 hr", "1小时"),
        (93_600, "1 day 2 hr", "1天2小时"),
        (-42.4, "-42 sec", "-42秒"),
    ],
)
def test_durations(seconds: float, english: str, chinese: str) -> None:
    assert EN.duration(seconds) == english
    assert ZH.duration(seconds) == chinese


def test_details_are_written_by_the_suffix_of_their_name() -> None:
    assert EN.value("fill_ratio", 0.934) == "93.4%"
    assert EN.value("free_bytes", 12.34e9) == "12.3 GB"
    assert EN.value("network_receive_bytes_per_second", 1_500) == "1.5 kB/s"
    assert EN.value("silent_seconds", 190) == "3 min 10 sec"
    assert EN.value("spool_reports", 1_234) == "1,234"
    assert EN.value("overwrites", True) == "yes"
    assert ZH.value("overwrites", False) == "否"
    assert EN.value("model", "EO-1") == "EO-1"
    assert EN.value("fill_ratio", None) == "–"
    assert EN.value("temperature_celsius", 41.53) == "41.5°C"
    assert EN.value("full_in_days", 12.34) == "12.3 days"
    assert ZH.value("full_in_days", 0.5) == "12小时"
    assert EN.value("link_speed_bits_per_second", 1e9) == "1 Gbit/s"
    assert EN.value("process_rss_growth_bytes_per_hour", -1.5e6) == "-1.5 MB/h"
    assert EN.value("network_errors_per_second", 0.25) == "0.25/s"


def test_a_summary_never_fails_on_an_old_detail() -> None:
    rule = discover()["volume_filling"]
    assert EN.ticket_texts(rule, {}).summary == "– of the space is in use."
    assert EN.ticket_texts(rule, {"fill_ratio": "{x.__class__}"}).summary == "{x.__class__} of the space is in use."
    assert EN.ticket_texts(None, {}, "old_rule").title == "old_rule"


def test_every_rule_reads_in_both_languages() -> None:
    for rule in discover().values():
        english, chinese = EN.ticket_texts(rule, {}), ZH.ticket_texts(rule, {})
        for field in ("title", "meaning", "why", "first_step"):
            assert getattr(english, field)
            assert getattr(english, field) != getattr(chinese, field)


def test_times_carry_their_zone() -> None:
    assert EN.moment(NOW) == "29 May 2026, 04:26:40 GMT+08:00"
    assert ZH.moment(NOW) == "2026年5月29日 04:26:40 GMT+08:00"
    assert EN.iso(NOW) == "2026-05-29T04:26:40.000+08:00"
    assert EN.zone_name(NOW) == "Asia/Shanghai (GMT+08:00)"
    assert EN.short(NOW, NOW) == "29 May, 04:26:40"
    assert EN.short(NOW - 400 * 86_400_000, NOW) == "24 Apr 2025, 04:26"


def test_metric_help_comes_from_the_catalogue_of_the_wire() -> None:
    assert EN.metric("reachable") == "Device answers its management protocol"
    assert ZH.metric("reachable") == "设备可达"
    assert ZH.metric("no_such_metric") == "no_such_metric"


def test_an_unknown_locale_is_refused() -> None:
    with pytest.raises(ValueError, match="one of en, zh_CN"):
        Translator("fr")


@given(st.text(max_size=200), st.lists(st.one_of(st.none(), st.text(max_size=20))))
def test_any_header_yields_one_of_our_languages(header: str, wishes: list[str | None]) -> None:
    assert negotiate(wishes, header) in catalogues.LOCALES
