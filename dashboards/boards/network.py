"""Network and uplinks: the ways from sites to the hub, switches and their ports, what answers late or not at all."""

from dashboards.annotation import marks
from dashboards.board import Board, Row
from dashboards.devices import course, device_column, site_column
from dashboards.limits import GREEN, PLAIN, RED, Limit, above
from dashboards.panel import Column, Lines, Number, States, Table
from dashboards.query import Query
from dashboards.text import Text
from dashboards.variable import CLOSER, CONSOLE, SITE, agents, devices
from dashboards.words import (
    DEVICE_PATH,
    LASTED,
    NO_TICKETS,
    TO_AGENT,
    YES_IS_BAD,
    YES_IS_GOOD,
    hidden,
    ticket_columns,
    tickets,
)

ERRORS = above(Limit("port_errors", "raise_per_second"))
FEEDS = {"1": (Text("yes", "是"), PLAIN), "0": (Text("no", "否"), PLAIN)}
LINK = {"1": (Text("up", "连通"), GREEN), "0": (Text("down", "断开"), RED)}
AGENT_COLUMN = Column("agent", Text("Agent", "代理"), link=TO_AGENT, width=130)


def share(title: Text, description: Text, kind: str, metric: str, yes: Text) -> Number:
    """Of how many devices the newest value is 1, and of how many there is one at all."""
    newest = (
        f'SELECT last("{metric}") AS "n" FROM "{kind}" WHERE {{quarter}} AND {{site}} AND {{agent}} '
        'GROUP BY "site", "device"'
    )
    return Number(
        title=title,
        description=description,
        queries=[
            Query(f'SELECT sum("n") FROM ({newest}) WHERE {{quarter}}', alias=yes),
            Query(f'SELECT count("n") FROM ({newest}) WHERE {{quarter}}', alias=Text("heard of", "有数据")),
        ],
        unit="none",
        width=6,
        height=4,
    )


def trend(kind: str, figure: str, devices_too: bool = False) -> Query:
    """A figure over time, a line a device of the one site."""
    return course(figure, kind, "raw", "{closer} AND {agent}" + (" AND {device}" if devices_too else ""))


NOW_ROW = Row(
    [
        share(
            Text("Switches", "交换机"),
            Text("Switches that answer, of those told of.", "有数据的交换机中可达的数量。"),
            "switch",
            "reachable",
            Text("answer", "可达"),
        ),
        share(
            Text("Paths", "链路"),
            Text(
                "Paths whose other end answers, of those told of: gateways, the hub, whatever agents are told to ping.",
                "有数据的链路中对端可达的数量：网关、中心及代理所监测的其他对端。",
            ),
            "network",
            "path_up",
            Text("answer", "可达"),
        ),
        share(
            Text("Ports and interfaces", "端口与网口"),
            Text("Ports and interfaces that have a link, of those told of.", "有数据的端口与网口中已连接的数量。"),
            "network",
            "link_up",
            Text("have a link", "已连接"),
        ),
        share(
            Text("Power over Ethernet", "PoE 供电"),
            Text("Ports that refuse power or are short-circuited, of those told of.", "有数据的端口中供电故障的数量。"),
            "network",
            "poe_fault",
            Text("faults", "故障"),
        ),
    ]
)

