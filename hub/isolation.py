"""Finds the message that can't be committed: a batch that fails is halved until the culprit stands alone.

A batch that fails because a database is away is nobody's fault, and dropped: nothing of it was acknowledged, so the
agents send it again.
"""

import logging
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from hub.reception import Item
from hub.store.lease import Fenced
from wire.topics import Address

log = logging.getLogger(__name__)


class DatabaseAway(Exception):  # noqa: N818 - a state
    """Nothing can be committed now, whoever sent it."""


class Isolation:
    """What to do with batches that failed. Everything here may raise DatabaseAway, Fenced, and what `recover` does."""

    def __init__(
        self,
        commit: Callable[[Sequence[Item]], None],
        recover: Callable[[], None],
        refuse: Callable[[Item, Exception], None],
    ) -> None:
        """`commit` commits items before anything else is judged, if need be none at all; `recover` is called after each
        failure; `refuse` is told of culprits."""
        self._commit = commit
        self._recover = recover
        self._refuse = refuse
        self._suspects: set[Address] = set()

    def step(self) -> None:
        """A step begins: who was suspected in the last one is heard again."""
        self._suspects.clear()

    def prove(self, error: Exception | None = None) -> None:
        """A commit without messages works; else nobody is to blame (for `error`)."""
        if (empty := self._attempt([])) is not None:
            log.error("a commit without messages fails", exc_info=empty)
            raise DatabaseAway(f"a commit without messages fails: {first_line(empty)}") from error

    def sort_out(self, batches: Sequence[Sequence[Item]], error: Exception) -> None:
        """Commit them in order, all but the culprits: one of them failed, and nothing of them is committed."""
        self._recovered(error)
        if len(batches) == 1:
            self._isolate(batches[0], error)
            return
        for batch in batches:
            self._commit_alone(batch)

    def _commit_alone(self, items: Sequence[Item]) -> None:
        items = [item for item in items if item.address not in self._suspects]
        if (error := self._attempt(items)) is not None:
            self._isolate(items, error)

    def _isolate(self, items: Sequence[Item], error: Exception) -> None:
        """Refuse the one that fails alone.

        What else its sender has in this batch is left unsaid: it comes again, and one sender can't make the hub
        rebuild itself more than a few times a step.
        """
        if len(items) > 1:
            middle = len(items) // 2
            self._commit_alone(items[:middle])
            self._commit_alone(items[middle:])
            return
        self.prove(error)  # before anybody is refused
        for item in items:
            # Perhaps it was not the message but what the engine had in mind.
            if (again := self._attempt([item])) is not None:
                self._suspects.add(item.address)
                self._refuse(item, again)

    def _attempt(self, items: Sequence[Item]) -> Exception | None:
        """What is wrong with them; None when they are committed."""
        try:
            self._commit(items)
        except Fenced:
            raise
        except Exception as error:  # noqa: BLE001 - supervised: whatever a batch provokes, the hub goes on
            self._recovered(error)
            return error
        return None

    def _recovered(self, error: Exception) -> None:
        self._recover()
        if _is_outage(error):
            raise DatabaseAway(first_line(error)) from error


def first_line(error: Exception) -> str:
    """Its type and what it says, in 300 characters at the most."""
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]


def _is_outage(error: Exception) -> bool:
    """The database's trouble rather than the data's."""
    if isinstance(error, sa.exc.DBAPIError):
        return not isinstance(error, sa.exc.DataError | sa.exc.IntegrityError)
    return isinstance(error, sa.exc.SQLAlchemyError) and not isinstance(error, sa.exc.StatementError)
