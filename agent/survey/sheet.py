"""A survey as rows and cells, for all layouts: what stands above, the disks, the channels. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from agent.recorder.model import Drive
from agent.survey.report import ChannelFound, Found, Outcome, Subject, kept_days
from agent.survey.words import Words, size

CHANNEL_COLUMNS = (
    *("channel", "name", "camera", "online", "plan", "recording", "oldest", "newest", "days"),
    *("gaps", "longest", "integrity", "remarks"),
)
DISK_COLUMNS = ("disk", "size", "free", "temperature", "state")


class Line(NamedTuple):
    """A label and what it says."""

    label: str
    text: str


def head(found: Found, words: Words) -> list[Line]:
    """What stands above everything."""
    who = found.identity
    lines = [Line(words["host"], f"{found.host}, {words.spoken(found.speaks)}")]
    if who is not None:
        lines.append(Line(words["device"], f"{who.manufacturer} {who.model}".strip()))
        lines.append(Line(words["firmware"], who.firmware))
        lines.append(Line(words["serial"], who.serial))
    lines.append(Line(words["surveyed"], words.moment(found.at)))
    lines.append(Line(words["clock"], clock(found, words)))
    lines.append(Line(words["time_source"], time_source(found, words)))
    return [line for line in lines if line.text]


def summary(found: Found, words: Words) -> list[str]:
    """The result in a sentence, and each remark about the box."""
    return [words.told(_RESULTS[found.outcome], count=found.bad), *(words.remark(noticed) for noticed in found.noticed)]


_RESULTS = {
    Outcome.WELL: "all_well",
    Outcome.BAD: "some_bad",
    Outcome.PARTLY: "partly",
    Outcome.UNREAD: "unread",
}


def no_channels(found: Found, words: Words) -> str:
    """What stands in place of channels where there are none: a list that was not told is no empty one."""
    return words["channels_untold" if any(one.subject is Subject.CHANNELS for one in found.untold) else "no_channels"]


def notes(found: Found, words: Words) -> list[str]:
    """How to read the figures."""
    lines = [words.told("zone", zone=_zone(found.zone)), words.told("target_note", count=f"{found.want_days:g}")]
    if found.gap_days:
        lines.append(words.told("gap_note", count=found.gap_days))
    return [*lines, words["read_only"]]


def clock(found: Found, words: Words) -> str:
    """The device's clock against ours, in words."""
    if found.clock_ahead is None or found.clock_error is None:
        return words["unknown"]
    bound = f"{found.clock_error:.2f}"
    if abs(found.clock_ahead) <= found.clock_error:
        return words.told("exact", bound=bound)
    way = "ahead" if found.clock_ahead > 0 else "behind"
    off = words.told(way, seconds=f"{abs(found.clock_ahead):.2f}")
    return off + words.told("against", bound=bound)


def time_source(found: Found, words: Words) -> str:
    """Where the device has its time from."""
    if found.time is None or found.time.ntp is None:
        return words["unknown"]
    if not found.time.ntp:
        return words["manual"]
    return f"{words['ntp']} {', '.join(found.time.servers)}".strip()


def overwrite(found: Found, words: Words) -> str:
    """What happens when the disks are full; empty where nothing is known of disks."""
    if found.storage is None or found.storage.overwrites is None:
        return ""
    return words["overwrites" if found.storage.overwrites else "stops"]


def disks(found: Found, words: Words) -> list[Sequence[str]]:
    """A row a disk, as DISK_COLUMNS."""
    return [_disk(drive, words) for drive in (found.storage.drives if found.storage else ())]


def channels(found: Found, words: Words) -> list[Sequence[str]]:
    """A row a channel, as CHANNEL_COLUMNS."""
    return [_channel(found, channel, words) for channel in found.channels]


def _zone(name: str) -> str:
    """`Etc/GMT-8` as people write it: UTC+8."""
    prefix, _, offset = name.partition("GMT")
    if prefix != "Etc/" or offset[:1] not in ("+", "-"):
        return name
    return f"UTC{-int(offset):+d}" if int(offset) else "UTC"


def _disk(drive: Drive, words: Words) -> Sequence[str]:
    verdict = (
        words["missing"] if not drive.present else words[{True: "ok", False: "bad", None: "unknown"}[drive.healthy]]
    )
    state = f"{verdict} ({drive.status})" if drive.status and drive.healthy is not True else verdict
    heat = f"{drive.temperature_celsius:.0f} °C" if drive.temperature_celsius is not None else ""
    name = f"{drive.token} {drive.name}".strip()
    return name, size(drive.size_bytes), size(drive.free_bytes), heat, state


def _channel(found: Found, channel: ChannelFound, words: Words) -> Sequence[str]:
    days = kept_days(found, channel)
    gaps = channel.gaps
    return (
        channel.token,
        channel.name,
        channel.address,
        words.truth(channel.online),
        words[channel.plan] if channel.plan else words["unknown"],
        words.truth(channel.recording),
        words["none"] if channel.searched and channel.oldest is None else words.moment(channel.oldest),
        "" if channel.oldest is None else words.moment(channel.newest),
        "" if days is None else f"{int(days * 10) / 10:.1f}",  # never rounded up to what was promised
        "" if gaps is None else str(gaps.count),
        "" if gaps is None or not gaps.longest_seconds else words.duration(gaps.longest_seconds),
        "" if gaps is None or gaps.ratio is None else f"{int(gaps.ratio * 1000) / 10:.1f} %",
        "; ".join(words.remark(noticed) for noticed in channel.noticed),
    )
