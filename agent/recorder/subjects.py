"""What a recorder is asked about: how often each subject is, and which it will not or may not answer.

A subject fails alone. That a recorder does not know one (Unsupported), or that our account may not ask (Forbidden), is
a fact and no failure: told once in the inventory and asked again a day later, since firmware and rights change.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from agent.device.account import PasswordMissing
from agent.device.errors import (
    AuthRefused,
    CredentialsWanted,
    DeviceError,
    Forbidden,
    HeldBack,
    Interrupted,
    TimedOut,
    Unreachable,
    Unsupported,
)

log = logging.getLogger(__name__)

AGAIN_SECONDS = 86_400.0
"""After how long something refused is asked for again."""

_JITTER = (0.9, 1.1)
_ROUND_ENDS = (Unreachable, TimedOut, AuthRefused, CredentialsWanted, HeldBack, Interrupted, PasswordMissing)
"""What each further question would meet with, too."""


class RoundOver(Exception):  # noqa: N818 - a state
    """Nothing more can be asked in this round; `cause` says why."""

    def __init__(self, cause: DeviceError | PasswordMissing) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Subjects:
    """Of one recorder. For one thread at a time."""

    def __init__(self, recorder: str, every: dict[str, float], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._recorder = recorder
        self._every = every
        self._monotonic = monotonic
        self._due = dict.fromkeys(every, 0.0)
        self._refused: dict[str, type[DeviceError]] = {}
        self._troubles: dict[str, str] = {}

    def due(self, name: str) -> bool:
        """Whether it is time to ask; a subject that was refused waits a day."""
        return self._monotonic() >= self._due[name]

    @contextmanager
    def asking(self, name: str) -> Iterator[None]:
        """While a subject is asked. Its errors end here; raises RoundOver for those that end the round."""
        # Jitter, so that the recorders of a site are not all asked in the same round for ever.
        pause = self._every[name] * random.uniform(*_JITTER)  # noqa: S311 - no secret
        self._due[name] = self._monotonic() + pause
        try:
            yield
        except (Unsupported, Forbidden) as error:
            self._refused[name] = type(error)
            self._due[name] = self._monotonic() + AGAIN_SECONDS
            self.note(name, error)
        except _ROUND_ENDS as error:
            self.note(name, error)
            raise RoundOver(error) from None
        except DeviceError as error:
            self.note(name, error)
        else:
            self._refused.pop(name, None)
            self.note(name, None)

    def again(self, names: Sequence[str] = ()) -> None:
        """Ask these at the next occasion, by default all, refused ones too: it may be another recorder, or firmware."""
        for name in names or self._due:
            self._due[name] = 0.0

    def refused(self, error: type[DeviceError]) -> str:
        """The subjects refused in this way, as a fact: `log, users`; empty where there is none."""
        return ", ".join(sorted(name for name, kind in self._refused.items() if issubclass(kind, error)))

    def is_refused(self, name: str) -> bool:
        """Whether it was refused when it was last asked."""
        return name in self._refused

    def note(self, name: str, trouble: Exception | None) -> None:
        """Log what is wrong with a subject once, and that it is over once."""
        kind = type(trouble).__name__ if trouble is not None else ""
        if kind == self._troubles.get(name, "") or isinstance(trouble, Interrupted):
            return
        self._troubles[name] = kind
        if trouble is None:
            log.info("recorder %s: %s: well again", self._recorder, name)
        else:
            level = logging.INFO if isinstance(trouble, Unsupported | Forbidden) else logging.WARNING
            log.log(level, "recorder %s: %s: %s: %s", self._recorder, name, kind, trouble)
