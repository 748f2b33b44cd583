"""The whole fleet: which sites need somebody today, and how each stands by the inspector's four rates."""

from dashboards.annotation import MARKS
from dashboards.board import Board, Row, to
from dashboards.panel import Column, Lines, Number, Table
from dashboards.query import Query
from dashboards.text import Text
from dashboards.variable import CONSOLE, SITE
from dashboards.words import SEVERITY, TICKET_PATH

NOW = "time > now() - 15m"
"""Of states that are written every five minutes: three missed, and nothing is known."""

TO_SITE = to("site", site="${__data.fields.site}")

board = Board(
    name="fleet",
    title=Text("Fleet overview", "全局概览"),
    description=Text("Which sites need somebody today.", "今天哪些站点需要处理。"),
    since="now-7d",
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
                                f'SELECT sum("n") FROM (SELECT last("open_{severity}") AS "n" FROM "site_state" '
                                f'WHERE {NOW} AND {{site}} GROUP BY "site") WHERE {NOW}'
                            )
                        ],
                        unit="short",
                        width=6,
                        height=4,
                        states={"0": (Text("none", "无"), "green")},
                    )
                    for severity, title, zh in (
                        ("critical", Text("Critical tickets", "严重工单"), "严重"),
                        ("warning", Text("Warnings", "警告工单"), "警告"),
                    )
                ),
                Number(
                    title=Text("Agents silent", "失联代理"),
                    description=Text(
                        "Agents that the hub has not heard for longer than the rule agent_silent allows.",
                        "超过规则 agent_silent 时限未上报的代理数。",
                    ),
                    queries=[
                        Query(
                            f'SELECT sum("n") FROM (SELECT last("agents_silent") AS "n" FROM "site_state" '
                            f'WHERE {NOW} AND {{site}} GROUP BY "site") WHERE {NOW}'
                        )
                    ],
                    unit="short",
                    width=6,
                    height=4,
                    states={"0": (Text("none", "无"), "green")},
                ),
                Number(
                    title=Text("Sites heard", "有数据的站点"),
                    description=Text(
                        "Sites whose state the hub has written within a quarter of an hour.",
                        "一刻钟内有状态记录的站点数。",
                    ),
                    queries=[
                        Query(
                            f'SELECT count("n") FROM (SELECT last("devices") AS "n" FROM "site_state" '
                            f'WHERE {NOW} AND {{site}} GROUP BY "site") WHERE {NOW}'
                        )
                    ],
                    unit="short",
                    width=6,
                    height=4,
                ),
                Table(
                    title=Text("Which sites need me today", "今天哪些站点需要处理"),
                    description=Text(
                        "One row a site: open tickets by severity, silent agents, devices out of service.",
                        "每站点一行：各级未解决工单、失联代理、中断设备。",
                    ),
                    queries=[
                        Query(
                            'SELECT last("open_critical") AS "critical", last("open_warning") AS "warning", '
                            'last("open_info") AS "info", last("agents_silent") AS "silent", '
                            'last("devices_down") AS "down", last("devices_unknown") AS "unknown", '
                            f'last("devices") AS "devices", last("oldest_at") AS "oldest" FROM "site_state" '
                            f'WHERE {NOW} AND {{site}} GROUP BY "site"',
                            table=True,
                        )
                    ],
                    height=10,
                    sort=(Text("Critical", "严重"), True),
                    columns=[
                        Column("Time", Text("Time", "时间"), hidden=True),
                        Column("site", Text("Site", "站点"), link=TO_SITE, width=180),
                        Column("critical", Text("Critical", "严重"), "short", states={"0": (Text("0", "0"), "text")}),
                        Column("warning", Text("Warnings", "警告"), "short"),
                        Column("info", Text("Information", "提示"), "short"),
                        Column("silent", Text("Agents silent", "失联代理"), "short"),
                        Column("down", Text("Out of service", "中断设备"), "short"),
                        Column("unknown", Text("Unknown", "状态未知"), "short"),
                        Column("devices", Text("Devices", "设备数"), "short"),
                        Column("oldest", Text("Oldest ticket", "最早工单"), "dateTimeFromNow"),
                    ],
                ),
                Table(
                    title=Text("Open tickets", "未解决工单"),
                    description=Text(
                        "Tickets opened within the time shown and still open; a click opens one in the console.",
                        "所选时间内开启且尚未解决的工单；点击可在控制台中打开。",
                    ),
                    queries=[
                        Query(
                            'SELECT "number", "severity", "title{lang}" AS "title", "device_name", '
                            '"summary{lang}" AS "summary", "url_path", "site", "device" FROM "ticket" '
                            'WHERE $timeFilter AND "open" = 1 AND {site} '
                            "ORDER BY time DESC LIMIT 200",
                            "daily",
                            table=True,
                        )
                    ],
                    height=10,
                    columns=[
                        Column("Time", Text("Opened", "开启时间"), "dateTimeAsIso", width=170),
                        Column("number", Text("Ticket", "工单"), "none", link=TICKET_PATH, width=80),
                        Column("severity", Text("Severity", "严重程度"), states=SEVERITY, width=100),
                        Column("title", Text("What", "故障"), link=TICKET_PATH),
                        Column("device_name", Text("Name", "名称")),
                        Column("summary", Text("In words", "说明")),
                        Column("url_path", Text("Path", "路径"), hidden=True),
                        Column("site", Text("Site", "站点"), link=TO_SITE, width=140),
                        Column("device", Text("Device", "设备"), width=140),
                    ],
                ),
            ]
        ),
        Row(
            [
                Lines(
                    title=Text("Open tickets over time", "未解决工单变化"),
                    description=Text(
                        "Open tickets by severity, over the sites chosen.", "所选站点未解决工单数，按严重程度。"
                    ),
                    queries=[
                        Query(
                            f'SELECT sum("n") FROM (SELECT mean("open_{severity}") AS "n" FROM "site_state" '
                            'WHERE $timeFilter AND {site} GROUP BY time($__interval), "site") '
                            "WHERE $timeFilter GROUP BY time($__interval) fill(null)",
                            alias=title,
                        )
                        for severity, title in (
                            ("critical", Text("Critical", "严重")),
                            ("warning", Text("Warnings", "警告")),
                            ("info", Text("Information", "提示")),
                        )
                    ],
                    unit="short",
                    interval="5m",
                    width=24,
                    least=0,
                ),
                Table(
                    title=Text("The inspector's four rates, by site and month", "四项考核率（按站点和月份）"),
                    description=Text(
                        "Online, recording integrity, picture quality, clock accuracy. Without evidence: empty.",
                        "在线率、录像完好率、图像合格率、校时准确率。没有依据的留空。",
                    ),
                    queries=[
                        Query(
                            'SELECT "online_ratio", "integrity_ratio", "picture_ratio", "clock_ratio", '
                            '"online_devices", "site" FROM "site_rate" '
                            "WHERE time > now() - 400d AND \"period\" = 'month' AND {site} "
                            "ORDER BY time DESC LIMIT 2000",
                            "daily",
                            table=True,
                        )
                    ],
                    height=9,
                    columns=[
                        Column("Time", Text("Month", "月份"), "time:YYYY-MM", width=110),
                        Column("online_ratio", Text("Online", "在线率"), "percentunit"),
                        Column("integrity_ratio", Text("Recording integrity", "录像完好率"), "percentunit"),
                        Column("picture_ratio", Text("Picture quality", "图像合格率"), "percentunit"),
                        Column("clock_ratio", Text("Clock accuracy", "校时准确率"), "percentunit"),
                        Column("online_devices", Text("Devices", "设备数"), "short"),
                        Column("site", Text("Site", "站点"), link=TO_SITE, width=180),
                    ],
                ),
            ],
            Text("Over time", "变化"),
        ),
    ],
    variables=[CONSOLE, SITE],
    annotations=MARKS,
    links=[("tickets", Text("Tickets", "工单")), ("hub", Text("Hub", "中心"))],
)
