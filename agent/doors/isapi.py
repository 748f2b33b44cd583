"""Doors of one access controller of Hikvision: its event stream, the states of all doors each minute, what was missed.

`GET /ISAPI/Event/notification/alertStream` is read by a thread of its own, `GET /ISAPI/AccessControl/AcsWorkStatus`
asked by the rounds; after a gap `POST /ISAPI/AccessControl/AcsEvent` searches for what happened in it. All only reads.
"""

import datetime
import logging
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agent.collector import Happening, Reading
from agent.device.account import PasswordMissing
from agent.device.errors import (
    AuthRefused,
    BadAnswer,
    DeviceError,
    Forbidden,
    HeldBack,
    Interrupted,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.doors import seen
from agent.doors.inbox import Inbox
from agent.doors.inventory import Inventory
from agent.doors.isapi_listener import FIRST_PAUSE, AlertListener
from agent.doors.reconciliation import Reconciliation
from agent.doors.settings import ControllerSettings, DoorsSettings
from agent.doors.source import Source, burden
from agent.doors.told import StateTold, Told
from agent.doors.trouble import Trouble
from agent.memory import Memory

if TYPE_CHECKING:
    from agent.isapi.alert_stream import AlertStream
    from agent.isapi.client import IsapiClient

log = logging.getLogger(__name__)

STATUS = "AccessControl/AcsWorkStatus?format=json"
SEARCH = "AccessControl/AcsEvent?format=json"
PAGE, MAX_PAGES = 30, 10
"""Events of a gap asked for at once, and how often; what is more stays on the controller."""
LONGEST_GAP = datetime.timedelta(days=1)
_MARGIN = datetime.timedelta(hours=1)


class IsapiController:
    """One controller. Two connections at most: the stream's, and one for questions."""

    def __init__(
        self,
        controller: ControllerSettings,
        settings: DoorsSettings,
        state: Path | None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._controller = controller
        self._settings = settings
        self._monotonic = monotonic
        self._wall = wall
        self._account = settings.account(controller)
        label = f"door controller {controller.id}"
        self._source = Source(label, controller.doors, monotonic)
        self._source.readers = {f"reader {number}": door for number, door in self._source.readers.items()}
        self._inventory = Inventory.of_controller(controller)
        self._trouble = Trouble(f"{label}: work status", settings.pause_seconds)
        self._inbox = Inbox()
        self._seen = seen.Seen(Memory(state, f"isapi-{controller.id}", seen.Told))
        self._listener = AlertListener(
            label, self._stream, self._inbox, self._seen, settings.pause_seconds, monotonic, first_pause
        )
        self._states = Reconciliation(self._source, monotonic)
        self._client: IsapiClient | None = None
        self._sessions = 0
        self._flowed = False
        self._status_due = 0.0
        self._status_error: Exception | None = None
        self._searchable = True
        self._there: bool | None = None
        """Whether it answered when it was last asked for its states."""
        self._heard: float | None = None
        """When the last event was taken, or the last gap filled."""

    def collect(self) -> Reading:
        """One round: what happened, and every door's state."""
        self._listener.start()
        problems: list[str] = []
        happenings: list[Happening] = []
        flows, sessions = self._listener.listening, self._listener.sessions
        gap = sessions != self._sessions or flows != self._flowed
        polled: tuple[list[StateTold], float] | None = None
        interrupted = False
        try:
            if sessions != self._sessions:
                happenings += self._source.take(self._missed(problems))
            polled = self._ask_states(at_once=gap)
            self._sessions, self._flowed = sessions, flows
        except Interrupted:
            interrupted = True  # our own doing tells nothing of the doors; what was heard is told
        finally:
            if self._client is not None:
                self._client.http.release()
        with self._seen.hearing:
            heard, live = self._seen.heard(), self._take(problems)
        happenings += self._states.stream(live)
        if polled is not None:
            happenings += self._states.polled(*polled, sure=gap or not flows)
            if self._states.doubtful:
                self._status_due = self._monotonic()
        elif gap and self._status_error is not None:
            self._source.forget()  # what changed meanwhile nobody can tell
        happenings, folded = self._source.bounded(happenings)
        problems += [folded, self._stream_problem()]
        measurements = [] if interrupted else self._source.measure(self._common(), known=self._reachable is True)
        problem, devices = "; ".join(filter(None, problems)), self._inventory.fresh()
        return Reading(measurements, happenings, devices, problem=problem, kept=lambda: self._seen.keep(heard))

    def interrupt(self) -> None:
        """From another thread: end what waits, and begin nothing more."""
        self._listener.halt()
        if self._client is not None:
            self._client.http.session.interrupt()

    def close(self) -> None:
        """Hang up."""
        self._listener.stop()
        if self._client is not None:
            self._client.http.release()

    # -- questions -----------------------------------------------------------------------------------------------

    def _ask_states(self, at_once: bool) -> tuple[list[StateTold], float] | None:
        """Every door's states, and when they were asked for; None where they were not, or not told."""
        from agent.isapi import doors

        now = self._monotonic()
        if not at_once and now < self._status_due:
            return None
        self._status_due = now + self._settings.status_seconds
        try:
            told = doors.of_status(self._asked().get(STATUS))
        except Interrupted:
            raise
        except (DeviceError, PasswordMissing) as error:
            self._status_error = error
            self._trouble.note(error)
            self._there = self._answers(error)
            return None
        self._status_error, self._there = None, True
        self._trouble.note(None)
        return told, now

    def _answers(self, error: Exception) -> bool | None:
        """Whether there is a controller at all, where it does not tell its states."""
        if isinstance(error, HeldBack):
            return None
        if not isinstance(error, AuthRefused | PasswordMissing):
            return not isinstance(error, Unreachable | TimedOut)
        try:
            self._asked().http.get("/ISAPI/System/time", anonymous=True)
        except Interrupted:
            raise
        except DeviceError as other:
            return self._answers(other) if isinstance(other, Unreachable | TimedOut | HeldBack) else True
        return True

    def _missed(self, problems: list[str]) -> list[Told]:
        """What happened since the last event that we know of, by the controller's own log. Raises Interrupted."""
        last = self._seen.last
        if last is None or not self._searchable:
            return []
        try:
            told, whole = self._search(*self._gap(last))
        except Interrupted:
            raise
        except (Unsupported, Forbidden, BadAnswer) as error:
            self._searchable = False
            log.info("%s: does not tell what happened in a gap: %s", self._source.label, error)
            return []
        except (DeviceError, PasswordMissing) as error:
            log.info("%s: could not be asked what happened in a gap: %s", self._source.label, error)
            return []
        self._heard = self._monotonic()
        if not whole:
            problems.append(f"{self._source.label}: more happened in a gap than the {PAGE * MAX_PAGES} events it tells")
        return told

    def _gap(self, last: datetime.datetime) -> tuple[datetime.datetime, datetime.datetime]:
        """From the last event to now, by the controller's clock, which may be wrong: what passed since is added to its
        own word. Only after a restart our clock has to tell how long that was."""
        if self._heard is not None:
            passed = self._monotonic() - self._heard
        else:
            passed = max(0.0, self._wall() - last.timestamp())
        now = last + datetime.timedelta(seconds=passed)
        return max(last, now - LONGEST_GAP), now + _MARGIN

    def _search(self, begin: datetime.datetime, end: datetime.datetime) -> tuple[list[Told], bool]:
        """What a search finds that was not heard, and whether it came to its end."""
        from agent.isapi import doors

        identity, position, told = str(uuid.uuid4()), 0, []
        for _ in range(MAX_PAGES):
            asking = doors.search(identity, position, PAGE, begin, end)
            page = doors.of_search(self._asked().http.send("POST", f"/ISAPI/{SEARCH}", asking, content_type=_JSON).body)
            told += [one for found in page.occurrences if self._seen.first(found) for one in found.told]
            position += page.count
            if not page.more:
                return told, True
        return told, False

    def _asked(self) -> "IsapiClient":
        if self._client is None:
            self._client = self._connection()
        return self._client

    def _stream(self) -> "AlertStream":
        from agent.isapi.alert_stream import AlertStream

        return AlertStream(self._connection().http, self._settings.stream_silence_seconds, self._monotonic)

    def _connection(self) -> "IsapiClient":
        from agent.isapi.client import IsapiClient

        return IsapiClient(
            self._controller.endpoint,
            self._account,
            timeout=self._settings.device_timeout_seconds,
            max_bytes=self._settings.max_answer_bytes,
            max_requests=self._settings.max_requests_per_hour,
            pause_seconds=self._settings.pause_seconds,
        )

    # -- what is told --------------------------------------------------------------------------------------------

    def _take(self, problems: list[str]) -> list[Told]:
        told, dropped = self._inbox.take()
        if told:
            self._heard = self._monotonic()
        if dropped:
            problems.append(f"{self._source.label}: {dropped} events dropped, they came faster than they can be told")
        garbage = self._listener.garbage()
        if garbage:
            problems.append(f"{self._source.label}: {garbage} parts of the event stream can't be read")
        return told

    @property
    def _reachable(self) -> bool | None:
        """Whether it answers; None where nobody asked, or our own manners kept us from asking."""
        return True if self._listener.listening else self._there

    def _common(self) -> dict[str, float]:
        common = burden(self._controller.endpoint, self._account)
        reachable = self._reachable
        if reachable is not None:
            common["door_reachable"] = float(reachable)
        if not reachable:
            return common
        errors = (self._status_error, self._listener.error)
        if any(isinstance(error, AuthRefused) for error in errors):
            common["authenticated"] = 0.0
        elif self._status_error is None and self._asked().http.account_shown:
            common["authenticated"] = 1.0
        return common

    def _stream_problem(self) -> str:
        """What keeps events from us. That a controller has no stream for us is told once, in the log."""
        error = self._listener.error
        if error is None or isinstance(error, Unsupported | Forbidden | Interrupted):
            return ""
        if isinstance(error, Unreachable | AuthRefused):
            return ""  # metrics of their own
        return f"{self._source.label}: no event stream: {error}"


_JSON = "application/json"
