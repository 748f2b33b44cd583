"""`watchkeeper-hub maintenance` and `watchkeeper-hub silence`: what raises no ticket for a while, by whom and why.

They write to the hub's database only; the hub that runs notices within seconds.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from hub.commands.reporting import now_ms
from hub.config import ConfigError, HubConfig
from hub.cover import Cover, Kind, Scope
from hub.recurrence import LONGEST_MS, RecurrenceError, Span, parse, zone_of
from hub.rule import Rule
from hub.store import covers
from hub.store.database import connect, is_current

COMING = 3
"""So many of the next occurrences are shown."""
SILENCE_MOST_MS = 92 * 86_400_000
"""A silence is no way to switch a rule off: a quarter of a year, then somebody looks again."""
SHOWN = 20
"""Lines of devices and tickets a person is shown; --json has all."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?")

EPILOGS = {
    "maintenance": """\
examples:
  watchkeeper-hub maintenance add --site school --device nvr-1 --from "2026-11-29 22:00" --for 4h \\
      --author "Li Na" --reason "new disks" --dry-run --config hub.toml
  watchkeeper-hub maintenance add --site school --from "2026-11-29 03:00" --for 30m --repeat "FREQ=WEEKLY;BYDAY=SU" \\
      --zone Asia/Shanghai --author "Li Na" --reason "recorders restart" --config hub.toml
  watchkeeper-hub maintenance list --config hub.toml
  watchkeeper-hub maintenance end 3 --config hub.toml

Whatever opens within has no ticket; what still fires afterwards gets it then. In availability it counts as planned.
""",
    "silence": """\
examples:
  watchkeeper-hub silence add --site school --device cam-7 --for 3d --author "Li Na" --reason "lens is ordered" \\
      --dry-run --config hub.toml
  watchkeeper-hub silence add --rule clock_drift --for 12h --author "Li Na" --reason "NTP moves" --config hub.toml
  watchkeeper-hub silence list --config hub.toml
  watchkeeper-hub silence end 4 --config hub.toml

Whatever opens meanwhile has no ticket; what still fires afterwards gets it then. It is down all the same.
""",
}


