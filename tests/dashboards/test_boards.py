"""Every query of every dashboard: on the week, on nothing, and the same in both languages."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.drawing.page import page
from tests.dashboards.player.play import JSON, Player, panels_of
from tests.dashboards.player.source import Source
from tests.dashboards.sites import NOW
from tests.dashboards.truth import truth_of

COMMITTED = Path(__file__).parents[2] / "dashboards" / "json"
LANGUAGES = ("en", "zh_CN")
NAMES = sorted(path.stem for path in (COMMITTED / "en").glob("*.json"))


def board(name: str, language: str = "en") -> JSON:
    found: JSON = json.loads((COMMITTED / language / f"{name}.json").read_text(encoding="utf-8"))
    return found


def shown(dashboard: JSON) -> Iterator[JSON]:
    return (panel for panel in panels_of(dashboard) if panel["type"] not in ("row", "text"))


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_shows_what_the_week_was_like(name: str, sources: Sequence[Source]) -> None:
    truth = truth_of(name)
    played = Player(sources, NOW).play(board(name), truth.wanted, "now-7d")
    problems = [
        f"{panel.title}: {problem}"
        for panel in played.panels
        if panel.json["type"] != "text"
        for problem in (
            truth.panels[panel.json["title"]].problems(panel)
            if panel.json["title"] in truth.panels
            else ["nobody has said what it shows: add it to tests/dashboards/truth"]
        )
    ]
    problems += [
        f"annotation {one.json['name']}: {len(one.events)} events"
        for one in played.annotations
        if len(one.events) < truth.annotations.get(one.json["name"], 1)
    ]
    assert not problems, "\n".join(problems)
    assert {panel["title"] for panel in shown(played.json)} == set(truth.panels), "of panels that are no more"
    assert page(played, "en")


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_database_shows_no_rows_and_no_error(name: str, empty_sources: Sequence[Source]) -> None:
    played = Player(empty_sources, NOW).play(board(name))
    assert [panel.title for panel in played.panels if panel.rows] == []
    assert [one.json["name"] for one in played.annotations if one.events] == []
    assert page(played, "en")


@pytest.mark.parametrize("name", NAMES)
def test_titles_tell_panels_apart(name: str) -> None:
    titles = [panel["title"] for panel in shown(board(name))]
    assert sorted(set(titles)) == sorted(titles)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_list_leads_to_a_panel_that_there_is(language: str) -> None:
    boards = [board(name, language) for name in NAMES]
    titles = {panel["title"] for one in boards for panel in shown(one)} | {
        one["title"].removeprefix("Watchkeeper · ") for one in boards
    }
    empty = [panel["fieldConfig"]["defaults"]["noValue"] for one in boards for panel in shown(one)]
    named = {title for words in empty for title in re.findall(r'"(.+?)"' if language == "en" else "“(.+?)”", words)}
    assert len(named) > 5
    assert named <= titles


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_ask_alike(name: str) -> None:
    english, chinese = (asked(board(name, language)) for language in ("en", "zh_CN"))
    assert english == chinese


def asked(dashboard: JSON) -> list[Any]:
    """All that goes to InfluxDB, but for the fields that say something in one language."""
    queries = [
        (panel["id"], target["refId"], target["query"], target["resultFormat"])
        for panel in shown(dashboard)
        for target in panel.get("targets") or []
    ]
    variables = [(one["name"], one["query"]) for one in dashboard["templating"]["list"]]
    marks = [one.get("query") or one.get("target") for one in dashboard["annotations"]["list"]]
    return [json.loads(json.dumps(part).replace("_zh", "")) for part in (queries, variables, marks)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_lead_to_dashboards_and_variables_that_there_are(language: str) -> None:
    boards = {one["uid"]: one for one in (board(name, language) for name in NAMES)}
    problems = []
    for dashboard in boards.values():
        for url in links(dashboard):
            found = re.match(r"/d/([\w-]+)", url)
            if not found:
                problems += [] if url.startswith("${console}") else [f"{dashboard['uid']}: {url} leads where?"]
                continue
            target = boards.get(found[1])
            if target is None:
                problems.append(f"{dashboard['uid']}: {url} leads nowhere")
                continue
            there = {variable["name"] for variable in target["templating"]["list"]}
            problems += [
                f"{dashboard['uid']}: {url}: {target['uid']} has no variable {name}"
                for name in re.findall(r"[?&]var-(\w+)=", url)
                if name not in there
            ]
    assert not problems, "\n".join(problems)


def links(dashboard: JSON) -> Iterator[str]:
    """Of the dashboard, its panels, and their cells."""
    yield from (one["url"] for one in dashboard.get("links") or [] if one["type"] == "link")
    for panel in panels_of(dashboard):
        yield from (one["url"] for one in panel.get("links") or [])
        config = panel.get("fieldConfig") or {}
        yield from (one["url"] for one in (config.get("defaults") or {}).get("links") or [])
        for override in config.get("overrides") or []:
            for one in override["properties"]:
                if one["id"] == "links":
                    yield from (link["url"] for link in one["value"])
