"""The event service: PullPoint subscriptions with an end of life and a bounded queue each."""

import datetime
import itertools
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from simulator.onvif.soap import TEV, TNS1, TT, WSA, WSNT, Fault, Request, element

MAX_SUBSCRIPTIONS = 4
"""Devices hold only a few."""

MAX_QUEUE = 256
MAX_WAIT_SECONDS = 20.0
_DIALECT = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
_OWN = "http://simulated.invalid/subscriptions"
_DURATION = re.compile(r"^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$")


@dataclass(frozen=True)
class Message:
    """A notification: topic without prefix, `operation` None for things that happen."""

    topic: str
    source: Mapping[str, str]
    data: Mapping[str, str]
    operation: str | None
    at: float


@dataclass
class _Subscription:
    number: int
    ends: float
    queue: deque[Message] = field(default_factory=lambda: deque(maxlen=MAX_QUEUE))
    deaf: bool = False
    wanted: tuple[str, ...] = ()

    def wants(self, message: Message) -> bool:
        """Whether it passes the filter: whole topics, or all from one on (`Device//.`)."""
        topic = message.topic
        return not self.wanted or any(
            topic == one or (one.endswith("//.") and f"{topic}/".startswith(f"{one[:-3]}/")) for one in self.wanted
        )


class EventService:
    """`states` is every property's present value, for SetSynchronizationPoint. Thread-safe."""

    namespace = TEV
    capability = "Events"
    path = "/onvif/event_service"

    def __init__(
        self,
        states: Callable[[], list[Message]],
        device_time: Callable[[], float],
        xaddr: Callable[[str], str],
        gone: Callable[[], threading.Event],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.longest_life_seconds = 600.0
        """Granted at most; real devices often grant 60 s whatever is asked."""
        self.by_header = False
        """Tell subscriptions apart by a reference parameter that must come back as a header, not by their address."""
        self.filters = "honoured"
        """What becomes of a choice of topics: `honoured`, `ignored`, `refused`, or `mute` (taken, and nothing told)."""
        self._states = states
        self._device_time = device_time
        self._xaddr = xaddr
        self._gone = gone
        self._monotonic = monotonic
        self._numbers = itertools.count(1)
        self._subscriptions: dict[int, _Subscription] = {}
        self._news = threading.Condition()

    # -- for the script ------------------------------------------------------------------------------------------

    @property
    def subscriptions(self) -> int:
        """How many are alive."""
        with self._news:
            self._expire()
            return len(self._subscriptions)

    def publish(self, message: Message) -> None:
        """Queue it for every subscription; at a full queue the oldest goes."""
        with self._news:
            for subscription in self._subscriptions.values():
                if not subscription.deaf and subscription.wants(message):
                    subscription.queue.append(message)
            self._news.notify_all()

    def end_all(self) -> None:
        """Forget all subscriptions, as by a reboot: the next pull is a fault."""
        with self._news:
            self._subscriptions.clear()
            self._news.notify_all()

    def deafen_all(self) -> None:
        """Let all subscriptions die silently: pulls are answered, with nothing, for ever."""
        with self._news:
            for subscription in self._subscriptions.values():
                subscription.deaf = True
                subscription.queue.clear()

    # -- operations ----------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> etree._Element | None:
        """See Service."""
        if (request.namespace, request.operation) == (TEV, "CreatePullPointSubscription"):
            return self._create(request)
        if request.namespace not in (TEV, WSNT):
            return None
        operations: dict[str, Callable[[Request, _Subscription], etree._Element]] = {
            "PullMessages": self._pull,
            "SetSynchronizationPoint": self._synchronize,
            "Renew": self._renew,
            "Unsubscribe": self._unsubscribe,
        }
        operation = operations.get(request.operation)
        return operation(request, self._find(request)) if operation else None

    def _create(self, request: Request) -> etree._Element:
        life = self._life(request.text("InitialTerminationTime"))
        wanted = self._wanted(request)
        with self._news:
            self._expire()
            if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
                raise Fault("too many subscriptions", "ResourceUnknown", code="Receiver", status=500)
            made = _Subscription(next(self._numbers), self._monotonic() + life, wanted=wanted)
            made.queue.extend(message for message in self._states() if made.wants(message))
            self._subscriptions[made.number] = made
        reference = element(TEV, "SubscriptionReference", *self._reference(made.number))
        return element(TEV, "CreatePullPointSubscriptionResponse", reference, *self._times(WSNT, life))

    def _wanted(self, request: Request) -> tuple[str, ...]:
        expression = next(request.envelope.iter(f"{{{WSNT}}}TopicExpression"), None)
        if expression is None or self.filters == "ignored":
            return ()
        if self.filters == "refused":
            raise Fault("filters are not supported", "InvalidFilterFault")
        prefix = next((name for name, uri in expression.nsmap.items() if uri == TNS1), None)
        if self.filters == "mute" or prefix is None:
            return ("Nothing",)
        parts = (expression.text or "").split("|")
        return tuple(part.strip().removeprefix(f"{prefix}:") for part in parts)

    def _reference(self, number: int) -> list[etree._Element]:
        if not self.by_header:
            return [element(WSA, "Address", text=self._xaddr(f"/onvif/subscription/{number}"))]
        parameters = element(WSA, "ReferenceParameters", element(_OWN, "SubscriptionId", text=str(number)))
        return [element(WSA, "Address", text=self._xaddr("/onvif/subscription")), parameters]

    def _pull(self, request: Request, subscription: _Subscription) -> etree._Element:
        wait = min(_seconds(request.text("Timeout") or "PT0S"), MAX_WAIT_SECONDS)
        limit = max(1, int(request.text("MessageLimit") or "1"))
        gone, deadline = self._gone(), self._monotonic() + wait
        with self._news:
            while not subscription.queue and subscription.number in self._subscriptions and not gone.is_set():
                left = deadline - self._monotonic()
                if left <= 0:
                    break
                self._news.wait(min(left, 0.1))
            taken = [subscription.queue.popleft() for _ in range(min(limit, len(subscription.queue)))]
            ends = subscription.ends - self._monotonic()
        return element(
            TEV, "PullMessagesResponse", *self._times(TEV, ends), *(_notification(message) for message in taken)
        )

    def _synchronize(self, _: Request, subscription: _Subscription) -> etree._Element:
        with self._news:
            if not subscription.deaf:
                subscription.queue.extend(message for message in self._states() if subscription.wants(message))
            self._news.notify_all()
        return element(TEV, "SetSynchronizationPointResponse")

    def _renew(self, request: Request, subscription: _Subscription) -> etree._Element:
        life = self._life(request.text("TerminationTime"))
        with self._news:
            subscription.ends = self._monotonic() + life
        return element(WSNT, "RenewResponse", *reversed(self._times(WSNT, life)))

    def _unsubscribe(self, _: Request, subscription: _Subscription) -> etree._Element:
        with self._news:
            self._subscriptions.pop(subscription.number, None)
            self._news.notify_all()
        return element(WSNT, "UnsubscribeResponse")

    # -- parts ---------------------------------------------------------------------------------------------------

    def _find(self, request: Request) -> _Subscription:
        by_header = request.envelope.findtext(f"{{*}}Header/{{{_OWN}}}SubscriptionId") or ""
        number = by_header if self.by_header else request.path.rpartition("/")[2]
        with self._news:
            self._expire()
            found = self._subscriptions.get(int(number)) if number.isdecimal() else None
        if found is None:
            raise Fault("no such subscription", "ResourceUnknown")
        return found

    def _expire(self) -> None:
        now = self._monotonic()
        for number in [n for n, s in self._subscriptions.items() if s.ends <= now]:
            del self._subscriptions[number]

    def _life(self, asked: str | None) -> float:
        return min(_seconds(asked or "PT60S"), self.longest_life_seconds)

    def _times(self, namespace: str, life: float) -> list[etree._Element]:
        now = self._device_time()
        return [
            element(namespace, "CurrentTime", text=_iso(now)),
            element(namespace, "TerminationTime", text=_iso(now + life)),
        ]


def _notification(message: Message) -> etree._Element:
    # The prefix stands in text, where no serializer looks for it: it has to be declared by hand.
    declared = etree.Element(f"{{{WSNT}}}Topic", {"Dialect": _DIALECT}, nsmap={"wsnt": WSNT, "tns1": TNS1})
    declared.text = f"tns1:{message.topic}"
    attributes = {"UtcTime": _iso(message.at)}
    if message.operation is not None:
        attributes["PropertyOperation"] = message.operation
    inner = element(TT, "Message", _items("Source", message.source), _items("Data", message.data), **attributes)
    return element(WSNT, "NotificationMessage", declared, element(WSNT, "Message", inner))


def _items(part: str, values: Mapping[str, str]) -> etree._Element:
    return element(TT, part, *(element(TT, "SimpleItem", Name=name, Value=value) for name, value in values.items()))


def _seconds(text: str) -> float:
    match = _DURATION.match(text.strip())
    if not match:
        raise Fault("unreadable time", "InvalidArgVal")
    hours, minutes, seconds = (float(group or 0) for group in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _iso(seconds: float) -> str:
    when = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
