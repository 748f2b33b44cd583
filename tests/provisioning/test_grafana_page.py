"""docs/grafana.md: every command is one that there is, and its example of a file is one that is taken."""

import re
import shlex
from pathlib import Path

import pytest

from hub.__main__ import main as hub
from provisioning.__main__ import main as fleet
from provisioning.grafana.customer import read

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "grafana.md").read_text(encoding="utf-8")
INDENTED = re.findall(r"^    (?! )(.+)$", PAGE, re.MULTILINE)
SETUP = (ROOT / "provisioning" / "compose" / "setup.sh").read_text(encoding="utf-8")


def commands(program: str) -> list[list[str]]:
    """What the page has after the program's name, of commands in a line and in the text."""
    found = [line for line in INDENTED if program in line] + re.findall(rf"`({program} [^`]+)`", PAGE)
    return [shlex.split(line[line.index(program) :], comments=True)[1:] for line in found]


@pytest.mark.parametrize("words", commands("watchkeeper-fleet"), ids=" ".join)
def test_commands_of_the_fleet_are_understood(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that is understood misses the file, which is not here."""
    monkeypatch.chdir(tmp_path)
    assert fleet(words) == 2
    assert "customers.toml: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("words", commands("watchkeeper-hub"), ids=" ".join)
def test_commands_of_the_hub_are_understood(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert hub(words) == 2
    assert "hub.toml" in capsys.readouterr().err


def test_every_option_that_the_page_names_is_there_and_the_other_way_round(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        fleet(["dashboards", "publish", "--help"])
    there = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    named = set(re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE)) | set(re.findall(r"`(--[a-z]+)[ `]", PAGE))
    assert named <= there | {"--check"}
    assert there - set(re.findall(r"--[a-z-]+", PAGE)) <= {"--token-file", "--ca-file"}


def test_the_example_of_a_file_is_taken(tmp_path: Path) -> None:
    example = PAGE.split("```toml\n")[1].split("```")[0]
    (tmp_path / "customers.toml").write_text(example, encoding="utf-8")
    [customer] = read(tmp_path / "customers.toml")
    assert (customer.name, customer.language, customer.influx.version) == ("Depots", "zh_CN", 2)
    other = example.replace("version = 2 ", "version = 1 ").replace("token_file", "# token_file", 1)
    other = re.sub(r"^# (username|password_file|ca_file)", r"\1", other, flags=re.MULTILINE)
    (tmp_path / "customers.toml").write_text(other, encoding="utf-8")
    assert read(tmp_path / "customers.toml")[0].influx.username == "grafana"


def test_from_nothing_it_takes_five_commands_that_setup_knows() -> None:
    whole = PAGE.split("## From nothing")[1].split("## ")[0]
    lines = re.findall(r"^    (?! )(.+)$", whole, re.MULTILINE)
    assert len(lines) == 5
    for option in re.findall(r"setup\.sh (--[a-z]+)", whole):
        assert f"\n{option})" in SETUP, option
    for extra in re.findall(r"'\.\[([a-z,]+)\]'", whole):
        declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        assert all(f"\n{name} = [" in declared for name in extra.split(","))


def test_what_the_page_leads_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)", PAGE):
        assert target.startswith("https://") or (ROOT / "docs" / target).exists(), target
