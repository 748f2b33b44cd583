"""The whole fleet: which sites need somebody today, and how each stands by the inspector's four rates."""

from dashboards.annotation import BLINDNESS, maintenance
from dashboards.board import Board, Row
from dashboards.devices import site_column
from dashboards.limits import ORANGE, RED
from dashboards.panel import ANY, NOTHING, Column, Lines, Number, Table
from dashboards.query import Query
from dashboards.text import Text
from dashboards.variable import CONSOLE, SITE
from dashboards.words import (
    FLEET,
    NEEDED,
    NO_TICKETS,
    NONE_IS_BETTER,
    NONE_IS_GOOD,
    SEVERITY_COLOURS,
    SINCE,
    rate_columns,
    rates,
    ticket_columns,
    tickets,
)

NEWEST = 'FROM "site_state" WHERE {quarter} AND {site} GROUP BY "site"'
"""States are written every five minutes: of a site without one for a quarter of an hour nothing is known."""
GRAVE, WORRYING = {ANY: (NOTHING, RED)}, {ANY: (NOTHING, ORANGE)}

board = Board(
    name="fleet",
    title=FLEET,
    description=Text("Which sites need somebody today.", "今天哪些站点需要处理。"),
    since="now-30d",
    rows=[
        Row(
            [
                *(
                    Number(
                        title=title,
                        description=Text(
                            f"Open tickets of this severity ({severity}), over the sites chosen.",
                            f"所选站点中未解决的{zh}工单数。",
                        ),
                        queries=[
                            Query(
                                f'SELECT sum("n") FROM (SELECT last("open_{severity}") AS "n" {NEWEST}) '
                                "WHERE {quarter}"
                            )
                        ],
                        unit="short",
                        width=6,
                        height=4,
                        states=states,
                    )
                    for severity, title, zh, states in (
                        ("critical", Text("Critical tickets", "严重工单"), "严重", NONE_IS_GOOD),
                        ("warning", Text("Warnings", "警告工单"), "警告", NONE_IS_BETTER),
                    )
                ),
                Number(
                    title=Text("Agents silent", "失联代理"),
                    description=Text(
                        "Agents that the hub has not heard for longer than the rule agent_silent allows.",
                        "超过规则 agent_silent 时限未上报的代理数。",
                    ),
                    queries=[
                        Query(f'SELECT sum("n") FROM (SELECT last("agents_silent") AS "n" {NEWEST}) WHERE {{quarter}}')
                    ],
                    unit="short",
                    width=6,
                    height=4,
                    states=NONE_IS_GOOD,
                ),
                Number(
                    title=Text("Sites heard", "有数据的站点"),
                    description=Text(
                        "Sites whose state the hub has written within the last quarter of an hour.",
                        "最近一刻钟内有状态记录的站点数。",
                    ),
                    queries=[
                        Query(f'SELECT count("n") FROM (SELECT last("devices") AS "n" {NEWEST}) WHERE {{quarter}}')
                    ],
                    unit="short",
                    width=6,
                    height=4,
                ),
                Table(
                    title=NEEDED,
                    description=Text(
                        "One row a site: open tickets by severity, silent agents, devices out of service. "
                        "A site without a row has no state of the last quarter of an hour.",
                        "每站点一行：各级未解决工单、失联代理、中断设备。没有出现的站点最近一刻钟内没有状态。",
                    ),
                    queries=[
                        Query(
                            'SELECT "open_critical" AS "critical", "open_warning" AS "warning", "open_info" AS "info", '
                            '"agents_silent" AS "silent", "devices_down" AS "down", "devices_unknown" AS "unknown", '
                            f'"devices" AS "devices", "oldest_at" AS "oldest" {NEWEST} ORDER BY time DESC LIMIT 1',
                            table=True,
                        )
                    ],
                    height=10,
                    sort=(Text("Critical", "严重"), True),
                    then=[(Text("Warnings", "警告"), True)],
                    columns=[
                        site_column(180),
                        Column("critical", Text("Critical", "严重"), "short", states=GRAVE),
                        Column("warning", Text("Warnings", "警告"), "short", states=WORRYING),
                        Column("info", Text("Information", "提示"), "short"),
                        Column("silent", Text("Agents silent", "失联代理"), "short", states=GRAVE),
                        Column("down", Text("Out of service", "中断设备"), "short", states=GRAVE),
                        Column("unknown", Text("Unknown", "状态未知"), "short", states=WORRYING),
                        Column("devices", Text("Devices", "设备数"), "short"),
                        Column("oldest", Text("Oldest ticket", "最早工单"), SINCE, width=165),
                        Column("Time", Text("As of", "截至"), SINCE, width=165),
                    ],
                ),
                Table(
                    title=Text("Open tickets", "未解决工单"),
                    description=Text(
                        "All that are open, however old, the newest 200 first; a click opens one in the console.",
                        "全部未解决工单，最新的 200 条在前；点击可在控制台中打开。",
                    ),
                    queries=[tickets('{until} AND "open" = 1')],
                    height=10,
                    columns=ticket_columns(site_column(110)),
                    empty=NO_TICKETS,
                ),
            ]
        ),
        Row(
            [
                Lines(
                    title=Text("Tickets opened, day by day", "每日新开工单"),
                    description=Text(
                        "By severity, at the sites chosen. Days are UTC's.", "所选站点，按严重程度；按 UTC 日统计。"
                    ),
                    queries=[
                        Query(
                            f'SELECT count("number") FROM "ticket" WHERE $timeFilter AND {{site}} '
                            f'AND "severity_rank" = {rank} GROUP BY time($__interval) fill(0)',
                            "daily",
                            title,
                        )
                        for rank, title in (
                            (2, Text("Critical", "严重")),
                            (1, Text("Warnings", "警告")),
                            (0, Text("Information", "提示")),
                        )
                    ],
                    unit="short",
                    interval="1d",
                    steps=True,
                    width=24,
                    least=0,
                    colours=SEVERITY_COLOURS,
                ),
                Table(
                    title=Text("The inspector's four rates, by site and month", "四项考核率（按站点和月份）"),
                    description=Text(
                        "Online, recording integrity, picture quality, clock accuracy. Without evidence: empty.",
                        "在线率、录像完好率、图像合格率、校时准确率。没有依据的留空。",
                    ),
                    queries=rates(limit=500),
                    merge=True,
                    sort=(Text("Month", "月份"), True),
                    height=9,
                    columns=[
                        Column("Time", Text("Month", "月份"), "time:YYYY-MM", width=110),
                        site_column(),
                        *rate_columns(),
                    ],
                ),
            ],
            Text("Over time", "变化"),
        ),
    ],
    variables=[CONSOLE, SITE],
    annotations=[maintenance(), BLINDNESS],
    links=[("tickets", Text("Tickets", "工单")), ("hub", Text("Hub", "中心"))],
)
