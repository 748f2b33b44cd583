"""A device's events over years: subscribed, pulled, renewed, doubted when nothing comes, and made anew.

Subscriptions die silently: by a reboot, or with the device answering "nothing new" for ever.
"""

import contextlib
import logging
import math
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
    and without an answer to that we subscribe anew.

    `topics` are those that are wanted, all others left out by the device; none: everything. `resync_seconds`: all
    states are asked for so often however much news there is, for a device that has too much of it drops some."""

    life_seconds: float
    wait_seconds: float
    limit: int
    silence_seconds: float
    topics: tuple[str, ...] = ()
    resync_seconds: float = math.inf


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
        self._synchronized = 0.0
        self._topics = terms.topics

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
        pullpoint = self._pullpoint
        if pullpoint is None:
            return self._begin()
        try:
            news = self._drain(pullpoint)
        except (BadAnswer, Unsupported):
            # The device forgot the subscription: rebooted, or ended it on its own account.
            log.info("%s: subscription is gone, made anew", self._name)
            return self._begin()
        if news:
            self._heard = self._monotonic()
            if self._heard - self._synchronized >= self._terms.resync_seconds:
                news = news + self._resynchronize()
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
        try:
            pullpoint = PullPoint(client, self._terms.life_seconds, self._monotonic, self._topics)
        except BadAnswer as error:
            if not self._topics:
                raise
            log.info("%s: takes no choice of topics, so all are subscribed: %s", self._name, error)
            self._topics = ()
            pullpoint = PullPoint(client, self._terms.life_seconds, self._monotonic)
        self._pullpoint = pullpoint
        self._heard = self._synchronized = self._monotonic()
        # A new subscription starts with all states anyway; not every device knows that.
        with contextlib.suppress(BadAnswer, Unsupported):
            pullpoint.synchronize()
        return pullpoint

    def _begin(self) -> list[Notification]:
        """Subscribe, and all states. A device that leaves everything out understands our choice in its own way."""
        pullpoint = self._subscribe()
        news = self._drain(pullpoint)
        if news or not self._topics:
            return news
        log.info("%s: tells nothing of the topics chosen, so all are subscribed", self._name)
        self._topics = ()
        pullpoint.end()
        return self._drain(self._subscribe())

    def _resynchronize(self) -> list[Notification]:
        """Nothing here may cost what was pulled already; the next round meets the same trouble."""
        self._synchronized = self._monotonic()
        try:
            if self._pullpoint is not None:
                self._pullpoint.synchronize()
                return self._drain(self._pullpoint)
        except DeviceError as error:
            log.info("%s: states could not be asked for: %s", self._name, error)
        return []

    def _break_silence(self, pullpoint: "PullPoint") -> list[Notification]:
        """Nothing happens at a quiet device, or the subscription is dead though pulls are answered: find out."""
        with contextlib.suppress(BadAnswer, Unsupported):
            self._synchronized = self._monotonic()
            pullpoint.synchronize()
            news = self._drain(pullpoint)
            if news:
                return news
        log.info("%s: silent for too long, subscribing anew", self._name)
        pullpoint.end()
        return self._begin()

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
