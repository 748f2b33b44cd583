"""An event subscription we pull from (PullPoint), with its life time.

Subscriptions end silently: by time, by the device's reboot, or with the device answering "nothing new" for ever.
This class renews; whether silence is suspicious, the caller decides.
"""

import datetime
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from lxml import etree

from agent.device.errors import BadAnswer, DeviceError
from agent.onvif.client import Call, OnvifClient
from agent.onvif.notification import Notification, notifications

WSA = "http://www.w3.org/2005/08/addressing"
WSNT = "http://docs.oasis-open.org/wsn/b-2"
TNS1 = "http://www.onvif.org/ver10/topics"
_DIALECT = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
_MANAGER = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"
_MAX_REFERENCES = 8
_MAX_REFERENCE_BYTES = 8192


class PullPoint:
    """One subscription at one device, made there at once; to `topics` where any are given (`tns1:Device//.`: all of
    its kinds)."""

    def __init__(
        self,
        client: OnvifClient,
        life_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        topics: Sequence[str] = (),
    ) -> None:
        self._client = client
        self._life = datetime.timedelta(seconds=life_seconds)
        self._monotonic = monotonic
        asked = monotonic()
        asking: dict[str, Any] = {"InitialTerminationTime": _duration(self._life)}
        if topics:
            asking["Filter"] = {"_value_1": [_only(topics)]}
        call = Call("events", "CreatePullPointSubscription", client.address("events"), asking)
        answer = client.ask_raw(call)
        reference = next(answer.iter("{*}SubscriptionReference"), None)
        address = reference.findtext(f"{{{WSA}}}Address") if reference is not None else None
        if reference is None or not address:
            _no("subscription without an address")
        self._address = client.endpoint.follow(address)
        # Some devices tell subscriptions apart by these instead of by the address; they want them back as headers.
        parameters = reference.find(f"{{{WSA}}}ReferenceParameters")
        # Kept as text: an element would keep its whole answer, and every name its thread has read, in memory.
        found = [etree.tostring(p, with_tail=False) for p in (parameters if parameters is not None else ())]
        self._kept = [text for text in found[:_MAX_REFERENCES] if len(text) <= _MAX_REFERENCE_BYTES]
        self._granted(answer, asked)

    def pull(self, wait_seconds: float, limit: int) -> list[Notification]:
        """What happened since the last pull, at once or else within `wait_seconds`; at most about `limit`.

        Renews when half of the granted life is over. Raises DeviceError: the subscription is then as good as gone.
        """
        if self._monotonic() >= self._renew_at:
            self._renew()
        asking = {"Timeout": datetime.timedelta(seconds=wait_seconds), "MessageLimit": limit}
        call = Call("pullpoint", "PullMessages", self._address, asking, patience=wait_seconds, headers=self._references)
        answer = self._client.ask_raw(call)
        if next(answer.iter("{*}PullMessagesResponse"), None) is None:
            _no("no messages in the answer to PullMessages")
        return notifications(answer)

    def synchronize(self) -> None:
        """Have the device tell the present value of every state with the next pulls. Raises DeviceError."""
        self._client.ask_raw(Call("pullpoint", "SetSynchronizationPoint", self._address, headers=self._references))

    def end(self) -> None:
        """Unsubscribe: devices hold only a few. A device that does not answer ends it by time."""
        try:
            self._manage("Unsubscribe")
        except DeviceError:
            return

    @property
    def _references(self) -> tuple[etree._Element, ...]:
        return tuple(etree.fromstring(text) for text in self._kept)

    def _renew(self) -> None:
        asked = self._monotonic()
        self._granted(self._manage("Renew", _duration(self._life)), asked)

    def _manage(self, operation: str, until: str | None = None) -> etree._Element:
        # The definition of these two lacks the addressing headers that the standard wants.
        action, to = etree.Element(f"{{{WSA}}}Action"), etree.Element(f"{{{WSA}}}To")
        action.text, to.text = f"{_MANAGER}/{operation}Request", self._address
        headers = (action, to, *self._references)
        asking = {} if until is None else {"TerminationTime": until}
        return self._client.ask_raw(Call("subscription", operation, self._address, asking, headers=headers))

    def _granted(self, answer: etree._Element, asked: float) -> None:
        """Devices grant less than was asked; told in their own clock, so only the difference counts."""
        granted = self._life.total_seconds()
        now, until = (next(answer.iter(f"{{*}}{name}"), None) for name in ("CurrentTime", "TerminationTime"))
        if now is not None and until is not None and now.text and until.text:
            try:
                told = datetime.datetime.fromisoformat(until.text) - datetime.datetime.fromisoformat(now.text)
                granted = min(granted, max(1.0, told.total_seconds()))
            except (ValueError, TypeError, OverflowError):
                pass  # unreadable: what was asked for is the best guess
        self._renew_at = asked + granted / 2


def _duration(life: datetime.timedelta) -> str:
    return f"PT{life.total_seconds():.0f}S"


def _only(topics: Sequence[str]) -> etree._Element:
    """The filter's expression. Its prefix stands in text, where no serializer looks for it."""
    expression = etree.Element(f"{{{WSNT}}}TopicExpression", {"Dialect": _DIALECT}, nsmap={"wsnt": WSNT, "tns1": TNS1})
    expression.text = "|".join(topics)
    return expression


def _no(text: str) -> NoReturn:
    raise BadAnswer(text)
