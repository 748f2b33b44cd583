"""Tickets: what is open and for how long, how long repairs take, what comes back."""

from collections.abc import Mapping

from dashboards.annotation import BLINDNESS, maintenance
from dashboards.board import Board, Row
from dashboards.devices import site_column
from dashboards.panel import Column, Lines, Number, Table
from dashboards.query import Query
from dashboards.text import Text
from dashboards.variable import CONSOLE, SITE
from dashboards.words import (
    DEVICE_PATH,
    LASTED,
    NO_TICKETS,
    NONE_IS_BETTER,
    NONE_IS_GOOD,
    SEVERITY,
    SEVERITY_COLOURS,
    SINCE,
    TICKET_PATH,
    hidden,
    none_or_untold,
    ticket_columns,
    tickets,
)

NEWEST = 'FROM "site_state" WHERE {quarter} AND {site} GROUP BY "site"'
ON_SITE = site_column(110)


def _open(severity: str, title: Text, states: Mapping[str, tuple[Text, str]]) -> Number:
    return Number(
        title=title,
        description=Text(
            f"Open tickets of this severity ({severity}) at the sites chosen, by their newest states.",
            "所选站点中该级别的未解决工单数，取最近一刻钟内的最新状态。",
        ),
        queries=[Query(f'SELECT sum("n") FROM (SELECT last("open_{severity}") AS "n" {NEWEST}) WHERE {{quarter}}')],
        unit="none",
        width=6,
        height=4,
        states=states,
    )


NUMBERS = [
    _open("critical", Text("Critical, open", "严重（未解决）"), NONE_IS_GOOD),
    _open("warning", Text("Warnings, open", "警告（未解决）"), NONE_IS_BETTER),
    Number(
        title=Text("Oldest open ticket", "最早的未解决工单"),
        description=Text("When it was opened.", "其开启时间。"),
        queries=[Query(f'SELECT min("at") FROM (SELECT last("oldest_at") AS "at" {NEWEST}) WHERE {{quarter}}')],
        unit=SINCE,
        width=6,
        height=4,
    ),
    Number(
        title=Text("Held back by maintenance and silences", "维护或静默期间未开单的故障"),
        description=Text(
            "Open findings without a ticket because a maintenance window or a silence covers them.",
            "因维护时段或静默而没有工单的故障数。",
        ),
        queries=[Query(f'SELECT sum("n") FROM (SELECT last("covered") AS "n" {NEWEST}) WHERE {{quarter}}')],
        unit="none",
        width=6,
        height=4,
    ),
]

OPEN = Table(
    title=Text("Open tickets, the oldest first", "未解决工单（最早的在前）"),
    description=Text(
        "All that are open, however old: 500 at most. A click opens one in the console.",
        "全部未解决工单，最多 500 条；点击可在控制台中打开。",
    ),
    queries=[
        Query(
            'SELECT "opened_at", "number", "severity", "title{lang}" AS "title", "device_name", '
            '"summary{lang}" AS "summary", "room", "consequences", "flaps", "url_path", "site", "device" '
            'FROM "ticket" WHERE {until} AND "open" = 1 AND {site} ORDER BY time ASC LIMIT 500',
            "daily",
            table=True,
        )
    ],
    height=11,
    columns=[
        Column("opened_at", Text("Opened", "开启时间"), SINCE, width=160),
        ON_SITE,
        Column("number", Text("Ticket", "工单"), "none", link=TICKET_PATH, width=70),
        Column("severity", Text("Severity", "严重程度"), states=SEVERITY, width=80),
        Column("title", Text("What is wrong", "故障"), link=TICKET_PATH, width=240),
        Column("device_name", Text("Device", "设备"), link=DEVICE_PATH, width=140),
        Column("summary", Text("In words", "说明")),
        Column("room", Text("Room", "房间"), width=90),
        Column("consequences", Text("Explains", "附带故障"), "none", width=80),
        Column("flaps", Text("Came back", "复发次数"), "none", width=90),
        *hidden("Time", "url_path", "device"),
    ],
    empty=none_or_untold(Text("Critical, open", "严重（未解决）")),
)

OVER_TIME = Lines(
    title=Text("Open tickets over time, all sites", "未解决工单变化（全部站点）"),
    description=Text(
        "By severity, of the whole fleet whichever sites are chosen. Where the hub wrote no state there is a gap.",
        "按严重程度统计全部站点，不随站点选择变化；没有状态记录的时段留空。",
    ),
    queries=[
        Query(
            f'SELECT mean("open_{severity}") FROM "fleet_state" WHERE $timeFilter '
            "GROUP BY time($__interval) fill(null)",
            "hourly",
            title,
        )
        for severity, (title, _) in SEVERITY.items()
    ],
    unit="none",
    interval="5m",
    least=0,
    colours=SEVERITY_COLOURS,
)

FLOW = Lines(
    title=Text("Opened and resolved, by day", "每日新开与解决"),
    description=Text(
        "Tickets opened on a day (UTC), and those resolved on it (the hub's zone).",
        "当日新开的工单数（UTC），以及当日解决的工单数（按中心时区）。",
    ),
    queries=[
        Query(
            'SELECT count("number") FROM "ticket" WHERE $timeFilter AND {site} GROUP BY time($__interval) fill(0)',
            "daily",
            Text("Opened", "新开"),
        ),
        Query(
            'SELECT sum("resolved") FROM "repair" WHERE $timeFilter AND {site} AND "period" = \'day\' '
            "GROUP BY time($__interval) fill(0)",
            "daily",
            Text("Resolved", "解决"),
        ),
    ],
    unit="none",
    interval="1d",
    steps=True,
    least=0,
)

