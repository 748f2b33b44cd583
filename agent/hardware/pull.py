"""A device's events over ONVIF: one PullPoint, pulled without a wait to speak of.

Between rounds nothing is under way: no thread, no turn, no connection; the device keeps what happens for us.
"""

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent.device.errors import AuthPaused, DeviceError
from agent.hardware.ears import Ears
from agent.hardware.model import MAX_TEXT
from agent.hardware.onvif import configuration, interpret
from agent.onvif.notification import Notification
from agent.onvif.subscription import Subscription, Terms

if TYPE_CHECKING:
    from agent.onvif.client import OnvifClient

MAX_SOURCES = 1024


class PullFeed:
    """For one thread at a time; only `interrupt` may come from another. `make` makes the device's client."""

    name = "pullpoint"

    def __init__(
        self,
        ears: Ears,
        name: str,
        terms: Terms,
        make: Callable[[], "OnvifClient"],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ears = ears
        self._make = make
        self._monotonic = monotonic
        self._client: OnvifClient | None = None
        self._subscription = Subscription(name, terms, self._connect, self._anew, monotonic)
        self._sources: dict[str, str] | None = None
        self._cut = False

    def round(self) -> None:
        """Hear what happened since the last one. Raises DeviceError; PasswordMissing."""
        try:
            news = self._subscription.news()
            now = self._monotonic()
            for notification in news:
                told = interpret(self._resolved(notification))
                if told is not None:
                    self._ears.hear(told, now)
        finally:
            if self._client is not None:
                self._client.release()

    @property
    def open(self) -> bool:
        """Whether we are subscribed, as far as we know."""
        return self._subscription.open

    def silence(self, now: float) -> float:
        """Seconds since there was news, or an answer to our asking whether there is."""
        return self._subscription.silence

    def lost(self, error: Exception) -> None:
        """The subscription is gone, and the device may be another one when it comes back."""
        self._subscription.lose()
        self._ears.ended(self._monotonic())
        self._sources = None
        if self._client is not None and not isinstance(error, AuthPaused):
            self._client.forget()

    def interrupt(self) -> None:
        """End what is under way, and begin nothing more but `end`."""
        self._cut = True
        if self._client is not None:
            self._client.interrupt()

    def end(self) -> None:
        """Unsubscribe. Raises PasswordMissing."""
        if self._client is not None:
            self._client.resume()
            try:
                self._subscription.end()
            finally:
                self._client.release()

    def _connect(self) -> "OnvifClient":
        if self._client is None:
            self._client = self._make()
            if self._cut:  # while zeep was being loaded
                self._client.interrupt()
        return self._client

    def _anew(self, _: "OnvifClient") -> None:
        self._ears.began(self._monotonic())

    def _resolved(self, notification: Notification) -> Notification:
        """Rules name the configuration of a source; channels are known by the source itself."""
        token = configuration(notification)
        if not token or interpret(notification) is None:
            return notification
        if self._sources is None:
            self._sources = {}  # what was pulled is gone from the device: no trouble with this may cost it
            with contextlib.suppress(DeviceError):
                self._sources = self._ask_sources()
        notification.source["VideoSource"] = self._sources.get(token, token)
        return notification

    def _ask_sources(self) -> dict[str, str]:
        from agent.onvif.client import Call

        client = self._connect()
        answer = client.ask_raw(Call("media", "GetVideoSourceConfigurations", client.address("media")))
        found: dict[str, str] = {}
        for one in list(answer.iter("{*}Configurations"))[:MAX_SOURCES]:
            token, source = one.get("token"), one.findtext("{*}SourceToken")
            if token and source:
                found[token[:MAX_TEXT]] = source[:MAX_TEXT]
        return found
