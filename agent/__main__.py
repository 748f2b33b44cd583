"""The agent's command line."""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent import log_lines
from agent.app import agent_version, build
from agent.collector import CollectError, Collector, Context, NotAvailable, Plugin, Reading, discover
from agent.config import Config, ConfigError, load, parse
from agent.privacy import complaints
from agent.state import StateError

log = logging.getLogger(__name__)

OK, FAILED, BAD_USAGE, NOT_AVAILABLE = 0, 1, 2, 3

_EXAMPLES = """\
examples:
  watchkeeper-agent check-config --config /etc/watchkeeper/agent.toml
  watchkeeper-agent run --config /etc/watchkeeper/agent.toml
  watchkeeper-agent collect host
  watchkeeper-agent collect cameras --config /etc/watchkeeper/agent.toml --json

Exit status: 0 well, 1 failed, 2 wrong usage or configuration, 3 not available on this machine (collect only).
"""


def main() -> None:
    """The program. Threads of collectors that hang in the kernel or a library do not keep the process."""
    status = command(sys.argv[1:])
    logging.shutdown()
    with suppress(OSError):  # who read our output may be gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def command(arguments: Sequence[str]) -> int:
    """Run one command; its exit status."""
    options = _parser().parse_args(arguments)
    log_lines.set_up(options.log_level)
    try:
        if options.command == "run":
            return _run(options.config)
        if options.command == "check-config":
            return _check(options.config, options.json)
        return _collect(options.name, options.config, options.json)
    except (ConfigError, StateError) as error:
        print(f"watchkeeper-agent: {error}", file=sys.stderr)
        return BAD_USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="watchkeeper-agent",
        description="Measures the devices of a site and reports to the hub.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"watchkeeper-agent {agent_version()}")
    parser.add_argument(
        "--log-level", choices=["debug", "info", "warning", "error"], default="info", help="default: info"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="collect and report until SIGTERM or Ctrl-C")
    run.add_argument("--config", type=Path, required=True, metavar="FILE")
    check = commands.add_parser("check-config", help="read a configuration, say what is wrong with it, start nothing")
    check.add_argument("--config", type=Path, required=True, metavar="FILE")
    check.add_argument("--json", action="store_true", help="print the whole configuration, defaults filled in")
    collect = commands.add_parser("collect", help="run one collector once and print what it reads; sends nothing")
    collect.add_argument("name", metavar="NAME", help="host, volumes, clock, cameras, recorders or doors")
    collect.add_argument("--config", type=Path, metavar="FILE", help="with its table; without, its defaults")
    collect.add_argument("--json", action="store_true", help="JSON instead of a table")
    return parser


def _run(path: Path) -> int:
    os.umask(0o077)
    plugins = discover()
    config = load(path, plugins)
    app = build(config, plugins)
    for complaint in complaints(config):
        log.warning("%s", complaint)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    app.start()
    ended.wait()
    app.stop()
    return OK


def _check(path: Path, as_json: bool) -> int:
    config = load(path, discover())
    if as_json:
        body = config.model_dump(mode="json", exclude={"collectors"})
        body["collectors"] = {name: settings.model_dump(mode="json") for name, settings in config.collectors.items()}
        print(json.dumps(body, indent=2, ensure_ascii=False))
    else:
        where = f"{config.broker.host}:{config.broker.port}" + (" with TLS" if config.broker.tls else "")
        names = ", ".join(config.collectors) or "none"
        print(f"{path}: fine. Agent {config.site}/{config.agent}, broker {where}, collectors: {names}")
    return OK


# collect


@dataclass
class _Attempt:
    """One collector's run: what it read, or why not."""

    reading: Reading | None = None
    failed: str = ""
    missing: str = ""


def _collect(name: str, path: Path | None, as_json: bool) -> int:
    plugins = discover()
    if name not in plugins:
        raise ConfigError(f"unknown collector {name!r}; known: {', '.join(sorted(plugins))}")
    config = _config_for(name, path, plugins)
    settings = config.collectors.get(name)
    if settings is None:
        raise ConfigError(f"collector {name} is not enabled: it needs a table [collectors.{name}] (--config)")
    collectors = plugins[name].build(settings, Context(agent=config.agent, host=config.host))
    if not collectors:
        print(f"watchkeeper-agent: no device is configured for {name}: see docs/agent.md", file=sys.stderr)
        return NOT_AVAILABLE
    attempts = [_attempt(collector, settings.timeout_seconds) for collector in collectors]
    print(_as_json(attempts) if as_json else _as_table(attempts), flush=True)
    for attempt in attempts:
        if attempt.failed or attempt.missing:
            print(f"watchkeeper-agent: {name}: {attempt.failed or attempt.missing}", file=sys.stderr)
    if any(attempt.failed for attempt in attempts):
        return FAILED
    return NOT_AVAILABLE if any(attempt.missing for attempt in attempts) else OK


def _config_for(name: str, path: Path | None, plugins: dict[str, Plugin]) -> Config:
    if path is not None:
        return load(path, plugins)
    only = {name: plugins[name]}
    return parse({"site": "local", "agent": "local", "collectors": {name: {}}}, only, source="without --config")


def _attempt(collector: Collector, timeout: float) -> _Attempt:
    """One run within its time-out, in a thread that does not outlive us."""
    attempt = _Attempt(failed=f"timed out after {timeout:g} s")

    def work() -> None:
        try:
            reading = collector.collect()
            attempt.reading, attempt.failed = reading, reading.problem
        except NotAvailable as error:
            attempt.missing, attempt.failed = str(error), ""
        except CollectError as error:
            attempt.failed = str(error)
        except Exception as error:  # noqa: BLE001 - supervised: a collector's defect is a result here
            attempt.failed = f"{type(error).__name__}: {error}"
        collector.close()

    thread = threading.Thread(target=work, name="collect", daemon=True)
    thread.start()
    thread.join(timeout)
    return attempt


def _as_json(attempts: Sequence[_Attempt]) -> str:
    readings = [attempt.reading for attempt in attempts if attempt.reading is not None]
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


def _as_table(attempts: Sequence[_Attempt]) -> str:
    rows: list[tuple[str, str, str]] = []
    for attempt in attempts:
        reading = attempt.reading or Reading()
        for device in reading.devices or ():
            facts = ", ".join(f"{key}={value}" for key, value in device.facts.items())
            rows.append((device.device, device.kind, f"{device.name}  {facts}".strip()))
        for one in reading.measurements:
            rows += [(one.device, metric, f"{value:.6g}") for metric, value in one.values.items()]
        for event in reading.happenings:
            details = ", ".join(f"{key}={value}" for key, value in event.data.items())
            rows.append((event.device, event.type, details))
    if not rows:
        return "nothing was read"
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{device:<{widths[0]}}  {what:<{widths[1]}}  {value}" for device, what, value in rows)


if __name__ == "__main__":
    main()
