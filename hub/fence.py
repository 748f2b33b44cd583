"""What every commit has to pass: nothing in a hub of its own, the lease where another hub may have taken over."""

from contextlib import AbstractContextManager
from typing import Protocol

import sqlalchemy as sa


class Fence(Protocol):
    """Used by the committer's thread alone."""

    def enter(self, connection: sa.Connection) -> int | None:
        """Before the engine is rebuilt. Returns how long nobody was seen to work, in ms, where the lease has just been
        taken over. Raises LeaseLost, SQLAlchemyError."""
        ...

    def confirm(self) -> None:
        """Before anything is written: the lease is still ours. Raises LeaseLost, SQLAlchemyError."""
        ...

    def begin(self, database: sa.Engine) -> AbstractContextManager[sa.Connection]:
        """The one transaction. Raises LeaseLost, RebuildWanted, SQLAlchemyError."""
        ...

    def left(self) -> None:
        """LeaseLost was raised."""
        ...


class Unfenced:
    """A hub that shares its database with nobody."""

    def enter(self, _connection: sa.Connection) -> int | None:
        """Nothing to enter."""
        return None

    def confirm(self) -> None:
        """Nothing to lose."""

    def begin(self, database: sa.Engine) -> AbstractContextManager[sa.Connection]:
        """A transaction."""
        return database.begin()

    def left(self) -> None:
        """Never called."""
