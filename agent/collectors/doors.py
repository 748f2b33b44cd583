"""Doors over ONVIF: open or closed, alarms, and who was let in, as the controller's events tell.

One PullPoint subscription per controller, pulled once per round with a short wait, renewed in time, made anew when it
ends, and doubted when nothing has been heard for a while. A user with the right to receive events may do all this.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.collector import Collector, Context, Happening, Measurement, Need, Plugin, Reading
from agent.device.account import PasswordMissing
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    DeviceError,
    Interrupted,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.device.flood import FLOOD, Allowance
from agent.device.settings import DeviceSettings, GuestSettings, unique
from agent.device.workers import apart
from agent.onvif.doors import CLOSED, EVENTS, NORMAL, OPEN, TAMPERED, AccessTold, Aspect, StateTold, interpret
from agent.onvif.notification import Notification
from agent.onvif.subscription import Subscription, Terms
from wire.ids import ShortText, SlugId
from wire.messages import Device, DeviceKind

if TYPE_CHECKING:
    from agent.onvif.client import OnvifClient

log = logging.getLogger(__name__)

MAX_ACCESS_POINTS = 256


class DoorSettings(BaseModel):
    """A door: its id in the inventory, the controller's token for it, and its readers where they are not told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: SlugId
    """Its device id."""
    token: ShortText
    """The controller's token for it."""
    name: ShortText = ""
    """What people call it."""
    room: SlugId | None = None
    """The room it leads to; left out, the controller's."""
    access_points: list[ShortText] = Field(default=[], max_length=16)
    """Tokens of its readers, for controllers that do not tell which reader belongs to which door."""


class ControllerSettings(DeviceSettings):
    """A controller and the doors on it. `parent` is what the controller hangs on, and so its doors."""

    doors: list[DoorSettings] = Field(min_length=1, max_length=256)
    """The doors on it."""


