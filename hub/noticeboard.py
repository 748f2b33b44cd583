"""Where people hang up maintenance windows and silences, and the hub looks every few seconds."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from hub.cover import Covers
from hub.engine import Engine
from hub.store import covers

EVERY_MS = 3_000
"""How soon a new one counts."""


@dataclass
class Noticeboard:
    """One short question to the database every `every_ms`, however much is heard meanwhile."""

    database: sa.Engine
    clock: Callable[[], int]
    every_ms: int = EVERY_MS
    _looked: int = 0

    def look(self, engine: Engine) -> None:
        """Tell the engine what is covered now. Raises SQLAlchemyError."""
        now, known = self.clock(), engine.findings.covering.covers
        if not 0 <= now - self._looked < self.every_ms or now >= known.until:
            with self.database.connect() as connection:
                found = covers.current(connection, now)
            self._looked = now
            if tuple(found) != known.covers or now >= known.until:
                known = Covers(found, now)
        engine.findings.cover(known, now)
