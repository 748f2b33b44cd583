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

QUEUE_BYTES = 16 * 1024 * 1024
"""Encoded bytes that may wait; decoded they take about thirteen times as much memory (measured)."""

SENDER_SHARE = 4
"""One sender may fill a quarter of the queue, so that it can't shut the others out."""

MAX_SENDERS = 1000
"""Distinct (sender, reason) pairs counted between two commits; past it, all go under one name."""


@dataclass(frozen=True)
class Delivery:
    """One decoded message: whose, what, and when it came in (ms UTC on the hub's clock)."""

    address: Address
    message: Message
    received: int
    retained: bool
    size: int = 0
    """Encoded bytes."""


@dataclass(frozen=True)
class Unreadable:
    """A report that can't be decoded, but whose id could be read: to be refused by name."""

    address: Address
    report_id: str
    reason: str
    received: int
    size: int = 0


class Intake:
    """The one queue between MQTT and the committer; `limit` deliveries at the most."""

    def __init__(self, topics: Topics, clock: Callable[[], int], limit: int = 10_000, *, own_site: str = "") -> None:
        """`own_site` is kept for hubs: nobody speaks for them."""
        self._topics = topics
        self._own_site = own_site
        self._clock = clock
        self._queue: queue.Queue[Delivery | Unreadable] = queue.Queue(limit)
        self._waiting: dict[Address, int] = {}
        self._bytes = 0
        self._turned_away: dict[Address, int] = {}
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
        if address.site == self._own_site:
            self.reject(address, "own_site", verb)
            return
        try:
            self._put(Delivery(address, decode(model, payload), self._clock(), retained, len(payload)))
        except DecodeError as error:
            self.reject(address, f"bad_{verb.value.replace('/', '_')}", f"{error.reason}: {payload[:200]!r}")
            if error.report_id is not None:
                self._put(Unreadable(address, error.report_id, error.reason, self._clock(), len(payload)))

    def _put(self, item: "Delivery | Unreadable") -> None:
        try:
            self._reserve(item)
            self._queue.put_nowait(item)
        except queue.Full:
            self.reject(item.address, "queue_full", "will be sent again")

    def _reserve(self, item: "Delivery | Unreadable") -> None:
        """Room for it, or queue.Full. Who is turned away was heard all the same."""
        with self._lock:
            own = self._waiting.get(item.address, 0) + item.size
            full = self._queue.full() or self._bytes + item.size > QUEUE_BYTES or own > QUEUE_BYTES // SENDER_SHARE
            if full:
                if not (isinstance(item, Delivery) and item.retained) and len(self._turned_away) < MAX_SENDERS:
                    self._turned_away[item.address] = item.received
                raise queue.Full
            self._waiting[item.address] = own
            self._bytes += item.size

    def _release(self, items: "list[Delivery | Unreadable]") -> None:
        with self._lock:
            for item in items:
                self._bytes -= item.size
                left = self._waiting.get(item.address, 0) - item.size
                if left > 0:
                    self._waiting[item.address] = left
                else:
                    self._waiting.pop(item.address, None)

    def batch(self, limit: int, wait: float) -> "list[Delivery | Unreadable]":
        """Up to `limit` deliveries: waits up to `wait` seconds for the first, takes what else is there."""
        items: list[Delivery | Unreadable] = []
        try:
            items.append(self._queue.get(timeout=wait))
            while len(items) < limit:
                items.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        self._release(items)
        return items

    def take_turned_away(self) -> dict[Address, int]:
        """Whose messages found the queue full since the last call, and when the newest came (ms UTC)."""
        with self._lock:
            taken, self._turned_away = self._turned_away, {}
        return taken

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

    @property
    def fill(self) -> float:
        """The share of the room that is taken, by messages or by bytes, whichever is more."""
        return max(self._queue.qsize() / self._queue.maxsize, self._bytes / QUEUE_BYTES)
