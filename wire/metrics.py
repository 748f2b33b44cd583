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


COLLECTORS = (
    *("host", "processes", "volumes", "disks", "recordings", "encryption", "backup", "footage", "power", "room"),
    *("clock", "cameras", "recorders", "doors", "hardware", "pictures", "network", "switches"),
)
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

_HUB = (Kind.HUB,)
_CHANNEL = (Kind.CHANNEL, Kind.CAMERA)
_ASKED = (Kind.CAMERA, Kind.RECORDER, Kind.DOOR, Kind.SWITCH)
_EVENTFUL = (Kind.CAMERA, Kind.RECORDER)
_PINGED = (Kind.CAMERA, Kind.RECORDER, Kind.DOOR, Kind.SWITCH, Kind.NETWORK)

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
    _m("process_rss_bytes", "B", (Kind.AGENT, Kind.RECORDER, Kind.HUB), "Memory the process uses", "进程占用内存"),
    _m(
        "process_cpu_ratio",
        "1",
        (Kind.AGENT, Kind.RECORDER, Kind.HUB),
        "Share of one core the process uses",
        "进程占用的单核比例",
    ),
    *_OF_COLLECTORS,
    # Host
    _m("cpu_ratio", "1", (Kind.HOST, Kind.RECORDER), "Share of all cores in use", "处理器使用率"),
    _m("memory_used_ratio", "1", (Kind.HOST, Kind.RECORDER), "Share of memory in use", "内存使用率"),
    _m("load1_ratio", "1", (Kind.HOST,), "One-minute load average per core", "每核一分钟平均负载"),
    _m("uptime_seconds", "s", (Kind.HOST, Kind.RECORDER, Kind.SWITCH), "Time since it booted", "开机时长"),
    _m("swap_used_ratio", "1", (Kind.HOST,), "Share of swap space in use", "交换空间使用率"),
    _m(
        "temperature_celsius",
        "Cel",
        (Kind.HOST, Kind.DISK, Kind.ROOM, Kind.UPS, Kind.RECORDER, Kind.CAMERA, Kind.SWITCH),
        "Temperature; of a host its hottest sensor",
        "温度；主机取最热传感器",
    ),
    _m(
        "unexpected_reboots",
        "1",
        (Kind.HOST,),
        "Reboots without an orderly stop, since the agent was installed",
        "自代理安装以来的异常重启次数",
    ),
    _m(
        "clock_synchronised",
        "1",
        (Kind.HOST,),
        "The system's time service says the clock is synchronised",
        "系统时间服务已同步",
    ),
    _m("clock_stratum", "1", (Kind.HOST,), "Distance to a reference clock in servers", "时钟层级"),
    # Network interfaces; of the host their sum
    _m("network_receive_bytes_per_second", "B/s", (Kind.HOST, Kind.NETWORK), "Received", "网络接收速率"),
    _m("network_transmit_bytes_per_second", "B/s", (Kind.HOST, Kind.NETWORK), "Sent", "网络发送速率"),
    _m(
        "network_errors_per_second",
        "1/s",
        (Kind.HOST, Kind.NETWORK),
        "Packets with errors, both ways",
        "网络错误包速率",
    ),
    _m("network_drops_per_second", "1/s", (Kind.HOST, Kind.NETWORK), "Packets dropped, both ways", "网络丢包速率"),
    _m("link_up", "1", (Kind.NETWORK,), "Interface has a link", "网口已连接"),
    _m("link_speed_bits_per_second", "bit/s", (Kind.NETWORK,), "Speed of the link", "网口速率"),
    # Watched processes: the recorder's software
    _m("process_running", "1", (Kind.RECORDER,), "The watched process runs", "被监视进程在运行"),
    _m("process_count", "1", (Kind.RECORDER,), "Processes that match", "匹配的进程数"),
    _m("process_uptime_seconds", "s", (Kind.RECORDER,), "Time since the watched process started", "被监视进程运行时长"),
    _m(
        "process_restarts",
        "1",
        (Kind.RECORDER,),
        "Restarts of the watched process since the agent started",
        "代理启动以来被监视进程的重启次数",
    ),
    _m(
        "process_rss_growth_bytes_per_hour",
        "B/h",
        (Kind.RECORDER,),
        "Growth of the watched process's memory",
        "被监视进程的内存增长",
    ),
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
    _m("fill_bytes_per_second", "B/s", (Kind.VOLUME,), "Growth of what is used, over the last hours", "占用增长速率"),
    _m("full_in_days", "d", (Kind.VOLUME,), "Days until full at the present rate", "按当前速率的剩余天数"),
    _m("overwriting", "1", (Kind.VOLUME,), "Old recordings are seen to make room for new ones", "正在循环覆盖旧录像"),
    _m("encrypted", "1", (Kind.VOLUME,), "Volume lies on an encrypted device", "卷已加密"),
    # Backups: volumes of role "backup"
    _m("backup_age_seconds", "s", (Kind.VOLUME,), "Age of the newest backup", "最新备份距今时长"),
    _m("backup_size_bytes", "B", (Kind.VOLUME,), "Size of the newest backup", "最新备份大小"),
    _m(
        "backup_readable",
        "1",
        (Kind.VOLUME,),
        "A sample of the newest backup could be read and is well-formed",
        "最新备份抽样可读",
    ),
    _m("backups", "1", (Kind.VOLUME,), "Backups found", "备份份数"),
    # Disks and arrays of disks
    _m("present", "1", (Kind.DISK,), "Disk is there", "硬盘在位"),
    _m("disk_healthy", "1", (Kind.DISK,), "The recorder calls its disk healthy", "录像机判定硬盘正常"),
    _m("smart_healthy", "1", (Kind.DISK,), "The disk's own verdict (SMART)", "硬盘自检健康"),
    _m(
        "smart_reallocated_sectors",
        "1",
        (Kind.DISK,),
        "Sectors replaced by spare ones; of a SAS disk grown defects",
        "重映射扇区数",
    ),
    _m("smart_pending_sectors", "1", (Kind.DISK,), "Sectors that could not be read and wait", "待处理扇区数"),
    _m("smart_uncorrectable_sectors", "1", (Kind.DISK,), "Sectors found unreadable off-line", "不可修复扇区数"),
    _m(
        "smart_uncorrectable_errors",
        "1",
        (Kind.DISK,),
        "Errors reported to the host as uncorrectable",
        "上报的不可纠正错误数",
    ),
    _m("smart_command_timeouts", "1", (Kind.DISK,), "Commands that timed out", "命令超时次数"),
    _m("smart_wear_ratio", "1", (Kind.DISK,), "Share of the rated life of flash memory used up", "闪存寿命已用比例"),
    _m("smart_spare_ratio", "1", (Kind.DISK,), "Share of spare flash memory left", "闪存剩余备用比例"),
    _m("smart_critical_warning", "1", (Kind.DISK,), "NVMe critical warning bits", "NVMe 严重警告位"),
    _m("power_on_seconds", "s", (Kind.DISK,), "Time the disk has been powered on", "硬盘通电时长"),
    _m("raid_disks", "1", (Kind.DISK,), "Members the array should have", "阵列应有成员数"),
    _m("raid_disks_missing", "1", (Kind.DISK,), "Members the array lacks", "阵列缺失成员数"),
    _m("raid_degraded", "1", (Kind.DISK,), "Array runs without some of its members", "阵列降级"),
    _m("raid_resync_ratio", "1", (Kind.DISK,), "Progress of rebuilding or checking", "阵列重建进度"),
    # Recordings, by channel; a camera that is also a recorder's channel is one device, a camera
    _m(
        "recording_retention_days",
        "d",
        _CHANNEL,
        "Days from the oldest recording to now",
        "录像留存天数",
    ),
    _m(
        "recording_stalled",
        "1",
        _CHANNEL,
        "No new recording although the plan wants one",
        "录像停滞",
    ),
    _m(
        "recording_bytes_per_second",
        "B/s",
        _CHANNEL,
        "Bytes recorded, over the last hour",
        "录像写入速率",
    ),
    _m("recording_gaps", "1", _CHANNEL, "Gaps in the last full day's plan", "上一整日录像缺口数"),
    _m(
        "recording_longest_gap_seconds",
        "s",
        _CHANNEL,
        "Longest gap in the last full day's plan",
        "上一整日最长缺口",
    ),
    _m(
        "recording_integrity_ratio",
        "1",
        _CHANNEL,
        "Share of the last full day's plan that was recorded",
        "上一整日录像完好率",
    ),
    _m("recording_segments", "1", _CHANNEL, "Recording files kept", "录像文件数"),
    _m("recording_bytes", "B", _CHANNEL, "Size of the recordings kept", "录像总大小"),
    _m(
        "recording_scan_age_seconds",
        "s",
        _CHANNEL,
        "Time since the whole tree was last looked through",
        "上次完整扫描距今",
    ),
    # Reads of footage by others than the recorder
    _m(
        "footage_reads",
        "1",
        (Kind.HOST,),
        "Recordings opened by others than the recorder, since the agent started",
        "代理启动以来非录像软件读取录像次数",
    ),
    _m(
        "footage_reads_uncounted",
        "1",
        (Kind.HOST,),
        "Times reads may have been missed, since the agent started",
        "可能漏记读取的次数",
    ),
    # Power
    _m("ups_reachable", "1", (Kind.UPS,), "The UPS answers", "UPS 可达"),
    _m("on_battery", "1", (Kind.UPS,), "UPS runs on its battery", "UPS 电池供电"),
    _m("battery_low", "1", (Kind.UPS,), "UPS says its battery is nearly empty", "UPS 电量低"),
    _m("battery_charge_ratio", "1", (Kind.UPS,), "Charge of the battery", "电池电量"),
    _m("battery_runtime_seconds", "s", (Kind.UPS,), "Time the battery still lasts", "电池剩余时间"),
    _m("battery_replace", "1", (Kind.UPS,), "UPS asks for a new battery", "UPS 需更换电池"),
    _m("ups_load_ratio", "1", (Kind.UPS,), "Load of the UPS", "UPS 负载"),
    # Room
    _m("humidity_ratio", "1", (Kind.ROOM,), "Relative humidity", "相对湿度"),
    # Cameras and closed recorders
    _m("connectable", "1", (Kind.CAMERA, Kind.RECORDER), "Device takes TCP connections on its port", "设备端口可连接"),
    _m(
        "reachable",
        "1",
        (Kind.CAMERA, Kind.RECORDER, Kind.SWITCH),
        "Device answers its management protocol",
        "设备可达",
    ),
    _m(
        "authenticated",
        "1",
        (Kind.CAMERA, Kind.RECORDER, Kind.DOOR, Kind.SWITCH),
        "Device accepts our account",
        "设备接受账号",
    ),
    _m("account_paused", "1", _ASKED, "Our account rests after a refused login", "账号因登录被拒而暂停使用"),
    _m("requests_per_hour", "1/h", _ASKED, "Requests sent to the device in the last hour", "近一小时发往设备的请求数"),
    _m(
        "requests_held_back",
        "1",
        _ASKED,
        "Requests not sent since the agent started, the hour's being used up",
        "因超出每小时限额而未发出的请求数",
    ),
    _m("response_seconds", "s", (Kind.CAMERA, Kind.RECORDER, Kind.SWITCH), "Time to answer", "设备响应时间"),
    _m("streaming", "1", (Kind.CAMERA,), "Camera describes its main stream (RTSP)", "视频流可用"),
    _m("stream_response_seconds", "s", (Kind.CAMERA,), "Time to describe the stream", "视频流响应时间"),
    _m("profiles", "1", (Kind.CAMERA,), "Media profiles the camera offers", "媒体配置数"),
    _m("ntp_enabled", "1", (Kind.CAMERA, Kind.RECORDER), "Device sets its clock by NTP", "设备已启用 NTP 校时"),
    _m(
        "certificate_left_days",
        "d",
        (Kind.CAMERA, Kind.RECORDER, Kind.HUB),
        "Days until the device's TLS certificate expires",
        "设备证书剩余天数",
    ),
    _m("accounts", "1", (Kind.CAMERA, Kind.RECORDER), "User accounts on the device", "设备用户账号数"),
    _m("administrators", "1", (Kind.CAMERA, Kind.RECORDER), "Accounts with all rights", "管理员账号数"),
    _m("online", "1", _CHANNEL, "The recorder lists the channel as present", "通道在线"),
    _m("listed", "1", _CHANNEL, "The recorder lists the channel, present or not", "录像机列出该通道"),
    _m("video_loss", "1", _CHANNEL, "The recorder gets no picture from the channel", "通道视频丢失"),
    _m("recording_plan_enabled", "1", _CHANNEL, "A recording plan is switched on", "录像计划已启用"),
    _m("recording_planned", "1", _CHANNEL, "The plan wants a recording now", "计划当前应录像"),
    _m("recording_active", "1", _CHANNEL, "The recorder says that it records now", "当前正在录像"),
    _m(
        "recording_age_seconds",
        "s",
        (Kind.RECORDER, Kind.CHANNEL, Kind.CAMERA),
        "Age of the oldest recording kept",
        "最早录像距今时长",
    ),
    _m(
        "recording_newest_age_seconds",
        "s",
        (Kind.RECORDER, Kind.CHANNEL, Kind.CAMERA),
        "Age of the newest recording",
        "最新录像距今时长",
    ),
    # Hardware, as the device itself tells over its events; what it did not tell is missing
    _m("events_subscribed", "1", _EVENTFUL, "An event subscription at the device is open", "已订阅设备事件"),
    _m("events_silence_seconds", "s", _EVENTFUL, "Time since the subscription was last heard", "事件静默时长"),
    _m("events_unknown", "1", _EVENTFUL, "Events of unknown kinds since the agent started", "未识别的事件数"),
    _m("storage_failure", "1", _EVENTFUL, "Device tells of a failed or full storage", "设备报告存储故障"),
    _m("fan_failure", "1", _EVENTFUL, "Device tells of a failed fan", "设备报告风扇故障"),
    _m("power_failure", "1", _EVENTFUL, "Device tells of a failed power supply", "设备报告电源故障"),
    _m("temperature_critical", "1", _EVENTFUL, "Device tells of a critical temperature", "设备报告温度过高"),
    _m("tampered", "1", (*_EVENTFUL, Kind.CHANNEL), "Device tells of tampering with its view", "设备报告遮挡或破坏"),
    # Pictures, judged at the site; ratios are against the channel's own baseline of the same light phase
    _m("picture_taken", "1", _CHANNEL, "A picture could be fetched and read", "图像可获取"),
    _m("picture_age_seconds", "s", _CHANNEL, "Age of the last picture that could be read", "上一张图像距今时长"),
    _m("picture_baseline_samples", "1", _CHANNEL, "Pictures the baseline was learned from", "基线样本数"),
    _m("picture_infrared", "1", _CHANNEL, "Picture is taken in infra-red, without colour", "红外（黑白）画面"),
    _m("picture_brightness_ratio", "1", _CHANNEL, "Mean brightness, 0 black to 1 white", "画面亮度"),
    _m("picture_contrast_ratio", "1", _CHANNEL, "Spread of brightness, 0 to 1", "画面对比度"),
    _m("picture_saturation_ratio", "1", _CHANNEL, "Mean saturation of colour, 0 to 1", "画面饱和度"),
    _m("picture_sharpness_ratio", "1", _CHANNEL, "Sharpness against the baseline, 1 as ever", "画面清晰度与基线之比"),
    _m("picture_similarity_ratio", "1", _CHANNEL, "Likeness of the scene to the baseline, 1 alike", "场景与基线相似度"),
    _m("picture_change_ratio", "1", _CHANNEL, "Difference to the picture before, 0 the very same", "与前图差异"),
    _m("picture_blurred", "1", _CHANNEL, "Picture is blurred", "画面模糊"),
    _m("picture_dark", "1", _CHANNEL, "Picture is too dark", "画面过暗"),
    _m("picture_bright", "1", _CHANNEL, "Picture is too bright", "画面过亮"),
    _m("picture_covered", "1", _CHANNEL, "View is covered", "画面被遮挡"),
    _m("picture_dirty", "1", _CHANNEL, "Lens is webbed or dirty in part", "镜头有蛛网或污渍"),
    _m("picture_frozen", "1", _CHANNEL, "Picture does not change any more", "画面冻结"),
    _m("picture_colour_lost", "1", _CHANNEL, "Picture lost its colour by day", "白天画面失色"),
    _m("picture_infrared_dead", "1", _CHANNEL, "Infra-red light does not shine by night", "夜间红外灯失效"),
    _m("picture_moved", "1", _CHANNEL, "Camera looks elsewhere than its baseline", "摄像机视角偏移"),
    # The network between us and the devices
    _m("ping_seconds", "s", _PINGED, "Round trip of a ping", "网络往返时延"),
    _m("ping_loss_ratio", "1", _PINGED, "Share of pings without an answer", "丢包率"),
    _m("path_up", "1", (Kind.NETWORK,), "The other end of the path answers", "链路可达"),
    _m("path_seconds", "s", (Kind.NETWORK,), "Time the other end takes to answer", "链路时延"),
    _m("switch_ports_up", "1", (Kind.SWITCH,), "Ports with a link", "已连接端口数"),
    _m("poe_delivering", "1", (Kind.NETWORK,), "Port feeds its device with power", "端口正在供电"),
    _m("poe_fault", "1", (Kind.NETWORK,), "Port refuses power or is short-circuited", "端口供电故障"),
    _m("poe_power_watts", "W", (Kind.NETWORK, Kind.SWITCH), "Power delivered over Ethernet", "PoE 输出功率"),
    _m("poe_budget_watts", "W", (Kind.SWITCH,), "Power the switch can deliver", "PoE 总功率"),
    # Doors
    _m("door_reachable", "1", (Kind.DOOR,), "The door's controller answers", "门禁控制器可达"),
    _m("door_open", "1", (Kind.DOOR,), "Door stands open", "门处于打开状态"),
    _m("door_locked", "1", (Kind.DOOR,), "Door is locked", "门已上锁"),
    _m("door_alarm", "1", (Kind.DOOR,), "Door reports forced, held open or tampered", "门禁报警"),
    _m("door_fault", "1", (Kind.DOOR,), "Door or its controller reports a fault", "门禁故障"),
    _m("door_silence_seconds", "s", (Kind.DOOR,), "Time since the door was last heard of", "门禁静默时长"),
    # The hub itself; "longest" and "most" are of the time since the value before
    _m("reports_per_second", "1/s", _HUB, "Reports committed", "报告提交速率"),
    _m("points_per_second", "1/s", _HUB, "Points stored: values of one device at one time", "数据点写入速率"),
    _m(
        "backlog_points_per_second",
        "1/s",
        _HUB,
        "Points stored that came out of agents' backlogs",
        "补传数据点写入速率",
    ),
    _m("rejects_per_second", "1/s", _HUB, "Messages or parts of them that were not taken", "拒收速率"),
    _m(
        "drops_per_second",
        "1/s",
        _HUB,
        "Messages that found the queue full; agents send again",
        "因队列满而丢弃的消息速率",
    ),
    _m(
        "commit_lag_seconds",
        "s",
        _HUB,
        "From sample to commit, live data, 99th percentile",
        "实时数据从采样到提交的时延（P99）",
    ),
    _m(
        "backlog_lag_seconds",
        "s",
        _HUB,
        "From sample to commit, oldest of agents' backlogs",
        "补传数据从采样到提交的最大时延",
    ),
    _m(
        "commit_wait_seconds", "s", _HUB, "Longest from a message's arrival to its commit", "消息从到达到提交的最长等待"
    ),
    _m("commit_seconds", "s", _HUB, "Longest commit of a batch as a whole", "单批提交最长用时"),
    _m("series_write_seconds", "s", _HUB, "Longest write to the series store or its buffer", "时序库写入最长用时"),
    _m("database_seconds", "s", _HUB, "Longest transaction of the SQL database", "数据库事务最长用时"),
    _m("judging_ratio", "1", _HUB, "Share of one core that judging by rules takes", "规则判断占用的单核比例"),
    _m("batch_messages", "1", _HUB, "Messages committed together, on average", "每批消息数（平均）"),
    _m("queue_messages", "1", _HUB, "Most messages that waited for a commit", "排队消息数（峰值）"),
    _m("queue_fill_ratio", "1", _HUB, "Share of the queue in use, at its fullest", "队列占用率（峰值）"),
    _m("series_available", "1", _HUB, "The series store takes writes", "时序库可写"),
    _m("buffer_fill_ratio", "1", _HUB, "Share of the series store's disk buffer in use", "时序缓冲区占用率"),
    _m("buffer_points", "1", _HUB, "Points that wait for the series store", "等待写入时序库的数据点数"),
    _m(
        "buffer_oldest_seconds",
        "s",
        _HUB,
        "Longest that a point has waited for the series store",
        "缓冲区最早数据的等待时长",
    ),
    _m("dead_letters", "1", _HUB, "Points the series store refused for good, kept aside", "被时序库永久拒绝的数据点数"),
    _m("learned_series", "1", _HUB, "Series of which the hub learns what is usual", "中心学习常态的数据序列数"),
    _m("learned_fill_ratio", "1", _HUB, "Share of the series it can learn", "可学习序列的占用率"),
    _m("agents_known", "1", _HUB, "Agents ever heard", "已知代理数"),
    _m("agents_heard", "1", _HUB, "Agents heard in the last three minutes", "近三分钟在线代理数"),
    _m("broker_connected", "1", _HUB, "Subscribed at the broker and hearing", "已连接消息代理"),
    _m("unheard_seconds", "s", _HUB, "Since anything came from the broker", "未从消息代理收到任何消息的时长"),
    _m(
        "mute_seconds",
        "s",
        _HUB,
        "For how long the hub's own word has not come back though others are heard",
        "中心自测消息未返回（但能收到他人消息）的时长",
    ),
    _m("probe_seconds", "s", _HUB, "The hub's own word through the broker and back", "经消息代理的自测往返时间"),
    _m(
        "answers_dropped",
        "1",
        _HUB,
        "Answers not sent because the broker takes too little; agents ask again",
        "因消息代理接收过慢而丢弃的应答数",
    ),
    _m("open_files", "1", _HUB, "Files and connections the hub holds open", "打开的文件与连接数"),
)

BY_NAME: dict[str, Metric] = {metric.name: metric for metric in CATALOGUE}
"""The catalogue by metric name."""
