"""The thread that writes records: what changed in SQL, to InfluxDB.

Each piece of work is small, may be repeated, and is done in this order: SQL is read, InfluxDB is written, then SQL is
told. So after a kill at any moment the piece is done again, and since a row keeps its series and time nothing is
doubled. While InfluxDB is away the pieces wait, which is told once.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator

import sqlalchemy as sa

from hub.records.changes import Changes
from hub.records.freshness import Freshness
from hub.records.rates_job import Rates
from hub.records.repairs_job import Repairs
from hub.records.standing import Standing
from hub.records.work import Deposed, Work
from hub.series.store import SeriesUnavailable

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
REST = 2.0
"""Rests are so many times as long as the work before: a third of one core at the most, the rest is for live data."""

Job = Callable[[], Iterator[None]]


class Mirror:
    """`run` in a thread of its own, in the hub whose `work.active` says that it is the one to work."""

    def __init__(self, work: Work, forgotten: Callable[[], Collection[str]] = lambda: ()) -> None:
        """`forgotten`: sites that were lately erased, which a row may have outlived that was on its way."""
        self._work = work
        self._forgotten = forgotten
        changes, standing = Changes(work), Standing(work)
        self.jobs: dict[str, Job] = {
            "erasure": self._erasure,
            "tickets": changes.timeline,
            "events": changes.events,
            "states": lambda: standing.states(changes.touched),
            "covers": standing.covers,
            "blindness": standing.blindness,
            "inventory": lambda: standing.inventory(changes.devices),
            "freshness": Freshness(work).pieces,
            "repairs": Repairs(work).pieces,
            "rates": Rates(work).pieces,
        }
        self._trouble: dict[str, str] = {}
        self._erased = False

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. Never raises."""
        while not stop.is_set():
            for name, job in self.jobs.items():
                pieces = job()
                while not stop.is_set():
                    began = time.monotonic()
                    if not self._one(name, pieces):
                        break
                    stop.wait((time.monotonic() - began) * REST)
            stop.wait(POLL_SECONDS)

    def round(self) -> None:
        """All that is due now. Raises what a job does."""
        for job in self.jobs.values():
            for _ in job():
                pass

    def _one(self, name: str, pieces: Iterator[None]) -> bool:
        """The next piece of a job; False when there is none, or it failed."""
        if not self._work.active():
            return False
        try:
            next(pieces)
        except StopIteration:
            self._trouble.pop(name, None)
            return False
        except Deposed:
            return False
        except (SeriesUnavailable, sa.exc.SQLAlchemyError) as error:
            words = str(error).splitlines()[0]
            if words not in self._trouble.values():
                log.warning("records for Grafana wait: %s", words)
            self._trouble[name] = words
            return False
        except Exception:  # supervised: what one row provokes must not end the thread
            if self._trouble.get(name) != "failed":
                log.exception("writing records (%s) failed", name)
            self._trouble[name] = "failed"
            return False
        return True

    def _erasure(self) -> Iterator[None]:
        """Once: what was on its way when this hub was killed, of a site that was erased then."""
        if self._erased:
            return
        for site in self._work.unknown(self._forgotten()):
            self._work.erase(site)
            yield
        self._erased = True
