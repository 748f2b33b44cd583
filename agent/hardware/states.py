"""How a device is, by what it told: an event where that changes, a value while it is known. Pure but for its memory."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agent.hardware.model import Kind, Told

MAX_STATES = 1024
"""States remembered per device: 256 channels with four each. One that makes up channels forgets the oldest."""

T = TypeVar("T")
Key = tuple[Kind, str, str]
"""Kind, channel, part."""


@dataclass(frozen=True)
class Change:
    """`told` is now so, and was not before. `after_gap`: it changed while we could not hear. `assumed`: its end was
    not told; it is no longer repeated."""

    told: Told
    active: bool | None
    after_gap: bool = False
    assumed: bool = False


@dataclass
class _State:
    told: Told
    active: bool
    heard: float
    times: int = 1


@dataclass
class _Unheard:
    """What was repeated (or told once) before a gap: for how long we have been listening since without hearing it."""

    told: Told
    times: int
    listened: float


class States:
    """Of one device. `quiet_seconds`: an event that was repeated and is no more for so long is over.

    Known is what was told last, ever; present what was told since we subscribed, and only that is a value.
    """

    def __init__(self, quiet_seconds: float) -> None:
        self._quiet = quiet_seconds
        self._known: OrderedDict[Key, bool] = OrderedDict()
        self._present: OrderedDict[Key, _State] = OrderedDict()
        self._unheard: OrderedDict[Key, _Unheard] = OrderedDict()
        self._listening: float | None = None
        self._moments: OrderedDict[Key, float] = OrderedDict()

    def learn(self, told: Told, now: float, gap: bool = False) -> Change | None:
        """A change, None where it is none: said again, said for the first time as it is, or over without a beginning.

        `gap`: we could not hear for a while just before."""
        key = (told.kind, told.channel, told.part)
        if told.active is None:
            return self._moment(key, told, now)
        earlier = self._unheard.pop(key, None)
        before = self._known.get(key)
        state = self._present.get(key)
        times = 1
        if told.active and state is not None and state.active:
            times = state.times + 1
        elif told.active and earlier is not None:
            times = earlier.times + 1
        _put(self._present, key, _State(told, told.active, now, times))
        _put(self._known, key, told.active)
        if told.active == before or (before is None and (told.initial or not told.active)):
            return None
        return Change(told, told.active, after_gap=told.initial or gap)

    def expire(self, now: float) -> list[Change]:
        """What is over since it is no longer repeated.

        One that was told a single time says nothing by not being repeated: it is unknown from then on.
        """
        return [*self._no_more(now), *self._not_again(now)]

    def forget(self, now: float) -> None:
        """The subscription is gone: nothing is known of the present."""
        since, self._listening = self._listening, None
        if since is not None:
            # Some devices end their streams every minute: what is over shows only over several of them.
            for unheard in self._unheard.values():
                unheard.listened += now - since
        for key, state in self._present.items():
            if state.active and not state.told.lasting:
                _put(self._unheard, key, _Unheard(state.told, state.times, now - state.heard))
        self._present.clear()

    def resume(self, now: float) -> None:
        """Subscribed: what lasts and was being repeated before will be repeated now."""
        self._listening = now

    def value(self, kinds: Sequence[Kind], channel: str | None) -> bool | None:
        """Whether any of these is so, on a channel or anywhere (None); None: nothing was told since we subscribed."""
        found = [
            state.active
            for (kind, of, _), state in self._present.items()
            if kind in kinds and (channel is None or of == channel)
        ]
        return any(found) if found else None

    def channels(self) -> set[str]:
        """Those told of since we subscribed."""
        return {channel for _, channel, _ in self._present if channel}

    def _moment(self, key: Key, told: Told, now: float) -> Change | None:
        last = self._moments.get(key)
        _put(self._moments, key, now)
        return Change(told, None) if last is None or now - last >= self._quiet else None

    def _no_more(self, now: float) -> Iterator[Change]:
        for key, state in list(self._present.items()):
            if not state.active or state.told.lasting or now - state.heard < self._quiet:
                continue
            if state.times > 1:
                state.active = self._known[key] = False
                yield Change(state.told, False, assumed=True)
            else:
                del self._present[key]
                self._known.pop(key, None)

    def _not_again(self, now: float) -> Iterator[Change]:
        listened = now - self._listening if self._listening is not None else 0.0
        for key, unheard in list(self._unheard.items()):
            if unheard.listened + listened < self._quiet:
                continue
            del self._unheard[key]
            known = self._known.pop(key, None)
            if known and unheard.times > 1:
                self._known[key] = False
                yield Change(unheard.told, False, after_gap=True, assumed=True)


def _put(into: OrderedDict[Key, T], key: Key, value: T) -> None:
    into[key] = value
    into.move_to_end(key)
    while len(into) > MAX_STATES:
        into.popitem(last=False)
