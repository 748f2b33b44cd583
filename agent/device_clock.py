"""`watchkeeper-agent clock HOST`: one device's clock against this machine's, as exactly as can be told from outside."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent.device.errors import DeviceError
from agent.device.workers import apart

if TYPE_CHECKING:
    from agent.onvif.client import OnvifClient

REACHED, TOO_ROUGH, BAD_USAGE, FAILED = 0, 1, 2, 4

MOST_SAMPLES = 30

_DESCRIPTION = """\
Asks one camera, recorder or door controller for its time (ONVIF GetSystemDateAndTime), several times, and says how far
its clock is from this machine's, and how far off that can be. A device tells whole seconds only; so each question is
timed at the turn of its second, which takes up to a second each. Changes nothing.
"""

_EXAMPLES = """\
examples:
  watchkeeper-agent clock 10.0.0.21                                  most devices tell their time to everyone
  watchkeeper-agent clock 10.0.0.21 --samples 4 --within 0.2         rougher, in three seconds
  watchkeeper-agent clock 10.0.0.21 --username survey --json         asks for the password

It is this machine's clock that it is compared with: whether a time service holds that one is said, too.

exit status: 0 told as exactly as wanted (--within); 1 not so exactly, answers take too long; 2 wrong usage;
4 the device did not answer, tells no time, or refused us
"""


@dataclass(frozen=True)
class Told:
    """What was measured. `ahead` is the device's clock minus ours, s; `travel` how long an answer took, s."""

    ahead: float
    error: float
    samples: int
    travel: float
    kind: str
    zone: str
    own_synchronised: bool | None


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Its parser."""
    parser = commands.add_parser(
        "clock",
        help="compare one device's clock with this machine's, to a few hundredths of a second",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(tool=run)
    parser.add_argument("host", metavar="HOST", help="its address or name")
    parser.add_argument("--port", type=int, default=80, help="where its ONVIF service listens; default: 80")
    parser.add_argument("--username", metavar="NAME", help="its account, for a device that tells nobody else its time")
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help="its first line is the password; default: asked for"
    )
    parser.add_argument(
        "--samples", type=int, default=10, metavar="N", help=f"how often it is asked, 1 to {MOST_SAMPLES}; default: 10"
    )
    parser.add_argument(
        "--within", type=float, default=0.05, metavar="S", help="how exact it has to be; default: 0.05 s either way"
    )
    parser.add_argument("--timeout", type=float, default=5.0, metavar="S", help="for one answer; default: 5 s")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")


def run(options: argparse.Namespace) -> int:
    """Measure and print; the exit status."""
    from agent.device.account import PasswordMissing

    complaint = _complaint(options)
    try:
        client = _client(options) if not complaint else None
    except PasswordMissing as error:
        complaint, client = str(error), None
    if client is None:
        print(f"watchkeeper-agent: {complaint}", file=sys.stderr)
        return BAD_USAGE
    try:
        told = apart(lambda: _measure(client, options.samples))
    except (DeviceError, PasswordMissing) as error:
        print(f"watchkeeper-agent: {error}", file=sys.stderr)
        return FAILED
    where = str(client.endpoint)
    print(as_json(where, told, options.within) if options.json else "\n".join(lines(where, told, options.within)))
    return REACHED if told.error <= options.within else TOO_ROUGH


def lines(where: str, told: Told, within: float) -> list[str]:
    """For a person."""
    side = "ahead of" if told.ahead >= 0 else "behind"
    kept = {"NTP": "sets it by NTP", "Manual": "is set by hand"}.get(told.kind, "does not tell how it is set")
    own = {True: "a time service holds it", False: "no time service holds it", None: "unknown whether it is right"}
    found = [
        f"{where}: its clock is {abs(told.ahead):.3f} s {side} this machine's, ±{told.error:.3f} s "
        f"({told.samples} questions, an answer takes {told.travel * 1000:.0f} ms)",
        f"its clock: {kept}{f', zone {told.zone}' if told.zone else ''}",
        f"this machine's: {own[told.own_synchronised]}",
    ]
    if told.error > within:
        found.append(f"not within ±{within:g} s: ask more often (--samples), or from nearer to the device")
    return found


def as_json(where: str, told: Told, within: float) -> str:
    """For a program."""
    body = {
        "device": where,
        "ahead_seconds": round(told.ahead, 4),
        "error_seconds": round(told.error, 4),
        "within_seconds": within,
        "reached": told.error <= within,
        "samples": told.samples,
        "answer_seconds": round(told.travel, 4),
        "set_by": told.kind or None,
        "time_zone": told.zone or None,
        "own_clock_synchronised": told.own_synchronised,
    }
    return json.dumps(body, indent=2, ensure_ascii=False)


def _complaint(options: argparse.Namespace) -> str:
    """What is wrong with the options, before anything is asked."""
    from pydantic import TypeAdapter, ValidationError

    from agent.device.settings import Host

    try:
        TypeAdapter(Host).validate_python(options.host)
    except ValidationError:
        return f"{options.host!r} is neither an IP address nor a host name"
    if not (1 <= options.port <= 65535 and 1 <= options.samples <= MOST_SAMPLES):
        return f"--port is 1 to 65535, --samples 1 to {MOST_SAMPLES}"
    if not (0 < options.within <= 60 and 0 < options.timeout <= 120):
        return "--within is up to 60, --timeout up to 120"
    if options.password_file is not None and options.username is None:
        return "--password-file belongs to a --username"
    return ""


def _client(options: argparse.Namespace) -> "OnvifClient":
    """Raises PasswordMissing."""
    from agent.device.account import asked_for
    from agent.device.address import Endpoint
    from agent.onvif.client import OnvifClient

    account = None
    if options.username is not None:
        account = asked_for(options.username, options.host, options.password_file)
    return OnvifClient(Endpoint(options.host, options.port), account, timeout=options.timeout)


def _measure(client: "OnvifClient", samples: int) -> Told:
    """Raises DeviceError; PasswordMissing."""
    import time

    from agent.machine.timesync import TimeService

    try:
        offset = client.measure_clock(samples)
    finally:
        client.release()
    own = TimeService().sync(time.monotonic(), time.time())
    kept = client.time_settings
    kind, zone = (kept.kind, kept.zone) if kept is not None else ("", "")
    return Told(offset.middle, offset.error, samples, client.elapsed, kind, zone, own.synchronised)
