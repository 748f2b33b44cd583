"""`watchkeeper-hub deadletter`: the points a series store refused for good: look at them, send them again, drop them.

They lie in the hub's buffer file, which several processes may open: it does not matter whether the hub runs.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hub.commands.reporting import moment, now_ms
from hub.config import ConfigError, HubConfig
from hub.series.deadletters import Letter, Wanted
from hub.series.journal import Journal, JournalError

BATCH = 1000
"""So many points are sent again as one batch."""

LIMIT = 100
_POLL_SECONDS = 0.2
_SPAN = re.compile(r"(\d+)([mhd])")
_SPAN_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}

EPILOG = """\
examples:
  watchkeeper-hub deadletter list --config hub.toml                          the newest, and how many by reason
  watchkeeper-hub deadletter list --site school --since 2d --json --config hub.toml
  watchkeeper-hub deadletter show 17 --config hub.toml                       every value of one point
  watchkeeper-hub deadletter retry --reason "max-series" --config hub.toml   when the limit was raised
  watchkeeper-hub deadletter retry --all --dry-run --config hub.toml         how many that would be
  watchkeeper-hub deadletter drop --reason "retention" --yes --config hub.toml

`retry` puts points into the hub's buffer, behind what waits there; the hub writes them when it runs and the store
answers. What is refused again is back here, with its count of tries.
"""


def add_to(commands: Any, file: argparse.ArgumentParser) -> None:
    """`deadletter`; `file` brings --config."""
    text = "points the series store refused for good: list, show, retry, drop"
    top = commands.add_parser(
        "deadletter", help=text, description=text, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, about in (
        ("list", "the newest, and how many there are by reason"),
        ("show", "one or more, with every value"),
        ("retry", "send them to the store again, through the buffer"),
        ("drop", "forget them for good"),
    ):
        verb = verbs.add_parser(name, help=about, description=about, parents=[file])
        verb.add_argument("--json", action="store_true", help="print JSON")
        verb.add_argument(
            "ids", nargs="+" if name == "show" else "*", type=int, metavar="ID", help="as list shows them"
        )
        if name == "show":
            continue
        verb.add_argument("--site", default="", metavar="SITE")
        verb.add_argument("--device", default="", metavar="DEVICE")
        verb.add_argument("--reason", default="", metavar="TEXT", help="a part of the store's own words")
        verb.add_argument("--since", default="", metavar="WHEN", help="refused since: 30m, 12h, 2d or 2027-01-15T08:00")
        if name == "list":
            verb.add_argument("--limit", type=int, default=LIMIT, metavar="N", help=f"default {LIMIT}; 0: all")
            continue
        verb.add_argument("--all", action="store_true", help="every one, where nothing else says which")
        verb.add_argument("--dry-run", action="store_true", help="say how many, change nothing")
        if name == "drop":
            verb.add_argument("--yes", action="store_true", help="without it nothing is dropped")
        else:
            verb.add_argument(
                "--wait", type=float, default=10.0, metavar="SECONDS", help="for the outcome (default 10; 0: do not)"
            )


def run(config: HubConfig, arguments: argparse.Namespace, clock: Callable[[], int] = now_ms) -> int:
    """The exit status. Raises ConfigError for a wrong command line."""
    path, series = config.file.series.buffer_path, config.file.series
    if not path.exists():
        raise ConfigError(f"{path}: no buffer yet; start the hub once")
    wanted = _wanted(arguments, clock())
    try:
        journal = Journal(path, series.buffer_bytes, round(series.buffer_hours * 3_600_000))
        try:
            verb = {"list": _list, "show": _show, "retry": _retry, "drop": _drop}[arguments.verb]
            return verb(journal, wanted, arguments, clock)
        finally:
            journal.close()
    except JournalError as error:
        print(f"watchkeeper-hub: {error}", file=sys.stderr)
        return 1


def _wanted(arguments: argparse.Namespace, now: int) -> Wanted:
    if arguments.verb == "show":
        return Wanted(ids=frozenset(arguments.ids))
    wanted = Wanted(
        arguments.site, arguments.device, arguments.reason, _since(arguments.since, now), frozenset(arguments.ids)
    )
    if arguments.verb in ("retry", "drop") and wanted == Wanted() and not arguments.all:
        raise ConfigError("which? Say IDs, --site, --device, --reason or --since, or --all")
    return wanted


def _since(text: str, now: int) -> int | None:
    if not text:
        return None
    if span := _SPAN.fullmatch(text):
        return now - int(span[1]) * _SPAN_MS[span[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--since {text}: want 30m, 12h, 2d or a time like 2027-01-15T08:00 (UTC)") from None
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _list(journal: Journal, wanted: Wanted, arguments: argparse.Namespace, _clock: Callable[[], int]) -> int:
    found = journal.letters(wanted)
    shown = found[: arguments.limit] if arguments.limit else found
    reasons = Counter(letter.reason for letter in found)
    held = journal.held()
    if arguments.json:
        counts = {"found": len(found), "kept": held.letters, "refused": held.refused, "evicted": held.evicted}
        print(
            json.dumps({**counts, "reasons": dict(reasons), "letters": [_plain(letter) for letter in shown]}, indent=2)
        )
        return 0
    for letter in shown:
        print(f"{letter.id:>7}  {moment(letter.at)}  {_series(letter):<40}  {letter.reason[:80]}")
    for reason, count in reasons.most_common(10):
        print(f"{count} × {reason}")
    print(f"{len(found)} found, {len(shown)} shown; {held.letters} kept, {held.refused} refused ever")
    if held.evicted:
        print(f"{held.evicted} gave way to newer ones and are gone")
    return 0


def _show(journal: Journal, wanted: Wanted, arguments: argparse.Namespace, _clock: Callable[[], int]) -> int:
    found = journal.letters(wanted)
    if arguments.json:
        print(json.dumps([_plain(letter) for letter in found], indent=2))
    else:
        for letter in found:
            print(
                f"{letter.id}  {_series(letter)}\n  refused  {moment(letter.at)}, try {letter.tries}: {letter.reason}"
            )
            if letter.point is not None:
                print(f"  time     {_time(letter.point.at)}\n  agent    {letter.point.agent}")
            for metric, value in letter.point.values.items() if letter.point else ():
                print(f"  {metric} = {value!r}")
    missing = sorted(wanted.ids - {letter.id for letter in found})
    if missing:
        print(f"watchkeeper-hub: not there: {', '.join(map(str, missing))}", file=sys.stderr)
    return 1 if missing else 0


def _retry(journal: Journal, wanted: Wanted, arguments: argparse.Namespace, clock: Callable[[], int]) -> int:
    found = journal.letters(wanted)[::-1]  # oldest first
    sound = [letter for letter in found if letter.point is not None]
    if arguments.dry_run:
        return _tell(arguments.json, {"would_retry": len(sound), "damaged": len(found) - len(sound)})
    batches: list[int] = []
    sent, full = 0, False
    for start in range(0, len(sound), BATCH):
        resent = journal.retry(sound[start : start + BATCH], clock())
        if resent is None:
            full = True
            break
        batches.append(resent[0])
        sent += resent[1]
    waiting, refused = _outcome(journal, batches, arguments.wait)
    told = {"retried": sent, "written": sent - waiting - refused, "refused_again": refused, "waiting": waiting}
    if full:
        told["left_for_want_of_room"] = len(sound) - sent
    return _tell(arguments.json, {**told, "damaged": len(found) - len(sound)}) or (1 if full else 0)


def _outcome(journal: Journal, batches: Sequence[int], seconds: float) -> tuple[int, int]:
    """(points that still wait, points refused again) once nothing waits any more, or after so many seconds."""
    deadline = time.monotonic() + seconds
    while (fate := journal.fate(batches))[0] and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return fate


def _drop(journal: Journal, wanted: Wanted, arguments: argparse.Namespace, _clock: Callable[[], int]) -> int:
    found = [letter.id for letter in journal.letters(wanted)]
    if arguments.dry_run:
        return _tell(arguments.json, {"would_drop": len(found)})
    if not arguments.yes:
        raise ConfigError(f"{len(found)} points would be gone for good: say --yes")
    return _tell(arguments.json, {"dropped": journal.drop(found)})


def _tell(as_json: bool, counts: Mapping[str, int]) -> int:
    if as_json:
        print(json.dumps(counts))
    else:
        print(", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items()))
        if counts.get("waiting"):
            print("what waits is written when the hub runs and the store answers")
    return 0


def _series(letter: Letter) -> str:
    point = letter.point
    return "damaged on disk" if point is None else f"{point.site}/{point.device} {point.kind} {_time(point.at)}"


def _time(at: int) -> str:
    """A point may be refused for the very time it bears."""
    try:
        return moment(at)
    except (ValueError, OverflowError, OSError, TypeError):
        return f"{at} ms"


def _plain(letter: Letter) -> dict[str, Any]:
    point = letter.point
    plain = {"id": letter.id, "at": letter.at, "reason": letter.reason, "tries": letter.tries}
    return {**plain, "point": None if point is None else {**point._asdict(), "values": dict(point.values)}}
