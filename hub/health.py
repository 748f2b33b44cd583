"""Is the hub alive, and can it do its work? Asked by service supervisors and load balancers, answered at once.

A hub that is not alive wants a restart. One that is not ready wants something else: a database, the broker or room in
the buffer; restarting it would help nobody. One that stands by is ready: it shows people what the other one commits.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

from hub.lease import Standing
from hub.series.store import SeriesUnavailable

Check = Callable[[], str]
"""What ails this part, in a few English words; nothing where it is well. Looks at memory only."""


class Question:
    """Something that may take long to answer, asked by one thread at a time, however many want to know."""

    def __init__(self, name: str, ask: Callable[[], None]) -> None:
        self._name = name
        self._ask = ask
        self._asked: Future[str] | None = None
        self._lock = threading.Lock()

    def begin(self) -> Future[str]:
        """Ask, unless the answer is still awaited: what ails it, if anything."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                self._asked.set_running_or_notify_cancel()  # who no longer waits must not cancel it for others
                args = (self._asked,)
                threading.Thread(target=self._answer, args=args, name=f"ready-{self._name}", daemon=True).start()
            return self._asked

    def _answer(self, asked: Future[str]) -> None:
        try:
            self._ask()
        except SeriesUnavailable as error:
            asked.set_result(str(error)[:300])
        except Exception as error:  # noqa: BLE001 - supervised: whatever it is, that part is not well
            asked.set_result(type(error).__name__)  # its text may quote statements, or secrets
        else:
            asked.set_result("")


ALONE = Standing("holder", "", "")


@dataclass
class Health:
    """The parts of a hub by name, and how each is looked at. Filled before anybody asks."""

    alive: dict[str, Check] = field(default_factory=dict)
    """Without one of these the hub must be started again."""
    ready: dict[str, Check] = field(default_factory=dict)
    """Without one of these, or one of the questions' answers, it can't work."""
    questions: dict[str, Question] = field(default_factory=dict)
    standing: Callable[[], Standing] = lambda: ALONE
    """Whether it works or stands by, and who works."""

    def answers(self, name: str, ask: Callable[[], None]) -> None:
        """To be ready, `ask` must return; it may block, or raise what is then told."""
        self.questions[name] = Question(name, ask)

    def vital(self) -> Mapping[str, str]:
        """Part → what ails it, empty where well."""
        return {name: check() for name, check in self.alive.items()}


def running(thread: threading.Thread) -> Check:
    """The thread has begun and not ended."""
    return lambda: "" if thread.is_alive() else "its thread has ended"
