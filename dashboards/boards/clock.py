"""Clocks: whose is off, by how much, since when; who sets theirs by a time server."""

from dashboards.annotation import MARKS
from dashboards.board import Board, Row
from dashboards.limits import Limit, beyond
from dashboards.panel import Column, Lines, States, Table
from dashboards.query import Query
from dashboards.text import NO_DATA, Text
from dashboards.variable import CONSOLE, SITE
from dashboards.words import DEVICE_PATH, TO_SITE, YES_IS_GOOD, hidden, ticket_columns, tickets
from hub.rule import Severity

OFFSETS = beyond(
    Limit("clock_drift", "notice_offset_seconds", Severity.INFO),
    Limit("clock_drift", "raise_offset_seconds"),
    Limit("clock_drift", "breach_offset_seconds", Severity.CRITICAL),
)
DEVICE = "${console}/sites/${__field.labels.site}/devices/${__field.labels.device}"
KINDS = (
    ("recorder", Text("Recorders", "录像机")),
    ("camera", Text("Cameras", "摄像机")),
    ("host", Text("Machines of agents", "代理主机")),
)


def _off(kind: str) -> Query:
    """The newest offsets of the last day that rule clock_drift would at least speak of."""
    least = Limit("clock_drift", "notice_offset_seconds").value
    served = "clock_synchronised" if kind == "host" else "ntp_enabled"
    return Query(
        'SELECT "offset", "bound", "ntp" FROM (SELECT last("clock_offset_seconds") AS "offset", '
        f'last("clock_offset_error_seconds") AS "bound", last("{served}") AS "ntp" '
        f'FROM "{kind}" WHERE {{day}} AND {{site}} GROUP BY "site", "device") '
        f'WHERE {{day}} AND ("offset" >= {least:g} OR "offset" <= -{least:g}) GROUP BY "site", "device"',
        table=True,
    )


WHOSE = Table(
    title=Text("Whose clock is off", "哪些设备时钟不准"),
    description=Text(
        "The newest offset of the last day where it is at least what rule clock_drift speaks of. Positive: the clock "
        "is behind. The bound says how far off the measurement itself may be.",
        "最近一天的最新偏差，仅列出达到规则 clock_drift 提示值的设备。正值表示慢。误差界为测量本身的误差上限。",
    ),
    queries=[_off(kind) for kind, _ in KINDS],
    merge=True,
    height=10,
    sort=(Text("Offset", "偏差"), True),
    columns=[
        Column("site", Text("Site", "站点"), link=TO_SITE, width=140),
        Column("device", Text("Device", "设备"), link=DEVICE_PATH, width=190),
        Column("offset", Text("Offset", "偏差"), "s", limits=OFFSETS, decimals=1, empty=NO_DATA),
        Column("bound", Text("Bound of error", "误差界"), "s", decimals=2, empty=NO_DATA),
        Column("ntp", Text("Set by a time server", "使用网络校时"), "none", states=YES_IS_GOOD, empty=NO_DATA),
        *hidden("Time"),
    ],
)
TICKETS = Table(
    title=Text("Open tickets about clocks", "时钟类未解决工单"),
    description=Text(
        "Drift, lost time servers, agents whose own clock is wrong; one a recorder, not one a channel.",
        "时钟漂移、校时中断、代理时钟错误；每台录像机一张工单，不按通道重复。",
    ),
    queries=[tickets('{until} AND "open" = 1 AND "rule" =~ /^(clock_drift|ntp_unsynchronised|agent_clock_wrong)$/')],
    columns=ticket_columns(Column("site", Text("Site", "站点"), link=TO_SITE, width=120)),
    height=8,
)


def _course(kind: str, words: Text) -> Lines:
    """The mean of each hour: a slope is a slide, a step is a step."""
    return Lines(
        title=Text(f"{words.en}: offset", f"{words.zh}：偏差"),
        description=Text(
            "Hour by hour, reference time minus the device's own. A slope is a bad oscillator or no time server, "
            "a step is somebody or a battery, a whole hour a time zone.",
            "每小时平均的偏差（基准减设备）。斜线为漂移或未校时，阶跃为人为修改或电池失效，整小时为时区错误。",
        ),
        queries=[
            Query(
                f'SELECT mean("clock_offset_seconds_mean") FROM "{kind}" WHERE $timeFilter AND {{site}} '
                'GROUP BY time($__interval), "site", "device" fill(null)',
                "hourly",
                "$tag_site $tag_device",
            )
        ],
        unit="s",
        limits=OFFSETS,
        interval="1h",
        link=DEVICE,
        width=24 if kind == "host" else 12,
    )


SERVED = States(
    title=Text("Machines whose time service is in step", "主机校时状态"),
    description=Text(
        "Red: the system's time service says it is not synchronised; rule ntp_unsynchronised raises when that lasts.",
        "红色：系统时间服务未同步；持续后由规则 ntp_unsynchronised 开工单。",
    ),
    queries=[
        Query(
            'SELECT min("clock_synchronised_min") FROM "host" WHERE $timeFilter AND {site} '
            'GROUP BY time($__interval), "site", "device" fill(none)',
            "hourly",
            "$tag_site $tag_device",
        )
    ],
    unit="none",
    states=YES_IS_GOOD,
    interval="1h",
    link=DEVICE,
)
RATE = Lines(
    title=Text("Clock accuracy, by site and day", "校时准确率（按站点和天）"),
    description=Text(
        "The inspector's rate: share of the devices whose clock was right. A day without evidence is a gap.",
        "考核用：时钟准确的设备占比。没有依据的日期留空。",
    ),
    queries=[
        Query(
            'SELECT mean("clock_ratio") FROM "site_rate" WHERE $timeFilter AND "period" = \'day\' AND {site} '
            'GROUP BY time($__interval), "site" fill(null)',
            "daily",
            "$tag_site",
        )
    ],
    unit="percentunit",
    interval="1d",
    most=1,
)

board = Board(
    name="clock",
    title=Text("Clocks", "时钟"),
    description=Text(
        "Whose clock is off, and since when: footage with a wrong time is worth little as evidence.",
        "哪些设备时钟不准、从何时开始：时间错误的录像难以作为证据。",
    ),
    rows=[
        Row([WHOSE, TICKETS]),
        Row([*(_course(kind, words) for kind, words in KINDS), SERVED, RATE], Text("Over time", "变化")),
    ],
    variables=[CONSOLE, SITE],
    annotations=MARKS,
    links=[("fleet", Text("Fleet", "全局")), ("site", Text("Site", "站点"))],
    since="now-7d",
    refresh="5m",
)
