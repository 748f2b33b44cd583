"""One run of one collector outside the agent: for `collect`, which prints what it reads, and for `doctor`."""

import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.collector import CollectError, Collector, NotAvailable, Plugin, Reading
from agent.config import Config, ConfigError, load, parse
from agent.surroundings import context_of

OK, FAILED, NOT_AVAILABLE = 0, 1, 3
"""Exit statuses of `collect`."""


@dataclass
class Attempt:
    """One collector's run: what it read, or why not. `seconds` is how long it took, or was waited for."""

    reading: Reading | None = None
    failed: str = ""
    missing: str = ""
    seconds: float = 0.0


def attempt(collector: Collector, timeout: float) -> Attempt:
    """One run within its time-out, in a thread that does not outlive us."""
    begun = time.monotonic()
    result = Attempt(failed=f"timed out after {timeout:g} s")

    def work() -> None:
        try:
            reading = collector.collect()
            result.reading, result.failed = reading, reading.problem
        except NotAvailable as error:
            result.missing, result.failed = str(error), ""
        except CollectError as error:
            result.failed = str(error)
        except Exception as error:  # noqa: BLE001 - supervised: a collector's defect is a result here
            result.failed = f"{type(error).__name__}: {error}"
        collector.close()

    thread = threading.Thread(target=work, name="collect", daemon=True)
    thread.start()
    thread.join(timeout)
    result.seconds = time.monotonic() - begun
    return result


def bare_config(names: Sequence[str], plugins: Mapping[str, Plugin]) -> Config:
    """What holds without a file: these collectors with their defaults. Raises ConfigError."""
    tables: dict[str, object] = {name: {} for name in names}
    only = {name: plugins[name] for name in names}
    return parse({"site": "local", "agent": "local", "collectors": tables}, only, source="without --config")


def collect(name: str, path: Path | None, plugins: Mapping[str, Plugin], *, as_json: bool) -> int:
    """Run one collector and print what it reads; the exit status. Nothing is kept or sent. Raises ConfigError."""
    if name not in plugins:
        raise ConfigError(f"unknown collector {name!r}; known: {', '.join(sorted(plugins))}")
    config = load(path, plugins) if path is not None else bare_config([name], plugins)
    settings = config.collectors.get(name)
    if settings is None:
        raise ConfigError(f"collector {name} is not enabled: it needs a table [collectors.{name}] (--config)")
    collectors = plugins[name].build(settings, context_of(config, plugins[name]))
    if not collectors:
        print(f"watchkeeper-agent: no device is configured for {name}: see docs/agent.md", file=sys.stderr)
        return NOT_AVAILABLE
    attempts = [attempt(collector, settings.timeout_seconds) for collector in collectors]
    print(_as_json(attempts) if as_json else _as_table(attempts), flush=True)
    for one in attempts:
        if one.failed or one.missing:
            print(f"watchkeeper-agent: {name}: {one.failed or one.missing}", file=sys.stderr)
    if any(one.failed for one in attempts):
        return FAILED
    return NOT_AVAILABLE if any(one.missing for one in attempts) else OK


def _as_json(attempts: Sequence[Attempt]) -> str:
    readings = [one.reading for one in attempts if one.reading is not None]
    clocks = [reading.clock for reading in readings if reading.clock is not None]
    body = {
        "measurements": [{"device": m.device, "values": dict(m.values)} for r in readings for m in r.measurements],
        "events": [
            {"device": event.device, "type": event.type, "data": dict(event.data)}
            for reading in readings
            for event in reading.happenings
        ],
        "devices": [device.model_dump(mode="json") for reading in readings for device in reading.devices or ()],
        "clock": {"offset_seconds": clocks[0].offset_seconds, "source": clocks[0].source} if clocks else None,
    }
    return json.dumps(body, indent=2, ensure_ascii=False)


def _as_table(attempts: Sequence[Attempt]) -> str:
    rows: list[tuple[str, str, str]] = []
    for one in attempts:
        reading = one.reading or Reading()
        for device in reading.devices or ():
            facts = ", ".join(f"{key}={value}" for key, value in device.facts.items())
            rows.append((device.device, device.kind, f"{device.name}  {facts}".strip()))
        for measured in reading.measurements:
            rows += [(measured.device, metric, f"{value:.6g}") for metric, value in measured.values.items()]
        for event in reading.happenings:
            details = ", ".join(f"{key}={value}" for key, value in event.data.items())
            rows.append((event.device, event.type, details))
    if not rows:
        return "nothing was read"
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{device:<{widths[0]}}  {what:<{widths[1]}}  {value}" for device, what, value in rows)
