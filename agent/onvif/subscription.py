"""A device's events over years: subscribed, pulled, renewed, doubted when nothing comes, and made anew.

Subscriptions die silently: by a reboot, or with the device answering "nothing new" for ever.
"""

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.device.errors import BadAnswer, DeviceError, Unsupported
from agent.onvif.notification import Notification

if TYPE_CHECKING:
    from agent.onvif.client import OnvifClient
    from agent.onvif.pullpoint import PullPoint

log = logging.getLogger(__name__)

MAX_PULLS = 10
"""Pulls per round: a device that always has more must not hold us for ever."""


@dataclass(frozen=True)
class Terms:
    """How we subscribe. `life_seconds` is asked for, and renewed at half of what is granted; a pull waits for news for
    `wait_seconds` and takes at most about `limit` of it; without news for `silence_seconds` all states are asked for,
    and without an answer to that we subscribe anew."""

    life_seconds: float
    wait_seconds: float
    limit: int
    silence_seconds: float


class Subscription:
    """To the events of one device. For one thread at a time. Connects to nothing until its first round.

    `connect` gives its client. `anew` is called with it ahead of every subscription: what was told before may have
    changed unheard.
    """

    def __init__(
        self,
        name: str,
        terms: Terms,
        connect: Callable[[], "OnvifClient"],
        anew: Callable[["OnvifClient"], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._terms = terms
        self._connect = connect
        self._anew = anew
        self._monotonic = monotonic
        self._pullpoint: PullPoint | None = None
        self._heard = 0.0

    @property
    def open(self) -> bool:
        """Whether we are subscribed, as far as we know."""
        return self._pullpoint is not None

    @property
    def silence(self) -> float:
        """Seconds since there was news, or since we subscribed or asked for all states."""
        return self._monotonic() - self._heard

    def news(self) -> list[Notification]:
        """What happened since the last round, every state where we subscribed anew. Raises DeviceError;
        PasswordMissing: then call `lose`, except where it was we who interrupted."""
        fresh = self._pullpoint is None
        pullpoint = self._pullpoint or self._subscribe()
        try:
            news = self._drain(pullpoint)
        except (BadAnswer, Unsupported):
            if fresh:
                raise
            # The device forgot the subscription: rebooted, or ended it on its own account.
            log.info("%s: subscription is gone, made anew", self._name)
            news = self._drain(self._subscribe())
        if news:
            self._heard = self._monotonic()
        elif self.silence >= self._terms.silence_seconds:
            news = self._break_silence(pullpoint)
            self._heard = self._monotonic()
        return news

    def states(self) -> list[Notification]:
        """Every state, asked for now; from a new subscription where this one tells none. Raises as `news`."""
        news = self._break_silence(self._pullpoint or self._subscribe())
        self._heard = self._monotonic()
        return news

    def lose(self) -> None:
        """It is gone; the next round makes another."""
        self._pullpoint = None

    def end(self) -> None:
        """Unsubscribe: devices hold only a few. Raises PasswordMissing."""
        pullpoint, self._pullpoint = self._pullpoint, None
        if pullpoint is not None:
            pullpoint.end()

    def _subscribe(self) -> "PullPoint":
        from agent.onvif.pullpoint import PullPoint

        client = self._connect()
        self._pullpoint = None
        self._anew(client)
        pullpoint = PullPoint(client, self._terms.life_seconds, self._monotonic)
        self._pullpoint = pullpoint
        self._heard = self._monotonic()
        # A new subscription starts with all states anyway; not every device knows that.
        with contextlib.suppress(BadAnswer, Unsupported):
            pullpoint.synchronize()
        return pullpoint

    def _break_silence(self, pullpoint: "PullPoint") -> list[Notification]:
        """Nothing happens at a quiet device, or the subscription is dead though pulls are answered: find out."""
        with contextlib.suppress(BadAnswer, Unsupported):
            pullpoint.synchronize()
            news = self._drain(pullpoint)
            if news:
                return news
        log.info("%s: silent for too long, subscribing anew", self._name)
        pullpoint.end()
        return self._drain(self._subscribe())

    def _drain(self, pullpoint: "PullPoint") -> list[Notification]:
        """All that waits; where nothing does, what comes within the wait."""
        wait, limit = self._terms.wait_seconds, self._terms.limit
        news = pullpoint.pull(wait, limit)
        batch = news
        for _ in range(MAX_PULLS - 1):
            if len(batch) < limit:
                break
            try:
                batch = pullpoint.pull(wait, limit)
            except DeviceError as error:
                # What was pulled is gone from the device, so it must not be lost here; the next round meets the
                # same trouble and deals with it.
                log.info("%s: more news was promised: %s", self._name, error)
                break
            news = news + batch
        return news
