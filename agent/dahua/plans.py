"""When a recorder is meant to record: the configurations `RecordMode` and `Record`. Tables to records; pure.

`Record[channel].TimeSection[day][n]=mask hh:mm:ss-hh:mm:ss`, day 0 a Sunday, day 7 the holidays, which are left out.
The mask's lowest bit is recording without a cause; the others want motion, an alarm, a card. `Record[channel].Enable`
says nothing: it is false on channels that record. `RecordMode` does: 0 by the schedule, 1 always, 2 never.
"""

import re

from agent.dahua.channels import MAX_CHANNELS, token
from agent.dahua.table import Table, rows, whole
from agent.recorder.model import RecordingPlan
from agent.recordings.plan import WEEK, Weekday, Window

SUNDAY_FIRST: tuple[Weekday, ...] = (WEEK[6], *WEEK[:6])
MAX_SECTIONS = 24

_SECTION = re.compile(
    r"([0-9]{1,9})\s+([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s*-\s*([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})", re.ASCII
)
_DAY_AND_PART = re.compile(r"timesection\[([0-6])\]\[([0-9]{1,2})\]", re.ASCII)
_MINUTES = 1440
_AUTOMATIC, _MANUAL, _NEVER = 0, 1, 2


def plans(modes: Table | None, schedules: Table | None) -> dict[str, RecordingPlan]:
    """Token → plan, of `RecordMode` and `Record`; one that is not told is None."""
    told = rows(modes or {}, "table.RecordMode", MAX_CHANNELS)
    switches = {index: whole(row.get("mode")) for index, row in told.items()}
    written = rows(schedules or {}, "table.Record", MAX_CHANNELS)
    found: dict[str, RecordingPlan] = {}
    for index in sorted({*switches, *written}):
        mode = switches.get(index, _AUTOMATIC)
        if mode == _NEVER:
            found[token(index)] = RecordingPlan(False)
        elif mode == _MANUAL:
            found[token(index)] = RecordingPlan(True, (Window(),))
        elif index in written:
            found[token(index)] = _by_schedule(written[index])
    return found


def _by_schedule(row: Table) -> RecordingPlan:
    always: dict[tuple[int, int], list[Weekday]] = {}
    caused: dict[tuple[int, int], list[Weekday]] = {}
    for key, value in sorted(row.items()):
        place, section = _DAY_AND_PART.fullmatch(key), _section(value)
        if place is None or int(place[2]) >= MAX_SECTIONS or section is None:
            continue
        mask, span = section
        days = (always if mask & 1 else caused).setdefault(span, [])
        if SUNDAY_FIRST[int(place[1])] not in days:
            days.append(SUNDAY_FIRST[int(place[1])])
    return RecordingPlan(bool(always or caused), _windows(always), _windows(caused))


def _section(text: str) -> tuple[int, tuple[int, int]] | None:
    """The mask, and beginning and end in minutes of the day; None for one without a cause or without a time.

    A day is written as ending at 23:59:59. Windows know minutes: what is left over is not asked for.
    """
    match = _SECTION.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        return None
    parts = [int(part) for part in match.groups()[1:]]
    begin = parts[0] * 60 + parts[1] + (1 if parts[2] else 0)
    end = parts[3] * 60 + parts[4] + (1 if parts[5] == 59 else 0)
    fits = max(parts[1], parts[2], parts[4], parts[5]) < 60 and 0 <= begin < end <= _MINUTES
    return (int(match[1]), (begin, end)) if fits else None


def _windows(by_span: dict[tuple[int, int], list[Weekday]]) -> tuple[Window, ...]:
    return tuple(
        Window(days=tuple(day for day in WEEK if day in days), from_=_clock(begin), to=_clock(end))
        for (begin, end), days in sorted(by_span.items())
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
