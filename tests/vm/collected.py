"""One run of one collector in a machine, by the command a person would type."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.vm.installed import VENV
from tests.vm.machine import Machine
from tests.vm.service import WHO


@dataclass(frozen=True)
class Collected:
    """What `watchkeeper-agent collect NAME --json` printed; `problem` is what it said beside it."""

    status: int
    body: Mapping[str, Any]
    problem: str

    def values(self, device: str) -> Mapping[str, float]:
        """Everything measured of a device."""
        return {
            metric: value
            for one in self.body["measurements"]
            if one["device"] == device
            for metric, value in one["values"].items()
        }

    def facts(self, device: str) -> Mapping[str, Any]:
        """What the inventory says of a device."""
        return next((one["facts"] for one in self.body["devices"] if one["device"] == device), {})


def collect(machine: Machine, name: str, table: str = "") -> Collected:
    """Run a collector as root, with this as its table of the configuration."""
    machine.write_file("/srv/collect.toml", f'{WHO}state_dir = "/srv/state"\n[collectors.{name}]\n{table}')
    result = machine.run(f"{VENV}/bin/watchkeeper-agent collect {name} --config /srv/collect.toml --json")
    body = json.loads(result.stdout) if result.stdout.startswith("{") else {"measurements": [], "devices": []}
    return Collected(result.status, body, result.stderr.strip())
