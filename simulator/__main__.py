"""watchkeeper-sim: a monitored site that is not there."""

import argparse
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from simulator.narrator import Narrator
from simulator.scenario import Scenario, ScenarioError, load

DEMO_SCRIPT = Path(__file__).parent / "scenarios" / "demo.yaml"

DESCRIPTION = """\
A monitored site that is not there: cameras, a recorder and doors that speak their real protocols on loopback,
watched by the very agent that runs in the field, and a script of faults that come and go."""

EPILOG = """\
examples:
  watchkeeper-sim demo                     everything on this machine until Ctrl-C; open the address it prints
  watchkeeper-sim demo --once              play the script once; exit 0 if the tickets are the expected ones
  watchkeeper-sim demo --once --json       the same for a program: JSON on stdout, progress on stderr
  watchkeeper-sim demo --script mine.yaml  another site, other faults (docs/scenarios.md)
  watchkeeper-sim check mine.yaml          what is wrong with a script, by line

Nothing leaves this machine but the agent's questions to NTP servers."""


def main(argv: list[str] | None = None) -> int:
    """Entry point. Exit code: 0 done or as expected, 1 not, 2 wrong script or command line, 130 ended early."""
    arguments = _parser().parse_args(argv)
    try:
        scenario = load(arguments.script)
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return 2
    return _check(scenario, arguments.script) if arguments.command == "check" else _demo(scenario, arguments)


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
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is 1 to 65535")
    return number


def _check(scenario: Scenario, script: Path) -> int:
    """Say whether a script can be played; each mistake with its line."""
    print(f"{script}: good. Site {scenario.site}: {len(scenario.devices)} devices, {len(scenario.faults)} faults in "
          f"{scenario.faults_end:g} s")  # fmt: skip
    return 0


def _demo(scenario: Scenario, arguments: argparse.Namespace) -> int:
    from simulator.demo import Options, run  # the devices' libraries are slow to import, and a check needs none

    options = Options(arguments.once, arguments.port, arguments.json)
    keep: Path | None = arguments.keep
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="watchkeeper-demo-"))
    narrator = Narrator(sys.stderr if arguments.json else sys.stdout)
    code = run(scenario, options, folder, narrator)
    if code == 1:
        narrator.plainly(f"State and logs are left in {folder}")
    elif keep is None:
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
