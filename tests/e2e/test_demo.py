"""The demo as a person runs it: real hub, real agents, real SOAP, real SIGSTOP."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until

SITE = """\
site: riverside
agents:
  - id: gateway
    cameras: 4
    recorders: [{id: nvr-1, channels: 2}]
    door_controllers: [{id: access-1, doors: [door-1, door-2]}]
    volumes: [{id: system, mount: /, fill: 0.4}, {id: footage, fill: 0.99, role: recording, overwrites: true}]
collectors:
  host: {interval_seconds: 2}
  volumes: {interval_seconds: 1}
  cameras: {interval_seconds: 1, clock_samples: 1, device_timeout_seconds: 2}
  recorders: {interval_seconds: 2, clock_samples: 1}
  doors: {interval_seconds: 1}
rules:
  agent_silent: {silent_seconds: 8, waiting_factor: 1}
  camera_unreachable: {hold_seconds: 3, clear_seconds: 2}
  clock_drift: {hold_seconds: 2, clear_seconds: 2}
  door_held_open: {hold_seconds: 3, clear_seconds: 1}
  volume_filling: {hold_seconds: 2, clear_seconds: 2}
"""
FIVE_FAULTS = """\
settle: 40s
faults:
  - {at: 1s, for: 10s, kind: camera_off, device: cam-03, expect: {rule: camera_unreachable, device: cam-03}}
  - {at: 2s, for: 10s, kind: volume_fill, device: system, expect: {rule: volume_filling, device: system}}
  - {at: 3s, for: 10s, kind: clock_jump, device: cam-02, by: 90s, expect: {rule: clock_drift, device: cam-02}}
  - {at: 4s, for: 9s, kind: door_held, device: door-2, expect: {rule: door_held_open, device: door-2}}
  - {at: 18s, for: 14s, kind: agent_silent, device: gateway, expect: {rule: agent_silent, device: gateway}}
"""
TOO_SHORT_TO_MATTER = """\
settle: 1s
faults:
  - {at: 1s, for: 0.5s, kind: door_held, device: door-2, expect: {rule: door_held_open, device: door-2}}
"""


def command(folder: Path, script: str, *arguments: str) -> list[str]:
    file = folder / "script.yaml"
    file.write_text(SITE + script)
    keep = ["--script", str(file), "--keep", str(folder / "kept")]
    return [sys.executable, "-m", "simulator", "demo", *keep, *arguments]


def processes(folder: Path) -> list[int]:
    """Processes that were told of this folder, but for the demo itself."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if f"{folder}/kept/" in line:
                found.append(int(entry.name))
    return found


@pytest.fixture(autouse=True)
def _nothing_outlives_it(tmp_path: Path) -> Iterator[None]:
    yield
    wait_until(lambda: not processes(tmp_path), what="every process of the demo is gone")


def rows(outcome: dict[str, Any], site: str) -> list[tuple[str, str, str]]:
    return sorted((row["rule"], row["device"], row["state"]) for row in outcome["tickets"] if row["site"] == site)


def test_each_of_five_faults_is_one_ticket_that_heals(tmp_path: Path) -> None:
    ended = subprocess.run(
        command(tmp_path, FIVE_FAULTS, "--once", "--json"), capture_output=True, text=True, timeout=170, check=False
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    outcome = json.loads(ended.stdout)
    assert outcome["ok"]
    assert outcome["differences"] == []
    assert rows(outcome, "riverside") == [
        ("agent_silent", "gateway", "resolved"),
        ("camera_unreachable", "cam-03", "resolved"),
        ("clock_drift", "cam-02", "resolved"),
        ("door_held_open", "door-2", "resolved"),
        ("volume_filling", "system", "resolved"),
    ]
    assert "The console is at  http://127.0.0.1:" in ended.stderr
    assert "fault   the clock of cam-02 jumps by +90 s" in ended.stderr
    assert "opened: agent_silent on riverside/gateway" in ended.stderr


def test_a_ticket_that_should_have_been_and_was_not_is_named(tmp_path: Path) -> None:
    ended = subprocess.run(
        command(tmp_path, TOO_SHORT_TO_MATTER, "--once"), capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.splitlines()[-2:] == [
        "door_held_open on door-2: 0 tickets, expected 1 (of door_held of door-2)",
        f"State and logs are left in {tmp_path}/kept",
    ]


def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path, FIVE_FAULTS), stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout
        for line in demo.stdout:
            if "the site is up and well" in line:
                break
        assert len(processes(tmp_path)) == 3
        os.kill(demo.pid, signal.SIGINT)
        assert demo.wait(30) == 0


def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        ended = subprocess.run(
            command(tmp_path, FIVE_FAULTS, "--port", str(port)), capture_output=True, text=True, timeout=60, check=False
        )
    assert ended.returncode == 1
    assert f"port {port} is taken" in ended.stderr
