"""Words and colours that several boards use."""

from dashboards.board import to
from dashboards.limits import BLUE, GREEN, ORANGE, PLAIN, RED, Limit, below, beyond
from dashboards.panel import ANY, NOTHING, Column
from dashboards.query import Query
from dashboards.text import NO_DATA, Text
from hub.rule import Severity
from wire.metrics import BY_NAME

TICKET_PATH = "${console}${__data.fields.url_path}"
"""From a row of tickets to the ticket in the console. The query has to select `url_path`."""

YES_IS_GOOD = {"1": (Text("yes", "是"), GREEN), "0": (Text("no", "否"), RED)}
YES_IS_BAD = {"0": (Text("no", "否"), GREEN), "1": (Text("yes", "是"), RED)}
NONE_IS_GOOD = {"0": (Text("none", "无"), GREEN), ANY: (NOTHING, RED)}
NONE_IS_BETTER = {"0": (Text("none", "无"), GREEN), ANY: (NOTHING, ORANGE)}
"""How many there are of what should not be: of what is grave, and of what is not."""
SEVERITY = {
    "critical": (Text("critical", "严重"), RED),
    "warning": (Text("warning", "警告"), ORANGE),
    "info": (Text("info", "提示"), BLUE),
}

KINDS = {
    kind: (Text(kind, zh), PLAIN)
    for kind, zh in (
        *(("agent", "代理"), ("host", "主机"), ("volume", "存储卷"), ("disk", "硬盘"), ("recorder", "录像机")),
        *(("channel", "通道"), ("camera", "摄像机"), ("switch", "交换机"), ("door", "门"), ("room", "房间")),
        *(("network", "网络"), ("hub", "中心"), ("site", "站点"), ("ups", "不间断电源")),
    )
}
"""Of devices, as the wire has them."""

SEVERITY_COLOURS = tuple(colour for _, colour in SEVERITY.values())
"""In the order of SEVERITY."""

TO_SITE = to("site", site="${__data.fields.site}")
TO_AGENT = to("agent", site="${__data.fields.site}", agent="${__data.fields.agent}")
TO_CAMERA = to("camera", site="${__data.fields.site}", device="${__data.fields.device}")
DEVICE_PATH = "${console}/sites/${__data.fields.site}/devices/${__data.fields.device}"
"""From a row of a table down: it has to select what stands in it."""

DAYS, SECONDS = Text("suffix:d", "suffix:天"), Text("suffix:s", "suffix:秒")
LASTED = "dtdhms"
"""Units of days, of seconds that stay seconds, and of such that may be weeks: Grafana's own say "mins", "hours" and
"weeks" in any language."""
AGE = Text("s", LASTED)
"""Of a chart of times that may be hours: the same, and in English Grafana's own, whose axis is the plainer one."""
SINCE = Text("dateTimeFromNow", "dateTimeAsIso")
"""Of a time whose distance matters. "5 days ago" is Chinese where Grafana has the browser's language only, so that the
Chinese edition says the time itself."""

NEEDED = Text("Which sites need me today", "今天哪些站点需要处理")
FLEET = Text("Fleet overview", "全局概览")


def none_or_untold(where: Text, board: Text | None = None) -> Text:
    """What an empty list of what is wrong says: InfluxQL answers the same where all is well and where nobody told
    anything, so that it says both, and which panel (of which board) tells them apart."""
    en, zh = (f" of {board.en}", f"“{board.zh}”看板的") if board else ("", "")
    return Text(f'none, or nobody told: see "{where.en}"{en}', f"无，或没有数据：请看{zh}“{where.zh}”")


NO_TICKETS = none_or_untold(NEEDED, FLEET)
"""Of an empty list of tickets: a site whose tickets the hub told has a row there."""

OPENED, CLOSED = Text("open", "未解决"), Text("resolved", "已解决")
OPEN_STATES = {"1": (OPENED, ORANGE), "0": (CLOSED, GREEN)}


def of_metric(metric: str) -> Text:
    """The metric's own words in wire's catalogue. Raises KeyError."""
    known = BY_NAME[metric]
    return Text(known.en, known.zh_CN)


def hidden(*names: str) -> list[Column]:
    """Columns that links need and nobody reads."""
    return [Column(name, Text(name, name), hidden=True) for name in names]


