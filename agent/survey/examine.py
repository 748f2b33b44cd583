"""Asks one recorder everything a survey tells, one question at a time, reading only. What fails is told, the rest goes
on; only a device that stops answering, or refuses our account, ends it.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from agent.device import clock
from agent.device.errors import AuthRefused, DeviceError, HeldBack, TimedOut, Unreachable
from agent.recorder.model import Extent, Input, RecordingPlan, TimeSettings
from agent.recorder.speaker import Speaker
from agent.recordings.gaps import of_day
from agent.recordings.local_time import Zone, machine_zone
from agent.recordings.plan import WEEK, Plan, Window
from agent.recordings.spans import Span
from agent.survey.report import ChannelFound, Found, Gaps, Subject, Untold, judged_box, judged_channel

T = TypeVar("T")

MAX_UNTOLD = 100
LEAST_GAP_SECONDS = 60
"""Shorter ones are how recorders change files."""

Told = Callable[[str], None]
"""Called with one short line whenever the survey gets on."""


@dataclass(frozen=True)
class Wanted:
    """What a survey looks at. `gap_days` full local days are searched for gaps, none with 0. `zone` is the site's, by
    its IANA name; None: the recorder's own, and where it does not tell one, this machine's."""

    zone: str | None = None
    want_days: float = 30.0
    gap_days: int = 1
    clock_samples: int = 3
    """Questions for its clock: three tell it to about a tenth of a second."""


@dataclass
class _Survey:
    speaker: Speaker
    wanted: Wanted
    told: Told
    wall: Callable[[], float] = time.time
    untold: list[Untold] = field(default_factory=list)

    @contextmanager
    def part(self, subject: Subject, token: str = "") -> Iterator[None]:
        """One subject: what the device would not tell is noted. What ends everything is passed on."""
        try:
            yield
        except (Unreachable, TimedOut, AuthRefused, HeldBack):
            raise
        except DeviceError as error:
            if len(self.untold) < MAX_UNTOLD:
                self.untold.append(Untold(subject, token, str(error)[:200]))

    def ask(self, subject: Subject, question: Callable[[], T]) -> T | None:
        """The answer, None where the device would not tell."""
        self.told(subject)
        with self.part(subject):
            return question()
        return None


def survey(speaker: Speaker, host: str, speaks: str, wanted: Wanted, told: Told = lambda _: None) -> Found:
    """Everything about one recorder. Raises DeviceError where it does not answer or refuses the account, and
    PasswordMissing."""
    run = _Survey(speaker, wanted, told)
    identity = run.ask(Subject.IDENTITY, speaker.identity)
    offset = run.ask(Subject.CLOCK, lambda: clock.measure(speaker.device_time, wanted.clock_samples))
    at, kept = run.wall(), run.ask(Subject.TIME, speaker.time_settings)
    found = Found(
        host=host,
        speaks=speaks,
        at=at,
        zone=wanted.zone or _own_zone(kept),
        identity=identity,
        clock_ahead=offset.middle if offset else None,
        clock_error=offset.error if offset else None,
        time=kept,
        storage=run.ask(Subject.DISKS, speaker.storage),
        gap_days=wanted.gap_days,
        want_days=wanted.want_days,
    )
    channels = _channels(run, found)
    found = replace(found, channels=channels, untold=tuple(run.untold))
    judged = [replace(channel, noticed=tuple(judged_channel(found, channel))) for channel in channels]
    return replace(found, channels=tuple(judged), noticed=tuple(judged_box(found)))


def _own_zone(kept: TimeSettings | None) -> str:
    """The recorder's zone where it lies whole hours from UTC, else this machine's. IANA's Etc names count westward."""
    offset = kept.utc_offset_seconds if kept is not None else None
    if offset is None or offset % 3600 or not -12 <= offset // 3600 <= 14:
        return machine_zone()
    return f"Etc/GMT{-offset // 3600:+d}"


def _channels(run: _Survey, found: Found) -> Sequence[ChannelFound]:
    inputs = run.ask(Subject.CHANNELS, run.speaker.inputs) or ()
    plans = run.ask(Subject.PLANS, run.speaker.plans) if inputs else None
    recording = run.ask(Subject.STATES, run.speaker.recording) if inputs else None
    made = []
    for number, one in enumerate(inputs, 1):
        run.told(f"channel {number} of {len(inputs)}: {one.name or one.token}")
        made.append(_channel(run, found, one, plans or {}, recording or {}))
    return tuple(made)


def _channel(
    run: _Survey, found: Found, one: Input, plans: Mapping[str, RecordingPlan], recording: Mapping[str, bool]
) -> ChannelFound:
    plan = plans.get(one.token)
    extent: Extent | None = None
    with run.part(Subject.RECORDINGS, one.token):
        extent = run.speaker.extent(one.token)
    asked = run.wall() + (found.clock_ahead or 0.0)
    gaps: Gaps | None = None
    if plan is not None and plan.enabled and plan.continuous and run.wanted.gap_days and extent and extent.oldest:
        with run.part(Subject.GAPS, one.token):
            gaps = _gaps(run, found, one.token, plan, extent.oldest)
    return ChannelFound(
        token=one.token,
        name=one.name,
        address=one.address,
        online=one.online,
        video_loss=one.video_loss,
        plan=_kind(plan),
        wanted_now=_wanted_now(plan, found, found.zone),
        recording=recording.get(one.token),
        oldest=extent.oldest if extent else None,
        newest=extent.newest if extent else None,
        searched=extent is not None,
        asked=asked,
        gaps=gaps,
    )


def _gaps(run: _Survey, found: Found, token: str, plan: RecordingPlan, oldest: float) -> Gaps | None:
    """Over the full local days before today, as far back as the channel has recordings at all."""
    zone = Zone(found.zone)
    today = zone.day(int(found.device_now))
    days = [zone.span_of(today - timedelta(days=back)) for back in range(run.wanted.gap_days, 0, -1)]
    days = [day for day in days if day[0] >= oldest]
    if not days:
        return None
    covered = run.speaker.spans(token, days[0][0], days[-1][1])
    return _summed(_scheduled(plan, zone), covered, days)


def _summed(plan: Plan, covered: Sequence[Span], days: Sequence[Span]) -> Gaps:
    whole = of_day(plan, covered, (days[0][0], days[-1][1]), LEAST_GAP_SECONDS)
    return Gaps(whole.gaps, whole.longest, whole.ratio)


def _scheduled(plan: RecordingPlan, zone: Zone) -> Plan:
    return Plan("continuous" if _always(plan.continuous) else "scheduled", plan.continuous, zone)


def _always(windows: Sequence[Window]) -> bool:
    days = {day for window in windows if (window.from_, window.to) == ("00:00", "24:00") for day in window.days}
    return days == set(WEEK)


def _kind(plan: RecordingPlan | None) -> str:
    if plan is None:
        return ""
    if not plan.enabled or not (plan.continuous or plan.eventful):
        return "off"
    if not plan.continuous:
        return "motion"
    return "continuous" if _always(plan.continuous) else "scheduled"


def _wanted_now(plan: RecordingPlan | None, found: Found, zone: str) -> bool | None:
    if plan is None or not plan.continuous:
        return None
    now = int(found.device_now)
    return bool(plan.enabled and _scheduled(plan, Zone(zone)).wanted(now, now + 1))
