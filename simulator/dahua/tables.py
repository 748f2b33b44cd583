"""A recorder's inside as Dahua's tables: `key=value`, channels from 0, days from Sunday, wall clock times. Pure."""

import calendar
import time
from collections.abc import Callable, Iterable, Sequence

from simulator.recorder.box import Box, Channel, Disk, Entry

SECTIONS = 6
"""Of a day's schedule, used or not."""

_STATES = {
    "ok": "Success",
    "smart_failing": "Success",
    "error": "Error",
    "unformatted": "Failure",
    "sleeping": "Sleeping",
}
_KINDS = {
    "playback": "Playback",
    "download": "Download",
    "login": "Login",
    "login_failed": "Login Failure",
    "configure": "SaveConfig",
    "restart": "Reboot",
    "format": "HDD Format",
    "time": "Set Time",
}


def body(lines: Iterable[str]) -> bytes:
    """The lines as they go out."""
    return "".join(f"{line}\r\n" for line in lines).encode()


def written(box: Box, at: float) -> str:
    """A moment as the recorder's clock on the wall shows it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at + box.utc_offset_seconds))


def read(box: Box, text: str) -> float:
    """The reverse. Raises ValueError."""
    return float(calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S")) - box.utc_offset_seconds)


def plain(box: Box, name: str) -> list[str] | None:
    """The answer to a question that needs nothing but the box; None for others."""
    known: dict[str, Callable[[], list[str]]] = {
        "getCurrentTime": lambda: [f"result={written(box, box.now())}"],
        "getSystemInfo": lambda: ["deviceType=31", f"serialNumber={box.serial}", f"updateSerial={box.model}"],
        "getSoftwareVersion": lambda: [f"version={box.firmware},build:2026-01-02"],
        "getDeviceType": lambda: [f"type={box.model}"],
        "getVendor": lambda: [f"Vendor={box.manufacturer}"],
        "getSerialNo": lambda: [f"sn={box.serial}"],
        "getCPUUsage": lambda: [f"usage={box.cpu_ratio * 100:.0f}"],
        "getMemoryInfo": lambda: [f"status.Total={1000:.6f}", f"status.Used={box.memory_ratio * 1000:.6f}"],
        "getUpTime": lambda: [f"info.last={box.booted_seconds_ago:.0f}", "info.total=99999999"],
        "getDeviceAllInfo": lambda: disks(box.disks),
        "getUserInfoAll": lambda: users(box),
        "ChannelTitle": lambda: titles(box),
        "RemoteDevice": lambda: remotes(box),
        "RecordMode": lambda: modes(box),
        "Record": lambda: schedules(box),
        "StorageGroup": lambda: [f"table.StorageGroup[0].OverWrite={'true' if box.overwrites else 'false'}"],
        "General": lambda: ["table.General.MachineName=NVR"],
        "getCameraState": lambda: connections(box),
        "getEventIndexes": lambda: lost(box),
    }
    return known[name]() if name in known else None


def ntp(box: Box, zone: int | None) -> list[str]:
    """`NTP`, with the index of a time zone."""
    lines = [f"table.NTP.Enable={'true' if box.ntp else 'false'}", f"table.NTP.Address={box.ntp_servers[0]}"]
    return lines if zone is None else [*lines, f"table.NTP.TimeZone={zone}", "table.NTP.TimeZoneDesc=Beijing"]


def titles(box: Box) -> list[str]:
    """`ChannelTitle`: of every channel the recorder could have."""
    return [f"table.ChannelTitle[{c.number - 1}].Name={c.name}" for c in box.channels]


def remotes(box: Box) -> list[str]:
    """`RemoteDevice`: a slot for every channel, passwords included, as older firmware shows them."""
    lines: list[str] = []
    for channel in box.channels:
        slot = f"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_{channel.number - 1}"
        lines += [
            f"{slot}.Address={channel.address or '192.168.0.0'}",
            f"{slot}.Enable={'true' if channel.listed else 'false'}",
            f"{slot}.Mac={channel.mac}",
            f"{slot}.Password=camera-secret",
            f"{slot}.Port=37777",
            f"{slot}.ProtocolType=Private",
            f"{slot}.SerialNo={channel.serial}",
        ]
    return lines


def states(box: Box) -> list[tuple[int, str]]:
    """Index and connection of every channel."""
    return [
        (c.number - 1, ("Connected" if c.online else "Unconnect") if c.listed else "Empty") for c in list(box.channels)
    ]


def connections(box: Box) -> list[str]:
    """`getCameraState`."""
    return [
        line
        for n, (index, state) in enumerate(states(box))
        for line in (f"states[{n}].channel={index}", f"states[{n}].connectionState={state}")
    ]


def lost(box: Box) -> list[str]:
    """`getEventIndexes` of video loss: an error where there is none."""
    found = [c.number - 1 for c in box.listed() if c.video_loss]
    return [f"channels[{n}]={index}" for n, index in enumerate(found)] if found else ["Error: No Events"]


def records(channel: Channel) -> bool:
    """Whether a channel is being recorded."""
    return channel.listed and channel.plan_enabled and channel.stopped_at is None


def modes(box: Box) -> list[str]:
    """`RecordMode`."""
    return [f"table.RecordMode[{c.number - 1}].Mode={0 if c.plan_enabled else 2}" for c in box.channels]


def schedules(box: Box) -> list[str]:
    """`Record`."""
    lines: list[str] = []
    for channel in box.channels:
        lines.append(f"table.Record[{channel.number - 1}].Enable=false")
        for day in range(8):  # the eighth is the holidays'
            sections = [*_sections(channel, day), *["0 00:00:00-24:00:00"] * SECTIONS][:SECTIONS]
            lines += [
                f"table.Record[{channel.number - 1}].TimeSection[{day}][{n}]={section}"
                for n, section in enumerate(sections)
            ]
    return lines


def disks(found: Sequence[Disk]) -> list[str]:
    """`getDeviceAllInfo`: each disk as two partitions; one that is missing leaves no row."""
    lines: list[str] = []
    for n, disk in enumerate(disk for disk in found if disk.state != "missing"):
        lines += [f"list.info[{n}].Name=/dev/sd{chr(96 + disk.slot)}", f"list.info[{n}].State={_STATES[disk.state]}"]
        for part in range(2):
            lines += [
                f"list.info[{n}].Detail[{part}].IsError={'true' if disk.state == 'error' else 'false'}",
                f"list.info[{n}].Detail[{part}].TotalBytes={disk.size_bytes / 2:.6f}",
                f"list.info[{n}].Detail[{part}].UsedBytes={(disk.size_bytes - disk.free_bytes) / 2:.6f}",
            ]
    return lines


def users(box: Box) -> list[str]:
    """`getUserInfoAll`."""
    lines: list[str] = []
    for n, user in enumerate(box.users):
        group = "admin" if user.level == "administrator" else "user"
        lines += [f"users[{n}].Group={group}", f"users[{n}].Name={user.name}", f"users[{n}].Password=******"]
    return lines


def entries(box: Box, found: Sequence[Entry]) -> list[str]:
    """A page of the log; a detail goes on in lines of its own."""
    lines = [f"found={len(found)}"]
    for n, entry in enumerate(found):
        kind = "CGI" if entry.kind == "cgi_login" else "WEB"
        lines += [
            f"items[{n}].Detail.Address={entry.address}",
            f"items[{n}].Detail.Type={kind}",
            f"items[{n}].Time={written(box, entry.at)}",
            f"items[{n}].Type={'Login' if entry.kind == 'cgi_login' else _KINDS[entry.kind]}",
            f"items[{n}].User={entry.user}",
        ]
        if entry.channel is not None or entry.detail:
            lines.append(f"items[{n}].Detail.Data={entry.detail or 'Channel'}")
        if entry.channel is not None:
            lines.append(f"Channel:{entry.channel}")
    return lines


def _sections(channel: Channel, day: int) -> list[str]:
    if day == 7:
        return []
    of_day = (day + 6) % 7  # ours count from Monday
    plans = [(1, span) for span in channel.plan] + [(2, span) for span in channel.motion_plan]
    return [f"{mask} {_clock(begin)}-{_clock(end)}" for mask, (weekday, begin, end) in plans if weekday == of_day]


def _clock(seconds: int) -> str:
    last = min(seconds, 86_399)
    return f"{last // 3600:02}:{last % 3600 // 60:02}:{last % 60:02}"