class DoorsSettings(GuestSettings):
    """`[collectors.doors]`."""

    interval_seconds: float = Field(default=10.0, gt=0)
    """From the start of one pull to the start of the next: what happens at a door is told so late at most."""
    wait_seconds: float = Field(default=5.0, ge=0.05, le=20)
    """How long a pull waits for news; at most the interval."""
    message_limit: int = Field(default=100, ge=1, le=1000)
    """Most messages taken with one pull."""
    subscription_seconds: float = Field(default=120.0, ge=10)
    """Life of a subscription; it is renewed at half of what the controller grants."""
    silence_seconds: float = Field(default=300.0, gt=0)
    """After so long without news the controller is asked for all states; without an answer we subscribe anew."""
    controllers: list[ControllerSettings] = Field(default=[], max_length=64)
    """The door controllers, each asked in a thread of its own."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        unique([controller.id for controller in self.controllers])
        unique([door.id for controller in self.controllers for door in controller.doors])
        for controller in self.controllers:
            unique([door.token for door in controller.doors])
        return self


class _Door:
    """What is known of one door. `known` outlives a lost subscription, `present` does not."""

    def __init__(self, settings: DoorSettings) -> None:
        self.settings = settings
        self.known: dict[Aspect, str] = {}
        self.present: dict[Aspect, str] = {}

    def learn(self, told: StateTold, now: float) -> Happening | None:
        """An event only where the value changed: a state told again, or told for the first time as it is, is none."""
        before = self.known.get(told.aspect)
        self.known[told.aspect] = self.present[told.aspect] = told.value
        if told.event is None or told.value == before or (before is None and told.initial):
            return None
        data: dict[str, str | float | bool | None] = dict(told.data)
        if told.initial:
            data["after_gap"] = True  # it changed while we could not hear; when, nobody told
        return Happening(self.settings.id, told.event, data, now)

    def values(self) -> dict[str, float]:
        """Metrics; what has not been told since we subscribed is missing."""
        values: dict[str, float] = {}
        position = self.present.get(Aspect.POSITION)
        if position in (OPEN, CLOSED):
            values["door_open"] = float(position == OPEN)
        alarm, tamper = self.present.get(Aspect.ALARM), self.present.get(Aspect.TAMPER)
        if alarm is not None or tamper is not None:
            values["door_alarm"] = float((alarm or NORMAL) != NORMAL or tamper == TAMPERED)
        return values


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
        self._doors = {door.token: _Door(door) for door in controller.doors}
        self._readers = {reader: door.token for door in controller.doors for reader in door.access_points}
        self._readers_asked = False
        self._client: OnvifClient | None = None
        self._subscription = Subscription(
            f"door controller {controller.id}", _terms(settings), self._connect, self._anew, monotonic
        )
        self._trouble = ""
        self._authenticated: bool | None = None
        self._strangers: set[str] = set()
        self._told = False
        self._allowance = Allowance(monotonic)
        self._interrupted = False
        self._closing = False
        self._ending = threading.Lock()

    def collect(self) -> Reading:
        """One round: what happened, and every door's state, so that silence is noticed."""
        return apart(self._round)

    def _round(self) -> Reading:
        happenings: list[Happening] = []
        reachable = True
        try:
            happenings = [h for n in self._subscription.news() if (h := self._take(n)) is not None]
            self._note(None)
            self._authenticated = True
        except Interrupted:
            return Reading()  # our own doing tells nothing of the doors, and the subscription is there to be ended
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
        happenings, folded = self._allowance.spend(happenings)
        problem = f"door controller {self._controller.id}: {folded} events folded into one" if folded else ""
        return Reading(self._measure(reachable), happenings, self._inventory(), problem=problem)

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

    # -- asking --------------------------------------------------------------------------------------------------

    def _anew(self, client: "OnvifClient") -> None:
        self._forget_states()
        self._ask_readers(client)

    def _connect(self) -> "OnvifClient":
        if self._client is None:
            from agent.onvif.client import OnvifClient

            self._client = OnvifClient(
                self._controller.endpoint,
                self._settings.account(self._controller),
                timeout=self._settings.device_timeout_seconds,
                max_bytes=self._settings.max_answer_bytes,
                pause_seconds=self._settings.pause_seconds,
            )
            if self._interrupted:  # while zeep was being loaded
                self._client.interrupt()
        return self._client

    def _ask_readers(self, client: "OnvifClient") -> None:
        """Which reader belongs to which door: access is told by reader."""
        from agent.onvif.client import Call

        if self._readers_asked:
            return
        try:
            call = Call("accesscontrol", "GetAccessPointInfoList", client.address("accesscontrol"), {"Limit": 100})
            answer = client.ask_raw(call)
        except (BadAnswer, Unsupported) as error:
            log.info(
                "door controller %s: tells no readers, only those configured are known: %s", client.endpoint, error
            )
        else:
            for info in list(answer.iter("{*}AccessPointInfo"))[:MAX_ACCESS_POINTS]:
                reader, door = info.get("token"), info.findtext("{*}Entity")
                if reader and door in self._doors:
                    self._readers.setdefault(reader, door)
        self._readers_asked = True

    # -- meaning -------------------------------------------------------------------------------------------------

    def _take(self, notification: Notification) -> Happening | None:
        told = interpret(notification)
        if told is None:
            return None
        door = self._door(told)
        if door is None:
            return None
        if isinstance(told, StateTold):
            return door.learn(told, self._monotonic())
        return Happening(door.settings.id, told.event, dict(told.data), self._monotonic())

    def _door(self, told: StateTold | AccessTold) -> _Door | None:
        """The door told of. A controller with one door needs no table of its readers."""
        token = told.door
        if isinstance(told, AccessTold):
            token = token or self._readers.get(told.access_point or "") or told.access_point
        door = self._doors.get(token or "")
        if door is None and isinstance(told, AccessTold) and len(self._doors) == 1:
            return next(iter(self._doors.values()))
        if door is None and token not in self._strangers and len(self._strangers) < MAX_ACCESS_POINTS:
            self._strangers.add(token or "")
            log.warning("door controller %s: tells of %r, which no configured door has", self._controller.id, token)
        return door

    def _measure(self, reachable: bool) -> list[Measurement]:
        now = self._monotonic()
        common = {"door_reachable": float(reachable)}
        if reachable and self._authenticated is not None:
            common["authenticated"] = float(self._authenticated)
        return [
            Measurement(door.settings.id, common | (door.values() if reachable else {}), now)
            for door in self._doors.values()
        ]

    def _inventory(self) -> list[Device] | None:
        if self._told:
            return None
        self._told = True
        controller = self._controller
        return [
            Device(
                device=door.id,
                kind=DeviceKind.DOOR,
                name=door.name,
                parent=controller.parent,
                room=door.room or controller.room,
                facts={"controller": controller.id, "token": door.token, "address": str(controller.endpoint)},
            )
            for door in controller.doors
        ]

    # -- trouble -------------------------------------------------------------------------------------------------

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
        self._note(error)
        self._subscription.lose()
        self._forget_states()
        if self._client is not None and not isinstance(error, AuthPaused):
            self._client.forget()

    def _forget_states(self) -> None:
        for door in self._doors.values():
            door.present.clear()

    def _note(self, trouble: Exception | None) -> None:
        """Log what is wrong once, and that it is over once."""
        kind = type(trouble).__name__ if trouble is not None else ""
        # A pause follows each refusal: that is one trouble, not two.
        kind = AuthRefused.__name__ if isinstance(trouble, AuthRefused) else kind
        if kind == self._trouble:
            return
        self._trouble = kind
        if trouble is None:
            log.info("door controller %s: subscribed", self._controller.id)
        else:
            log.warning("door controller %s: %s: %s", self._controller.id, kind, trouble)
            if isinstance(trouble, AuthRefused):
                log.warning(
                    "door controller %s: account paused for %.0f min",
                    self._controller.id,
                    self._settings.pause_seconds / 60,
                )


def _terms(settings: DoorsSettings) -> Terms:
    wait = min(settings.wait_seconds, settings.interval_seconds)
    return Terms(settings.subscription_seconds, wait, settings.message_limit, settings.silence_seconds)


def _build(settings: DoorsSettings, _: Context) -> Sequence[Collector]:
    return [ControllerCollector(controller, settings) for controller in settings.controllers]


plugin = Plugin(
    "doors",
    DoorsSettings,
    _build,
    metrics=("door_reachable", "authenticated", "door_open", "door_alarm"),
    events=(*EVENTS, FLOOD),
    needs=(
        Need("HTTP to each controller, on its `port`", "everything: its doors count as unreachable"),
        Need(
            "an account of the controller that may receive events",
            "everything about its doors but that the controller answers",
        ),
    ),
)
