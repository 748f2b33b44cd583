"""The hub itself: does it hear, keep up, store; what its rules and its process cost."""

from collections.abc import Mapping

from dashboards.annotation import BLINDNESS
from dashboards.board import Board, Row
from dashboards.limits import Limit, Limits, above, below
from dashboards.panel import Column, Lines, Number, Spec, Table
from dashboards.query import Query
from dashboards.text import Text
from dashboards.variable import CONSOLE, Choice
from dashboards.words import (
    AGE,
    DAYS,
    LASTED,
    NONE_IS_BETTER,
    OPEN_STATES,
    SEVERITY,
    TICKET_PATH,
    YES_IS_GOOD,
    hidden,
    none_or_untold,
)

NOW = "time > ${{__to}}ms - 5m AND time <= ${{__to}}ms"
"""A hub tells of itself every quarter of a minute: what is older is of a hub that is gone."""

PER_SECOND = "suffix:/s"
BRIEF = Text("s", "suffix:秒")
"""What is a few seconds unless something is wrong; Grafana's own says longer ones in English."""
CONNECTED = Text("Broker connected", "已连接消息代理")


def number(
    title: Text,
    description: Text,
    metric: str,
    unit: str | Text,
    limits: Limits | None = None,
    states: Mapping[str, tuple[Text, str]] | None = None,
) -> Spec:
    """The newest value of each hub chosen."""
    query = Query(
        f'SELECT last("{metric}") FROM "hub" WHERE {NOW} AND {{device}} GROUP BY "device"', alias="$tag_device"
    )
    return Number(
        title=title,
        description=description,
        queries=[query],
        unit=unit,
        limits=limits,
        states=states or {},
        width=4,
        height=4,
    )


def lines(
    title: Text,
    description: Text,
    metrics: dict[str, Text],
    unit: str | Text,
    limits: Limits | None = None,
    width: int = 8,
) -> Spec:
    """Metrics over time; the most of each step, for what stands out is what matters."""
    return Lines(
        title=title,
        description=description,
        queries=[
            Query(
                f'SELECT max("{metric}") FROM "hub" WHERE $timeFilter AND {{device}} '
                'GROUP BY time($__interval), "device" fill(null)',
                alias=Text(f"{name.en}, $tag_device", f"{name.zh}，$tag_device"),
            )
            for metric, name in metrics.items()
        ],
        unit=unit,
        limits=limits,
        width=width,
        interval="1m",
        least=0,
    )


NOW_ROW = Row(
    [
        number(
            CONNECTED,
            Text("Whether the hub is subscribed at the broker and hears it.", "中心是否已订阅消息代理并能收到消息。"),
            "broker_connected",
            "none",
            states=YES_IS_GOOD,
        ),
        number(
            Text("Nothing heard for", "未收到任何消息"),
            Text(
                "Time since anything came from the broker. Red where the rule hub_deaf raises its ticket.",
                "距上次收到消息代理任何消息的时间。达到规则 hub_deaf 的时限即为红色。",
            ),
            "unheard_seconds",
            BRIEF,
            above(Limit("hub_deaf", "raise_unheard_seconds")),
        ),
        number(
            Text("Own word missing for", "自测消息未返回"),
            Text(
                "For how long the hub's own word has not come back through the broker though others are heard "
                "(rule hub_mute).",
                "能收到他人消息，但中心自测消息经消息代理未返回的时间（规则 hub_mute）。",
            ),
            "mute_seconds",
            BRIEF,
            above(Limit("hub_mute", "raise_mute_seconds")),
        ),
        number(
            Text("Store takes values", "时序库可写"),
            Text(
                "Whether the time-series store takes writes. While it does not, values wait in the buffer.",
                "时序库是否可写入。不可写时数据在缓冲区等待。",
            ),
            "series_available",
            "none",
            states=YES_IS_GOOD,
        ),
        number(
            Text("Dead letters", "被拒数据点"),
            Text(
                "Values that the store refused for good and that are kept aside: see `watchkeeper-hub deadletter`.",
                "被时序库永久拒绝并另行保存的数据点：见 watchkeeper-hub deadletter。",
            ),
            "dead_letters",
            "none",
            states=NONE_IS_BETTER,
        ),
        number(
            Text("Certificate good for", "证书剩余"),
            Text(
                "Until the hub's own TLS certificate expires (rule hub_certificate_expiring). Without TLS: no data.",
                "中心自身 TLS 证书的剩余天数（规则 hub_certificate_expiring）。未启用 TLS 时无数据。",
            ),
            "certificate_left_days",
            DAYS,
            below(Limit("hub_certificate_expiring", "raise_left_days")),
        ),
    ]
)