def add_to(commands: Any, file: argparse.ArgumentParser) -> None:
    """Both commands; `file` brings --config."""
    texts = {
        "maintenance": "planned work: what raises no ticket and counts as planned, once or by a calendar rule",
        "silence": "what raises no ticket for a while because it is known",
    }
    for kind, text in texts.items():
        top = commands.add_parser(
            kind, help=text, description=text, epilog=EPILOGS[kind],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
        listed = verbs.add_parser("list", help="those that are not over", parents=[file])
        listed.add_argument("--all", action="store_true", help="those that are over, too")
        _add_arguments(verbs.add_parser("add", help="a new one", parents=[file]), kind)
        ended = verbs.add_parser("end", help="it is over now", parents=[file])
        ended.add_argument("number", type=int, metavar="NUMBER")
        for verb in verbs.choices.values():
            verb.add_argument("--json", action="store_true", help="print JSON")
        for verb in (verbs.choices["add"], ended):
            verb.add_argument("--dry-run", action="store_true", help="show what it means, change nothing")


def _add_arguments(verb: argparse.ArgumentParser, kind: str) -> None:
    verb.add_argument("--site", default="", metavar="SITE", help="which site; without it every site (wants --rule)")
    verb.add_argument("--device", default="", metavar="DEVICE", help="a device and what hangs below it; wants --site")
    verb.add_argument("--rule", default="", metavar="RULE", help="this rule alone")
    verb.add_argument("--from", dest="begin", default="now", metavar="TIME", help="now, or YYYY-MM-DD HH:MM")
    length = verb.add_mutually_exclusive_group(required=True)
    length.add_argument("--for", dest="length", metavar="LENGTH", help="such as 90m, 4h, 2d or 1d12h")
    length.add_argument("--until", metavar="TIME", help="YYYY-MM-DD HH:MM")
    if kind == "maintenance":
        verb.add_argument("--repeat", default="", metavar="RRULE", help="RFC 5545, such as FREQ=WEEKLY;BYDAY=SU")
    verb.add_argument("--zone", default="", metavar="ZONE", help="of the times; default: the console's, else UTC")
    verb.add_argument("--author", required=True, metavar="NAME", help="who wants it")
    verb.add_argument("--reason", required=True, metavar="TEXT", help="why, for whoever looks at it at night")


def run(config: HubConfig, arguments: argparse.Namespace) -> int:
    """The exit status. Raises ConfigError for a wrong command line."""
    kind: Kind = arguments.command
    try:
        database = opened(config)
        try:
            verb = {"list": _list, "add": _add, "end": _end}[arguments.verb]
            return verb(config, database, kind, arguments)
        finally:
            database.dispose()
    except SQLAlchemyError as error:
        print(f"watchkeeper-hub: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 1


def opened(config: HubConfig) -> sa.Engine:
    """The hub's database, as this version has it. Raises ConfigError."""
    database = connect(config.existing_store_url())
    if not is_current(database):
        raise ConfigError("the database is of another version; start this version's hub once")
    return database


# --- list ---


def _list(_: HubConfig, database: sa.Engine, kind: Kind, arguments: argparse.Namespace) -> int:
    now = now_ms()
    with database.connect() as connection:
        found = covers.listed(connection, kind, now, every=arguments.all)
        held = {cover.id: covers.held(connection, cover) for cover in found}
    if arguments.json:
        print(json.dumps([plain(cover, now) | {"held": len(held[cover.id])} for cover in found], indent=2))
        return 0
    for cover in found:
        print(_line(cover, now) + (f"; holds {len(held[cover.id])} findings" if held[cover.id] else ""))
    if not found:
        print(f"no {kind} that is not over" if not arguments.all else f"no {kind}")
    return 0


# --- add ---


def _add(config: HubConfig, database: sa.Engine, kind: Kind, arguments: argparse.Namespace) -> int:
    now = now_ms()
    cover, over = read_cover(kind, arguments, now, config.file.console.time_zone or "UTC", config.known)
    with database.begin() as connection:
        _known(connection, cover.scope)
        reach = covers.reach(connection, cover.scope)
        number = None
        if not arguments.dry_run:
            try:
                number = covers.add(connection, cover, over)
            except covers.TooMany as error:
                raise ConfigError(str(error)) from None
    coming = [span for span, _ in zip(cover.spans(now, now + covers.FAR_MS), range(COMING), strict=False)]
    if arguments.json:
        told = {**plain(cover, now), "id": number, "dry_run": arguments.dry_run, "coming": coming}
        print(json.dumps({**told, "devices": reach.devices, "tickets": [t._asdict() for t in reach.tickets]}, indent=2))
        return 0
    print(f"{kind} {number} added" if number is not None else "nothing was changed")
    print(f"  {_scope(cover.scope)}: {cover.author}, {cover.reason}")
    for span in coming:
        print(f"  {_span(span, cover.zone)}")
    _tell(f"covers {len(reach.devices)} devices", [f"{site}/{device}" for site, device in reach.devices])
    _tell(
        f"{len(reach.tickets)} open tickets stay open, and are marked",
        [f"#{t.ticket} {t.site}/{t.device} {t.rule}" for t in reach.tickets],
    )
    return 0


def read_cover(
    kind: Kind, arguments: argparse.Namespace, now: int, zone: str, rules: Mapping[str, Rule]
) -> tuple[Cover, int | None]:
    """What the command line means, and when that is over for good. Raises ConfigError."""
    scope = Scope(arguments.site, arguments.device, arguments.rule)
    if scope.device and not scope.site:
        raise ConfigError("--device wants --site")
    if not any(scope):
        raise ConfigError("say what is covered: --site, --site with --device, or --rule")
    for name in (scope.site, scope.device):
        if name and not _SLUG.fullmatch(name):
            raise ConfigError(f"{name!r}: lower-case letters, digits and -")
    if scope.rule and scope.rule not in rules:
        raise ConfigError(f"unknown rule {scope.rule}; known: {', '.join(sorted(rules))}")
    if scope.rule and rules[scope.rule].never_covered:
        raise ConfigError(f"{scope.rule} always has its ticket: nothing covers it")
    author, reason = text(arguments.author, "--author", 80), text(arguments.reason, "--reason", 500)
    try:
        zone = arguments.zone or zone
        zone_of(zone)  # a list shows every time in its zone, whatever this one was given in
        start = moment(arguments.begin, zone, now)
        end = moment(arguments.until, zone, now) if arguments.until else start + length(arguments.length)
        repeat = getattr(arguments, "repeat", "")
        recurrence = parse(repeat, start, end - start, zone) if repeat else None
    except RecurrenceError as error:
        raise ConfigError(str(error)) from None
    if not start < end or (recurrence is None and end <= now):
        raise ConfigError("it has to end after it begins, and after now")
    if end - start > (SILENCE_MOST_MS if kind == "silence" else LONGEST_MS):
        raise ConfigError(f"too long: a {kind} lasts {'92' if kind == 'silence' else '31'} days at most")
    over = recurrence.last_end if recurrence is not None else end
    rule = recurrence.rule if recurrence is not None else ""
    return Cover(0, kind, scope, start, end, author, reason, rule, zone, added=now), over


def moment(words: str, zone: str, now: int) -> int:
    """`now`, or a time on a zone's clock unless it says its own, as ms UTC. Raises ConfigError, RecurrenceError."""
    if words == "now":
        return now
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        raise ConfigError(f"{words!r}: now, or a time such as 2026-11-29 22:00") from None
    at = at if at.tzinfo is not None else at.replace(tzinfo=zone_of(zone))
    if not 1971 <= at.year <= 2199:
        raise ConfigError(f"{words!r}: not a time of ours")
    return round(at.timestamp() * 1000)


def length(words: str) -> int:
    """90m, 4h, 2d, 1d12h as ms. Raises ConfigError."""
    match = _DURATION.fullmatch(words)
    if not words or match is None:
        raise ConfigError(f"{words!r}: a length such as 90m, 4h, 2d or 1d12h")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60_000


def text(words: str, option: str, most: int) -> str:
    """One line of text. Raises ConfigError."""
    said = " ".join(words.split())
    if not said or len(said) > most or not said.isprintable():
        raise ConfigError(f"{option}: some words, {most} characters at most")
    return said


def _known(connection: sa.Connection, scope: Scope) -> None:
    """A cover for a name that was mistyped would be noticed in the middle of the night."""
    if not scope.site:
        return
    known = covers.lineage(connection, scope.site)
    if not known:
        raise ConfigError(f"no device of a site {scope.site} is known")
    if scope.device and scope.device not in known:
        raise ConfigError(f"site {scope.site} has no device {scope.device}")


# --- end ---


def _end(_: HubConfig, database: sa.Engine, kind: Kind, arguments: argparse.Namespace) -> int:
    now = now_ms()
    with database.begin() as connection:
        cover = covers.one(connection, kind, arguments.number)
        if cover is None:
            raise ConfigError(f"there is no {kind} {arguments.number}")
        held = covers.held(connection, cover)
        over = cover.ended is not None
        if not arguments.dry_run and not over:
            covers.end(connection, cover.id, now)
            cover = replace(cover, ended=now)
    if arguments.json:
        told = {"id": cover.id, "dry_run": arguments.dry_run, "ended": now if cover.ended is None else cover.ended}
        print(json.dumps(told | {"held": [t._asdict() for t in held]}, indent=2))
        return 0
    print(
        "nothing was changed"
        if arguments.dry_run
        else "it had been ended before"
        if over
        else f"{kind} {cover.id} is over"
    )
    print(f"  {_line(cover, now)}")
    lines = [f"{t.site}/{t.device} {t.rule}" for t in held]
    _tell(f"{len(held)} findings get their ticket if they still fire and nothing else covers them", lines)
    return 0


# --- words ---


def plain(cover: Cover, now: int) -> dict[str, Any]:
    """A cover for JSON; times ms UTC. `current`: the time it covers now, [start, end], or null."""
    names = ("id", "kind", "start", "end", "recurrence", "zone", "author", "reason", "added", "ended")
    return {
        **{name: getattr(cover, name) for name in names},
        **cover.scope._asdict(),
        "current": cover.current(now),
    }


def _line(cover: Cover, now: int) -> str:
    current = cover.current(now)
    span = current or cover.coming(now) or Span(cover.start, cover.end)
    state = "ended" if cover.ended is not None else "NOW" if current else "to come" if span.start > now else "over"
    repeats = f", {cover.recurrence}" if cover.recurrence else ""
    about = f"{cover.author}: {cover.reason}"
    return f"{cover.id:4} {state:8} {_scope(cover.scope)}  {_span(span, cover.zone)}{repeats}  {about}"


def _scope(scope: Scope) -> str:
    where = "/".join(filter(None, (scope.site, scope.device))) or "every site"
    return where + (f" ({scope.rule})" if scope.rule else "")


def _span(span: Span, zone: str) -> str:
    try:
        clock: tzinfo = zone_of(zone)
    except RecurrenceError:  # stored by an older version, or by a machine that knows more zones
        clock, zone = UTC, "UTC"
    start, end = (datetime.fromtimestamp(at / 1000, UTC).astimezone(clock) for at in span)
    late = f"{end:%Y-%m-%d %H:%M}" if end.date() != start.date() else f"{end:%H:%M}"
    return f"{start:%Y-%m-%d %H:%M} to {late} {zone}"


def _tell(heading: str, lines: Sequence[str]) -> None:
    print(heading + (":" if lines else ""))
    for line in lines[:SHOWN]:
        print(f"  {line}")
    if len(lines) > SHOWN:
        print(f"  and {len(lines) - SHOWN} more")


# --- from a file ---


def load(database: sa.Engine, path: Path) -> None:
    """Write the covers in a file into a database: a JSON array of what `list --json` prints. Raises ConfigError.

    Of each, `site` and so on, `start` and `end` in ms UTC are needed; `kind` is maintenance where it is not said.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        found = [_entry(entry) for entry in entries]
    except AttributeError:
        raise ConfigError(f"{path}: no JSON array of what `maintenance list --json` prints") from None
    except KeyError as error:
        raise ConfigError(f"{path}: an entry has no {error}") from None
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path}: {error or type(error).__name__}") from None
    with database.begin() as connection:
        for cover, over in found:
            covers.add(connection, cover, over)


def _entry(entry: Any) -> tuple[Cover, int | None]:
    kind: Kind = "silence" if entry.get("kind") == "silence" else "maintenance"
    scope = Scope(*(str(entry.get(name) or "") for name in Scope._fields))
    start, end, zone = int(entry["start"]), int(entry["end"]), str(entry.get("zone") or "UTC")
    repeat = str(entry.get("recurrence") or "")
    zone_of(zone)
    recurrence = parse(repeat, start, end - start, zone) if repeat else None
    if not start < end or not any(scope):
        raise ValueError(f"covers nothing: {entry}")
    over = recurrence.last_end if recurrence is not None else end
    ended = entry.get("ended")
    about = (str(entry.get("author") or "?"), str(entry.get("reason") or "?"))
    new = Cover(0, kind, scope, start, end, *about, recurrence.rule if recurrence else "", zone, start, ended)
    return new, over if ended is None else int(ended)
