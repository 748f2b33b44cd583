"""The agent's command line."""

import argparse
import importlib
import json
import logging
import os
import pkgutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from agent import collectors as collectors_package
from agent import log_lines
from agent.app import agent_version
from agent.collector import discover
from agent.config import ConfigError, load
from agent.state import StateError

OK, BAD_USAGE = 0, 2

TOOLS: tuple[str, ...] = (
    "agent.survey.command",
    "agent.device_clock",
    "agent.pictures.command",
    "agent.discovery.command",
)
"""Modules of further commands, for a technician at a device. Each offers `add(commands)`, which adds its parser with
`set_defaults(tool=run)`, and `run(options) -> int`; what is heavy it imports within `run`."""

_DESCRIPTION = """\
Measures a box, its disks and recordings, and the devices of a site, and reports to the hub.
"""

_EXAMPLES = """\
a new box, step by step:
  watchkeeper-agent check-config --config /etc/watchkeeper/agent.toml     is the file right?
  watchkeeper-agent doctor --config /etc/watchkeeper/agent.toml           is everything there that it needs?
  watchkeeper-agent collect cameras --config /etc/watchkeeper/agent.toml  what would it say?
  systemctl enable --now watchkeeper-agent                                run it

exit status: 0 well; 1 failed (doctor: something is to be mended); 2 wrong usage or configuration;
3 not available on this machine (collect only).
Every key, collector and metric: docs/agent.md
"""

_DOCTOR = """\
Looks at what the agent needs, and says what to mend: its configuration, rights and room on disk, the way to the broker
(name, TCP, certificates, TLS, MQTT), the clock, each configured device, and each collector's tools. Changes nothing.

An agent that runs is not disturbed: its connection is looked at from outside, and devices are left to it unless --only
names their collector. Run it as root, or as the account the agent runs under.
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
    # The doctor tells itself what a log would.
    log_lines.set_up(options.log_level or ("critical" if options.command == "doctor" else "info"))
    try:
        return _run_command(options)
    except (ConfigError, StateError) as error:
        print(f"watchkeeper-agent: {error}", file=sys.stderr)
        return BAD_USAGE


def _run_command(options: argparse.Namespace) -> int:
    """Each brings its own modules: an agent that runs needs none of the others'. Raises ConfigError and StateError."""
    if options.command == "run":
        from agent import service

        return service.run(options.config)
    if (tool := getattr(options, "tool", None)) is not None:
        status: int = tool(options)
        return status
    if options.command == "check-config":
        return _check(options.config, options.json)
    if options.command == "collect":
        from agent import trial

        return trial.collect(options.name, options.config, discover(), as_json=options.json)
    from agent import doctor

    only = [name for names in options.only for name in names.split(",") if name]
    return doctor.doctor(options.config, discover(), only, as_json_document=options.json, seconds=options.seconds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="watchkeeper-agent",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"watchkeeper-agent {agent_version()}")
    parser.add_argument(
        "--log-level",
        choices=["debug", "info", "warning", "error"],
        help="what goes to standard error; default: info, and nothing for doctor",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="collect and report until SIGTERM or Ctrl-C; SIGHUP reads the file again",
        description="Collect and report until SIGTERM or Ctrl-C. SIGHUP reads the file again; one that is broken "
        "changes nothing.",
    )
    run.add_argument("--config", type=Path, required=True, metavar="FILE")
    check = commands.add_parser("check-config", help="read a configuration, say what is wrong with it, start nothing")
    check.add_argument("--config", type=Path, required=True, metavar="FILE")
    check.add_argument("--json", action="store_true", help="print the whole configuration, defaults filled in")
    _add_doctor(commands)
    _add_collect(commands)
    for module in TOOLS:
        importlib.import_module(module).add(commands)
    return parser


def _add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    doctor = commands.add_parser(
        "doctor",
        help="look at broker, clock, rights, devices and tools, and say what to mend",
        description=_DOCTOR,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    doctor.add_argument("--config", type=Path, metavar="FILE", help="default: /etc/watchkeeper/agent.toml")
    doctor.add_argument("--json", action="store_true", help="JSON instead of lines")
    doctor.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="WHAT",
        help=f"permissions, broker, clock, devices, tools, or a collector ({_collector_names()}); several with commas",
    )
    doctor.add_argument(
        "--seconds", type=float, default=120.0, metavar="N", help="how long it may take in all; default: 120"
    )


def _add_collect(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    collect = commands.add_parser(
        "collect",
        help="run one collector once and print what it reads; sends nothing",
        description="Run one collector once and print what it reads. Nothing is sent, and nothing is kept.",
    )
    collect.add_argument("name", metavar="NAME", help=_collector_names())
    collect.add_argument("--config", type=Path, metavar="FILE", help="with its table; without, its defaults")
    collect.add_argument("--json", action="store_true", help="JSON instead of a table")


def _collector_names() -> str:
    """By their files: none is imported for a line of help."""
    *names, last = sorted(module.name for module in pkgutil.iter_modules(collectors_package.__path__))
    return f"{', '.join(names)} or {last}"


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


if __name__ == "__main__":
    main()