INTAKE = Row(
    [
        lines(
            Text("Waiting for the commit", "等待提交"),
            Text(
                "Longest from a message's arrival to its commit (rule hub_behind). Agents keep what is not committed.",
                "消息从到达到提交的最长等待（规则 hub_behind）。未提交的数据由代理保留。",
            ),
            {"commit_wait_seconds": Text("arrival to commit", "到达至提交")},
            "s",
            above(Limit("hub_behind", "raise_wait_seconds")),
        ),
        lines(
            Text("Lag of live data", "实时数据时延"),
            Text(
                "From sample to commit: 99 of 100 live reports take no longer. It holds the agents' way to us, too.",
                "从采样到提交：百分之九十九的实时报告不超过此值，包含代理到中心的传输。",
            ),
            {"commit_lag_seconds": Text("99 of 100", "P99")},
            "s",
        ),
        lines(
            Text("Queue in use", "队列占用"),
            Text(
                "Share of the queue for messages in use, at its fullest (rule hub_behind). When it is full, messages "
                "are dropped and come again.",
                "消息队列占用率峰值（规则 hub_behind）。队列满时丢弃的消息会重新发来。",
            ),
            {"queue_fill_ratio": Text("of the queue", "队列")},
            "percentunit",
            above(Limit("hub_behind", "raise_queue_ratio")),
        ),
        lines(
            Text("Messages together", "每批消息"),
            Text(
                "Messages committed together, on average, and the most that waited.",
                "每批提交的平均消息数，以及排队消息数峰值。",
            ),
            {"batch_messages": Text("a batch", "每批"), "queue_messages": Text("waiting", "排队")},
            "none",
        ),
        lines(
            Text("Dropped", "丢弃"),
            Text(
                "Messages that found the queue full. Agents send them again: nothing is lost, but it is late.",
                "因队列满而丢弃的消息。代理会重新发送，不会丢失，但会延迟。",
            ),
            {"drops_per_second": Text("queue full", "队列满")},
            PER_SECOND,
        ),
        lines(
            Text("Reports and values", "报告与数据点"),
            Text(
                "Reports committed and values stored each second, those out of agents' backlogs apart.",
                "每秒提交的报告数和写入的数据点数，补传部分单列。",
            ),
            {
                "reports_per_second": Text("reports", "报告"),
                "points_per_second": Text("values", "数据点"),
                "backlog_points_per_second": Text("of backlogs", "补传"),
            },
            PER_SECOND,
        ),
        lines(
            Text("Rejected", "拒收"),
            Text(
                "Messages or parts of them that were not taken (rule hub_rejecting).",
                "未被接收的消息或其部分（规则 hub_rejecting）。",
            ),
            {"rejects_per_second": Text("rejected", "拒收")},
            PER_SECOND,
            above(Limit("hub_rejecting", "raise_per_second")),
            width=6,
        ),
        lines(
            Text("Age of backlogs", "补传数据时延"),
            Text(
                "From sample to commit, the oldest of agents' backlogs: how far back they still reach.",
                "从采样到提交，补传数据中最早者的时延：补传还要追溯多久。",
            ),
            {"backlog_lag_seconds": Text("oldest", "最早")},
            AGE,
            width=6,
        ),
        lines(
            Text("Agents", "代理"),
            Text(
                "Agents ever heard, and those heard in the last three minutes.", "已知代理数，以及近三分钟在线代理数。"
            ),
            {"agents_known": Text("known", "已知"), "agents_heard": Text("heard", "在线")},
            "none",
            width=6,
        ),
        lines(
            Text("Round trip by the broker", "消息代理往返"),
            Text("The hub's own word through the broker and back.", "中心自测消息经消息代理往返的时间。"),
            {"probe_seconds": Text("there and back", "往返")},
            "s",
            width=6,
        ),
    ],
    Text("Hearing and keeping up", "接收与处理"),
)

