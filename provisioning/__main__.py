"""watchkeeper-fleet: what IT does for a whole fleet from one place."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from provisioning.commands import broker_acl, dashboards

COMMANDS = (broker_acl, dashboards)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. 0 done, 1 not done and why on stderr, 2 a wrong command line or file."""
    parser = argparse.ArgumentParser(prog="watchkeeper-fleet", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('watchkeeper')}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(subparsers.add_parser(command.NAME, help=command.HELP, description=command.HELP))
    options = parser.parse_args(arguments)
    chosen = next(command for command in COMMANDS if options.command == command.NAME)
    status: int = chosen.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
