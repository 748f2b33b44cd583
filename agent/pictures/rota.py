"""Of what pictures are taken, and when: each in its turn, spread evenly, so that no round asks all devices at once."""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from agent.pictures.channel import Channel
from agent.pictures.sources import Source
from wire.messages import Device

_JITTER = (0.95, 1.05)


@dataclass
class Subject:
    """One camera or channel. `device` is how its owner claims it; `taken` (monotonic seconds) is when its last readable
    picture was taken."""

    device: Device
    token: str
    source: Source
    channel: Channel
    due: float
    taken: float | None = None
    state: str = ""
    """What stands in the way of its pictures, for people; empty where nothing does."""
    troubles: dict[str, str] = field(default_factory=dict)


class Rota:
    """Subjects by device id. `every` is the time between two pictures of one (s)."""

    def __init__(self, every: float, chance: random.Random | None = None) -> None:
        self._every = every
        self._random = chance or random.Random()  # noqa: S311 - jitter, no secret
        self._subjects: dict[str, Subject] = {}

    def __len__(self) -> int:
        return len(self._subjects)

    @property
    def subjects(self) -> Collection[Subject]:
        """All of them."""
        return self._subjects.values()

    @property
    def by_id(self) -> Mapping[str, Subject]:
        """By device id."""
        return self._subjects

    def first_due(self, number: int, count: int, now: float) -> float:
        """When the first picture of this one of `count` is taken: the first at once, the others after it in turn."""
        return now + self._every * number / max(1, count)

    def later_due(self, now: float) -> float:
        """The same for one that turns up later."""
        return now + self._every * self._random.random()

    def add(self, subject: Subject) -> None:
        """One more."""
        self._subjects[subject.device.device] = subject

    def drop(self, device: str) -> None:
        """It is gone, or another's."""
        self._subjects.pop(device, None)

    def due(self, now: float) -> list[Subject]:
        """Those whose turn it is, the longest overdue first."""
        return sorted((one for one in self._subjects.values() if one.due <= now), key=lambda one: one.due)

    def put_off(self, subject: Subject, now: float, seconds: float = 0.0) -> None:
        """Its next turn: after the usual time, or after `seconds` where that is longer."""
        wait = max(self._every, seconds) * self._random.uniform(*_JITTER)
        # From the turn that was due, so that the spread lasts; from now where we are late.
        subject.due = max(subject.due + wait, now + wait / 2)
