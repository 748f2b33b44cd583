"""ContentMgmt/logSearch: who did what.

`metaId` is kind, what and channel: `log.hikvision.com/Operation/remotePlayByTime/3`. What is asked for starts with
`log.std-cgi.com`. Reading a setting or a status is no operation: recorders that write down every question of ours would
drown the rest.
"""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from agent.device.errors import BadAnswer
from agent.isapi import stamp
from agent.isapi.element import anywhere
from agent.isapi.search import results, span
from agent.isapi.stamp import Stamp
from agent.recorder.model import Operation

PAGE = 64
"""Lines asked for at once."""

OPERATIONS = "log.std-cgi.com/Operation"
ILLEGAL_LOGINS = "log.std-cgi.com/Exception"
"""Failed logins stand among the exceptions, together with what is none of ours here."""

_NOISE = ("getpar", "getstat", "getcfg", "getconfig", "searchlog", "getworkstate", "heartbeat")
_WORDS: tuple[tuple[Operation, tuple[str, ...]], ...] = (
    # The misspelt one is firmware's own.
    (Operation.LOGIN_FAILED, ("illegalaccess", "illlegealaccess", "illegallogin", "loginfail")),
    (Operation.OTHER, ("downloadcfg", "cfgfileoutput", "exportcfg", "exportipccfg", "downloadcount", "downloadheat")),
    (Operation.DOWNLOADED, ("download", "recfileoutput", "copyfile", "backup", "export", "getfile")),
    (Operation.PLAYED_BACK, ("playby", "playback", "replay")),
    (Operation.OTHER, ("logout",)),
    (Operation.LOGIN, ("login",)),
    (Operation.DISK_FORMATTED, ("formathd", "formatdisk", "formatstart", "inithd", "formatnas")),
    (Operation.TIME_SET, ("cfgtime", "modifytime", "checktime", "settime", "timeadjust")),
    (Operation.OTHER, ("startrec", "stoprec")),
    (Operation.RESTARTED, ("reboot", "restart", "poweron", "poweroff", "powerrecycle", "devicerecycle")),
    (Operation.RESTARTED, ("shutdown", "startup", "startdvr", "stopdvr", "stopabnormal", "abnormalshut")),
    (Operation.CONFIGURED, ("cfg", "config", "upgrade", "update", "restore", "recover", "factory", "resetpass")),
    (Operation.CONFIGURED, ("user", "addipc", "delipc", "setipc", "ipcadd", "ipcdel", "ipcset", "addnas", "delnas")),
    (Operation.CONFIGURED, ("setnas", "setsnmp", "setsip", "import", "lockfile")),
)


@dataclass(frozen=True)
class Line:
    """One line of the log. `channel` is a token, `what` the recorder's own word."""

    at: Stamp
    operation: Operation
    what: str
    user: str = ""
    address: str = ""
    channel: str = ""


@dataclass(frozen=True)
class Page:
    """Lines of one page. `count`: how many there were, with those that are no operations; `latest`: the digits of the
    last of them; `more`: another page follows."""

    lines: tuple[Line, ...]
    count: int
    latest: int
    more: bool


def description(search: str, kind: str, begin: int, end: int, position: int) -> bytes:
    """A search's request; `begin` and `end` are digits as `stamp.written` takes them."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<CMSearchDescription><searchID>{escape(search)}</searchID><metaId>{escape(kind)}</metaId>"
        f"{span(begin, end)}<maxResults>{PAGE}</maxResults>"
        f"<searchResultPostion>{position}</searchResultPostion></CMSearchDescription>"
    ).encode()


def page(body: bytes) -> Page:
    """Raises BadAnswer (and what a ResponseStatus says)."""
    items, more = results(body)
    lines = tuple(line for item in items if (line := _line(item)) is not None)
    times = [at.wall for item in items if (at := _at(item)) is not None]
    return Page(lines, len(items), max(times, default=0), more)


def operation(kind: str, what: str) -> Operation | None:
    """What it was; None for what is no operation of anybody."""
    word = what.lower()
    found = next((name for name, words in _WORDS if any(one in word for one in words)), Operation.OTHER)
    if found is Operation.LOGIN_FAILED:
        return found
    return found if kind.lower() == "operation" and not any(noise in word for noise in _NOISE) else None


def _line(item: etree._Element) -> Line | None:
    parts = anywhere(item, "metaid").split("/")
    if len(parts) < 3:
        return None
    found = operation(parts[1], parts[2])
    if found is None:
        return None
    at = _at(item)
    if at is None:
        raise BadAnswer("a line of its log without a time")
    channel = parts[3] if len(parts) > 3 else anywhere(item, "channelnumber", "channelid", "channel", limit=20)
    return Line(
        at,
        found,
        parts[2][:80],
        anywhere(item, "username", limit=64),
        anywhere(item, "ipaddress", "remotehostaddr", limit=64),
        channel if channel.isascii() and channel.isdecimal() and int(channel[:9]) > 0 else "",
    )


def _at(item: etree._Element) -> Stamp | None:
    return stamp.read(anywhere(item, "startdatetime", "starttime", "logtime"))
