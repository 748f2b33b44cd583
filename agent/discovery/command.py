"""`watchkeeper-agent discover`: finds devices and drafts a configuration. Shows no account to anybody."""

import argparse
import ipaddress
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.discovery.candidates import Candidate
    from agent.discovery.listening import Interface

FOUND, NOTHING, BAD_USAGE, NOT_AVAILABLE = 0, 1, 2, 3

MOST_HOSTS = 1024
"""Addresses asked without --force: a /22."""
MOST_FORCED = 65_536

_DESCRIPTION = """\
Finds cameras, recorders and door controllers, and drafts a configuration for them.

Asks by WS-Discovery (multicast) on each network interface who is there. With --subnet each address of that subnet is
asked as well, 50 a second, and who shows up in this machine's neighbour table counts too. Then each one found is
knocked at on TCP 80, 554, 8000 and 37777, one after the other, and asked once for its time over ONVIF, which devices
tell everybody. No account is shown to anybody, no password is tried, nothing is changed.

Only subnets that you name are asked address by address. Ask before you do that in a network that is not yours.
"""

_EXAMPLES = """\
examples:
  watchkeeper-agent discover                                       who answers the multicast question
  watchkeeper-agent discover --subnet 10.0.0.0/24 --out draft.toml
  watchkeeper-agent discover --interface eth1 --seconds 10 --json
then look at the draft, paste it into /etc/watchkeeper/agent.toml, and: watchkeeper-agent check-config --config FILE

A firewall that takes no answers to multicast shows nothing: allow UDP from port 3702, or name the subnet. Recorders'
own PoE ports hide their cameras: those are the recorder's channels.

exit status: 0 something was found; 1 nothing was; 2 wrong usage; 3 there is no network to ask in
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Its parser."""
    parser = commands.add_parser(
        "discover",
        help="find cameras, recorders and door controllers, and draft a configuration for them",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(tool=run)
    parser.add_argument(
        "--subnet", action="append", default=[], metavar="CIDR", help="also ask each address of it; several times"
    )
    parser.add_argument(
        "--interface", action="append", default=[], metavar="IF", help="ask only there; several times; default: all"
    )
    parser.add_argument(
        "--seconds", type=float, default=4.0, metavar="N", help="how long to listen for answers; default: 4"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the draft there; default: print it")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table and the draft")
    parser.add_argument(
        "--force", action="store_true", help=f"overwrite --out; ask more than {MOST_HOSTS} addresses, up to a /16"
    )


def run(options: argparse.Namespace) -> int:
    """Find, print, write; the exit status."""
    from agent.discovery.listening import NoNetwork

    try:
        subnets = _subnets(options.subnet, options.force)
        interfaces = _interfaces(options.interface)
        _check(options)
    except ValueError as error:
        print(f"watchkeeper-agent: {error}", file=sys.stderr)
        return BAD_USAGE
    try:
        found = _find(interfaces, subnets, options.seconds)
    except NoNetwork as error:
        print(f"watchkeeper-agent: {error}", file=sys.stderr)
        return NOT_AVAILABLE
    return _tell(found, options)


def _check(options: argparse.Namespace) -> None:
    """Raises ValueError."""
    from agent import out_file

    if not 0.1 <= options.seconds <= 120:
        raise ValueError("--seconds is 0.1 to 120")
    complaint = "" if options.out is None else out_file.complaint(options.out, force=options.force)
    if complaint:
        raise ValueError(complaint)


def _find(
    interfaces: "Sequence[Interface]", subnets: Sequence[ipaddress.IPv4Network], seconds: float
) -> "list[Candidate]":
    from agent.discovery.candidates import gathered, named
    from agent.discovery.listening import listen
    from agent.discovery.visits import visit
    from agent.network.neighbours import read

    names = ", ".join(one.name for one in interfaces) or "no interface"
    _say(f"asking who is there: {names}" + "".join(f", {subnet}" for subnet in subnets))
    own = {one.address for one in interfaces}
    hosts = [host for host in _hosts(subnets) if host not in own]
    heard = listen(interfaces, hosts, seconds, _say, len(hosts))
    if heard.ignored:
        _say(f"{heard.ignored} datagrams were no answer to us, or too many")
    visited = visit(gathered(heard.matches, read(), subnets), _say)
    return named(visited, read())  # only who was visited is sure to be a neighbour


def _tell(found: "Sequence[Candidate]", options: argparse.Namespace) -> int:
    from agent.discovery.draft import draft
    from agent.discovery.report import document, table

    text = draft(found)
    try:
        if options.out is not None and found:
            _write(options.out, text, options.force)
    except OSError as error:
        print(f"watchkeeper-agent: {options.out}: {error.strerror or error}", file=sys.stderr)
        return BAD_USAGE
    written = str(options.out) if options.out is not None and found else None
    if options.json:
        print(document(found, written))
    elif not found:
        print("nothing was found: see --help on firewalls and subnets")
    else:
        print(table(found))
        print(f"\nthe draft is in {written}" if written else f"\n{text}", end="\n" if written else "")
    return FOUND if found else NOTHING


def _write(path: Path, text: str, force: bool) -> None:
    """Raises OSError; FileExistsError where it came to be meanwhile."""
    with path.open("w" if force else "x", encoding="utf-8") as file:
        file.write(text)


def _subnets(texts: Sequence[str], force: bool) -> list[ipaddress.IPv4Network]:
    """Raises ValueError for what is none, or too large."""
    subnets = []
    for text in texts:
        try:
            subnets.append(ipaddress.IPv4Network(text, strict=False))
        except ValueError:
            raise ValueError(f"{text!r} is no IPv4 subnet such as 10.0.0.0/24") from None
    most = MOST_FORCED if force else MOST_HOSTS
    if sum(subnet.num_addresses for subnet in subnets) > most:
        hint = "" if force else "; --force asks up to 65536"
        raise ValueError(f"more than {most} addresses would be asked{hint}")
    return subnets


def _hosts(subnets: Sequence[ipaddress.IPv4Network]) -> Iterator[str]:
    """Each address once."""
    return iter(dict.fromkeys(str(host) for subnet in subnets for host in subnet.hosts()))


def _interfaces(wanted: Sequence[str]) -> "list[Interface]":
    """Those that are up and have an IPv4 address, without the loopback one unless it is named. Raises ValueError."""
    import socket

    import psutil

    from agent.discovery.listening import Interface

    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    addresses = {
        name: next((one.address for one in found if one.family is socket.AF_INET), "")
        for name, found in psutil.net_if_addrs().items()
    }
    for name in wanted:
        if name not in up or not addresses.get(name):
            known = ", ".join(sorted(one for one in up if addresses.get(one)))
            raise ValueError(f"interface {name!r} is not up, or has no IPv4 address; there are: {known or 'none'}")
    chosen = wanted or [name for name in sorted(up) if not addresses.get(name, "").startswith("127.")]
    return [Interface(name, addresses[name]) for name in chosen if addresses.get(name)]


def _say(text: str) -> None:
    print(f"discover: {text}", file=sys.stderr, flush=True)
