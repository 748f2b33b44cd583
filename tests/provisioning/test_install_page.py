"""docs/install.md: what it copies is there and goes where the units look for it, and its examples are taken."""

import re
from pathlib import Path

import pytest

from agent.collector import discover
from agent.config import load
from hub.config import load as load_hub
from hub.rule import discover as rules

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (?! )(.+)$", PAGE, re.MULTILINE)
AGENT, HUB = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_every_file_of_the_repository_that_it_names_is_there() -> None:
    named = {word for line in COMMANDS for word in re.findall(r"(?:provisioning|requirements)/[\w./-]+", line)}
    assert len(named) >= 6
    assert [name for name in named if not (ROOT / name).is_file()] == []
    targets = re.findall(r"\]\(([^)#]+)", PAGE)
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []


@pytest.mark.parametrize("program", ["agent", "hub"])
def test_what_a_unit_starts_and_reads_is_put_where_it_looks(program: str) -> None:
    unit = (ROOT / f"provisioning/systemd/watchkeeper-{program}.service").read_text(encoding="utf-8")
    (started,) = re.findall(r"^ExecStart=(\S+) run --config (\S+)$", unit, re.MULTILINE)
    assert started == (f"/opt/watchkeeper/bin/watchkeeper-{program}", f"/etc/watchkeeper/{program}.toml")
    assert "sudo python3 -m venv /opt/watchkeeper" in COMMANDS
    assert f"sudo install -m 644 {program}.toml {started[1]}" in COMMANDS
    for page in re.findall(r"file:/usr/share/doc/watchkeeper/([\w.]+)", unit):
        assert (ROOT / "docs" / page).is_file()


def test_its_examples_are_taken_and_name_the_files_that_were_copied(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(AGENT, encoding="utf-8")
    (tmp_path / "hub.toml").write_text(HUB, encoding="utf-8")
    copied = {word for line in COMMANDS if line.startswith("sudo install") for word in line.split()}
    agent, hub = load(tmp_path / "agent.toml", discover()), load_hub(tmp_path / "hub.toml", rules())
    for tls in (agent.broker.tls, hub.file.broker.tls):
        assert tls is not None
        folder = f"/etc/watchkeeper/{tls.key.parent.relative_to(tmp_path)}/"
        assert {tls.ca.name, tls.certificate.name, tls.key.name, folder} <= copied