UPLINKS = Row(
    [
        States(
            title=Text("Paths over time", "链路状态变化"),
            description=Text(
                "Whether the other end of each path answered; the worst of each step. Empty where nobody told.",
                "各链路对端是否可达，取每段最差值。无数据处留空。",
            ),
            queries=[trend("network", 'min("path_up")')],
            unit="none",
            interval="5m",
            states=LINK,
            width=12,
        ),
        Lines(
            title=Text("Time to the other end", "链路时延"),
            description=Text("How long the other end of each path takes to answer.", "各链路对端的应答时间。"),
            queries=[trend("network", 'max("path_seconds")')],
            unit="s",
            interval="2m",
            least=0,
        ),
        Table(
            title=Text("Devices that answer late or not at all", "应答慢或无应答的设备"),
            description=Text(
                "Pings lost, and their round trip, by device over the whole days (UTC) of the time shown: choose some. "
                "Slow is what is slow beside the device's own past (rule ping_slow): there is no threshold for all.",
                "所选时间内各整日（UTC）的丢包率与往返时延，请选择数天。快慢是与设备自身历史相比（规则 ping_slow）。",
            ),
            queries=[
                Query(
                    'SELECT mean("ping_loss_ratio_mean") AS "loss", mean("ping_seconds_mean") AS "usual", '
                    'max("ping_seconds_max") AS "longest" FROM "camera", "recorder", "switch", "door" '
                    'WHERE $timeFilter AND {site} AND {agent} GROUP BY "site", "agent", "device"',
                    "daily",
                    table=True,
                )
            ],
            height=9,
            sort=(Text("Lost", "丢包率"), True),
            columns=[
                *hidden("Time"),
                site_column(),
                AGENT_COLUMN,
                device_column(0),
                Column("loss", Text("Lost", "丢包率"), "percentunit", width=150),
                Column("usual", Text("Round trip, mean", "往返时延（平均）"), "s", width=170),
                Column("longest", Text("Round trip, longest", "往返时延（最长）"), "s", width=170),
            ],
        ),
    ],
    Text("Ways to and within sites", "站点链路"),
)

SWITCHES = Row(
    [
        Table(
            title=Text("Switches now", "交换机现状"),
            description=Text(
                "The newest of each switch within a quarter of an hour: whether it answers and takes our account, its "
                "ports, the power it delivers.",
                "各交换机一刻钟内的最新值：是否可达、账号是否有效、端口数与供电功率。",
            ),
            queries=[
                Query(
                    'SELECT last("reachable") AS "reachable", last("authenticated") AS "authenticated", '
                    'last("response_seconds") AS "response", last("switch_ports_up") AS "ports", '
                    'last("poe_power_watts") AS "power", last("poe_budget_watts") AS "budget", '
                    'last("uptime_seconds") AS "uptime" FROM "switch" '
                    'WHERE {quarter} AND {site} AND {agent} GROUP BY "site", "agent", "device"',
                    table=True,
                )
            ],
            height=7,
            columns=[
                *hidden("Time"),
                site_column(),
                AGENT_COLUMN,
                Column("device", Text("Switch", "交换机"), link=DEVICE_PATH),
                Column("reachable", Text("Answers", "可达"), states=YES_IS_GOOD, width=85),
                Column("authenticated", Text("Account accepted", "账号有效"), states=YES_IS_GOOD, width=140),
                Column("response", Text("Time to answer", "响应时间"), "s", width=125),
                Column("ports", Text("Ports with a link", "已连接端口"), "none", width=140),
                Column("power", Text("Power delivered", "供电功率"), "watt", width=130),
                Column("budget", Text("Power it can deliver", "可供功率"), "watt", width=160),
                Column("uptime", Text("Up for", "开机时长"), LASTED, width=140),
            ],
        ),
        States(
            title=Text("Switches over time", "交换机状态变化"),
            description=Text(
                "Whether each switch answered; the worst of each step (rule switch_unreachable).",
                "各交换机是否可达，取每段最差值（规则 switch_unreachable）。",
            ),
            queries=[trend("switch", 'min("reachable")')],
            unit="none",
            interval="5m",
            states=YES_IS_GOOD,
            height=7,
        ),
        Lines(
            title=Text("Power over Ethernet delivered", "PoE 输出功率"),
            description=Text(
                "What each switch delivers. A sudden fall means that cameras went dark (rule poe_lost).",
                "各交换机的供电功率。突然下降意味着摄像机断电（规则 poe_lost）。",
            ),
            queries=[trend("switch", 'max("poe_power_watts")')],
            unit="watt",
            interval="2m",
            least=0,
            height=7,
        ),
    ],
    Text("Switches", "交换机"),
)

