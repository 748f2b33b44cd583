"""The metric catalogue: every metric on the wire, one line each.

Names are snake_case and end in their unit. Every value is a float; a yes or no is 1 or 0. A hub counts metrics it does
not know and stores none of them, so a new metric is a line here first.
"""

from typing import NamedTuple

from wire.messages import DeviceKind as Kind


class Metric(NamedTuple):
    """What a number means. `unit` is a UCUM-like symbol ("s", "B", "%", "1" for ratios and flags, "Cel")."""

    name: str
    unit: str
    kinds: frozenset[Kind]
    en: str
    zh_CN: str  # noqa: N815 - named as the locale is


def _m(name: str, unit: str, kinds: tuple[Kind, ...], en: str, zh: str) -> Metric:
    return Metric(name, unit, frozenset(kinds), en, zh)


COLLECTORS = ("host", "volumes", "clock", "cameras", "recorders", "doors")
"""Collectors whose success and duration are metrics of the agent: `collector_{name}_ok`, `collector_{name}_seconds`."""

_OF_COLLECTORS = tuple(
    metric
    for name in COLLECTORS
    for metric in (
        _m(
            f"collector_{name}_ok",
            "1",
            (Kind.AGENT,),
            f"Last run of collector {name} succeeded",
            f"采集器 {name} 上次运行成功",
        ),
        _m(
            f"collector_{name}_seconds",
            "s",
            (Kind.AGENT,),
            f"Duration of collector {name}'s last run",
            f"采集器 {name} 上次运行时长",
        ),
    )
)

CATALOGUE: tuple[Metric, ...] = (
    # The agent itself
    _m("up", "1", (Kind.AGENT,), "Agent process is running", "代理进程在运行"),
    _m(
        "collectors_failing",
        "1",
        (Kind.AGENT,),
        "Collectors whose last run failed or timed out",
        "上次运行失败或超时的采集器数",
    ),
    _m(
        "collectors_unavailable",
        "1",
        (Kind.AGENT,),
        "Collectors that lack a tool, a permission or a device",
        "缺少工具、权限或设备的采集器数",
    ),
    _m(
        "spool_bytes",
        "B",
        (Kind.AGENT,),
        "Reports kept on disk until the hub commits them",
        "等待中心确认的本地缓存字节数",
    ),
    _m("spool_reports", "1", (Kind.AGENT,), "Number of reports kept on disk", "本地缓存的报告数"),
    _m(
        "spool_lost_samples",
        "1",
        (Kind.AGENT,),
        "Samples thinned away at the spool's bound since start",
        "启动以来因缓存上限而丢弃的样本数",
    ),
    _m(
        "spool_lost_events",
        "1",
        (Kind.AGENT,),
        "Events given up at the spool's bound since start",
        "启动以来因缓存上限而丢弃的事件数",
    ),
    _m(
        "spool_failing",
        "1",
        (Kind.AGENT,),
        "The disk takes no reports, they are kept in memory",
        "磁盘无法写入，报告暂存于内存",
    ),
    _m(
        "reports_refused",
        "1",
        (Kind.AGENT,),
        "Reports the hub refused for good since start",
        "启动以来被中心拒绝的报告数",
    ),
    _m("process_rss_bytes", "B", (Kind.AGENT,), "Memory the agent uses", "代理占用内存"),
    _m("process_cpu_ratio", "1", (Kind.AGENT,), "Share of one core the agent uses", "代理占用的单核比例"),
    *_OF_COLLECTORS,
    # Host
    _m("cpu_ratio", "1", (Kind.HOST,), "Share of all cores in use", "处理器使用率"),
    _m("memory_used_ratio", "1", (Kind.HOST,), "Share of memory in use", "内存使用率"),
    _m("load1_ratio", "1", (Kind.HOST,), "One-minute load average per core", "每核一分钟平均负载"),
    _m("uptime_seconds", "s", (Kind.HOST,), "Time since the host booted", "开机时长"),
    _m("network_receive_bytes_per_second", "B/s", (Kind.HOST,), "Received over all interfaces", "网络接收速率"),
    _m("network_transmit_bytes_per_second", "B/s", (Kind.HOST,), "Sent over all interfaces", "网络发送速率"),
    # Clocks: reference time minus the device's own, so a clock that runs ahead is negative
    _m(
        "clock_offset_seconds",
        "s",
        (Kind.HOST, Kind.CAMERA, Kind.RECORDER),
        "Reference time minus the device's clock",
        "基准时间减设备时钟",
    ),
    _m(
        "clock_offset_error_seconds",
        "s",
        (Kind.HOST, Kind.CAMERA, Kind.RECORDER),
        "Bound of the error of the offset",
        "时钟偏差的误差界",
    ),
    _m("clock_reference", "1", (Kind.HOST,), "A reference clock answered", "时间基准可用"),
    # Volumes
    _m("fill_ratio", "1", (Kind.VOLUME,), "Share of the volume's space in use", "卷已用比例"),
    _m("free_bytes", "B", (Kind.VOLUME,), "Space left for ordinary users", "卷可用空间"),
    _m("size_bytes", "B", (Kind.VOLUME,), "Size of the volume", "卷容量"),
    _m("inodes_used_ratio", "1", (Kind.VOLUME,), "Share of the volume's inodes in use", "索引节点使用率"),
    _m("read_only", "1", (Kind.VOLUME,), "Volume is mounted read-only", "卷以只读方式挂载"),
    # Cameras and closed recorders
    _m("reachable", "1", (Kind.CAMERA, Kind.RECORDER), "Device answers its management protocol", "设备可达"),
    _m("authenticated", "1", (Kind.CAMERA, Kind.RECORDER, Kind.DOOR), "Device accepts our account", "设备接受账号"),
    _m("response_seconds", "s", (Kind.CAMERA, Kind.RECORDER), "Time the device took to answer", "设备响应时间"),
    _m("online", "1", (Kind.CHANNEL,), "The recorder lists the channel as present", "通道在线"),
    _m(
        "recording_age_seconds",
        "s",
        (Kind.RECORDER, Kind.CHANNEL),
        "Age of the oldest recording kept",
        "最早录像距今时长",
    ),
    _m(
        "recording_newest_age_seconds",
        "s",
        (Kind.RECORDER, Kind.CHANNEL),
        "Age of the newest recording",
        "最新录像距今时长",
    ),
    # Doors
    _m("door_reachable", "1", (Kind.DOOR,), "The door's controller answers", "门禁控制器可达"),
    _m("door_open", "1", (Kind.DOOR,), "Door stands open", "门处于打开状态"),
    _m("door_alarm", "1", (Kind.DOOR,), "Door reports forced, held open or tampered", "门禁报警"),
)

BY_NAME: dict[str, Metric] = {metric.name: metric for metric in CATALOGUE}
"""The catalogue by metric name."""