STORING = Row(
    [
        lines(
            Text("Buffer in use", "缓冲区占用"),
            Text(
                "Share of the disk buffer before the time-series store in use (rule hub_storage_lagging). When it is "
                "full, agents keep their reports.",
                "时序库前磁盘缓冲区的占用率（规则 hub_storage_lagging）。占满后报告由代理保留。",
            ),
            {"buffer_fill_ratio": Text("of the buffer", "缓冲区")},
            "percentunit",
            above(Limit("hub_storage_lagging", "raise_fill_ratio")),
        ),
        lines(
            Text("Longest wait in the buffer", "缓冲区最长等待"),
            Text(
                "Longest that a value has waited for the time-series store (rule hub_storage_lagging).",
                "数据点等待写入时序库的最长时间（规则 hub_storage_lagging）。",
            ),
            {"buffer_oldest_seconds": Text("oldest", "最早")},
            AGE,
            above(Limit("hub_storage_lagging", "raise_oldest_seconds")),
        ),
        lines(
            Text("Values in the buffer", "缓冲区数据点"),
            Text("Values that wait for the time-series store.", "等待写入时序库的数据点数。"),
            {"buffer_points": Text("waiting", "等待")},
            "short",
        ),
        lines(
            Text("Longest steps of a commit", "提交各步最长用时"),
            Text(
                "Longest commit of a batch as a whole, write to the store or its buffer, and SQL transaction.",
                "单批提交、时序库或缓冲区写入、数据库事务的最长用时。",
            ),
            {
                "commit_seconds": Text("commit", "提交"),
                "series_write_seconds": Text("store", "时序库"),
                "database_seconds": Text("SQL", "数据库"),
            },
            "s",
        ),
        lines(
            Text("Rules and process", "规则与进程"),
            Text(
                "Share of one core that judging by rules takes, and that the whole process uses.",
                "规则判断与整个进程占用的单核比例。",
            ),
            {"judging_ratio": Text("rules", "规则"), "process_cpu_ratio": Text("process", "进程")},
            "percentunit",
        ),
        lines(
            Text("Room to learn", "学习容量占用"),
            Text(
                "Share in use of the series of which the hub can learn what is usual (rule hub_learning_full). Past "
                "it, rules that compare with the usual know nothing of further series.",
                "可学习常态的数据序列占用率（规则 hub_learning_full）。占满后，与常态比较的规则无法学习新的序列。",
            ),
            {"learned_fill_ratio": Text("in use", "占用")},
            "percentunit",
            above(Limit("hub_learning_full", "raise_ratio")),
        ),
        lines(
            Text("Memory", "内存"),
            Text("Memory that the hub's process uses.", "中心进程占用的内存。"),
            {"process_rss_bytes": Text("process", "进程")},
            "bytes",
        ),
        lines(
            Text("Open files", "打开的文件"),
            Text("Files and connections that the hub holds open.", "中心打开的文件与连接数。"),
            {"open_files": Text("open", "打开")},
            "none",
        ),
        lines(
            Text("Answers not sent", "未发出的应答"),
            Text(
                "Answers that were not sent because the broker takes too little; agents ask again.",
                "因消息代理接收过慢而未发出的应答数；代理会再次请求。",
            ),
            {"answers_dropped": Text("dropped", "丢弃")},
            "none",
        ),
    ],
    Text("Storing, and what it costs", "存储与开销"),
)

TOLD = Row(
    [
        Table(
            title=Text("Times in which nobody was heard", "未收到任何数据的时段"),
            description=Text(
                "When the hub or its broker was away: what is missing then is no fault of a site. No end: it lasts.",
                "中心或消息代理不可用的时段：期间缺失的数据不算站点故障。仍在持续的没有结束时间。",
            ),
            queries=[
                Query(
                    'SELECT "text{lang}" AS "text", "until_at", "duration_seconds" FROM "blindness" '
                    "WHERE $timeFilter ORDER BY time DESC LIMIT 200",
                    "daily",
                    table=True,
                )
            ],
            height=6,
            empty=none_or_untold(CONNECTED),
            columns=[
                Column("Time", Text("From", "开始"), "dateTimeAsIso", width=170),
                Column("text", Text("Why", "原因")),
                Column("until_at", Text("Until", "结束"), "dateTimeAsIso", width=170),
                Column("duration_seconds", Text("Lasted", "时长"), LASTED, width=130),
            ],
        ),
        Table(
            title=Text("Tickets about hubs", "中心自身工单"),
            description=Text(
                "Tickets about hubs themselves, opened within the time shown; a click opens one in the console.",
                "所选时间内开启的、关于中心自身的工单；点击可在控制台中打开。",
            ),
            queries=[
                Query(
                    'SELECT "number", "open", "severity", "title{lang}" AS "title", "summary{lang}" AS "summary", '
                    '"url_path", "site", "device" FROM "ticket" '
                    "WHERE $timeFilter AND {device} AND \"kind\" = 'hub' ORDER BY time DESC LIMIT 200",
                    "daily",
                    table=True,
                )
            ],
            height=6,
            empty=none_or_untold(CONNECTED),
            columns=[
                Column("Time", Text("Opened", "开启时间"), "dateTimeAsIso", width=160),
                Column("number", Text("Ticket", "工单"), "none", link=TICKET_PATH, width=70),
                Column("open", Text("State", "状态"), "none", states=OPEN_STATES, width=90),
                Column("severity", Text("Severity", "严重程度"), states=SEVERITY, width=90),
                Column("title", Text("What is wrong", "故障"), link=TICKET_PATH, width=240),
                Column("summary", Text("In words", "说明")),
                *hidden("url_path", "site", "device"),
            ],
        ),
    ],
    Text("What was told", "记录"),
)

board = Board(
    name="hub",
    title=Text("Hub itself", "中心自身"),
    description=Text(
        "Whether the hub hears, keeps up and stores, and what that costs.",
        "中心是否收得到、处理得过来、存得下，以及开销。",
    ),
    rows=[NOW_ROW, INTAKE, STORING, TOLD],
    variables=[CONSOLE, Choice("device", Text("Hub", "中心"), "hub")],
    annotations=[BLINDNESS],
    links=[("fleet", Text("Fleet", "全局"))],
    since="now-24h",
)
