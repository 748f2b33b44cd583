"""Doors of a local controller, told on topics of its MQTT broker."""

import time
from collections.abc import Callable

from agent.collector import Reading
from agent.device.address import Endpoint
from agent.device.pause import PAUSES
from agent.doors.inbox import Inbox
from agent.doors.inventory import Inventory
from agent.doors.source import Source
from agent.doors.topic_listener import State, TopicListener, account_of
from agent.doors.topic_settings import TopicsSettings


class TopicsCollector:
    """One broker, listened to by a thread of its own from the first round on."""

    def __init__(
        self,
        settings: TopicsSettings,
        pause_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._label = f"door topics {settings.id}"
        self._endpoint = Endpoint(settings.host, settings.port)
        self._account = account_of(settings)
        self._source = Source(self._label, settings.doors, monotonic, settings.silence_seconds)
        self._inventory = Inventory.of_input(settings, {"address": str(self._endpoint)})
        self._inbox = Inbox()
        self._listener = TopicListener(settings, self._inbox, pause_seconds, monotonic, wall)

    def collect(self) -> Reading:
        """Whatever was published since the last round."""
        self._listener.start()
        state = self._listener.state
        told, dropped = self._inbox.take()
        happenings, folded = self._source.bounded(self._source.take(told))
        measurements = self._source.measure(self._common(state), known=state is State.LISTENING)
        problems = [folded, self._complaint()]
        if dropped:
            problems.append(f"{self._label}: {dropped} events dropped, they came faster than they can be told")
        if state is not State.LISTENING and self._listener.trouble:
            problems.append(f"{self._label}: {self._listener.trouble}")
        return Reading(measurements, happenings, self._inventory.fresh(), problem="; ".join(filter(None, problems)))

    def interrupt(self) -> None:
        """From another thread: the agent stops."""
        self._listener.halt()

    def close(self) -> None:
        """Disconnect."""
        self._listener.stop()

    def _common(self, state: State) -> dict[str, float]:
        common: dict[str, float] = {}
        if state is not State.UNKNOWN:
            common["door_reachable"] = float(state is not State.AWAY)
        if self._account is not None:
            paused = PAUSES.remaining(self._endpoint, self._account.username) > 0
            common["account_paused"] = float(paused)
            if state in (State.LISTENING, State.REFUSED):
                common["authenticated"] = float(state is State.LISTENING)
        return common

    def _complaint(self) -> str:
        reasons = self._listener.complaints()
        if not reasons:
            return ""
        return f"{self._label}: {reasons.total()} messages can't be read, the first: {next(iter(reasons))}"
