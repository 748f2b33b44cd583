"""The recorder's search for recordings (`mediaFileFind.cgi`): an object that it makes for us and must forget again.

Recorders have a handful of these objects: one that leaks is missing until a reboot, so each is closed and destroyed
whatever happens. All times are wall clock seconds.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from agent.dahua.client import DahuaClient
from agent.dahua.table import Table, moment, rows, whole, written
from agent.device.errors import BadAnswer, Unsupported

PAGE = 100
"""The most that is told at once."""

PATIENCE = 3.0
"""A search may take this many times as long as another answer: the first of a channel took 5 s on a full recorder."""

_PATH = "mediaFileFind.cgi"
_NO_VIDEO = frozenset({"jpg", "jpeg", "pic", "txt"})


@dataclass(frozen=True)
class File:
    """A recording: `channel` as the recorder numbers it, None where it does not say."""

    channel: int | None
    begin: int
    end: int


def object_in(table: Table) -> str:
    """The name of the object that was made for us. Raises BadAnswer."""
    name = (table.get("result") or table.get("object") or "").strip()
    if not name.isascii() or not name.isalnum() or len(name) > 32:
        raise BadAnswer("makes no finder")
    return name


def files_in(table: Table, most: int) -> tuple[int, list[File]]:
    """How many were told, and those of them that are video and say when. Raises BadAnswer where the count lies."""
    count = whole(table.get("found"))
    if count is None or not 0 <= count <= most:
        raise BadAnswer(f"found {table.get('found', 'nothing')[:20]!r} of at most {most}")
    told = [_file(row) for row in rows(table, "items", count).values()]
    files = [file for file in told if file is not None]
    if count and not told:
        raise BadAnswer(f"tells of {count} recordings and names none")
    return count, files


def _file(row: Table) -> File | None:
    begin, end = moment(row.get("starttime")), moment(row.get("endtime"))
    if begin is None or end is None or end < begin or row.get("type", "").lower() in _NO_VIDEO:
        return None
    return File(whole(row.get("channel")), begin, end)


class Finder:
    """`with Finder(client) as finder:` searches, one after another."""

    def __init__(self, client: DahuaClient) -> None:
        self._client = client
        self._patience = client.timeout * PATIENCE
        self._object = ""
        self._searching = False

    def __enter__(self) -> Self:
        """Raises DeviceError; PasswordMissing."""
        self._object = object_in(self._client.table(_PATH, {"action": "factory.create"}))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()
        self._client.give_back(_PATH, self._named("destroy"))

    def search(self, number: int, begin: float, end: float) -> bool:
        """Begin to look for recordings of a channel that touch a time. False where the recorder refuses: it has none
        there, or does not search that long a time, or has no such channel; it does not say which."""
        self._close()
        self._searching = True  # whatever comes of the question: it may have been heard
        condition: dict[str, str | int] = {
            "condition.Channel": number,
            "condition.StartTime": written(begin),
            "condition.EndTime": written(end),
            "condition.Types[0]": "dav",
        }
        try:
            self._client.order(_PATH, self._named("findFile") | condition, self._patience)
        except Unsupported:
            self._searching = False
            return False
        return True

    def page(self, count: int = PAGE) -> tuple[int, list[File]]:
        """The next of them, oldest first, and how many the recorder told of: none when there are no more."""
        answer = self._client.page(_PATH, self._named("findNextFile") | {"count": count}, self._patience)
        return files_in(answer, count)

    def _close(self) -> None:
        if self._searching:
            self._searching = False
            self._client.give_back(_PATH, self._named("close"))

    def _named(self, action: str) -> dict[str, str | int]:
        return {"action": action, "object": self._object}
