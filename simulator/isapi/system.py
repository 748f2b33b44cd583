"""What the simulated recorder tells of itself: who it is, its clock, how it fares, its accounts, its disks."""

from simulator.isapi.calendar import Calendar
from simulator.isapi.document import Node
from simulator.recorder.box import Box, Disk

_MEGABYTE = 1024 * 1024
_STATES = {"smart_failing": "smartFailed"}


def device_info(box: Box) -> Node:
    """System/deviceInfo."""
    version, _, build = box.firmware.partition(" ")
    facts: list[Node] = [
        ("deviceName", "Network Video Recorder"),
        ("deviceID", "48443030-3030-3030-3030-303030303030"),
        ("model", box.model),
        ("serialNumber", box.serial),
        ("macAddress", "c0:56:e3:00:00:01"),
        ("firmwareVersion", version),
        ("firmwareReleasedDate", build or "build 240123"),
        ("deviceType", "NVR"),
        ("manufacturer", box.manufacturer),
    ]
    return "DeviceInfo", facts


def time(box: Box, calendar: Calendar) -> Node:
    """System/time."""
    mode = "NTP" if box.ntp else "manual"
    return (
        "Time",
        [
            ("timeMode", mode),
            ("localTime", calendar.clock(box.now())),
            ("timeZone", calendar.word),
            ("timeType", "local"),
        ],
    )


def ntp_servers(box: Box) -> Node:
    """System/time/ntpServers."""
    return (
        "NTPServerList",
        [
            ("NTPServer", [("id", n), ("addressingFormatType", "hostname"), ("hostName", name), ("portNo", 123)])
            for n, name in enumerate(box.ntp_servers, 1)
        ],
    )


def status(box: Box) -> Node:
    """System/status."""
    used = int(1024 * box.memory_ratio)
    facts: list[Node] = [
        ("deviceUpTime", int(box.booted_seconds_ago)),
        ("CPUList", [("CPU", [("cpuDescription", "ARM"), ("cpuUtilization", int(box.cpu_ratio * 100))])]),
        ("MemoryList", [("Memory", [("memoryUsage", used), ("memoryAvailable", 1024 - used)])]),
    ]
    if box.temperature is not None:
        facts.append(("TemperatureList", [("Temperature", [("temperature", box.temperature)])]))
    return "DeviceStatus", facts


def users(box: Box) -> Node:
    """Security/users."""
    return (
        "UserList",
        [
            ("User", [("id", n), ("userName", user.name), ("userLevel", user.level.capitalize())])
            for n, user in enumerate(box.users, 1)
        ],
    )


def storage(box: Box, empty_slots: int) -> Node:
    """ContentMgmt/Storage: a disk that went missing is not listed, an empty slot of chatty firmware is."""
    disks: list[Node] = [_disk(disk) for disk in box.disks if disk.state != "missing"]
    last = max((disk.slot for disk in box.disks), default=0)
    disks += [
        ("hdd", [("id", last + n), ("hddName", f"hdd{last + n}"), ("status", "notexist"), ("capacity", 0)])
        for n in range(1, empty_slots + 1)
    ]
    return "storage", [("hddList", disks), ("nasList", ""), ("workMode", "quota")]


def smart(box: Box, slot: str) -> Node | None:
    """ContentMgmt/Storage/hdd/N/SMARTTest/status; None for a disk that is not there."""
    disk = next((one for one in box.disks if str(one.slot) == slot and one.state != "missing"), None)
    if disk is None:
        return None
    return (
        "SMARTTest",
        [
            ("id", disk.slot),
            ("temprature", int(disk.temperature)),
            ("powerOnDay", 400),
            ("selfEvaluaingStatus", "error" if disk.state == "smart_failing" else "ok"),
            ("allEvaluaingStatus", "functional"),
        ],
    )


def extension(box: Box) -> Node:
    """ContentMgmt/Storage/extension."""
    return "storageExtension", [("LoopEnable", str(box.overwrites).lower())]


def _disk(disk: Disk) -> Node:
    return (
        "hdd",
        [
            ("id", disk.slot),
            ("hddName", f"hdd{disk.slot}"),
            ("hddPath", ""),
            ("hddType", "SATA"),
            ("status", _STATES.get(disk.state, disk.state)),
            ("capacity", int(disk.size_bytes / _MEGABYTE)),
            ("freeSpace", int(disk.free_bytes / _MEGABYTE)),
            ("property", "RW"),
        ],
    )
