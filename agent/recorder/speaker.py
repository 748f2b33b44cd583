"""What a protocol must offer to be a recorder's language; `agent/recorder/languages.py` lists them."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from agent.recorder.model import (
    Condition,
    Extent,
    Identity,
    Input,
    LogEntry,
    RecordingPlan,
    Spans,
    Storage,
    TimeSettings,
    User,
)


class Speaker(Protocol):
    """One recorder, asked in one language. For one thread at a time; only `interrupt` may come from another.

    Every call raises DeviceError (Unsupported for what this recorder or language does not know, Forbidden for what the
    account may not ask) or PasswordMissing. It asks nothing that changes the recorder. Answers are bounded: at most 256
    inputs, 64 drives, 256 users, and what `most` says.
    """

    def device_time(self) -> float:
        """Its clock as Unix seconds, whole: local time, zone and daylight saving of its own word turned to UTC. Asked
        without the account where the device allows that."""
        ...

    def identity(self) -> Identity:
        """Who it is. Needs the account: also the way to see that it is accepted."""
        ...

    def time_settings(self) -> TimeSettings:
        """How it keeps its time."""
        ...

    def inputs(self) -> Sequence[Input]:
        """Every channel it lists now, in its order."""
        ...

    def plans(self) -> Mapping[str, RecordingPlan]:
        """Token → when it is meant to be recorded."""
        ...

    def recording(self) -> Mapping[str, bool]:
        """Token → whether it is being recorded now, in the recorder's own word."""
        ...

    def extent(self, token: str) -> Extent:
        """Oldest and newest recording of a channel, in as few requests as the language allows."""
        ...

    def spans(self, token: str, begin: float, end: float, most: int = 2000) -> Spans:
        """What is recorded of a channel between two moments of the recorder's clock. Raises BadAnswer beyond `most`
        pieces: then nothing can be said of gaps."""
        ...

    def storage(self) -> Storage:
        """Its disks."""
        ...

    def condition(self) -> Condition:
        """Temperature, processor, memory, uptime."""
        ...

    def users(self) -> Sequence[User]:
        """Accounts on it; no passwords are ever asked for."""
        ...

    def log(self, begin: float, end: float, most: int = 500) -> Sequence[LogEntry]:
        """Operations between two moments of its clock, oldest first; of more than `most` the newest."""
        ...

    def snapshot(self, token: str) -> bytes:
        """A picture of the channel (JPEG), at most `max_answer_bytes`."""
        ...

    def release(self) -> None:
        """Close idle connections, log out of sessions."""
        ...

    def forget(self) -> None:
        """It may be another device now: ask for everything anew."""
        ...

    def interrupt(self) -> None:
        """From another thread: end the call under way, and any further one."""
        ...

    @property
    def answers(self) -> int:
        """HTTP answers since the start, of whatever kind."""
        ...

    @property
    def elapsed(self) -> float:
        """Seconds the last exchange took."""
        ...

    @property
    def account_shown(self) -> bool:
        """Whether the device checked the account at the last call."""
        ...

    @property
    def paused(self) -> bool:
        """Whether the account rests after a refusal."""
        ...


@runtime_checkable
class Summary(Protocol):
    """A language that also tells of all recordings together in one request."""

    def whole(self) -> Extent:
        """The oldest and the newest recording of the whole recorder. Raises as a Speaker's calls."""
        ...
