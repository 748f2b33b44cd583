"""What is committed and not yet said: acknowledgements, gathered by agent under load."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence

from hub.reception import Outbound
from wire.codec import pack_ids
from wire.topics import Address

log = logging.getLogger(__name__)

LONGEST_MS = 1000
"""The most an acknowledgement waits for others of its agent, when batches are full. An agent sends again after 2 s at
the earliest, and after four deviations more than it is used to."""

LOADED = 0.25
"""A batch that is emptier than this is no load: all is said at once."""

IDS_AT_ONCE = 4096
"""Ids or ranges in one message: the bound of the wire."""


class Acknowledgements:
    """Used by the committer's thread alone. Times are ms UTC on the hub's clock."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._unsaid: dict[Address, tuple[int, list[str]]] = {}
        """Agent → when the first of these was committed, and their ids; oldest first."""
        self._delay = 0

    def committed(
        self, reports: Mapping[Address, Sequence[str]], back: Collection[Address], load: float, now: int
    ) -> None:
        """These are in the database. `load` is how full their batch was.

        Those in `back`, who have just connected, are told at once: they may have a backlog that waits for it.
        """
        self._delay = round(LONGEST_MS * min(load, 1.0)) if load >= LOADED else 0
        for address, ids in reports.items():
            unsaid = self._unsaid.get(address)
            if unsaid is None:
                self._unsaid[address] = (now, list(ids))
            else:
                unsaid[1].extend(ids)
        self._tell([address for address in back if address in self._unsaid])

    def say(self, now: int) -> None:
        """Send what is due. One that gets lost is asked for again."""
        due = []
        for address, (since, _) in self._unsaid.items():
            if 0 <= now - since < self._delay:
                break
            due.append(address)
        self._tell(due)

    def wait(self, now: int) -> float | None:
        """Seconds until something is due; None where nothing is unsaid."""
        for since, _ in self._unsaid.values():
            return max(since + self._delay - now, 0) / 1000
        return None

    def _tell(self, addresses: Sequence[Address]) -> None:
        if not addresses:
            return
        taken = [(address, self._unsaid.pop(address)[1]) for address in addresses]
        try:
            self._outbound.acknowledge(_messages(taken))
        except Exception:  # supervised: it is committed, and an acknowledgement that is lost is asked for again
            log.exception("acknowledgements to %d agents are lost", len(taken))


def _messages(committed: Sequence[tuple[Address, list[str]]]) -> Iterator[tuple[Address, list[str]]]:
    for address, ids in committed:
        packed = pack_ids(ids)
        for first in range(0, len(packed), IDS_AT_ONCE):
            yield address, packed[first : first + IDS_AT_ONCE]
