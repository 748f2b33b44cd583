"""Collectors that do as a test says, in the test's process or in one of its own (`python -m tests.agent.plugins FILE`,
which is the agent's `run` with these)."""

import os
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field

from agent import log_lines, service
from agent.collector import CollectError, Collector, Context, Measurement, NotAvailable, Plugin, Reading, Settings
from wire.messages import Device, DeviceKind


class TicksSettings(Settings):
    """One collector for each device; by default there is one, `tick` of `host` or one named as the plugin."""

    interval_seconds: float = 0.1
    timeout_seconds: float = 0.4
    devices: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    value: float = 1.0
    password_file: Path | None = None
    missing: str = ""
    unbuildable: bool = False
    hangs: bool = False


class Ticks:
    """Tells a value; hangs, where it is to, in a wait that nobody ends, as in the kernel."""

    made = 0
    closed = 0

    def __init__(self, settings: TicksSettings, device: str) -> None:
        Ticks.made += 1
        self._settings = settings
        self._device = Device(device=device, kind=DeviceKind.CAMERA)
        self.runs = 0

    def collect(self) -> Reading:
        self.runs += 1
        if self._settings.missing == "fails":
            raise CollectError("fails")
        if self._settings.missing:
            raise NotAvailable(self._settings.missing)
        if self._settings.hangs:
            threading.Event().wait()
        values = {"reachable": self._settings.value, "clock_offset_seconds": float(self.runs)}
        return Reading([Measurement(self._device.device, values)], devices=[self._device])

    def close(self) -> None:
        Ticks.closed += 1


def _build(default: str, settings: TicksSettings, context: Context) -> Sequence[Collector]:
    if settings.unbuildable:
        raise KeyError("a defect")
    return [Ticks(settings, device) for device in settings.devices or (default,)]


PLUGINS = {
    name: Plugin(name, TicksSettings, partial(_build, device))
    for name, device in (("cameras", "cameras"), ("doors", "doors"), ("host", "tick"))
}

if __name__ == "__main__":
    log_lines.set_up("info")
    setattr(service, "discover", lambda: PLUGINS)  # noqa: B010 - the real ones measure this machine
    os._exit(service.run(Path(sys.argv[1])))
