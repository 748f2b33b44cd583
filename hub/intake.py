"""From MQTT payloads to decoded deliveries in a bounded queue. Runs in the MQTT client's thread.

Nothing is lost here that matters: a report that finds the queue full, or that can't be decoded, is not acknowledged,
and the agent keeps it. Both are counted, the latter by sender.
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hub.store.writes import Rejection
from wire.codec import DecodeError, decode
from wire.messages import ConfigApplied, Inventory, Message, Report, Result, Status
from wire.topics import Address, Topics, Verb

log = logging.getLogger(__name__)

MODELS: dict[Verb, type[Message]] = {
    Verb.STATUS: Status,
    Verb.INVENTORY: Inventory,
    Verb.REPORT: Report,
    Verb.RESULT: Result,
    Verb.CONFIG_APPLIED: ConfigApplied,
}

MAX_SENDERS = 1000
"""Distinct (sender, reason) pairs counted between two commits; past it, all go under one name."""


@dataclass(frozen=True)
class Delivery:
    """One decoded message: whose, what, and when it came in (ms UTC on the hub's clock)."""

    address: Address
    message: Message
    received: int
    retained: bool


@dataclass(frozen=True)
class Unreadable:
    """A report that can't be decoded, but whose id could be read: to be refused by name."""

    address: Address
    report_id: str
    reason: str
    received: int


class Intake:
    """The one queue between MQTT and the committer; `limit` deliveries at the most."""

    def __init__(self, topics: Topics, clock: Callable[[], int], limit: int = 10_000) -> None:
        self._topics = topics
        self._clock = clock
        self._queue: queue.Queue[Delivery | Unreadable] = queue.Queue(limit)
        self._rejected: dict[tuple[str, str, str], tuple[int, str]] = {}
        self._lock = threading.Lock()

    def take(self, topic: str, payload: bytes, retained: bool = False) -> None:
        """One message as it came. Never raises, never blocks."""
        parsed = self._topics.parse(topic)
        model = MODELS.get(parsed[1]) if parsed else None
        if parsed is None or model is None:
            self.reject(Address("-", "-"), "stray_topic", topic[:200])
            return
        address, verb = parsed
        try:
            self._put(Delivery(address, decode(model, payload), self._clock(), retained), address)
        except DecodeError as error:
            self.reject(address, f"bad_{verb.value.replace('/', '_')}", f"{error.reason}: {payload[:200]!r}")
            if error.report_id is not None:
                self._put(Unreadable(address, error.report_id, error.reason, self._clock()), address)

    def _put(self, item: "Delivery | Unreadable", address: Address) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.reject(address, "queue_full", "will be sent again")

    def batch(self, limit: int, wait: float) -> "list[Delivery | Unreadable]":
        """Up to `limit` deliveries: waits up to `wait` seconds for the first, takes what else is there."""
        items: list[Delivery | Unreadable] = []
        try:
            items.append(self._queue.get(timeout=wait))
            while len(items) < limit:
                items.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return items

    def reject(self, address: Address, reason: str, example: str) -> None:
        """Count something that can't be taken; the first of each kind between two commits is logged."""
        key = (address.site, address.agent, reason)
        with self._lock:
            if key not in self._rejected:
                if len(self._rejected) >= MAX_SENDERS:
                    key = ("-", "-", "many_senders")
                else:
                    log.warning("rejected from %s: %s: %r", address, reason, example)
            count, first = self._rejected.get(key, (0, example))
            self._rejected[key] = (count + 1, first)

    def take_rejections(self) -> list[Rejection]:
        """What was counted since the last call."""
        with self._lock:
            taken, self._rejected = self._rejected, {}
        return [Rejection(*key, count, example[:500]) for key, (count, example) in taken.items()]

    def restore(self, rejections: Iterable[Rejection]) -> None:
        """Put back what was taken and could not be written."""
        with self._lock:
            for one in rejections:
                key = (one.site, one.agent, one.reason)
                self._rejected[key] = (self._rejected.get(key, (0, ""))[0] + one.count, one.example)

    @property
    def depth(self) -> int:
        """Deliveries that wait."""
        return self._queue.qsize()