def ticket_columns(*more: Column, resolved: bool = False) -> list[Column]:
    """Of a table made by `tickets`; `more` takes the place of the columns of that name that are hidden otherwise.
    `resolved`: some may be, so that it says which."""
    shown = {column.name for column in more}
    return [
        Column("Time", Text("Opened", "开启时间"), "dateTimeAsIso", width=155),
        *more,
        Column("number", Text("Ticket", "工单"), "none", link=TICKET_PATH, width=70),
        *(
            [Column("open", Text("State", "状态"), "none", states=OPEN_STATES, width=80)]
            if resolved
            else hidden("open")
        ),
        Column("severity", Text("Severity", "严重程度"), states=SEVERITY, width=80),
        Column("title", Text("What is wrong", "故障"), link=TICKET_PATH, width=240),
        Column("device_name", Text("Device", "设备"), link=DEVICE_PATH, width=140),
        Column("summary", Text("In words", "说明")),
        Column("room", Text("Room", "房间"), width=90),
        Column("consequences", Text("Explains", "附带故障"), "none", width=80),
        *hidden(*(name for name in ("url_path", "site", "device", "severity_rank") if name not in shown)),
    ]


def tickets(where: str, limit: int = 200) -> Query:
    """Tickets, the newest first. Open ones are asked for with `{until}`: however long ago they were opened."""
    return Query(
        'SELECT "number", "open", "severity", "severity_rank", "title{lang}" AS "title", "device_name", '
        '"summary{lang}" AS "summary", "room", "consequences", "url_path", "site", "device" FROM "ticket" '
        f"WHERE {where} AND {{site}} ORDER BY time DESC LIMIT {limit}",
        "daily",
        table=True,
    )


CHANGES = (
    'SELECT "device_name", "title{lang}" AS "what", "text{lang}" AS "text", "site", "device" '
    'FROM "%s" WHERE $timeFilter AND {site} %s ORDER BY time DESC LIMIT 200'
)


def changed(where: str = "") -> list[Query]:
    """What happened: events of devices, and the lines of tickets' timelines. `where` begins with AND."""
    return [
        Query(CHANGES % ("event", where), table=True),
        Query(CHANGES % ("ticket_event", where), "daily", table=True),
    ]


CHANGE_COLUMNS = [
    Column("Time", Text("When", "时间"), "dateTimeAsIso", width=160),
    Column("device_name", Text("Device", "设备"), link=DEVICE_PATH, width=180),
    Column("what", Text("What", "事项"), width=300),
    Column("text", Text("In words", "说明")),
    *hidden("site", "device"),
]

INTEGRITY = below(
    Limit("daily_integrity", "broken_ratio", Severity.CRITICAL),
    Limit("daily_integrity", "risk_ratio"),
)
"""Of the share of a day's plan that was recorded."""

OFFSETS = beyond(
    Limit("clock_drift", "notice_offset_seconds", Severity.INFO),
    Limit("clock_drift", "raise_offset_seconds"),
    Limit("clock_drift", "breach_offset_seconds", Severity.CRITICAL),
)
"""Of how far a clock is off, either way."""


RATES = {
    "online": Text("Online", "在线率"),
    "integrity": Text("Recording integrity", "录像完好率"),
    "picture": Text("Picture quality", "图像合格率"),
    "clock": Text("Clock accuracy", "校时准确率"),
}
"""The inspector's four."""
LEVELS = {"integrity": INTEGRITY}
"""What rules say of them."""


def rates(limit: int) -> list[Query]:
    """Each rate by month, to be merged: a rate that speaks of no device counts for nothing and is left out. `limit`:
    months of all sites together."""
    return [
        Query(
            f'SELECT "{rate}_ratio", "{rate}_devices", "site" FROM "site_rate" WHERE {{until}} AND {{site}} '
            f'AND "period" = \'month\' AND "{rate}_devices" > 0 ORDER BY time DESC LIMIT {limit}',
            "daily",
            table=True,
        )
        for rate in RATES
    ]


def rate_columns() -> list[Column]:
    """Of `rates`, each followed by how many devices it speaks of; without evidence empty."""
    return [
        column
        for rate, title in RATES.items()
        for column in (
            Column(
                f"{rate}_ratio",
                title,
                "percentunit",
                limits=INTEGRITY if rate == "integrity" else None,
                decimals=2,
                empty=NO_DATA,
            ),
            Column(f"{rate}_devices", Text("devices", "设备数"), "none", width=90),
        )
    ]
