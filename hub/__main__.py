"""watchkeeper-hub: run the hub, check its configuration, say what agents shall run, back it up."""

import argparse
import gc
import json
import logging
import signal
import sys
import threading
from importlib.metadata import version
from pathlib import Path

from hub import logs, named_files
from hub.commands import (
    backup,
    cover,
    deadletter,
    effective,
    forget,
    init_influx,
    reconcile,
    replay,
    restore,
    restored,
    score,
)
from hub.config import ConfigError, HubConfig, load, parse
from hub.desired import command as desired_command
from hub.folder import refusal_of
from hub.rule import discover

COLLECT = (50_000, 20, 50)
"""When Python looks for cycles of garbage (gc.set_threshold). A hub makes and frees a dozen objects a report and none
of them in cycles; at Python's own setting looking through all that it remembers took as long as the reports."""

EPILOG = """\
examples:
  watchkeeper-hub check-config --config hub.toml          what is wrong, by line; exit 0 when nothing is
  watchkeeper-hub check-config --config hub.toml --json   the effective settings of every rule
  watchkeeper-hub check-config --config hub.toml --settings --site school --device cam-1 --kind camera
                                                          every threshold there, and the line it comes from
  watchkeeper-hub run --config hub.toml                   until SIGTERM or Ctrl-C
  watchkeeper-hub config list --config hub.toml           what every agent shall run, and whether it does
  watchkeeper-hub maintenance list --config hub.toml      planned work; silence list: what is not to be heard of
  watchkeeper-hub replay month.jsonl                      what tickets a recording would have led to
  watchkeeper-hub score history.csv                       how unusual each value of a timestamp,value table is
  watchkeeper-hub init-influx --config hub.toml --dry-run  what InfluxDB lacks to be the hub's
  watchkeeper-hub deadletter list --config hub.toml       what the series store refused for good
  watchkeeper-hub backup --to DIR --config hub.toml       one file with everything, while the hub runs

Secrets come from files named in the configuration, never from the file itself. Settings: docs/hub.md; of rules and
areas docs/settings.md, of InfluxDB docs/influxdb.md. As a service: docs/install.md.
"""


def main(argv: list[str] | None = None) -> int:
    """Entry point. Exit status: 0 done, 1 failed while running, 2 wrong configuration or command line."""
    arguments = _parser().parse_args(argv)
    logs.set_up(arguments.log_level, arguments.log_format or "text")
    try:
        rules = discover()
        config = load(arguments.config, rules) if arguments.config else parse({}, rules, folder=Path.cwd())
        logs.set_up(arguments.log_level, arguments.log_format or config.file.log.format)
        return COMMANDS[arguments.command](config, arguments)
    except BrokenPipeError:
        sys.stdout = None  # whoever read has gone; nothing is left to flush at exit
        return 1
    except (ConfigError, OSError) as error:
        print(f"watchkeeper-hub: {refusal_of(error) if isinstance(error, OSError) else error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="watchkeeper-hub",
        description="Hears the agents over MQTT, keeps their time series, raises tickets and serves the console.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('watchkeeper')}")
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--log-format", choices=logs.FORMATS, help="text or JSON lines; default: as the file says")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    file = argparse.ArgumentParser(add_help=False)
    file.add_argument("--config", type=Path, required=True, metavar="FILE", help="the hub's TOML file")
    for name, text in (("run", "run until SIGTERM or Ctrl-C"), ("check-config", "validate and show the configuration")):
        command = commands.add_parser(name, help=text, description=text, parents=[file])
        if name == "check-config":
            command.add_argument("--json", action="store_true", help="print the effective settings as JSON")
            effective.add_to(command)
    desired_command.add_to(commands, file)
    replay.add_to(commands)
    score.add_to(commands)
    for subcommand in (cover, reconcile, init_influx, backup, deadletter, restore, restored, forget):
        subcommand.add_to(commands, file)
    return parser


def _check(config: HubConfig, arguments: argparse.Namespace) -> int:
    if effective.asked(arguments):
        return effective.show(config, arguments)
    named_files.check(config)
    settings = {name: rule.model_dump(mode="json") for name, rule in config.rules.items()}
    if arguments.json:
        print(json.dumps({**config.file.model_dump(mode="json", exclude={"rules"}), "rules": settings}, indent=2))
    else:
        broker = config.file.broker
        print(f"broker   {'embedded, ' if broker.embedded else ''}{broker.host}:{broker.port}, root {broker.root}")
        print(f"console  http://{config.file.console.host}:{config.file.console.port}/")
        print(f"store    {config.file.store.url or 'SQLite in ' + str(config.file.state_dir)}")
        print(f"series   {config.file.series.kind}")
        print(f"hub      {config.file.hub.name}, of site {config.file.hub.site}")
        if config.file.store.url and config.file.series.kind == "embedded":
            print("note     with a second hub on this database: series.kind influx, or on one machine one series.path")
        for name, values in settings.items():
            print(f"rule     {name}: " + ", ".join(f"{key} = {value}" for key, value in values.items()))
    return 0


def _config(config: HubConfig, arguments: argparse.Namespace) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return desired_command.run(config, arguments)
    except SQLAlchemyError as error:
        print(f"watchkeeper-hub: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 1


def _run(config: HubConfig, _arguments: argparse.Namespace) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    from hub.app import App  # not needed to check a configuration, and slow to import
    from hub.series.journal import JournalError
    from hub.series.store import SeriesUnavailable

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    gc.set_threshold(*COLLECT)
    try:
        app = App(config, config.known)
        app.start()
    except (JournalError, SeriesUnavailable, SQLAlchemyError, OSError) as error:
        said = refusal_of(error) if isinstance(error, OSError) else str(error).partition("\n")[0]
        print(f"watchkeeper-hub: {said}", file=sys.stderr)
        return 1
    logging.getLogger("hub").info("console at http://%s:%s/", config.file.console.host, config.file.console.port)
    while not ended.wait(1.0):
        if ailing := app.ailing:
            logging.getLogger("hub").error("stopping, for a part has ended (is the console's port taken?): %s", ailing)
            app.stop()
            return 1
    app.stop()
    return 0


COMMANDS = {
    "run": _run,
    "check-config": _check,
    "config": _config,
    "maintenance": cover.run,
    "silence": cover.run,
    "reconcile": reconcile.run,
    "replay": replay.run,
    "init-influx": init_influx.run,
    "backup": backup.run,
    "deadletter": deadletter.run,
    "restore": restore.run,
    "restored": restored.run,
    "forget": forget.run,
    "score": score.run,
}


if __name__ == "__main__":
    sys.exit(main())
