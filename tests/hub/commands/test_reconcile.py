"""`watchkeeper-hub reconcile` as an operator types it."""

import json
from pathlib import Path

import pytest

from hub.__main__ import main
from hub.config import load
from hub.rule import discover
from tests.hub.fleets import T0
from tests.hub.hubs import Hub
from wire.messages import Device, DeviceKind, Sample
from wire.topics import Verb

DAMP = """\
[threshold.too_damp]
kinds = ["room"]
metric = "humidity_ratio"
comparison = "above"
raise_at = 0.7
clear_at = 0.6
hold_seconds = 0
title = "Too damp"
summary = "Humidity is {humidity_ratio}."
first_step = "Open the window."
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The configuration of a hub that has a ticket by a rule of the user's own; it does not run any more."""
    file = tmp_path / "hub.toml"
    file.write_text(f'state_dir = "{tmp_path}"\n{DAMP}')
    hub = Hub(tmp_path, config=load(file, discover()))
    hub.announce([Device(device="gateway", kind=DeviceKind.AGENT), Device(device="air", kind=DeviceKind.ROOM)])
    hub.hear(Verb.REPORT, hub.report(Sample(device="air", at=T0, values={"humidity_ratio": 0.75})))
    hub.step()
    hub.close()
    return file


def told(file: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["reconcile", "--config", str(file), *words]) == 0
    return capsys.readouterr().out


def test_a_ticket_by_a_users_own_rule_is_in_order(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(file, capsys) == "nothing differs\n"
    assert json.loads(told(file, capsys, "--json")) == {"dry_run": False, "corrections": []}


def test_of_a_rule_that_is_gone_it_is_said_and_only_then_put_right(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(file.read_text().partition("[threshold")[0])
    said = told(file, capsys, "--dry-run")
    assert "school/air too_damp: closes: no rule watches for it any more\nwould be put right: 1 unwatched" in said
    assert told(file, capsys, "--dry-run") == said
    assert "\nput right: 1 unwatched" in told(file, capsys)
    assert told(file, capsys) == "nothing differs\n"


def test_a_database_that_is_none_is_one_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file.parent / "hub.db").write_text("this is no database" * 100)
    assert main(["reconcile", "--config", str(file)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("watchkeeper-hub: ")
    assert "not a database" in line
