"""One device over many rounds: whether it answers, takes our account, who it is, and its clock."""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent.device.account import PasswordMissing
from agent.device.clock import Tracked
from agent.device.due import Due
from agent.device.errors import AuthPaused, AuthRefused, DeviceError, Forbidden, HeldBack, TimedOut, Unreachable
from agent.device.manners import MANNERS
from agent.device.settings import DeviceSettings, GuestSettings
from wire.messages import Device, DeviceKind

if TYPE_CHECKING:
    from agent.onvif.client import Identity, OnvifClient

log = logging.getLogger(__name__)


class Watch:
    """A camera or a recorder. For one thread at a time. Connects to nothing until its first round."""

    def __init__(
        self,
        device: DeviceSettings,
        settings: GuestSettings,
        kind: DeviceKind,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self.kind = kind
        self._settings = settings
        self._monotonic = monotonic
        self._client: OnvifClient | None = None
        self._authenticated: bool | None = None
        self.identity: Identity | None = None
        """Who it said it is when it was last asked."""
        self._login_due = Due(settings.login_check_seconds)
        self._clock = Tracked(settings.clock_samples, settings.clock_check_seconds)
        self._troubles: dict[str, str] = {}

    @property
    def client(self) -> "OnvifClient":
        """The device's client, made when first needed: that is when zeep is loaded."""
        if self._client is None:
            from agent.onvif.client import OnvifClient

            self._client = OnvifClient(
                self.device.endpoint,
                self._settings.account(self.device),
                timeout=self._settings.device_timeout_seconds,
                max_bytes=self._settings.max_answer_bytes,
                max_requests=self._settings.max_requests_per_hour,
                pause_seconds=self._settings.pause_seconds,
            )
        return self._client

    @property
    def authenticated(self) -> bool | None:
        """Whether the account was accepted when it was last tried, None where that is not known."""
        return self._authenticated

    @property
    def login_failed(self) -> bool:
        """Whether the device did not tell who it is when it was last asked."""
        return bool(self._troubles.get("login"))

    @property
    def answers(self) -> int:
        """HTTP answers the device gave since the start, of whatever kind."""
        return self._client.answers if self._client is not None else 0

    def examine(self, fresh_login: bool = False) -> dict[str, float]:
        """This round's values. Of a device that does not answer nothing is known but whether it takes connections;
        empty where our own manners held us back. With `fresh_login` the account is tried whether that is due or not.
        """
        client = self.client
        values = {"reachable": 1.0, "connectable": 1.0}
        try:
            # The hub adds our own clock's offset where it knows one; here ours counts as the reference.
            ahead = self._clock.round(client.measure_clock, self._monotonic())
        except HeldBack as error:
            self.note("time", error)
            return {}
        except (Unreachable, TimedOut) as error:
            self.note("time", error)
            self.lose()
            return {"reachable": 0.0, "connectable": float(client.connected)}
        except (DeviceError, PasswordMissing) as error:
            self.note("time", error)  # garbage is an answer too: the device is there
        else:
            self.note("time", None)
            values["response_seconds"] = client.elapsed
            values["clock_offset_seconds"] = -ahead.middle
            values["clock_offset_error_seconds"] = ahead.error
        self._check_login(fresh_login)
        if self._authenticated is not None:
            values["authenticated"] = float(self._authenticated)
        return values

    def conduct(self) -> dict[str, float]:
        """How we behave towards it: whether our account rests, and the requests of the last hour."""
        manner = MANNERS.of(self.device.endpoint)
        values = {"requests_per_hour": float(manner.spent), "requests_held_back": float(manner.held_back)}
        if self.client.account is not None:
            values["account_paused"] = float(self.client.paused)
        return values

    def refused(self, error: AuthRefused) -> None:
        """The device refused our account, whatever it was shown for. It rests; that is told."""
        self._authenticated = False
        self.note("login", error)
        if self.client.paused and not isinstance(error, AuthPaused):
            minutes = self._settings.pause_seconds / 60
            log.warning("%s %s: account paused for %.0f min", self.kind, self.device.id, minutes)

    def accepted(self) -> None:
        """The device took our account, whatever it was shown for: that tells where it lets everybody know who it is."""
        if self._authenticated is None:
            self._authenticated = True

    def release(self) -> None:
        """Close the round's connections."""
        if self._client is not None:
            self._client.release()

    def entry(self) -> Device:
        """The device as it stands in the inventory."""
        facts: dict[str, str | bool | float | None] = {"address": str(self.device.endpoint)}
        if self.identity is not None:
            facts |= {
                "manufacturer": self.identity.manufacturer,
                "model": self.identity.model,
                "firmware": self.identity.firmware,
                "serial": self.identity.serial,
            }
        d = self.device
        return Device(device=d.id, kind=self.kind, name=d.name, parent=d.parent, room=d.room, facts=facts)

    def note(self, subject: str, trouble: Exception | None) -> None:
        """Log what is wrong with a part of the device once, and that it is over once."""
        kind = type(trouble).__name__ if trouble is not None else ""
        if kind == self._troubles.get(subject, ""):
            return
        self._troubles[subject] = kind
        if trouble is not None:
            log.warning("%s %s: %s: %s: %s", self.kind, self.device.id, subject, kind, trouble)
        else:
            log.info("%s %s: %s: well again", self.kind, self.device.id, subject)

    def lose(self) -> None:
        """When it comes back it may be another device, or one with other firmware: then everything is asked anew."""
        self._authenticated = None
        self._login_due.at_once()
        self._clock.forget()
        self.client.forget()

    def _check_login(self, fresh: bool) -> None:
        """GetDeviceInformation now and then: says whether the account is accepted, and who the device is."""
        client = self.client
        if client.account is None:
            return
        if client.paused:
            self._authenticated = False
            self._login_due.at_once()
            return
        now = self._monotonic()
        if not fresh and not self._login_due.come(now):
            return
        try:
            self.identity = client.information()
        except HeldBack:
            return
        except AuthRefused as error:
            self.refused(error)
        except Forbidden as error:
            self._authenticated = True  # it took the account for its time
            self.note("login", error)
        except (DeviceError, PasswordMissing) as error:
            self._authenticated = None
            self.note("login", error)
            self._login_due.failed(now)
            return
        else:
            self.note("login", None)
            # Some devices tell this to everyone: then nobody knows whether the account is any good.
            self._authenticated = True if client.account_shown else None
        self._login_due.done(now)
