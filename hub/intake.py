"""From MQTT payloads to decoded deliveries in a bounded queue. Runs in the MQTT client's thread.

Nothing is lost here that matters: a report that finds the queue full, or that can't be decoded, is not acknowledged,
and the agent keeps it. Both are counted, the latter by sender.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

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

MAX_TOPICS = 200_000
"""Topics whose sender is remembered; past it, all are looked up anew."""

MAX_SENDERS = 1000
"""Distinct (sender, reason) pairs counted between two commits; past it, all go under one name."""


class Delivery(NamedTuple):
    """One decoded message: whose, what, and when it came in (ms UTC on the hub's clock)."""

    address: Address
    message: Message
    received: int
    retained: bool
    size: int = 0
    """Encoded bytes."""


class Unreadable(NamedTuple):
    """A report that can't be decoded, but whose id could be read: to be refused by name."""

    address: Address
    report_id: str
    reason: str
    received: int
    size: int = 0


class BatchSize(NamedTuple):
    """What comes within `gather` seconds, at most so many messages of about so many samples, is committed at once."""

    messages: int = 500
    samples: int = 5000
    gather: float = 0.0


class Intake:
    """The one queue between MQTT and the committer; `limit` deliveries at the most."""

    def __init__(self, topics: Topics, clock: Callable[[], int], limit: int = 20_000, *, own_site: str = "") -> None:
        """`own_site` is kept for hubs: nobody speaks for them."""
        self._topics = topics
        self._own_site = own_site
        self._clock = clock
        self._limit = limit
        self._queue: deque[Delivery | Unreadable] = deque()
        self._waiting: dict[Address, int] = {}
        self._bytes = 0
        self._lines = 0
        """Samples that wait."""
        self._since = 0.0
        """When something began to wait, monotonic seconds."""
        self._wanted: tuple[int, int] | None = None
        """The messages and samples that somebody waits for."""
        self._senders: dict[str, tuple[Address, Verb, type[Message]]] = {}
        self._turned_away: dict[Address, int] = {}
        self._rejected: dict[tuple[str, str, str], tuple[int, str]] = {}
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)

    def take(self, topic: str, payload: bytes, retained: bool = False) -> None:
        """One message as it came. Never raises, never blocks."""
        self.take_all([(topic, payload, retained)])

    def take_all(self, messages: Iterable[tuple[str, bytes, bool]]) -> None:
        """Messages as they came: (topic, payload, retained). Never raises, never blocks."""
        now = self._clock()
        items = [item for message in messages if (item := self._read(*message, now)) is not None]
        if items:
            self._put(items)

    def _read(self, topic: str, payload: bytes, retained: bool, now: int) -> "Delivery | Unreadable | None":
        sender = self._senders.get(topic) or self._sender(topic)
        if sender is None:
            return None
        address, verb, model = sender
        try:
            return Delivery(address, decode(model, payload), now, retained, len(payload))
        except DecodeError as error:
            self.reject(address, f"bad_{verb.value.replace('/', '_')}", f"{error.reason}: {payload[:200]!r}")
            if error.report_id is None:
                return None
            return Unreadable(address, error.report_id, error.reason, now, len(payload))

    def _sender(self, topic: str) -> tuple[Address, Verb, type[Message]] | None:
        """Whose topic it is and what it carries, if anything for us; looked up once."""
        parsed = self._topics.parse(topic)
        model = MODELS.get(parsed[1]) if parsed else None
        if parsed is None or model is None:
            self.reject(Address("-", "-"), "stray_topic", topic[:200])
            return None
        address, verb = parsed
        if address.site == self._own_site:
            self.reject(address, "own_site", verb)
            return None
        if len(self._senders) >= MAX_TOPICS:
            self._senders.clear()
        self._senders[topic] = found = (address, verb, model)
        return found

    def _put(self, items: "Sequence[Delivery | Unreadable]") -> None:
        turned: list[Delivery | Unreadable] = []
        with self._lock:
            began_empty = not self._queue
            for item in items:
                if self._room(item):
                    self._queue.append(item)
                else:
                    turned.append(item)
            if began_empty and self._queue:
                self._since = time.monotonic()
            if self._wanted is not None and self._enough(*self._wanted):
                self._came.notify()
        for item in turned:
            self.reject(item.address, "queue_full", "will be sent again")

    def _room(self, item: "Delivery | Unreadable") -> bool:
        """Take room for it, if there is. Who is turned away was heard all the same."""
        own = self._waiting.get(item.address, 0) + item.size
        if (
            len(self._queue) >= self._limit
            or self._bytes + item.size > QUEUE_BYTES
            or own > QUEUE_BYTES // SENDER_SHARE
        ):
            if not (isinstance(item, Delivery) and item.retained) and len(self._turned_away) < MAX_SENDERS:
                self._turned_away[item.address] = item.received
            return False
        self._waiting[item.address] = own
        self._bytes += item.size
        self._lines += _lines(item)
        return True

    def _enough(self, messages: int, lines: int) -> bool:
        return len(self._queue) >= messages or self._lines >= lines > 0

    def batch(self, limit: int, wait: float, lines: int = 0, gather: float = 0.0) -> "list[Delivery | Unreadable]":
        """Up to `limit` deliveries of about `lines` samples (0: however many).

        Waits up to `wait` seconds for the first, and then until that many are there or `gather` seconds are over since
        the first came.
        """
        with self._lock:
            self._await(1, 0, time.monotonic() + wait)
            if self._queue:
                self._await(limit, lines, self._since + gather)
            return self._pop(limit, lines)

    def _await(self, messages: int, lines: int, until: float) -> None:
        self._wanted = (messages, lines)
        while not self._enough(messages, lines) and (left := until - time.monotonic()) > 0:
            self._came.wait(left)
        self._wanted = None

    def _pop(self, limit: int, lines: int) -> "list[Delivery | Unreadable]":
        items: list[Delivery | Unreadable] = []
        taken = 0
        while self._queue and len(items) < limit:
            if items and 0 < lines < taken + _lines(self._queue[0]):
                break
            item = self._queue.popleft()
            items.append(item)
            taken += _lines(item)
            self._bytes -= item.size
            left = self._waiting.get(item.address, 0) - item.size
            if left > 0:
                self._waiting[item.address] = left
            else:
                self._waiting.pop(item.address, None)
        self._lines -= taken
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
                    about = {"site": address.site, "agent": address.agent, "reason": reason}
                    log.warning("rejected from %s: %s: %r", address, reason, example, extra=about)
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

    def holds(self, messages: int, lines: int) -> bool:
        """A whole batch of so many messages or samples waits."""
        with self._lock:
            return self._enough(messages, lines)

    @property
    def depth(self) -> int:
        """Deliveries that wait."""
        return len(self._queue)

    @property
    def fill(self) -> float:
        """The share of the room that is taken, by messages or by bytes, whichever is more."""
        return max(len(self._queue) / self._limit, self._bytes / QUEUE_BYTES)


def _lines(item: Delivery | Unreadable) -> int:
    """What it will add to a batch: a line of the series store a sample."""
    message = item[1]
    return len(message.samples) if isinstance(message, Report) else 0
