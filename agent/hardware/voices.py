"""Listening to one device, in whichever language it speaks: what the collector knows of all of them."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from agent.dahua.client import NothingThere
from agent.dahua.client import explain as dahua_words
from agent.device.errors import BadAnswer, DeviceError, Forbidden, Unsupported
from agent.device.http import DeviceHttp
from agent.device.settings import DeviceSettings, GuestSettings
from agent.device.workers import apart
from agent.hardware import dahua, isapi
from agent.hardware.ears import Ears
from agent.hardware.listener import Listener
from agent.hardware.model import Stranger, Told
from agent.hardware.onvif import TOPICS
from agent.hardware.pull import PullFeed
from agent.hardware.settings import HardwareSettings
from agent.isapi.alert_stream import PATH as ALERT_STREAM
from agent.isapi.refusal import explain
from agent.onvif.subscription import Terms
from agent.recorder.directory import DIRECTORY

if TYPE_CHECKING:
    from agent.device.multipart import Part
    from agent.onvif.client import OnvifClient

WAIT_SECONDS = 1.0
"""How long a pull waits: as little as every firmware understands."""

_STATES_SECONDS = 600.0
"""How often the present states are asked for, at most: some devices end their streams every minute."""


class Voice(Protocol):
    """What brings a device's events to its ears. For one thread at a time but for `interrupt`."""

    @property
    def name(self) -> str:
        """How it does that, as a fact of the inventory."""
        ...

    @property
    def open(self) -> bool:
        """Whether it is subscribed."""
        ...

    def silence(self, now: float) -> float:
        """Seconds since anything was heard."""
        ...

    def round(self) -> None:
        """Once a minute. Raises DeviceError, PasswordMissing: why nothing can be heard."""
        ...

    def lost(self, error: Exception) -> None:
        """That happened: nothing that was told may be true any more."""
        ...

    def interrupt(self) -> None:
        """From another thread: end what is under way."""
        ...

    def end(self) -> None:
        """Let go of the device. Raises PasswordMissing."""
        ...


class StreamVoice:
    """ISAPI and Dahua. `sync` asks for the present states after the stream was opened."""

    def __init__(
        self,
        name: str,
        ears: Ears,
        listener: Listener,
        sync: "DahuaStates | None" = None,
        patience: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._ears = ears
        self._listener = listener
        self._sync = sync
        self._patience = patience
        self._monotonic = monotonic
        self._synced = 0
        self._sync_due = 0.0
        self._first = True

    @property
    def open(self) -> bool:
        """See Voice."""
        return self._listener.open

    def silence(self, now: float) -> float:
        """See Voice."""
        return self._ears.silence(now)

    def round(self) -> None:
        """See Voice."""
        self._listener.begin()
        if self._first:
            self._first = False
            self._listener.wait(self._patience)
        if self._listener.trouble is not None:
            raise self._listener.trouble
        lives, now = self._listener.lives, self._monotonic()
        if lives > self._synced and now >= self._sync_due:
            self._synced, self._sync_due = lives, now + _STATES_SECONDS
            if self._sync is not None:
                self._sync.ask()

    def lost(self, error: Exception) -> None:
        """Its thread sees to that."""

    def interrupt(self) -> None:
        """See Voice."""
        self._listener.interrupt()
        if self._sync is not None:
            self._sync.interrupt()

    def end(self) -> None:
        """See Voice."""
        self._listener.end()


class DahuaStates:
    """Asks on which channels an event goes on; one code after the other, those that it refuses once and no more."""

    def __init__(self, recorder: str, ears: Ears, http: DeviceHttp, monotonic: Callable[[], float]) -> None:
        self._recorder = recorder
        self._ears = ears
        self._http = http
        self._monotonic = monotonic
        self._codes = list(dahua.STATES)

    def interrupt(self) -> None:
        """From another thread: ask no more."""
        self._http.session.interrupt()

    def ask(self) -> None:
        """Raises DeviceError where it cannot be asked; PasswordMissing."""
        try:
            for code in list(self._codes):
                try:
                    body = self._http.get(dahua.states_path(code)).body
                except NothingThere:
                    body = dahua.NO_EVENTS
                except (Unsupported, Forbidden, BadAnswer):
                    self._codes.remove(code)
                    continue
                now = self._monotonic()
                for told in dahua.states(code, body, DIRECTORY.channels(self._recorder)):
                    self._ears.hear(told, now)
        finally:
            self._http.release()


def pulled(
    device: DeviceSettings,
    account: GuestSettings,
    settings: HardwareSettings,
    ears: Ears,
    monotonic: Callable[[], float],
) -> PullFeed:
    """A device of ONVIF."""

    def make() -> "OnvifClient":
        from agent.onvif.client import OnvifClient

        return OnvifClient(
            device.endpoint,
            account.account(device),
            timeout=account.device_timeout_seconds,
            max_bytes=account.max_answer_bytes,
            max_requests=account.max_requests_per_hour,
            pause_seconds=account.pause_seconds,
        )

    terms = Terms(
        settings.subscription_seconds,
        WAIT_SECONDS,
        settings.message_limit,
        settings.silence_seconds,
        TOPICS,
        resync_seconds=settings.silence_seconds,
    )
    return PullFeed(ears, f"hardware of {device.id}", terms, make, monotonic)


def streamed(
    language: str,
    device: DeviceSettings,
    account: GuestSettings,
    settings: HardwareSettings,
    ears: Ears,
    monotonic: Callable[[], float],
) -> StreamVoice:
    """A recorder of ISAPI or Dahua."""
    is_dahua = language == "dahua"

    def http() -> DeviceHttp:
        return DeviceHttp(
            device.endpoint,
            account.account(device),
            timeout=account.device_timeout_seconds,
            max_bytes=account.max_answer_bytes,
            max_requests=account.max_requests_per_hour,
            pause_seconds=account.pause_seconds,
            explain=dahua_words if is_dahua else _isapi_words,
            one_time_nonces=is_dahua,
        )

    listener = Listener(
        ears,
        f"hardware of {device.id}",
        http(),
        dahua.ATTACH if is_dahua else ALERT_STREAM,
        dahua.interpret if is_dahua else _alert,
        beat_seconds=settings.stream_silence_seconds,
        silence_seconds=max(settings.silence_seconds, settings.stream_silence_seconds),
        monotonic=monotonic,
    )
    patience = 2 * account.device_timeout_seconds
    if is_dahua:
        states = DahuaStates(device.id, ears, http(), monotonic)
        return StreamVoice("attach", ears, listener, states, patience, monotonic)
    return StreamVoice("alert stream", ears, listener, patience=patience, monotonic=monotonic)


def _isapi_words(status: int, body: bytes) -> DeviceError | None:
    # They are XML, which is not read in a thread that lives as long as the agent.
    return apart(lambda: explain(status, body))


def _alert(part: "Part") -> list[Told | Stranger]:
    told = isapi.interpret(part)
    return [] if told is None else [told]
