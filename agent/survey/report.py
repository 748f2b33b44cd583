"""What a survey found, and what of it deserves a remark. Pure; no wording and no layout in here.

Times are Unix seconds of the device's own clock. None is "not told", and is never taken for well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from agent.recorder.model import Identity, Storage, TimeSettings

DAY = 86_400.0
CLOCK_SECONDS = 10.0
"""From this offset on a clock is remarked: practice opens a ticket at 10 s."""
STALE_SECONDS = 600.0
"""A channel that should record and has nothing newer than this is not recording: practice allows 10 minutes."""


class Weight(StrEnum):
    """How much a remark matters."""

    BAD = "bad"
    UNKNOWN = "unknown"


class Remark(StrEnum):
    """What was noticed. `words.py` says it in each language."""

    OFFLINE = "offline"
    VIDEO_LOSS = "video_loss"
    NOT_RECORDING = "not_recording"
    PLAN_OFF = "plan_off"
    NO_RECORDINGS = "no_recordings"
    SHORT = "short"
    GAPS = "gaps"
    CLOCK = "clock"
    CLOCK_UNKNOWN = "clock_unknown"
    NO_NTP = "no_ntp"
    DISK_BAD = "disk_bad"
    DISK_MISSING = "disk_missing"
    NO_DISK = "no_disk"
    NO_OVERWRITE = "no_overwrite"
    NOT_TOLD = "not_told"


class Outcome(StrEnum):
    """The result in a word. Nothing that was not told is ever taken for well."""

    WELL = "well"
    BAD = "bad"
    PARTLY = "partly"
    """Nothing bad in what was told, but not all was."""
    UNREAD = "unread"
    """Neither what it is nor disks nor channels: there is nothing to judge."""


class Subject(StrEnum):
    """What is asked, one after another."""

    IDENTITY = "identity"
    CLOCK = "clock"
    TIME = "time"
    DISKS = "disks"
    CHANNELS = "channels"
    PLANS = "plans"
    STATES = "states"
    RECORDINGS = "recordings"
    GAPS = "gaps"


class Untold(NamedTuple):
    """What the device would not tell, of which channel (a token) where it is about one, and why."""

    subject: Subject
    token: str
    why: str


@dataclass(frozen=True)
class Noticed:
    """A remark with its figure where it has one, and a name: of a disk, or of what was not told."""

    remark: Remark
    weight: Weight = Weight.BAD
    figure: float | None = None
    name: str = ""


@dataclass(frozen=True)
class Gaps:
    """Missing of what the plan wanted in the days looked at; `ratio` None where nothing was wanted."""

    count: int
    longest_seconds: float
    ratio: float | None


@dataclass(frozen=True)
class ChannelFound:
    """One channel. `plan` is continuous, scheduled, motion, off or "" (not told)."""

    token: str
    name: str = ""
    address: str = ""
    online: bool | None = None
    video_loss: bool | None = None
    plan: str = ""
    wanted_now: bool | None = None
    recording: bool | None = None
    oldest: float | None = None
    newest: float | None = None
    searched: bool = False
    asked: float | None = None
    """When its recordings were asked for, by the device's clock: a survey of many channels takes minutes."""
    gaps: Gaps | None = None
    noticed: Sequence[Noticed] = ()


@dataclass(frozen=True)
class Found:
    """Everything. `clock_ahead` is the device's clock minus ours, give or take `clock_error` (s)."""

    host: str
    speaks: str
    at: float
    zone: str
    identity: Identity | None = None
    clock_ahead: float | None = None
    clock_error: float | None = None
    time: TimeSettings | None = None
    storage: Storage | None = None
    channels: Sequence[ChannelFound] = ()
    gap_days: int = 0
    want_days: float = 30.0
    untold: Sequence[Untold] = ()
    noticed: Sequence[Noticed] = field(default=())

    @property
    def device_now(self) -> float:
        """The device's time of the survey."""
        return self.at + (self.clock_ahead or 0.0)

    @property
    def bad(self) -> int:
        """How many remarks are bad news, of the box and its channels together."""
        remarks = [*self.noticed, *(noticed for channel in self.channels for noticed in channel.noticed)]
        return sum(one.weight is Weight.BAD for one in remarks)

    @property
    def outcome(self) -> Outcome:
        """The result. Bad news weighs more than what was not told; a box that told nothing has neither."""
        if self.identity is None and self.storage is None and not self.channels:
            return Outcome.UNREAD
        if self.bad:
            return Outcome.BAD
        return Outcome.PARTLY if self.untold or self.clock_ahead is None else Outcome.WELL


def kept_days(found: Found, channel: ChannelFound) -> float | None:
    """Days from the oldest recording to when it was asked for."""
    now = channel.asked if channel.asked is not None else found.device_now
    return None if channel.oldest is None else max(0.0, now - channel.oldest) / DAY


def judged_channel(found: Found, channel: ChannelFound) -> list[Noticed]:
    """What deserves a remark at a channel. Its oldest recordings are compared unrounded."""
    noticed: list[Noticed] = []
    if channel.online is False:
        noticed.append(Noticed(Remark.OFFLINE))
    if channel.video_loss:
        noticed.append(Noticed(Remark.VIDEO_LOSS))
    if channel.plan == "off":
        noticed.append(Noticed(Remark.PLAN_OFF))
    if _stands_still(found, channel):
        noticed.append(Noticed(Remark.NOT_RECORDING))
    days = kept_days(found, channel)
    if days is not None and days < found.want_days:
        noticed.append(Noticed(Remark.SHORT, figure=days))
    if channel.searched and channel.oldest is None:
        noticed.append(Noticed(Remark.NO_RECORDINGS))
    if channel.gaps is not None and channel.gaps.count:
        noticed.append(Noticed(Remark.GAPS, figure=channel.gaps.count))
    return noticed


def _stands_still(found: Found, channel: ChannelFound) -> bool:
    if channel.recording is False and channel.wanted_now:
        return True
    stale = channel.newest is not None and found.device_now - channel.newest > STALE_SECONDS
    return stale and channel.plan in ("continuous", "scheduled") and channel.wanted_now is True


def judged_box(found: Found) -> list[Noticed]:
    """What deserves a remark at the box itself. An overwriting full disk is as it should be."""
    noticed: list[Noticed] = []
    if found.clock_ahead is None:
        noticed.append(Noticed(Remark.CLOCK_UNKNOWN, Weight.UNKNOWN))
    elif abs(found.clock_ahead) >= CLOCK_SECONDS:
        noticed.append(Noticed(Remark.CLOCK, figure=found.clock_ahead))
    if found.time is not None and found.time.ntp is False:
        noticed.append(Noticed(Remark.NO_NTP))
    if found.storage is not None:
        noticed += _judged_storage(found.storage)
    subjects = dict.fromkeys(untold.subject for untold in found.untold if untold.subject is not Subject.CLOCK)
    return noticed + [Noticed(Remark.NOT_TOLD, Weight.UNKNOWN, name=subject) for subject in subjects]


def _judged_storage(storage: Storage) -> list[Noticed]:
    bad = [drive for drive in storage.drives if drive.present and drive.healthy is False]
    noticed = [Noticed(Remark.DISK_BAD, name=f"{drive.token} ({drive.status or '?'})") for drive in bad]
    noticed += [Noticed(Remark.DISK_MISSING, name=drive.token) for drive in storage.drives if not drive.present]
    if not storage.drives:
        noticed.append(Noticed(Remark.NO_DISK))
    if storage.overwrites is False:
        noticed.append(Noticed(Remark.NO_OVERWRITE))
    return noticed
