"""watchkeeper-sim: a monitored site that is not there."""

import argparse
import contextlib
import gzip
import io
import os
import shutil
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import IO

from simulator.narrator import Narrator
from simulator.parts import parse_seconds
from simulator.scenario import Scenario, ScenarioError, load

DEMO_SCRIPT = Path(__file__).parent / "scenarios" / "demo.yaml"

DESCRIPTION = """\
A monitored site that is not there: cameras, a recorder and doors that speak their real protocols on loopback,
watched by the very agent that runs in the field, and a script of faults that come and go."""

GENERATION = """\
Writes what a hub would receive of the site over its `length`, a JSON line a message, ending with the clock: the same
bytes for the same script and seed. `watchkeeper-hub replay` reads it. Nothing runs and nothing is waited for."""

TELL_SECONDS = 5.0

EPILOG = """\
examples:
  watchkeeper-sim demo                     everything on this machine until Ctrl-C; open the address it prints
  watchkeeper-sim demo --once              play the script once; exit 0 if the tickets are the expected ones
  watchkeeper-sim demo --once --json       the same for a program: JSON on stdout, progress on stderr
  watchkeeper-sim demo --script mine.yaml  another site, other faults (docs/scenarios.md)
  watchkeeper-sim check mine.yaml          what is wrong with a script, by line
  watchkeeper-sim generate month.yaml > month.jsonl            what a hub would receive of that site, for replay
  watchkeeper-sim generate month.yaml --seed 7 --length 90d -o month.jsonl.gz

Nothing leaves this machine but the agent's questions to NTP servers."""


def main(argv: list[str] | None = None) -> int:
    """Entry point. Exit code: 0 done or as expected, 1 not, 2 wrong script or command line, 130 ended early."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.command == "demo" and arguments.json and not arguments.once:
        parser.error("demo --json tells the outcome of a script played once: give --once too")
    try:
        scenario = load(arguments.script, living=arguments.command == "demo")
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return 2
    return COMMANDS[arguments.command](scenario, arguments)


def _parser() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="watchkeeper-sim", description=DESCRIPTION, epilog=EPILOG, formatter_class=layout
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('watchkeeper')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="a living site on this machine", description=DESCRIPTION)
    demo.add_argument("--once", action="store_true", help="play the script once, judge the tickets, end")
    demo.add_argument("--script", type=Path, default=DEMO_SCRIPT, metavar="FILE", help="YAML; see docs/scenarios.md")
    demo.add_argument("--port", type=_port, metavar="N", help="the console's port (8080, or the next free one)")
    demo.add_argument("--keep", type=Path, metavar="DIR", help="keep state and logs there, and go on from them")
    demo.add_argument("--json", action="store_true", help="with --once: the outcome as JSON on stdout")
    check = commands.add_parser("check", help="say whether a script can be played", description=_check.__doc__)
    check.add_argument("script", type=Path, metavar="SCRIPT.yaml")
    generate = commands.add_parser("generate", help="what a hub would receive of a site", description=GENERATION)
    generate.add_argument("script", type=Path, metavar="SCRIPT.yaml")
    generate.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: stdout; .gz is compressed")
    generate.add_argument("--seed", type=int, metavar="N", help="in place of the script's")
    generate.add_argument("--length", type=_length, metavar="30d", help="in place of the script's")
    return parser


def _port(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return number


def _length(text: str) -> float:
    try:
        return float(str(parse_seconds(text)))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _check(scenario: Scenario, arguments: argparse.Namespace) -> int:
    """Say whether a script can be played; each mistake with its line."""
    site, faults = f"{len(scenario.devices)} devices", f"{len(scenario.faults)} faults in {scenario.faults_end:g} s"
    print(f"{arguments.script}: good. Site {scenario.site}: {site}, {faults}")
    generated = sorted({fault.kind for fault in scenario.faults if not fault.living})
    if generated:
        print(f"To be generated, not played: {', '.join(generated)}")
    sys.stdout.writelines(_untold(scenario))
    return 0


def _untold(scenario: Scenario) -> list[str]:
    """Faults that leave no trace, one sentence each."""
    from simulator.virtual.recording import untold

    return [f"{sentence}\n" for sentence in untold(scenario)]


def _generate(scenario: Scenario, arguments: argparse.Namespace) -> int:
    from simulator.virtual.recording import lines

    changes = {"seed": arguments.seed, "length": arguments.length}
    scenario = scenario.model_copy(update={key: value for key, value in changes.items() if value is not None})
    sys.stderr.writelines(_untold(scenario))
    try:
        with contextlib.ExitStack() as stack:
            out = _writing(arguments.output, stack) if arguments.output else sys.stdout
            began = told = time.monotonic()
            for number, line in enumerate(lines(scenario), 1):
                out.write(line + "\n")
                if number % 1000 == 0 and time.monotonic() - told > TELL_SECONDS:
                    told = time.monotonic()
                    print(f"{number} lines, {number / (told - began):.0f}/s", file=sys.stderr)
    except BrokenPipeError:  # whoever read it has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - so that the interpreter's own flush finds an end
        return 1
    except OSError as error:
        print(f"watchkeeper-sim: {arguments.output or 'stdout'}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


def _writing(path: Path, stack: contextlib.ExitStack) -> IO[str]:
    """The same bytes for the same lines: neither time nor name goes into what is compressed."""
    if path.suffix != ".gz":
        return stack.enter_context(path.open("w", encoding="utf-8"))
    file = stack.enter_context(path.open("wb"))
    packed = stack.enter_context(gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0))
    return stack.enter_context(io.TextIOWrapper(packed, encoding="utf-8"))


def _demo(scenario: Scenario, arguments: argparse.Namespace) -> int:
    from simulator.demo import Options, run  # the devices' libraries are slow to import, and a check needs none

    options = Options(arguments.once, arguments.port, arguments.json)
    keep: Path | None = arguments.keep
    if keep is not None and (complaint := _made(keep)):
        print(f"watchkeeper-sim: --keep {keep}: {complaint}", file=sys.stderr)
        return 2
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="watchkeeper-demo-"))
    narrator = Narrator(sys.stderr if arguments.json else sys.stdout)
    code = run(scenario, options, folder, narrator)
    if code == 1:
        narrator.plainly(f"State and logs are left in {folder}")
    elif keep is None:
        shutil.rmtree(folder, ignore_errors=True)
    return code


def _made(folder: Path) -> str:
    """Make it where it is missing; why it can't be used, empty where it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        return "is no folder"
    except OSError as error:
        return error.strerror or str(error)
    return "" if os.access(folder, os.R_OK | os.W_OK | os.X_OK) else "may not be written"


COMMANDS = {"check": _check, "demo": _demo, "generate": _generate}


if __name__ == "__main__":
    sys.exit(main())
