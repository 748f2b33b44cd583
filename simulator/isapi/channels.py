"""Channels of the simulated recorder: network and analogue ones, their state, their plans."""

from simulator.isapi.document import Node
from simulator.recorder.box import Box, Channel

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = 86_400


def network(box: Box, analogue: set[int], hides_offline: bool) -> list[Channel]:
    """Those over the network that it lists now."""
    listed = [channel for channel in box.listed() if channel.number not in analogue]
    return [channel for channel in listed if channel.online or not hides_offline]


def proxied(channels: list[Channel], poe_slots: list[int]) -> Node:
    """ContentMgmt/InputProxy/channels; `poe_slots` are numbers of its own ports with nothing on them."""
    nodes: list[Node] = [_proxied(channel) for channel in channels]
    nodes += [_slot(number) for number in poe_slots]
    return "InputProxyChannelList", nodes


def statuses(channels: list[Channel], poe_slots: list[int]) -> Node:
    """ContentMgmt/InputProxy/channels/status."""
    nodes: list[Node] = [
        ("InputProxyChannelStatus", _status(channel.number, channel.address, channel.online)) for channel in channels
    ]
    nodes += [("InputProxyChannelStatus", _status(number, _inner(number), False)) for number in poe_slots]
    return "InputProxyChannelStatusList", nodes


def wired(box: Box, analogue: set[int]) -> Node:
    """System/Video/inputs/channels."""
    return (
        "VideoInputChannelList",
        [
            (
                "VideoInputChannel",
                [
                    ("id", channel.number),
                    ("inputPort", channel.number),
                    ("videoInputEnabled", "true"),
                    ("name", channel.name),
                    ("videoFormat", "PAL"),
                    ("resDesc", "NO VIDEO" if channel.video_loss or not channel.online else "1920*1080P25"),
                ],
            )
            for channel in box.listed()
            if channel.number in analogue
        ],
    )


def working(box: Box) -> dict[str, object]:
    """System/workingstatus?format=json."""
    states = [
        {
            "chanNo": channel.number,
            "enable": 1,
            "online": int(channel.online),
            "record": int(channel.online and channel.plan_enabled and channel.stopped_at is None),
            "signal": int(channel.video_loss),
            "linkNum": 1,
            "bitRate": 4096,
        }
        for channel in box.listed()
    ]
    return {"WorkingStatus": {"devStatus": 0, "ChanStatus": states, "HDStatus": []}}


def tracks(box: Box) -> Node:
    """ContentMgmt/record/tracks: two streams of each channel; `Enable` says nothing, as on real ones."""
    return "TrackList", [_track(channel, stream) for channel in box.listed() for stream in (1, 2)]


def _proxied(channel: Channel) -> Node:
    source: list[Node] = [
        ("proxyProtocol", "HIKVISION"),
        ("addressingFormatType", "ipaddress"),
        ("ipAddress", channel.address or "0.0.0.0"),  # noqa: S104 - what they write for none
        ("managePortNo", 8000),
        ("srcInputPort", 1),
        ("userName", "admin"),
        ("streamType", "auto"),
        ("model", "SIM-CAM"),
        ("serialNumber", channel.serial),
        ("macAddress", channel.mac),
    ]
    return (
        "InputProxyChannel",
        [("id", channel.number), ("name", channel.name), ("sourceInputPortDescriptor", source)],
    )


def _slot(number: int) -> Node:
    source: list[Node] = [("proxyProtocol", "HIKVISION"), ("ipAddress", _inner(number)), ("connMode", "plugplay")]
    return (
        "InputProxyChannel",
        [("id", number), ("name", f"IPCamera {number:02}"), ("sourceInputPortDescriptor", source)],
    )


def _inner(number: int) -> str:
    return f"192.168.254.{number + 1}"


def _status(number: int, address: str, online: bool) -> list[Node]:
    return [
        ("id", number),
        ("sourceInputPortDescriptor", [("ipAddress", address), ("managePortNo", 8000)]),
        ("online", str(online).lower()),
        ("chanDetectResult", "connect" if online else "netUnreachable"),
    ]


def _track(channel: Channel, stream: int) -> Node:
    pieces = [("CMR", piece) for piece in channel.plan] + [("MOTION", piece) for piece in channel.motion_plan]
    actions = [_action(n, mode, *piece) for n, (mode, piece) in enumerate(pieces, 1)]
    number = channel.number * 100 + stream
    enabled = str(channel.plan_enabled).lower()
    return (
        "Track",
        [
            ("id", number),
            ("Channel", number),
            ("Enable", "false"),
            ("SrcDescriptor", [("SrcChannel", channel.number)]),
            ("DefaultRecordingMode", "CMR"),
            ("TrackSchedule", [("ScheduleBlockList", [("ScheduleBlock", actions)])]),
            ("CustomExtensionList", [("CustomExtension", [("enableSchedule", enabled)])]),
        ],
    )


def _action(number: int, mode: str, day: int, begin: int, end: int) -> Node:
    return (
        "ScheduleAction",
        [
            ("id", number),
            ("ScheduleActionStartTime", [("DayOfWeek", _DAYS[day]), ("TimeOfDay", _clock(begin))]),
            # Midnight at the end of a day is written as its beginning.
            ("ScheduleActionEndTime", [("DayOfWeek", _DAYS[day]), ("TimeOfDay", _clock(end % _DAY))]),
            ("Actions", [("Record", "true"), ("ActionRecordingMode", mode)]),
        ],
    )


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second % 3600 // 60:02}:{second % 60:02}"
