"""The operation log of a recorder (`log.cgi`): a search like that for recordings, ended whatever happens.

An entry's kind is a word of the firmware's own (`Login`, `Save Config`, `HDD Format`): what we take it for is decided
by parts of it. Each question of ours leaves a login over CGI in that log; those are left out, nobody did them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agent.dahua.client import DahuaClient, NothingThere
from agent.dahua.table import Table, moment, rows, whole, written
from agent.device.errors import BadAnswer
from agent.device.text import printable
from agent.recorder.model import Operation

PAGE = 100
MAX_PAGES = 10
"""Pages read at once; what is left is asked for anew, its later half at least."""
MAX_ROUNDS = 6

_PATH = "log.cgi"
_OPERATIONS = (
    ("loginfail|illegallogin|loginlock|accountlock|lockaccount|invalidlogin", Operation.LOGIN_FAILED),
    ("login|logon", Operation.LOGIN),
    ("download|backup|export", Operation.DOWNLOADED),
    ("playback|playrecord|searchandplay", Operation.PLAYED_BACK),
    ("format", Operation.DISK_FORMATTED),
    ("reboot|restart|shutdown|startup|poweron|poweroff|systemboot", Operation.RESTARTED),
    ("time(set|update|change|modif|adjust|sync)|(set|update|change|modify|adjust|sync)[a-z]*time|ntp",
     Operation.TIME_SET),
    ("config|adduser|deluser|deleteuser|modifyuser|modifypass|addgroup|delgroup|deletegroup|modifygroup|clearlog|upgrade",
     Operation.CONFIGURED),
)  # fmt: skip
_NOBODYS = re.compile(r"logout|logoff|eventbegin|eventend|^event|alarm|ipcoffline|videoloss|motion")
_CHANNEL = re.compile(r"(?:^|;|\s)channel(?:\s*no\.?)?\s*[:=]\s*([0-9]{1,3})(?![0-9])", re.I)
_ADDRESS = re.compile(r"(?:address|ip)\s*[:=]\s*([0-9a-f.:]{3,45})", re.I)


@dataclass(frozen=True)
class Line:
    """An entry, `wall` in wall clock seconds; `channel` as the recorder's texts number it, from 1."""

    wall: int
    operation: Operation
    user: str
    address: str
    channel: str
    detail: str


def operation_of(kind: str) -> Operation | None:
    """What an entry's type tells of; None for what is nobody's doing."""
    word = re.sub(r"[^a-z]", "", kind.lower())
    for pattern, operation in _OPERATIONS:
        if re.search(pattern, word):
            return operation
    return None if not word or _NOBODYS.search(word) else Operation.OTHER


@dataclass
class Page:
    """How many entries were told, the latest time among them, and those that are operations."""

    count: int
    latest: int
    lines: list[Line]


def page_in(table: Table, most: int, ours: str = "") -> Page:
    """A page of the log, without logins of our account `ours` over CGI.

    Raises BadAnswer where the count lies."""
    count = whole(table.get("found"))
    if count is None or not 0 <= count <= most:
        raise BadAnswer(f"found {table.get('found', 'nothing')[:20]!r} log entries of at most {most}")
    told = rows(table, "items", count).values()
    if count and not told:
        raise BadAnswer(f"tells of {count} log entries and shows none")
    latest = max((moment(row.get("time")) or 0 for row in told), default=0)
    return Page(count, latest, [line for row in told if (line := _line(row, ours)) is not None])


def search(client: DahuaClient, begin: int, end: int, most: int, ours: str = "") -> list[Line]:
    """Operations between two moments of the wall clock, oldest first; of more than `most` the newest.

    Raises DeviceError.
    """
    found: dict[Line, None] = {}
    at = begin
    for _ in range(MAX_ROUNDS):
        part, whole_time = _once(client, at, end, ours)
        found |= dict.fromkeys(line for line in part.lines if begin <= line.wall <= end)
        newest_first = bool(part.lines) and part.lines[0].wall > part.lines[-1].wall
        if whole_time or (newest_first and len(found) >= most):
            return sorted(found, key=lambda line: line.wall)[-most:] if most > 0 else []
        # In which order a firmware lists them is not written. Where the oldest come first, it goes on behind them.
        at = max((at + end) // 2, min(part.latest, end))
    raise BadAnswer("its log does not end")


def _once(client: DahuaClient, begin: int, end: int, ours: str) -> tuple[Page, bool]:
    """What one search tells on its first pages, and whether that was all."""
    found = Page(0, 0, [])
    with _searching(client, begin, end) as token:
        for _ in range(MAX_PAGES):
            try:
                answer = client.page(_PATH, {"action": "doFind", "token": token, "count": PAGE})
            except NothingThere:
                return found, True
            page = page_in(answer, PAGE, ours)
            if page.count == 0:
                return found, True
            found.latest = max(found.latest, page.latest)
            found.lines += page.lines
    return found, False


@contextmanager
def _searching(client: DahuaClient, begin: int, end: int) -> Iterator[str]:
    condition = {"condition.StartTime": written(begin), "condition.EndTime": written(end)}
    token = client.table(_PATH, {"action": "startFind", **condition}).get("token", "").strip()
    if not token.isascii() or not token.isalnum() or len(token) > 32:
        raise BadAnswer("makes no search of its log")
    try:
        yield token
    finally:
        client.give_back(_PATH, {"action": "stopFind", "token": token})


def _line(row: Table, ours: str) -> Line | None:
    wall, operation = moment(row.get("time")), operation_of(row.get("type", ""))
    if wall is None or operation is None:
        return None
    user = printable(row.get("user") or row.get("username"), 60)
    details = {key: value for key, value in row.items() if key == "detail" or key.startswith("detail.")}
    if operation is Operation.LOGIN and ours and user == ours and details.get("detail.type", "").upper() == "CGI":
        return None
    text = "; ".join(f"{key[7:]}: {value}" if key != "detail" else value for key, value in details.items())
    return Line(wall, operation, user, _address(row, text), _channel(text), printable(f"{row.get('type', '')}; {text}"))


def _address(row: Table, text: str) -> str:
    found = row.get("detail.address") or row.get("address")
    match = _ADDRESS.search(text) if not found else None
    return printable(found or (match[1] if match else ""), 60)


def _channel(text: str) -> str:
    match = _CHANNEL.search(text)
    return str(int(match[1])) if match and int(match[1]) > 0 else ""
