"""One agent, the machine it runs on, and the recorders it watches."""

from collections.abc import Sequence

from dashboards.annotation import marks
from dashboards.board import Board, Row
from dashboards.devices import course
from dashboards.limits import Limit, Limits, above
from dashboards.panel import Bars, Lines, Number, States, Table
from dashboards.query import Query
from dashboards.text import Text
from dashboards.variable import CONSOLE, ONE_SITE, agents
from dashboards.words import (
    AGE,
    CHANGE_COLUMNS,
    LASTED,
    NO_TICKETS,
    NONE_IS_BETTER,
    SECONDS,
    YES_IS_BAD,
    YES_IS_GOOD,
    changed,
    of_metric,
    ticket_columns,
    tickets,
)
from wire.metrics import COLLECTORS

AN_HOUR = 3600.0
"""s: a recorder's own figures are asked for now and then."""
RECORDER = "${console}/sites/${site}/devices/${__field.labels.device}"


def _last(
    kind: str, metric: str, title: Text, unit: str, limits: Limits | None = None, *, none: bool = False
) -> Number:
    return Number(
        title=title,
        description=of_metric(metric),
        queries=[
            Query(
                f'SELECT last("{metric}") FROM "{kind}" WHERE {{hour}} AND {{site}} AND {{agent}} GROUP BY "agent"',
                alias="$tag_agent",
            )
        ],
        unit=unit,
        limits=limits,
        width=4,
        height=4,
        states=NONE_IS_BETTER if none else {},
    )


def _host(metrics: Sequence[tuple[str, Text]], title: Text, description: Text, unit: str, **more: object) -> Lines:
    """Metrics of the machine over time, one line each."""
    return Lines(
        title=title,
        description=description,
        queries=[
            Query(
                f'SELECT {"max" if unit != "Bps" else "mean"}("{metric}") FROM "host" WHERE $timeFilter AND {{site}} '
                "AND {agent} GROUP BY time($__interval) fill(null)",
                alias=text,
            )
            for metric, text in metrics
        ],
        unit=unit,
        interval="1m",
        **more,  # type: ignore[arg-type]
    )


def _course(figure: str, kind: str, alias: Text | str = "$tag_device") -> Query:
    return course(figure, kind, "raw", "{site} AND {agent}", alias=alias)


def _recorders(metric: str, function: str, title: Text, unit: str | Text, bridged_seconds: float = 0.0) -> Lines:
    return Lines(
        title=title,
        description=of_metric(metric),
        queries=[_course(f'{function}("{metric}")', "recorder")],
        unit=unit,
        interval="1m",
        link=RECORDER,
        bridged_seconds=bridged_seconds,
    )


NUMBERS = [
    Number(
        title=Text("Reports, last hour", "近一小时上报次数"),
        description=Text(
            "How often the agent said in the last hour that it runs. No data: it is silent.",
            "最近一小时内代理上报运行状态的次数；无数据表示失联。",
        ),
        queries=[Query('SELECT count("up") FROM "agent" WHERE {hour} AND {site} AND {agent}')],
        unit="none",
        width=4,
        height=4,
    ),
    _last("agent", "collectors_failing", Text("Collectors failing", "失败的采集器"), "none", none=True),
    _last("agent", "collectors_unavailable", Text("Collectors lacking something", "缺少条件的采集器"), "none"),
    _last(
        "agent",
        "spool_reports",
        Text("Reports waiting", "待确认报告"),
        "none",
        above(Limit("agent_behind", "raise_reports")),
    ),
    _last("agent", "spool_lost_samples", Text("Samples given up", "已丢弃样本"), "none", none=True),
    _last("host", "uptime_seconds", Text("Machine is up for", "主机运行时长"), LASTED),
]

OPEN = Table(
    title=Text("Open tickets of its devices", "所辖设备的未解决工单"),
    description=Text(
        "Of the devices that this agent watches, and of itself; the newest first.",
        "该代理及其监视设备的未解决工单，最新的在前。",
    ),
    queries=[tickets('{until} AND "open" = 1 AND {agent}')],
    columns=ticket_columns(),
    empty=NO_TICKETS,
)

COLLECTED = States(
    title=Text("Collectors", "采集器"),
    description=Text(
        "Whether each collector's last run succeeded. What this agent does not run has nothing drawn.",
        "各采集器上次运行是否成功；未启用的采集器不绘制。",
    ),
    queries=[
        Query(
            "SELECT "
            + ", ".join(f'min("collector_{name}_ok") AS "{name}"' for name in COLLECTORS)
            + ' FROM "agent" WHERE $timeFilter AND {site} AND {agent} GROUP BY time($__interval) fill(null)',
            alias="$col",
        )
    ],
    unit="none",
    states=YES_IS_GOOD,
    interval="15m",
    width=9,
    height=12,
)


def _of_each(function: str) -> str:
    """What is selected of every collector's run, in seconds."""
    return ", ".join(f'{function}("collector_{name}_seconds") AS "{name}"' for name in COLLECTORS)


LONGEST = Bars(
    title=Text("Longest run of each collector", "各采集器最长用时"),
    description=Text("Within the time shown: what is slow at this site.", "所选时间内的最长一次运行：现场哪一项慢。"),
    queries=[
        Query(
            f'SELECT {_of_each("max")} FROM "agent" WHERE $timeFilter AND {{site}} AND {{agent}}',
            alias="$col",
        )
    ],
    unit=SECONDS,
    decimals=1,
    least=0,
    width=6,
    height=12,
)
TOOK = Lines(
    title=Text("How long collectors take", "采集用时变化"),
    description=Text("The mean of each hour: which became slower, and when.", "每小时平均值：哪一项变慢、从何时开始。"),
    queries=[
        Query(
            f"SELECT {_of_each('mean')}"
            ' FROM "agent" WHERE $timeFilter AND {site} AND {agent} GROUP BY time($__interval) fill(null)',
            alias="$col",
        )
    ],
    unit="s",
    interval="1h",
    width=9,
    height=12,
)

