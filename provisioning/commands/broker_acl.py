"""`watchkeeper-fleet broker-acl`: Mosquitto's access rules."""

import argparse
import sys

from provisioning.acl import HUB, mosquitto_acl
from wire.topics import Topics

NAME = "broker-acl"
HELP = "print what each certificate may do at Mosquitto (its acl_file)"


def add(parser: argparse.ArgumentParser) -> None:
    """Its command line."""
    parser.add_argument("--root", default="wk", help="first level(s) of every topic (wk)")
    parser.add_argument("--hub", default=HUB, help=f"common name of the hub's certificate ({HUB})")


def run(options: argparse.Namespace) -> int:
    """0, or 2 for names that no rule can be made of."""
    try:
        rules = mosquitto_acl(Topics(options.root), options.hub)
    except ValueError as error:
        print(f"watchkeeper-fleet: {error}", file=sys.stderr)
        return 2
    print(rules, end="")
    return 0
