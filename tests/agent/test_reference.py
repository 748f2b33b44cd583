"""docs/agent.md: current, whole, and what it is made from is worth printing."""

import itertools
from pathlib import Path

import pytest

from agent import reference
from agent.collector import discover
from agent.config import Config
from agent.keys import key_tables
from agent.reference import BEGIN, END, PAGE, PageError, main, own_metrics, page
from wire.messages import DeviceKind
from wire.metrics import BY_NAME, CATALOGUE

PLUGINS = discover()


@pytest.mark.parametrize("name", sorted(PLUGINS))
def test_a_collector_says_what_it_reads_and_tells_no_metric_that_is_unknown(name: str) -> None:
    plugin = PLUGINS[name]
    about = reference._about(f"agent.collectors.{name}")
    assert about.partition("\n")[0].endswith("."), "the first line of the module's docstring stands in the overview"
    assert plugin.metrics
    assert [metric for metric in plugin.metrics if metric not in BY_NAME] == []
    assert len(set(plugin.metrics)) == len(plugin.metrics)
    assert len(set(plugin.events)) == len(plugin.events)
    assert all(need.what and need.why for need in plugin.needs)


@pytest.mark.parametrize("name", sorted(PLUGINS))
def test_every_key_of_a_collector_has_its_meaning_below_it(name: str) -> None:
    tables = key_tables(PLUGINS[name].settings, name)
    assert [f"{table.heading} {key.name}" for table in tables for key in table.keys if not key.meaning] == []
    assert [table.heading for table in tables if not table.about] == []


def test_every_key_of_the_agent_has_its_meaning_below_it() -> None:
    tables = key_tables(Config, "")
    assert [f"{table.heading} {key.name}" for table in tables for key in table.keys if not key.meaning] == []


def test_every_metric_is_told_by_a_collector_or_by_the_agent_itself() -> None:
    told = {metric for plugin in PLUGINS.values() for metric in plugin.metrics}
    told |= {metric.name for metric in own_metrics()}
    told |= {metric.name for metric in CATALOGUE if metric.kinds == {DeviceKind.HUB}}  # the hub's own
    assert sorted(metric.name for metric in CATALOGUE if metric.name not in told) == []


def test_the_page_is_current() -> None:
    assert page(PAGE.read_text(encoding="utf-8"), PLUGINS) == PAGE.read_text(encoding="utf-8"), "run: make docs"


def test_the_page_has_a_section_for_every_collector_and_lines_for_all_it_tells() -> None:
    text = page(f"{BEGIN}{END}", PLUGINS)
    for name, plugin in PLUGINS.items():
        section = text.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
        assert all(f"| `{metric}` |" in section for metric in plugin.metrics), name
        assert all(f"`{event}`" in section for event in plugin.events), name
        assert all(need.what in section for need in plugin.needs), name


def test_tables_are_whole_whatever_stands_in_them() -> None:
    lines = page(f"{BEGIN}{END}", PLUGINS).split("\n")
    for before, line in itertools.pairwise(lines):
        if line.startswith("|") and before.startswith("|"):
            assert line.replace("\\|", "").count("|") == before.replace("\\|", "").count("|"), line


def test_what_is_written_by_hand_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "agent.md"
    path.write_text(f"# By hand\n\n{BEGIN}\nold\n{END}\n\nthe end\n")
    assert main(["--check", "--page", str(path)]) == 1
    assert "make docs" in capsys.readouterr().err
    assert main(["--page", str(path)]) == 0
    text = path.read_text()
    assert text.startswith("# By hand\n\n")
    assert text.endswith(f"{END}\n\nthe end\n")
    assert "old" not in text.partition("\n")[2].partition("## ")[0]
    assert main(["--check", "--page", str(path)]) == 0


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_a_page_without_a_place_for_it_is_left_alone(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "agent.md"
    path.write_text(text)
    assert main(["--page", str(path)]) == 2
    assert "markers" in capsys.readouterr().err
    assert path.read_text() == text
    with pytest.raises(PageError):
        page(text, PLUGINS)