PORTS = Row(
    [
        Table(
            title=Text("Ports and interfaces now", "端口与网口现状"),
            description=Text(
                "The newest of each port and interface within a quarter of an hour. Errors are coloured where the rule "
                "port_errors raises its ticket.",
                "各端口与网口一刻钟内的最新值。错误速率达到规则 port_errors 的阈值即变色。",
            ),
            queries=[
                Query(
                    'SELECT last("link_up") AS "link", last("link_speed_bits_per_second") AS "speed", '
                    'last("network_receive_bytes_per_second") AS "received", '
                    'last("network_transmit_bytes_per_second") AS "sent", '
                    'last("network_errors_per_second") AS "errors", last("network_drops_per_second") AS "drops", '
                    'last("poe_delivering") AS "feeds", last("poe_fault") AS "fault" FROM "network" '
                    'WHERE {quarter} AND {closer} AND {agent} AND {device} GROUP BY "site", "device"',
                    table=True,
                )
            ],
            height=9,
            columns=[
                *hidden("Time"),
                site_column(),
                Column("device", Text("Port or interface", "端口或网口"), link=DEVICE_PATH),
                Column("link", Text("Link", "连接"), states=LINK, width=90),
                Column("speed", Text("Speed", "速率"), "bps", width=110),
                Column("received", Text("Received", "接收"), "Bps", width=120),
                Column("sent", Text("Sent", "发送"), "Bps", width=120),
                Column("errors", Text("Errors", "错误"), "suffix:/s", limits=ERRORS, width=110),
                Column("drops", Text("Dropped", "丢包"), "suffix:/s", width=110),
                Column("feeds", Text("Feeds its device", "正在供电"), states=FEEDS, width=140),
                Column("fault", Text("Power fault", "供电故障"), states=YES_IS_BAD, width=110),
            ],
        ),
        States(
            title=Text("Links over time", "连接状态变化"),
            description=Text(
                "Whether each port or interface chosen had a link; the worst of each step.",
                "所选端口或网口是否已连接，取每段最差值。",
            ),
            queries=[trend("network", 'min("link_up")', devices_too=True)],
            unit="none",
            interval="5m",
            states=LINK,
        ),
        Lines(
            title=Text("Packets with errors", "错误包速率"),
            description=Text(
                "Packets with errors, both ways, a second; the line is where the rule port_errors raises its ticket.",
                "每秒双向错误包数；虚线为规则 port_errors 的工单阈值。",
            ),
            queries=[trend("network", 'max("network_errors_per_second")', devices_too=True)],
            unit="suffix:/s",
            interval="2m",
            limits=ERRORS,
            least=0,
        ),
        Lines(
            title=Text("Received", "接收速率"),
            description=Text("Bytes received a second, on average.", "平均每秒接收字节数。"),
            queries=[trend("network", 'mean("network_receive_bytes_per_second")', devices_too=True)],
            unit="Bps",
            interval="2m",
            least=0,
        ),
        Lines(
            title=Text("Sent", "发送速率"),
            description=Text("Bytes sent a second, on average.", "平均每秒发送字节数。"),
            queries=[trend("network", 'mean("network_transmit_bytes_per_second")', devices_too=True)],
            unit="Bps",
            interval="2m",
            least=0,
        ),
    ],
    Text("One site, port by port", "单个站点，逐个端口"),
)

TICKETS = Row(
    [
        Table(
            title=Text("Tickets of the network", "网络工单"),
            description=Text(
                "Tickets about switches, ports, paths and silent agents, opened within the time shown; a click opens "
                "one in the console.",
                "所选时间内开启的、关于交换机、端口、链路及失联代理的工单；点击可在控制台中打开。",
            ),
            queries=[
                tickets("$timeFilter AND (\"kind\" = 'switch' OR \"kind\" = 'network' OR \"kind\" = 'agent')"),
            ],
            height=9,
            columns=ticket_columns(site_column(110), resolved=True),
            empty=NO_TICKETS,
        )
    ],
    Text("Tickets", "工单"),
)

board = Board(
    name="network",
    title=Text("Network and uplinks", "网络与链路"),
    description=Text(
        "Ways to and within sites, switches and their ports, and what answers late.",
        "站点链路、交换机与端口，以及应答慢的设备。",
    ),
    rows=[NOW_ROW, UPLINKS, SWITCHES, PORTS, TICKETS],
    variables=[CONSOLE, SITE, CLOSER, agents(), devices("network", "closer", "agent")],
    annotations=marks("{closer}"),
    since="now-7d",
    links=[("fleet", Text("Fleet", "全局")), ("site", Text("Site", "站点"))],
)
