"""One site: what is wrong there, how each device is, what changed before it."""

from collections.abc import Mapping

from dashboards.annotation import marks
from dashboards.board import Board, Row, to
from dashboards.devices import course
from dashboards.panel import Column, Lines, Number, States, Table
from dashboards.query import Query
from dashboards.text import Text
from dashboards.variable import CONSOLE, ONE_SITE
from dashboards.words import (
    CHANGE_COLUMNS,
    DEVICE_PATH,
    KINDS,
    NONE_IS_BETTER,
    NONE_IS_GOOD,
    SEVERITY,
    SEVERITY_COLOURS,
    YES_IS_GOOD,
    changed,
    hidden,
    none_or_untold,
    rate_columns,
    rates,
    ticket_columns,
    tickets,
)

Words = Mapping[str, tuple[Text, str]]


def _newest(field: str, title: Text, description: Text, states: Words = NONE_IS_GOOD) -> Number:
    """A figure of the site's newest state."""
    return Number(
        title=title,
        description=description,
        queries=[Query(f'SELECT last("{field}") FROM "site_state" WHERE {{quarter}} AND {{site}}')],
        unit="none",
        width=4,
        height=4,
        states=states,
    )


NUMBERS = [
    _newest("open_critical", Text("Critical tickets", "严重工单"), Text("Open now.", "当前未解决。")),
    _newest("open_warning", Text("Warnings", "警告工单"), Text("Open now.", "当前未解决。"), NONE_IS_BETTER),
    _newest(
        "agents_silent",
        Text("Agents silent", "失联代理"),
        Text("What they watch is unknown.", "其监视的设备状态未知。"),
    ),
    _newest(
        "devices_down",
        Text("Out of service", "中断设备"),
        Text("Devices with an open finding that means an outage.", "存在中断类故障的设备。"),
    ),
    _newest(
        "devices_unknown",
        Text("State unknown", "状态未知"),
        Text("Devices nobody can tell about: neither well nor broken.", "无法判断状态的设备：既非正常也非故障。"),
        NONE_IS_BETTER,
    ),
    _newest(
        "devices",
        Text("Devices there", "设备数"),
        Text("In the inventory of the site's agents.", "站点各代理清单中的设备。"),
        {},
    ),
]

OPEN = Table(
    title=Text("Open tickets", "未解决工单"),
    description=Text(
        "All that are open, however old, the newest first. A click opens one in the console.",
        "全部未解决工单，最新的在前；点击可在控制台中打开。",
    ),
    queries=[tickets('{until} AND "open" = 1')],
    height=9,
    columns=ticket_columns(),
    empty=none_or_untold(Text("Critical tickets", "严重工单")),
)

CHANGED = Table(
    title=Text("What changed before this fault", "故障之前发生了什么"),
    description=Text(
        "Events of devices and the timelines of tickets in one order; the newest 200 of each within the time shown.",
        "设备事件与工单时间线按时间合并；所选时间内各取最新 200 条。",
    ),
    queries=changed(),
    merge=True,
    height=10,
    sort=(Text("When", "时间"), True),
    columns=CHANGE_COLUMNS,
)

