"""One recorder over many rounds: whether it is there, takes our account, what its clock shows, and who it is."""

import time
from collections.abc import Callable

from agent.device import clock
from agent.device.account import PasswordMissing
from agent.device.errors import (
    AuthPaused,
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
from agent.device.manners import MANNERS
from agent.device.reach import takes_connections
from agent.device.text import printable
from agent.recorder.model import Identity, TimeSettings
from agent.recorder.settings import RecorderSettings, RecordersSettings
from agent.recorder.speaker import Speaker
from agent.recorder.subjects import Subjects
from wire.messages import Device, DeviceKind


class Presence:
    """For one thread at a time. `wall` is our clock, Unix seconds."""

    def __init__(
        self,
        recorder: RecorderSettings,
        settings: RecordersSettings,
        subjects: Subjects,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.answers = False
        """Whether it answered in this round."""
        self.ahead: float | None = None
        """Its clock minus ours (s) as of this round; None while it does not tell."""
        self.time: TimeSettings | None = None
        """How it keeps its time, as it told last."""
        self._recorder = recorder
        self._settings = settings
        self._subjects = subjects
        self._wall = wall
        self._monotonic = monotonic
        self._clock = clock.Tracked(settings.clock_samples, settings.clock_check_seconds)
        self._manner = MANNERS.of(recorder.endpoint)
        self._has_account = settings.account(recorder) is not None
        self._authenticated: bool | None = None
        self._identity: Identity | None = None

    def examine(self, speaker: Speaker) -> dict[str, float]:
        """Whether it is there, and its clock. Of one that does not answer nothing else is known."""
        self.answers, self.ahead = False, None
        try:
            offset = self._clock.round(lambda samples: self._measure(speaker, samples), self._monotonic())
        except (HeldBack, Interrupted) as error:
            self._subjects.note("clock", error)
            return {}
        except (Unreachable, TimedOut) as error:
            self._subjects.note("clock", error)
            self.lose(speaker)
            return {"connectable": self._connectable(), "reachable": 0.0}
        except (AuthPaused, PasswordMissing) as error:
            # One that tells its time to accounts only was not asked: whether it would answer is not known.
            self._subjects.note("clock", error)
            return {"connectable": self._connectable()}
        except DeviceError as error:  # garbage is an answer too: the recorder is there
            self._subjects.note("clock", error)
            self.answers = True
            if isinstance(error, AuthRefused | CredentialsWanted):
                self.note_refusal()
            return {"connectable": 1.0, "reachable": 1.0}
        self._subjects.note("clock", None)
        self.answers, self.ahead = True, offset.middle
        return {
            "connectable": 1.0,
            "reachable": 1.0,
            "response_seconds": speaker.elapsed,
            # The hub adds our own clock's offset where it knows one; here ours counts as the reference.
            "clock_offset_seconds": -offset.middle,
            "clock_offset_error_seconds": offset.error,
        }

    def now(self) -> float | None:
        """What the recorder's clock shows, None while it does not tell."""
        return self._wall() + self.ahead if self.ahead is not None else None

    def identify(self, identity: Identity) -> bool:
        """Who it says it is; whether it is another one than before, or has other firmware."""
        changed = self._identity is not None and identity != self._identity
        self._identity = identity
        return changed

    def note_answer(self, speaker: Speaker) -> None:
        """A question was answered. Some devices tell everyone: then nobody knows whether the account is any good."""
        if speaker.account_shown:
            self._authenticated = True

    def note_refusal(self) -> None:
        """Our account was refused, or is wanted in a way that we do not show it."""
        if self._has_account:
            self._authenticated = False

    def lose(self, speaker: Speaker) -> None:
        """It is gone. When it comes back it may be another device, or have other firmware: it is asked who it is."""
        self._authenticated = None
        self._clock.forget()
        self._subjects.again(["identity"])
        speaker.forget()

    def account_values(self, speaker: Speaker) -> dict[str, float]:
        """Our account there, and what we have asked of it."""
        values = {
            "requests_per_hour": float(self._manner.spent),
            "requests_held_back": float(self._manner.held_back),
        }
        if self._has_account:
            values["account_paused"] = float(speaker.paused)
            self._authenticated = False if speaker.paused else self._authenticated
        if self._authenticated is not None and self.answers:
            values["authenticated"] = float(self._authenticated)
        return values

    def entry(self) -> Device:
        """The recorder as it stands in the inventory."""
        facts: dict[str, str] = {"address": str(self._recorder.endpoint), "speaks": str(self._recorder.speaks)}
        if self._identity is not None:
            who = self._identity
            facts |= {
                "manufacturer": who.manufacturer,
                "model": who.model,
                "firmware": who.firmware,
                "serial": who.serial,
            }
        if self.time is not None:
            servers = printable(", ".join(self.time.servers))
            facts |= {"ntp_servers": servers} if servers else {}
            facts |= {"time_zone": printable(self.time.zone)} if self.time.zone else {}
        for name, error in {"unsupported": Unsupported, "forbidden": Forbidden}.items():
            subjects = self._subjects.refused(error)
            facts |= {name: subjects} if subjects else {}
        own = self._recorder
        return Device(
            device=own.id, kind=DeviceKind.RECORDER, name=own.name, parent=own.parent, room=own.room, facts={**facts}
        )

    def _measure(self, speaker: Speaker, samples: int) -> clock.Interval:
        return clock.measure(speaker.device_time, samples, wall=self._wall)

    def _connectable(self) -> float:
        return float(takes_connections(self._recorder.endpoint, self._settings.device_timeout_seconds))