SPOOL = Lines(
    title=Text("Reports waiting over time", "待确认报告变化"),
    description=Text(
        "Reports kept on disk until the hub commits them: a slope is a hub or a way that is away.",
        "等待中心确认的本地报告；持续上升说明中心或链路不可用。",
    ),
    queries=[_course('max("spool_reports")', "agent")],
    unit="none",
    limits=above(Limit("agent_behind", "raise_reports")),
    interval="1m",
    least=0,
)

MEMORY = Lines(
    title=Text("The agent's own memory", "代理自身内存"),
    description=of_metric("process_rss_bytes"),
    queries=[_course('max("process_rss_bytes")', "agent")],
    unit="bytes",
    interval="1m",
    least=0,
)

LOAD = _host(
    [("cpu_ratio", Text("Processor", "处理器")), ("memory_used_ratio", Text("Memory", "内存"))],
    Text("Processor and memory", "处理器与内存"),
    Text(
        "Shares in use. The line is where rule host_overloaded begins to count.",
        "使用率；虚线为规则 host_overloaded 的阈值。",
    ),
    "percentunit",
    limits=above(Limit("host_overloaded", "raise_cpu_ratio")),
    least=0,
    most=1,
)
HEAT = _host(
    [("temperature_celsius", Text("Hottest sensor", "最热传感器"))],
    Text("Temperature of the machine", "主机温度"),
    Text("Of its hottest sensor; the line is where rule host_hot raises.", "最热传感器；虚线为规则 host_hot 的阈值。"),
    "celsius",
    limits=above(Limit("host_hot", "raise_celsius")),
)
TRAFFIC = _host(
    [
        ("network_receive_bytes_per_second", of_metric("network_receive_bytes_per_second")),
        ("network_transmit_bytes_per_second", of_metric("network_transmit_bytes_per_second")),
    ],
    Text("Network of the machine", "主机网络"),
    Text("All interfaces together.", "所有网口合计。"),
    "Bps",
    least=0,
)
REBOOTS = _host(
    [("unexpected_reboots", of_metric("unexpected_reboots"))],
    Text("Unexpected reboots", "异常重启"),
    Text("Since the agent was installed; each step is one.", "自代理安装以来累计；每个台阶为一次。"),
    "none",
    steps=True,
    least=0,
)

ANSWERING = States(
    title=Text("Recorders answer", "录像机可达"),
    description=Text("Red: it did not answer its management protocol.", "红色：管理协议无应答。"),
    queries=[_course('min("reachable")', "recorder")],
    unit="none",
    states=YES_IS_GOOD,
    link=RECORDER,
    interval="15m",
)
FAILURES = States(
    title=Text("Recorders' own alarms", "录像机自身告警"),
    description=Text(
        "What the recorders tell of storage, power supply, fan and temperature; red: a failure. No data: they tell of "
        "none of these, as most do.",
        "录像机报告的存储、电源、风扇与温度告警；红色为故障。无数据表示录像机不报告这些项目，多数型号如此。",
    ),
    queries=[
        _course(f'max("{metric}")', "recorder", Text(f"$tag_device: {en}", f"$tag_device：{zh}"))
        for metric, en, zh in (
            ("storage_failure", "storage", "存储"),
            ("power_failure", "power supply", "电源"),
            ("fan_failure", "fan", "风扇"),
            ("temperature_critical", "temperature", "温度"),
        )
    ],
    unit="none",
    states=YES_IS_BAD,
    link=RECORDER,
    interval="15m",
)
RUNNING = States(
    title=Text("Recording software runs", "录像软件运行"),
    description=of_metric("process_running"),
    queries=[_course('min("process_running")', "recorder")],
    unit="none",
    states=YES_IS_GOOD,
    link=RECORDER,
    interval="15m",
)

CHANGED = Table(
    title=Text("What happened at its devices", "所辖设备的事件"),
    description=Text("Events, the newest first.", "事件，最新的在前。"),
    queries=changed("AND {agent}")[:1],
    columns=CHANGE_COLUMNS,
)

board = Board(
    name="agent",
    title=Text("Agent and recorder", "代理与录像机"),
    description=Text(
        "One agent: whether it is heard, what its collectors do, how its machine and its recorders are.",
        "单个代理：是否在线、采集器运行情况、所在主机与录像机状态。",
    ),
    rows=[
        Row(NUMBERS),
        Row([OPEN]),
        Row([COLLECTED, LONGEST, TOOK, SPOOL, MEMORY], Text("Agent", "代理")),
        Row([LOAD, HEAT, TRAFFIC, REBOOTS], Text("Machine", "主机")),
        Row(
            [
                ANSWERING,
                FAILURES,
                RUNNING,
                _recorders("response_seconds", "max", Text("Recorders' time to answer", "录像机响应时间"), "s"),
                _recorders(
                    "recording_newest_age_seconds", "max", Text("Age of the newest recording", "最新录像距今"), AGE
                ),
                _recorders(
                    "memory_used_ratio", "max", Text("Recorders' memory", "录像机内存"), "percentunit", 2 * AN_HOUR
                ),
            ],
            Text("Recorders", "录像机"),
        ),
        Row([CHANGED], Text("Events", "事件")),
    ],
    variables=[CONSOLE, ONE_SITE, agents(several=False)],
    annotations=marks(about="{agent}"),
    links=[("site", Text("Site", "站点")), ("storage", Text("Storage", "存储"))],
)
