"""`watchkeeper-agent survey HOST`: one recorder looked at once. Needs no hub and no configuration; reads only."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.device.account import Account
    from agent.device.address import Endpoint
    from agent.recorder.languages import Language
    from agent.recorder.speaker import Speaker
    from agent.survey.report import Found

OK, REMARKS, FAILED, BAD_USAGE = 0, 1, 4, 2

_DESCRIPTION = """\
Looks at one recorder (or camera) once and tells what a technician wants to know: its clock and where it has the time
from, its disks, and of each channel whether it is online, records, how far back its recordings reach and what is
missing in them. Reads only: nothing on the device is changed, and one question is asked at a time.
"""

_EXAMPLES = """\
examples:
  watchkeeper-agent survey 10.0.0.5 --username survey              asks for the password
  watchkeeper-agent survey 10.0.0.5 --username survey --html hall-3.html --language zh_CN
  watchkeeper-agent survey 10.0.0.5 --username survey --password-file pw --csv hall-3.csv --gap-days 7

The account needs the right to view, play back and search the log, nothing else. One refused login ends the survey at
once: recorders lock accounts that are tried again.

exit status: 0 all was told, and nothing is to remark; 1 something to look at, or not told; 2 wrong usage or password
file; 4 the device did not answer, refused us, or told nothing
"""

LANGUAGES = ("en", "zh_CN")
SPEAKS = ("auto", "onvif", "isapi", "dahua")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Its parser."""
    parser = commands.add_parser(
        "survey",
        help="look at one recorder once, without a hub: channels, recordings, gaps, clock, disks",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(tool=run)
    parser.add_argument("host", metavar="HOST", help="its address or name")
    parser.add_argument("--port", type=int, default=80, help="its HTTP port; default: 80")
    parser.add_argument("--speaks", choices=SPEAKS, default="auto", help="its language; default: found out by itself")
    parser.add_argument("--username", metavar="NAME", help="its account; default: watchkeeper", default="watchkeeper")
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help="its first line is the password; default: asked for"
    )
    parser.add_argument("--days", type=float, default=30.0, metavar="N", help="days it should keep; default: 30")
    parser.add_argument(
        "--gap-days", type=int, default=1, metavar="N", help="full days searched for gaps, 0 to 31; default: 1"
    )
    parser.add_argument("--zone", metavar="NAME", help="time zone of the site; default: this machine's")
    parser.add_argument("--language", choices=LANGUAGES, default=_language(), help="default: by the environment")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the channels as CSV as well")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page to hand over as well")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="for one answer; default: 10 s")


def run(options: argparse.Namespace) -> int:
    """Survey, print, write; the exit status."""
    from agent.device.account import PasswordMissing, asked_for
    from agent.device.errors import DeviceError
    from agent.device.workers import apart

    complaint = _complaint(options)
    try:
        account = None if complaint else asked_for(options.username, options.host, options.password_file)
    except PasswordMissing as error:
        complaint, account = str(error), None
    if account is None:
        print(f"watchkeeper-agent: {complaint}", file=sys.stderr)
        return BAD_USAGE
    try:
        return apart(lambda: _survey(options, account))
    except DeviceError as error:
        print(f"watchkeeper-agent: {options.host}: {error}", file=sys.stderr)
        return FAILED


def _complaint(options: argparse.Namespace) -> str:
    """What is wrong with the options, before anything is asked."""
    from pydantic import TypeAdapter, ValidationError

    from agent import out_file
    from agent.device.settings import Host
    from agent.recordings.local_time import Zone

    try:
        TypeAdapter(Host).validate_python(options.host)
        Zone(options.zone or "UTC")
    except ValidationError:
        return f"{options.host!r} is neither an IP address nor a host name"
    except ValueError as error:
        return str(error)
    if not (1 <= options.port <= 65535 and 0 <= options.gap_days <= 31 and 0 < options.timeout <= 120):
        return "--port is 1 to 65535, --gap-days 0 to 31, --timeout up to 120"
    if not 1 <= options.days <= 3650:
        return "--days is 1 to 3650"
    if options.csv is not None and options.csv == options.html:
        return "--csv and --html name the same file"
    paths = [path for path in (options.csv, options.html) if path is not None]
    return next(filter(None, (out_file.complaint(path, force=options.force) for path in paths)), "")


def _survey(options: argparse.Namespace, account: "Account") -> int:
    from agent.device.address import Endpoint
    from agent.recorder.languages import Language
    from agent.survey.detect import Verdict, detect
    from agent.survey.examine import Wanted, survey

    say = _progress()
    endpoint = Endpoint(options.host, options.port)
    language: Language | Verdict
    if options.speaks == "auto":
        say("finding out what it speaks")
        language = detect(endpoint, options.timeout)
    else:
        language = Language(options.speaks)
    if isinstance(language, Verdict):
        say("")
        print(f"watchkeeper-agent: {endpoint}: {_VERDICTS[language]}", file=sys.stderr)
        return FAILED
    wanted = Wanted(options.zone, options.days, options.gap_days)
    speaker = _speaker(language, endpoint, account, options.timeout)
    try:
        found = survey(speaker, str(endpoint), language, wanted, say)
    finally:
        say("")
        speaker.release()
    return _tell(options, found)


_VERDICTS = {
    "silent": "nobody answers there: check address, port, cable and power",
    "strange": "answers, but speaks none of ISAPI, Dahua CGI and ONVIF there: check the port, or say --speaks",
}


def _speaker(language: "Language", endpoint: "Endpoint", account: "Account", timeout: float) -> "Speaker":
    from agent.recorder import languages

    return languages.speaker(
        language,
        endpoint,
        account,
        timeout=timeout,
        max_bytes=8 * 2**20,
        max_requests=36_000,
        pause_seconds=1800.0,
    )


def _tell(options: argparse.Namespace, found: "Found") -> int:
    from agent.survey import layout
    from agent.survey.report import Outcome
    from agent.survey.words import Words

    words = Words(options.language, found.zone)
    print(layout.as_json(found) if options.json else layout.as_table(found, words), flush=True)
    for path, text in ((options.csv, layout.as_csv), (options.html, layout.as_html)):
        if path is not None:
            try:
                _write(path, text(found, words), options.force)
            except OSError as error:
                print(f"watchkeeper-agent: {path}: {error.strerror or error}", file=sys.stderr)
                return BAD_USAGE
            print(f"watchkeeper-agent: written: {path}", file=sys.stderr)
    if found.outcome is Outcome.UNREAD:
        why = f": {found.untold[0].why}" if found.untold else ""
        hint = "see that --speaks names its language, and that the account may view"
        print(f"watchkeeper-agent: {found.host} told nothing{why}; {hint}", file=sys.stderr)
        return FAILED
    return OK if found.outcome is Outcome.WELL else REMARKS


def _write(path: Path, text: str, force: bool) -> None:
    """Follows no link: somebody else may have put one there meanwhile. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_TRUNC if force else os.O_EXCL)
    with open(os.open(path, flags, 0o666), "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a descriptor
        file.write(text)


def _progress() -> Callable[[str], None]:
    """One line that changes, on a terminal only; a pipe gets none of it."""
    if not sys.stderr.isatty():
        return lambda _: None

    def say(text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(f"\r\033[K{text[:100]}")
            sys.stderr.flush()

    return say


def _language() -> str:
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh_CN" if named.startswith("zh") else "en"
