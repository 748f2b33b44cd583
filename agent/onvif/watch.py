"""One device over many rounds: whether it answers, takes our account, who it is, and its clock."""

import logging
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent.device.account import PasswordMissing
from agent.device.clock import Tracked
from agent.device.errors import AuthRefused, DeviceError, TimedOut, Unreachable
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
        self._identity: Identity | None = None
        self._login_due = 0.0
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
                pause_seconds=self._settings.pause_seconds,
            )
        return self._client

    @property
    def _pause_minutes(self) -> float:
        return self._settings.pause_seconds / 60

    @property
    def authenticated(self) -> bool | None:
        """Whether the account was accepted when it was last tried, None where that is not known."""
        return self._authenticated

    @property
    def answers(self) -> int:
        """HTTP answers the device gave since the start, of whatever kind."""
        return self._client.answers if self._client is not None else 0

    def examine(self) -> dict[str, float]:
        """This round's values. `reachable` 0 stands alone: of a device that does not answer nothing else is known."""
        client = self.client
        values = {"reachable": 1.0}
        try:
            # The hub adds our own clock's offset where it knows one; here ours counts as the reference.
            ahead = self._clock.round(client.measure_clock, self._monotonic())
        except (Unreachable, TimedOut) as error:
            self.note("time", error)
            self.lose()
            return {"reachable": 0.0}
        except (DeviceError, PasswordMissing) as error:
            self.note("time", error)  # garbage is an answer too: the device is there
        else:
            self.note("time", None)
            values["response_seconds"] = client.elapsed
            values["clock_offset_seconds"] = -ahead.middle
            values["clock_offset_error_seconds"] = ahead.error
        self._check_login()
        if self._authenticated is not None:
            values["authenticated"] = float(self._authenticated)
        return values

    def release(self) -> None:
        """Close the round's connections."""
        if self._client is not None:
            self._client.release()

    def entry(self) -> Device:
        """The device as it stands in the inventory."""
        facts: dict[str, str | bool | float | None] = {"address": str(self.device.endpoint)}
        if self._identity is not None:
            facts |= {
                "manufacturer": self._identity.manufacturer,
                "model": self._identity.model,
                "firmware": self._identity.firmware,
                "serial": self._identity.serial,
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
        self._login_due = 0.0
        self._clock.forget()
        self.client.forget()

    def _check_login(self) -> None:
        """GetDeviceInformation now and then: says whether the account is accepted, and who the device is."""
        client = self.client
        if client.account is None:
            return
        if client.paused:
            self._authenticated = False
            return
        now = self._monotonic()
        if now < self._login_due:
            return
        # Jitter, so that the cameras of a site are not all asked in the same round for ever.
        self._login_due = now + self._settings.login_check_seconds * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
        try:
            self._identity = client.information()
        except AuthRefused as error:
            self._authenticated = False
            self._login_due = now + min(self._settings.login_check_seconds, self._settings.pause_seconds)
            self.note("login", error)
            log.warning("%s %s: account paused for %.0f min", self.kind, self.device.id, self._pause_minutes)
        except (DeviceError, PasswordMissing) as error:
            self._authenticated = None
            self.note("login", error)
        else:
            self.note("login", None)
            # Some devices tell this to everyone: then nobody knows whether the account is any good.
            self._authenticated = True if client.account_shown else None
