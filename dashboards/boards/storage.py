"""Storage: which channels keep less than they should and why, which disks will fail next, which volumes fill."""

from dashboards.annotation import marks
from dashboards.board import Board, Row
from dashboards.devices import DEVICE, course, heard, place, site_column
from dashboards.limits import GREEN, RED, Limit, Limits, above, below
from dashboards.panel import Column, Lines, States, Table
from dashboards.query import Query
from dashboards.text import NO_DATA, Text
from dashboards.variable import CLOSER, CONSOLE, SITE
from dashboards.words import (
    DAYS,
    INTEGRITY,
    NO_TICKETS,
    NONE_IS_BETTER,
    YES_IS_BAD,
    none_or_untold,
    ticket_columns,
    tickets,
)

TARGET = Limit("retention_below_target", "target_days")
A_DAY_AND_A_HALF = 129_600.0
"""s: sleeping disks are asked for SMART once a day."""
YES_OR_NO = {"1": (Text("yes", "是"), "text"), "0": (Text("no", "否"), "text")}
SHORT = (
    *("retention_below_target", "retention_forecast", "store_too_small", "recordings_incomplete", "daily_integrity"),
    *("channel_not_recording", "channel_recording_ceased", "recording_stalled", "recorder_not_recording"),
)
"""The rules that say of recordings that they are too few, each with the cause in its words."""


WHY = Table(
    title=Text("Which channels hold less than their target, and why", "哪些通道录像不足，原因是什么"),
    description=Text(
        "Open tickets about too few recordings. The words say what is kept, what is wanted and the likely cause.",
        "录像不足类的未解决工单；说明中包含留存天数、目标与可能原因。",
    ),
    queries=[tickets('{until} AND "open" = 1 AND "rule" =~ /^(' + "|".join(SHORT) + ")$/", limit=500)],
    columns=ticket_columns(site_column(110)),
    height=8,
    empty=NO_TICKETS,
)


def _kept(kind: str) -> Query:
    """Days kept by each channel of that kind, where they are less than the target."""
    return Query(
        'SELECT "recording_retention_days_min" AS "kept", "recording_integrity_ratio_min" AS "whole", '
        f'"recording_bytes_per_second_mean" AS "rate", "site", "device" FROM "{kind}" '
        f'WHERE {{rolled_hour}} AND {{site}} AND "recording_retention_days_min" < {TARGET.value:g}',
        "hourly",
        table=True,
    )


KEPT = Table(
    title=Text("Channels that keep fewer days than the target", "留存天数低于目标的通道"),
    description=Text(
        "By the target that rule retention_below_target has by default; young channels, which cannot have more yet, "
        "are among them. Of the last whole hour.",
        "按规则 retention_below_target 的默认目标；包含尚未积累到目标的新通道。取最近一个整点小时的值。",
    ),
    queries=[_kept("channel"), _kept("camera")],
    merge=True,
    width=20,
    height=8,
    empty=none_or_untold(Text("Channels told of", "有留存数据的通道")),
    sort=(Text("Days kept", "留存天数"), False),
    columns=[
        *place(),
        Column("kept", Text("Days kept", "留存天数"), DAYS, limits=below(TARGET), decimals=1, empty=NO_DATA),
        Column("whole", Text("Yesterday recorded", "昨日完好率"), "percentunit", limits=INTEGRITY, empty=NO_DATA),
        Column("rate", Text("Write rate", "写入速率"), "Bps", empty=NO_DATA),
    ],
)

TOLD = heard(
    Text("Channels told of", "有留存数据的通道"),
    Text(
        "Of how many the days kept are known, by the last whole hour.",
        "最近一个整点小时内已知留存天数的数量。",
    ),
    "recording_retention_days_min",
    {"channel": Text("channels", "通道"), "camera": Text("cameras", "摄像机")},
    height=8,
)

COUNTS = (
    ("smart_reallocated_sectors", Text("Sectors replaced", "重映射扇区")),
    ("smart_pending_sectors", Text("Sectors pending", "待处理扇区")),
    ("smart_uncorrectable_sectors", Text("Unreadable", "不可修复扇区")),
    ("smart_uncorrectable_errors", Text("Uncorrectable", "不可纠正错误")),
)