DEVICES = Table(
    title=Text("Devices", "设备清单"),
    description=Text(
        "The inventory, with how many tickets are open about each device.",
        "设备清单及各设备未解决的工单数。",
    ),
    queries=[
        Query(
            'SELECT "name", "parent_name", "room", "agent", "address", "model", "firmware", "device", "kind", "site", '
            '"open_tickets" AS "tickets", "worst_rank" AS "worst" FROM "device_info" WHERE {site} AND "retired" = 0',
            "daily",
            table=True,
        ),
    ],
    height=12,
    sort=(Text("Device", "设备"), False),
    columns=[
        Column("device", Text("Device", "设备"), link=DEVICE_PATH, width=160),
        Column("name", Text("Name", "名称"), width=200),
        Column("kind", Text("Kind", "类型"), states=KINDS, width=90),
        Column("tickets", Text("Open tickets", "未解决工单"), "none", width=100),
        Column(
            "worst",
            Text("Gravest", "最严重"),
            "none",
            states={
                **{str(rank): said for rank, said in zip((2, 1, 0), SEVERITY.values(), strict=True)},
                "-1": (Text("none", "无"), "green"),
            },
            width=90,
        ),
        Column("room", Text("Room", "房间"), width=90),
        Column("parent_name", Text("Hangs on", "上级设备"), width=150),
        Column(
            "agent", Text("Agent", "代理"), link=to("agent", site="${site}", agent="${__data.fields.agent}"), width=110
        ),
        Column("address", Text("Address", "地址"), width=120),
        Column("model", Text("Model", "型号")),
        Column("firmware", Text("Firmware", "固件版本")),
        *hidden("site", "Time"),
    ],
)


def _answering(kind: str, title: Text, description: Text, link: str) -> States:
    return States(
        title=title,
        description=description,
        queries=[course('min("reachable_min")', kind, where="{site}")],
        unit="none",
        states=YES_IS_GOOD,
        link=link,
        interval="1h",
        height=9,
    )


CAMERAS = _answering(
    "camera",
    Text("Cameras that answer", "摄像机可达情况"),
    Text(
        "Hour by hour, red where it did not answer once. Nothing is drawn where nobody asked.",
        "逐小时；有一次不可达即为红色。无人查询的时段不绘制。",
    ),
    to("camera", site="${site}", device="${__field.labels.device}"),
)
RECORDERS = _answering(
    "recorder",
    Text("Recorders that answer", "录像机可达情况"),
    Text("Hour by hour, red where it did not answer once.", "逐小时；有一次不可达即为红色。"),
    "${console}/sites/${site}/devices/${__field.labels.device}",
)

OVER_TIME = Lines(
    title=Text("Open tickets over time", "未解决工单变化"),
    description=Text(
        "By severity; a gap is a time of which the hub wrote no state.", "按严重程度；缺口表示中心未写入状态。"
    ),
    queries=[
        Query(
            f'SELECT max("open_{severity}") FROM "site_state" WHERE $timeFilter AND {{site}} '
            "GROUP BY time($__interval) fill(null)",
            alias=text,
        )
        for severity, (text, _) in SEVERITY.items()
    ],
    unit="none",
    interval="5m",
    bridged_seconds=1200.0,  # states are written every five minutes, one may be late
    width=24,
    least=0,
    colours=SEVERITY_COLOURS,
)

RATES = Table(
    title=Text("The inspector's four rates by month", "每月四项考核率"),
    description=Text(
        "Online, recording integrity, picture quality, clock accuracy, and how many devices each speaks of. Without "
        "evidence: empty.",
        "在线率、录像完好率、图像合格率、校时准确率，以及各自所涉设备数。没有依据的留空。",
    ),
    queries=rates(limit=24),
    merge=True,
    sort=(Text("Month", "月份"), True),
    columns=[
        Column("Time", Text("Month", "月份"), "time:YYYY-MM", width=90),
        *rate_columns(),
        *hidden("site"),
    ],
)

board = Board(
    name="site",
    title=Text("Site", "站点"),
    description=Text(
        "What is wrong at this site, how each device is, and what changed before.",
        "站点当前故障、各设备状态以及此前发生的变化。",
    ),
    rows=[
        Row(NUMBERS),
        Row([OPEN, CHANGED]),
        Row([CAMERAS, RECORDERS], Text("Devices", "设备")),
        Row([DEVICES]),
        Row([OVER_TIME, RATES], Text("Over time", "变化")),
    ],
    variables=[CONSOLE, ONE_SITE],
    annotations=marks(),
    links=[("fleet", Text("Fleet", "全局")), ("agent", Text("Agents", "代理")), ("storage", Text("Storage", "存储"))],
    since="now-7d",
)
