"""Doors over ONVIF: one PullPoint subscription per controller, and its states where events tell none.

Pulled once per round with a short wait, renewed in time, made anew when it ends, and doubted when nothing has been
heard for a while. A user with the right to receive events may do all this; it only reads.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent.collector import Reading
from agent.device.account import PasswordMissing
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    DeviceError,
    HeldBack,
    Interrupted,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.device.workers import apart
from agent.doors.inventory import Inventory
from agent.doors.settings import ControllerSettings, DoorsSettings
from agent.doors.source import Source, burden
from agent.doors.told import Told
from agent.doors.trouble import Trouble
from agent.onvif import doors as words
from agent.onvif.notification import Notification
from agent.onvif.subscription import Subscription, Terms

if TYPE_CHECKING:
    from agent.onvif.client import OnvifClient

log = logging.getLogger(__name__)

MAX_STATES = 16
"""Doors asked one by one for their state, per round."""


class ControllerCollector:
    """One controller: its own thread, so that a slow one delays no other."""

    def __init__(
        self,
        controller: ControllerSettings,
        settings: DoorsSettings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._controller = controller
        self._settings = settings
        self._monotonic = monotonic
        self._account = settings.account(controller)
        self._source = Source(f"door controller {controller.id}", controller.doors, monotonic)
        self._inventory = Inventory.of_controller(controller)
        self._trouble = Trouble(self._source.label, settings.pause_seconds)
        self._described = False
        self._states_known = True
        """Whether its doors can be asked one by one, as far as we know."""
        self._client: OnvifClient | None = None
        self._subscription = Subscription(self._source.label, _terms(settings), self._connect, self._anew, monotonic)
        self._fresh = False
        """Whether we subscribed anew in this round."""
        self._doubted = 0.0
        """When all states were asked for last."""
        self._authenticated: bool | None = None
        self._interrupted = False
        self._closing = False
        self._ending = threading.Lock()

    def collect(self) -> Reading:
        """One round: what happened, and every door's state, so that silence is noticed."""
        return apart(self._round)

    def _round(self) -> Reading:
        told: list[Told] = []
        reachable: bool | None = True
        problem = ""
        try:
            told = self._news()
            self._trouble.note(None)
            self._authenticated = True
        except Interrupted:
            return Reading()  # our own doing tells nothing of the doors, and the subscription is there to be ended
        except HeldBack as error:
            reachable, problem = None, str(error)
        except (Unreachable, TimedOut) as error:
            reachable = False
            self._authenticated = None
            self._lost(error)
        except (DeviceError, PasswordMissing) as error:
            self._authenticated = False if isinstance(error, AuthRefused) else None
            self._lost(error)
            reachable = self._answers()
        finally:
            if self._client is not None:
                self._client.release()
        happenings, folded = self._source.bounded(self._source.take(told))
        measurements = self._source.measure(self._common(reachable), known=bool(reachable))
        return Reading(measurements, happenings, self._inventory.fresh(), problem=folded or problem)

    def interrupt(self) -> None:
        """From another thread: let a run under way end at once, since the agent stops. Then only `close` may follow.

        Told again while `close` unsubscribes, it lets that go on.
        """
        with self._ending:
            if self._closing:
                return
            self._interrupted = True
            if self._client is not None:
                self._client.interrupt()

    def close(self) -> None:
        """Unsubscribe."""
        with self._ending:
            self._closing = True
            if self._client is not None:
                self._client.resume()
        with contextlib.suppress(PasswordMissing):
            self._subscription.end()
        if self._client is not None:
            self._client.release()

    # -- news ----------------------------------------------------------------------------------------------------

    def _news(self) -> list[Told]:
        self._fresh = False
        told = _meant(self._subscription.news())
        if self._fresh:
            self._doubted = self._monotonic()
            return told + self._ask_states({one.door for one in told})
        heard = {one.door for one in told}
        quiet = [door for door in self._source.quiet(self._settings.silence_seconds) if door.entry.token not in heard]
        if quiet and self._monotonic() - self._doubted >= self._settings.silence_seconds:
            try:
                told += self._break_silence()
            except DeviceError as error:
                if not told:
                    raise
                log.info("%s: could not be asked for its states: %s", self._source.label, error)
        return told

    def _break_silence(self) -> list[Told]:
        """Nothing happens at a quiet door, or we cannot hear it while others speak: find out."""
        self._doubted = self._monotonic()
        told = _meant(self._subscription.states())
        return told + self._ask_states({one.door for one in told})

    def _anew(self, client: "OnvifClient") -> None:
        self._fresh = True
        self._source.forget()
        if not self._described:
            self._ask_readers(client)
            self._ask_doors(client)
            self._described = True

    def _connect(self) -> "OnvifClient":
        if self._client is None:
            from agent.onvif.client import OnvifClient

            self._client = OnvifClient(
                self._controller.endpoint,
                self._account,
                timeout=self._settings.device_timeout_seconds,
                max_bytes=self._settings.max_answer_bytes,
                max_requests=self._settings.max_requests_per_hour,
                pause_seconds=self._settings.pause_seconds,
            )
            if self._interrupted:  # while zeep was being loaded
                self._client.interrupt()
        return self._client

    # -- what the controller says when asked ---------------------------------------------------------------------

    def _ask_readers(self, client: "OnvifClient") -> None:
        """Which reader belongs to which door: access is told by reader."""
        from agent.onvif.client import Call

        try:
            call = Call("accesscontrol", "GetAccessPointInfoList", client.address("accesscontrol"), {"Limit": 100})
            found = words.readers(client.ask_raw(call))
        except (BadAnswer, Unsupported) as error:
            log.info("%s: tells no readers, only those configured are known: %s", self._source.label, error)
        else:
            for reader, door in found:
                if door in self._source.doors:
                    self._source.readers.setdefault(reader, door)

    def _ask_doors(self, client: "OnvifClient") -> None:
        """Whether it has the doors that we are to watch: a wrong token would stay silent for ever."""
        from agent.onvif.client import Call

        try:
            call = Call("doorcontrol", "GetDoorInfoList", client.address("doorcontrol"), {"Limit": 100})
            tokens, whole = words.door_tokens(client.ask_raw(call))
        except (BadAnswer, Unsupported) as error:
            log.info("%s: tells no list of its doors: %s", self._source.label, error)
            return
        missing = [token for token in self._source.doors if token not in tokens]
        if whole and missing:
            log.warning("%s: has no door %r, only %s", self._source.label, missing[0], ", ".join(tokens[:20]) or "none")

    def _ask_states(self, told: set[str | None]) -> list[Told]:
        """The states of doors that the events did not tell, one by one, where the controller can be asked."""
        from agent.onvif.client import Call

        answers: list[Told] = []
        for token in [token for token in self._source.doors if token not in told][:MAX_STATES]:
            if not self._states_known:
                break
            client = self._connect()
            try:
                call = Call("doorcontrol", "GetDoorState", client.address("doorcontrol"), {"Token": token})
                answers += words.door_states(client.ask_raw(call), token)
            except Unsupported:
                self._states_known = False
            except DeviceError as error:  # events pulled before must not be lost with it
                log.info("%s: does not tell the state of %r: %s", self._source.label, token, error)
        return answers

    # -- trouble -------------------------------------------------------------------------------------------------

    def _common(self, reachable: bool | None) -> dict[str, float]:
        common = burden(self._controller.endpoint, self._account)
        if reachable is not None:
            common["door_reachable"] = float(reachable)
        if reachable and self._authenticated is not None:
            common["authenticated"] = float(self._authenticated)
        return common

    def _answers(self) -> bool:
        """Whether there is a controller at all, when it tells us nothing of its doors or may not be asked."""
        try:
            self._connect().device_time()
        except (Unreachable, TimedOut):
            return False
        except (DeviceError, PasswordMissing):
            return True
        return True

    def _lost(self, error: Exception) -> None:
        self._trouble.note(error)
        self._subscription.lose()
        self._source.forget()
        self._states_known = True
        if self._client is not None and not isinstance(error, AuthPaused):
            self._client.forget()


def _terms(settings: DoorsSettings) -> Terms:
    wait = min(settings.wait_seconds, settings.interval_seconds)
    return Terms(settings.subscription_seconds, wait, settings.message_limit, settings.silence_seconds)


def _meant(news: list[Notification]) -> list[Told]:
    return [told for one in news if (told := words.interpret(one)) is not None]