VERDICTS = {"0": (Text("healthy", "正常"), GREEN), "1": (Text("failing", "故障"), RED)}
"""The wrong way round, so that those that fail are first when the largest is."""

NEXT = Table(
    title=Text("Which disks will fail next", "哪些硬盘即将故障"),
    description=Text(
        "The disk's own verdict and its recorder's, its counts of bad sectors (any at all merit a look; those that "
        "grow have a ticket of rule disk_wearing), heat, wear and age. Of the last whole UTC day, the likeliest first.",
        "硬盘与录像机的判定、坏扇区类计数（非零即应关注，持续增长的由规则 disk_wearing 开工单）、温度、磨损与通电时长。"
        "取上一整日（UTC）；最可能故障的在前。",
    ),
    queries=[
        Query(
            'SELECT 1 - "smart_healthy_min" AS "smart", 1 - "disk_healthy_min" AS "recorder", '
            + ", ".join(f'"{metric}_max" AS "{metric}"' for metric, _ in COUNTS)
            + ', "temperature_celsius_max" AS "hottest", "smart_wear_ratio_max" AS "wear", '
            '"power_on_seconds_max" / 86400 AS "on", "site", "device" FROM "disk" WHERE {rolled_day} AND {site}',
            "daily",
            table=True,
        )
    ],
    height=9,
    sort=(Text("Recorder's verdict", "录像机判定"), True),
    then=[
        (Text("Own verdict", "自检结果"), True),
        (Text("Sectors pending", "待处理扇区"), True),
        (Text("Sectors replaced", "重映射扇区"), True),
    ],
    columns=[
        *place(120),
        Column("smart", Text("Own verdict", "自检结果"), "none", states=VERDICTS, empty=NO_DATA, width=105),
        Column("recorder", Text("Recorder's verdict", "录像机判定"), "none", states=VERDICTS, empty=NO_DATA, width=140),
        *(Column(metric, title, "none", states=NONE_IS_BETTER, empty=NO_DATA) for metric, title in COUNTS),
        Column(
            "hottest",
            Text("Hottest", "最高温度"),
            "celsius",
            limits=above(Limit("disk_hot", "raise_celsius")),
            empty=NO_DATA,
            width=90,
        ),
        Column(
            "wear",
            Text("Flash worn", "闪存磨损"),
            "percentunit",
            limits=above(Limit("disk_wearing", "raise_wear_ratio")),
            empty=NO_DATA,
            width=85,
        ),
        Column("on", Text("Powered on", "通电天数"), DAYS, decimals=0, width=95, empty=NO_DATA),
    ],
)


def _hourly(
    kind: str,
    metric: str,
    title: Text,
    description: Text,
    unit: str | Text,
    limits: Limits | None = None,
    least: float | None = None,
    bridged_seconds: float = 0.0,
) -> Lines:
    """The most of each hour, a line a device."""
    return Lines(
        title=title,
        description=description,
        queries=[course(f'max("{metric}_max")', kind)],
        unit=unit,
        limits=limits,
        interval="1h",
        link=DEVICE,
        least=least,
        bridged_seconds=bridged_seconds,
    )


SECTORS = _hourly(
    "disk",
    "smart_reallocated_sectors",
    Text("Sectors replaced over time", "重映射扇区变化"),
    Text(
        "What grows here goes on growing; what stands still may stand for years.",
        "持续增长的多半会继续增长，不变的可维持多年。",
    ),
    "none",
    least=0,
    bridged_seconds=A_DAY_AND_A_HALF,
)
HEAT = _hourly(
    "disk",
    "temperature_celsius",
    Text("Temperature of disks", "硬盘温度"),
    Text(
        "Hour by hour the hottest; the line is where rule disk_hot raises.",
        "每小时最高值；虚线为规则 disk_hot 的阈值。",
    ),
    "celsius",
    above(Limit("disk_hot", "raise_celsius")),
)
FILL = _hourly(
    "volume",
    "fill_ratio",
    Text("Fill of volumes", "卷占用率"),
    Text(
        "Rule volume_filling raises at the line, but not for a recording volume that overwrites.",
        "到达虚线时规则 volume_filling 报警；循环覆盖的录像卷除外。",
    ),
    "percentunit",
    above(Limit("volume_filling", "raise_ratio")),
    least=0,
)

