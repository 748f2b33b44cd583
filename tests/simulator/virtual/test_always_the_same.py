"""The same bytes whatever the process: no hash order, no clock, no machine goes into a recording."""

import os
import subprocess
import sys
from pathlib import Path

SITE = """
site: riverside
length: 20m
duplicates: 0.2
reorders: 0.2
agents:
  - id: g
    cameras: 1
    recorders: [{ id: nvr-1, channels: 1, speaks: isapi }]
    door_controllers: [{ id: access-1, doors: [door-1] }]
faults:
  - { at: 5m, for: 5m, kind: firmware_changed, device: cam-01 }
  - { at: 5m, for: 5m, kind: door_forced, device: door-1 }
"""


def test_processes_with_other_hashes_and_time_zones_write_the_same(tmp_path: Path) -> None:
    script = tmp_path / "site.yaml"
    script.write_text(SITE)
    command = [sys.executable, "-m", "simulator", "generate", str(script)]
    surroundings = [{"PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai"}, {"PYTHONHASHSEED": "2", "TZ": "America/Lima"}]
    running = [
        subprocess.Popen(command, env={**os.environ, **one}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for one in surroundings
    ]
    one, other = (process.communicate()[0] for process in running)
    assert one == other
    assert one.count(b"\n") > 20