INNER = (
    'SELECT "mean_seconds" * "resolved" AS "lasted", "resolved" AS "tickets", "longest_seconds" AS "longest", '
    '"flaps" AS "flaps", "title{lang}" AS "title" FROM "repair" '
    'WHERE $timeFilter AND {site} AND "period" = \'day\' AND "resolved" > 0'
)


def _repairs(by: str, title: Text, description: Text, column: Column, more: str = "") -> Table:
    return Table(
        title=title,
        description=description,
        queries=[
            Query(
                'SELECT sum("lasted") / sum("tickets") AS "mean", sum("tickets") AS "number", '
                f'max("longest") AS "worst", sum("flaps") AS "returned"{more} FROM ({INNER} GROUP BY "{by}") '
                f'WHERE $timeFilter GROUP BY "{by}"',
                "daily",
                table=True,
            )
        ],
        width=12,
        height=10,
        sort=(Text("Mean", "平均"), True),
        columns=[
            column,
            Column("mean", Text("Mean", "平均"), LASTED, width=115),
            Column("number", Text("Repairs", "修复数"), "none", width=80),
            Column("worst", Text("Longest", "最长"), LASTED, width=115),
            Column("returned", Text("Came back", "复发次数"), "none", width=90),
            *hidden("Time", "rule"),
        ],
    )


BY_RULE = _repairs(
    "rule",
    Text("How long our repairs take, by fault", "修复用时（按故障）"),
    Text(
        "Of tickets resolved in the days shown: from the beginning of the fault until it was over.",
        "所选日期内解决的工单：从故障开始到结束的时长。",
    ),
    Column("title", Text("What was wrong", "故障")),
    ', last("title") AS "title"',
)
BY_SITE = _repairs(
    "site",
    Text("How long our repairs take, by site", "修复用时（按站点）"),
    Text("The same by site. A click opens the site.", "同上，按站点统计；点击可打开站点。"),
    site_column(0),
)

MONTHS = Table(
    title=Text("Repairs by month", "每月修复情况"),
    description=Text(
        "By month, site and fault, the newest month first; the month that runs as of now. 1000 rows at most.",
        "按月、站点和故障统计，最新月份在前；当月截至目前。最多 1000 行。",
    ),
    queries=[
        Query(
            'SELECT "title{lang}" AS "title", "resolved", "mean_seconds", "median_seconds", "longest_seconds", '
            '"flaps", "site" FROM "repair" WHERE {until} AND {site} AND "period" = \'month\' AND "resolved" > 0 '
            "ORDER BY time DESC LIMIT 1000",
            "daily",
            table=True,
        )
    ],
    height=10,
    columns=[
        Column("Time", Text("Month", "月份"), "time:YYYY-MM", width=110),
        ON_SITE,
        Column("title", Text("What was wrong", "故障")),
        Column("resolved", Text("Repairs", "修复数"), "none", width=90),
        Column("mean_seconds", Text("Mean", "平均"), LASTED, width=130),
        Column("median_seconds", Text("Median", "中位数"), LASTED, width=130),
        Column("longest_seconds", Text("Longest", "最长"), LASTED, width=130),
        Column("flaps", Text("Came back", "复发次数"), "none", width=100),
    ],
)

BACK = Table(
    title=Text("Faults that come back", "反复出现的故障"),
    description=Text(
        "Tickets of the time shown whose fault came back soon after it was over, and was told as the same ticket.",
        "所选时间内开启、恢复后很快复发的工单；复发计入同一工单。",
    ),
    queries=[
        Query(
            'SELECT "flaps", "open", "number", "severity", "title{lang}" AS "title", "device_name", "url_path", '
            '"site", "device" FROM "ticket" WHERE $timeFilter AND "flaps" > 0 AND {site} ORDER BY time DESC LIMIT 200',
            "daily",
            table=True,
        )
    ],
    height=9,
    sort=(Text("Came back", "复发次数"), True),
    columns=[
        *ticket_columns(ON_SITE, Column("flaps", Text("Came back", "复发次数"), "none", width=90), resolved=True),
    ],
    empty=NO_TICKETS,
)

ALL = Table(
    title=Text("Tickets opened in this time", "所选时间内开启的工单"),
    description=Text("The newest 300, open or resolved.", "最新 300 条，含已解决的。"),
    queries=[tickets("$timeFilter", limit=300)],
    height=10,
    columns=ticket_columns(ON_SITE, resolved=True),
    empty=NO_TICKETS,
)

board = Board(
    name="tickets",
    title=Text("Tickets and repairs", "工单与修复"),
    description=Text(
        "What is open and since when, how long repairs take by fault, site and month, what comes back.",
        "未解决的工单及时长，按故障、站点和月份的修复用时，反复出现的故障。",
    ),
    since="now-30d",
    rows=[
        Row([*NUMBERS, OPEN]),
        Row([OVER_TIME, FLOW, BY_RULE, BY_SITE, MONTHS], Text("How long our repairs take", "修复用时")),
        Row([BACK, ALL], Text("All of them", "全部")),
    ],
    variables=[CONSOLE, SITE],
    annotations=[maintenance(), BLINDNESS],
    links=[("fleet", Text("Fleet", "全局")), ("site", Text("Site", "站点"))],
)