VOLUMES = Table(
    title=Text("Which volumes will be full, and when", "哪些卷何时写满"),
    description=Text(
        "Of the last whole hour. The time left is the agent's own forecast; empty where the volume does not grow. One "
        "that overwrites its oldest recordings is full by design, and no rule minds.",
        "取最近一个整点小时。剩余时间由代理预测；不增长的卷为空。循环覆盖旧录像的卷本来就是满的，不会报警。",
    ),
    queries=[
        Query(
            'SELECT "full_in_days_mean" AS "left", "fill_ratio_max" AS "fill", "free_bytes_min" AS "free", '
            '"size_bytes_max" AS "size", "fill_bytes_per_second_mean" AS "growth", '
            '"inodes_used_ratio_max" AS "inodes", "read_only_max" AS "read_only", "overwriting_max" AS "over", '
            '"site", "device" FROM "volume" WHERE {rolled_hour} AND {site}',
            "hourly",
            table=True,
        )
    ],
    height=8,
    sort=(Text("Fill", "占用率"), True),
    columns=[
        *place(),
        Column(
            "left",
            Text("Full in", "预计写满"),
            DAYS,
            limits=below(Limit("volume_full_by", "raise_left_days")),
            decimals=1,
        ),
        Column(
            "fill",
            Text("Fill", "占用率"),
            "percentunit",
            limits=above(Limit("volume_filling", "raise_ratio")),
            empty=NO_DATA,
        ),
        Column("free", Text("Free", "可用"), "bytes", empty=NO_DATA),
        Column("size", Text("Size", "容量"), "bytes", empty=NO_DATA),
        Column("growth", Text("Growth", "增长"), "Bps", empty=NO_DATA),
        Column(
            "inodes",
            Text("Inodes", "索引节点"),
            "percentunit",
            limits=above(Limit("volume_inodes", "raise_ratio")),
            empty=NO_DATA,
        ),
        Column("read_only", Text("Read-only", "只读"), "none", states=YES_IS_BAD, empty=NO_DATA),
        Column("over", Text("Overwrites", "循环覆盖"), "none", states=YES_OR_NO, empty=NO_DATA),
    ],
)

ARRAYS = States(
    title=Text("Arrays without all their disks", "降级的阵列"),
    description=Text("Red: the array runs degraded.", "红色：阵列处于降级状态。"),
    queries=[course('max("raid_degraded_max")', "disk", fill="none")],
    unit="none",
    states=YES_IS_BAD,
    link=DEVICE,
    interval="1h",
)

RATES = Lines(
    title=Text("What is written", "写入速率"),
    description=Text(
        "By channel, the mean of each day: a higher bit rate is the usual reason why days get fewer.",
        "各通道每日平均；码率升高是留存天数减少的常见原因。",
    ),
    queries=[course('mean("recording_bytes_per_second_mean")', "channel camera", "daily")],
    unit="Bps",
    interval="1d",
    least=0,
    link=DEVICE,
)
KEPT_DAYS = Lines(
    title=Text("Days kept", "留存天数变化"),
    description=Text(
        "By channel, the least of each day; the line is the target by default (rule retention_below_target).",
        "各通道每日最小值；虚线为默认目标（规则 retention_below_target）。",
    ),
    queries=[course('min("recording_retention_days_min")', "channel camera", "daily")],
    unit=DAYS,
    limits=below(TARGET),
    interval="1d",
    least=0,
    link=DEVICE,
)

board = Board(
    name="storage",
    title=Text("Storage and retention", "存储与留存"),
    description=Text(
        "Which channels hold less than their target and why, which disks fail next, which volumes fill.",
        "哪些通道录像不足及原因、哪些硬盘即将故障、哪些卷将写满。",
    ),
    rows=[
        Row([WHY, KEPT, TOLD]),
        Row([NEXT, VOLUMES]),
        Row([KEPT_DAYS, RATES, SECTORS, HEAT, FILL, ARRAYS], Text("One site, device by device", "单个站点，逐台设备")),
    ],
    variables=[CONSOLE, SITE, CLOSER],
    annotations=marks("{closer}"),
    links=[("fleet", Text("Fleet", "全局")), ("site", Text("Site", "站点"))],
    since="now-30d",
    refresh="15m",
)
