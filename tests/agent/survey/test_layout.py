import csv
import io
import json
import re

import pytest
from lxml import etree, html

from agent.survey import layout, words
from agent.survey.report import Remark, Subject, Untold
from agent.survey.words import LANGUAGES, Words
from tests.agent.survey.found import WELL, everything_bad, found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_lines_up_whatever_the_letters(language: str) -> None:
    lines = layout.as_table(everything_bad(), Words(language, "Asia/Shanghai")).splitlines()
    rule = next(n for n, line in enumerate(lines) if line.startswith("-") and "  -" in line and len(line) > 80)
    starts = [m.start() for m in re.finditer(r"(?<!-)-", lines[rule])]
    for line in lines[rule - 1 : rule + 10]:
        columns = "".join(letter + "\0" * (layout.width(letter) - 1) for letter in line)
        for start in starts:
            assert columns[start - 1 : start] in ("", " "), line


def test_what_nobody_told_is_not_told_and_never_yes_or_zero() -> None:
    table = layout.as_table(everything_bad(), Words("en", "UTC"))
    row = next(line for line in table.splitlines() if line.startswith("9 "))
    assert row.split() == ["9", *["not", "told"] * 4]


def test_days_are_never_rounded_up_to_what_was_promised() -> None:
    table = layout.as_table(everything_bad(), Words("en", "UTC"))
    row = next(line for line in table.splitlines() if line.startswith("6 "))
    assert " 29.9 " in row
    assert "30.0" not in row


def test_times_are_of_the_sites_zone() -> None:
    assert "2026-10-28 12:00" in layout.as_table(found(WELL), Words("en", "Asia/Shanghai"))
    assert "UTC+8" in layout.as_table(found(WELL, zone="Etc/GMT-8"), Words("en", "Etc/GMT-8"))


def test_a_spreadsheet_gets_a_row_a_channel_and_no_formula() -> None:
    text = layout.as_csv(everything_bad(), Words("zh_CN", "UTC"))
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:])))
    assert len(rows) == 10
    assert {len(row) for row in rows} == {14}
    assert rows[4][2] == "'=cmd()"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_holds_everything_loads_nothing_and_trusts_no_name(language: str) -> None:
    text = layout.as_html(everything_bad(), Words(language, "UTC"))
    page = html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    assert not re.search(r"(src|href|url\()", text)
    assert not page.xpath("//td/b"), "a name from a device is text"
    assert page.xpath("count(//tbody/tr)") == 2 + 9
    assert page.xpath("count(//tr[@class='bad'])") == 7
    assert page.get("lang") == language.replace("_", "-")
    etree.fromstring(re.sub(r"(<meta[^>]*)>|<!doctype html>", lambda m: f"{m[1]}/>" if m[1] else "", text).replace(
        " class=bad", ""))  # fmt: skip


def test_json_is_for_programs() -> None:
    told = json.loads(layout.as_json(everything_bad()))
    assert told["channels"][1]["online"] is False
    assert told["channels"][8]["online"] is None
    assert told["channels"][1]["noticed"][0]["remark"] == "offline"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_remark_has_its_words(language: str) -> None:
    assert set(words._REMARKS) == set(Remark)
    spoken = Words(language, "UTC")
    told = {spoken.remark(one) for one in everything_bad().noticed}
    assert len(told) == 7
    assert all("{" not in text for text in told)


def test_chinese_is_chinese() -> None:
    english = {key for key, (_, zh) in words._TEXTS.items() if not re.search(r"[\u4e00-\u9fff]", zh)}
    assert english == {"ntp"}
    assert all(re.search(r"[\u4e00-\u9fff]", zh) for _, zh in words._SUBJECTS.values())
    assert set(words._SUBJECTS) == set(Subject)


@pytest.mark.parametrize("cell", ["=cmd()", " =cmd()", "gate;=cmd()", "gate; +1", "a;b;@x", "-1"])
def test_no_name_becomes_a_formula_whatever_separates_cells_there(cell: str) -> None:
    inert = layout._inert(cell)
    assert all(part.strip()[:1] not in ("=", "+", "-", "@") for part in inert.split(";"))
    assert inert.replace("'", "") == cell
    assert layout._inert("Gate 3; east = west") == "Gate 3; east = west"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_not_told_reads_as_such_in_every_layout(language: str) -> None:
    spoken = Words(language, "UTC")
    blind = found(identity=None, storage=None, time=None, untold=(Untold(Subject.CHANNELS, "", "HTTP 404"),))
    part = found(WELL, untold=(Untold(Subject.DISKS, "", "HTTP 404"),))
    for one, result in ((blind, "unread"), (part, "partly")):
        table, page = layout.as_table(one, spoken), layout.as_html(one, spoken)
        assert spoken["all_well"] not in table + page
        assert spoken[result] in table
        assert f'<p class="result {result}">' in page
        assert json.loads(layout.as_json(one))["outcome"] == result
    assert spoken["channels_untold"] in layout.as_table(blind, spoken)
    assert spoken["no_channels"] in layout.as_table(found(), spoken)
