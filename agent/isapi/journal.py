"""The operation log: recorders sort it from the oldest line on, and stop at 2,000 without a word."""

from collections.abc import Callable

from agent.device.errors import BadAnswer
from agent.isapi import log
from agent.isapi.client import IsapiClient, search_id
from agent.isapi.log import Line
from agent.isapi.reckoning import Reckoning
from agent.recorder.model import LogEntry

CAP = 2000
"""Lines of one search: where there were so many, a further search goes on where it ended."""

MAX_PAGES = 32
"""Read at once; of a longer log the later half of what is left is read, and of that again."""

MAX_HALVES = 2


class Journal:
    """Of one recorder. `reckoning` as for `Archive`."""

    def __init__(self, client: IsapiClient, reckoning: Callable[[], Reckoning]) -> None:
        self._client = client
        self._reckoning = reckoning

    def entries(self, begin: float, end: float, most: int) -> list[LogEntry]:
        """See `Speaker.log`. Two searches: operations, and failed logins among the exceptions.

        Raises BadAnswer where there is more than can be read.
        """
        reckoning = self._reckoning()
        lines = [
            line
            for kind in (log.OPERATIONS, log.ILLEGAL_LOGINS)
            for line in self._latest(kind, reckoning.digits(begin), reckoning.digits(end))
        ]
        found = [
            LogEntry(float(reckoning.moment(one.at)), one.operation, one.user, one.address, one.channel, one.what)
            for one in lines
        ]
        return sorted((one for one in found if begin <= one.at < end), key=lambda one: one.at)[-most:]

    def _latest(self, kind: str, begin: int, end: int) -> list[Line]:
        for _ in range(MAX_HALVES + 1):
            lines, reached = self._all(kind, begin, end)
            if reached is None:
                return lines
            begin = (max(begin, reached) + end) // 2
        raise BadAnswer("a log with more lines than can be read")

    def _all(self, kind: str, begin: int, end: int) -> tuple[list[Line], int | None]:
        """Lines between two times (digits), and, where they are too many, up to when they go."""
        name, position, latest = search_id(), 0, begin
        lines: list[Line] = []
        for _ in range(MAX_PAGES):
            asked = log.description(name, kind, begin, end, position)
            page = log.page(self._client.ask("ContentMgmt/logSearch", asked))
            if page.more and not page.count:
                raise BadAnswer("a log search that promises more and gives nothing")
            known = {line for line in lines if line.at.wall == begin}
            lines += [line for line in page.lines if line not in known]
            position += page.count
            latest = max(latest, page.latest)
            if page.more:
                continue
            if position < CAP or latest <= begin:
                return lines, None
            name, position, begin = search_id(), 0, latest
        return lines, latest
