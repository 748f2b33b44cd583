"""One camera: whether it answers, streams, sees and is recorded; its tickets."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.annotation import marks
from dashboards.board import Board, Row
from dashboards.limits import Limit, Limits, above, below
from dashboards.panel import Lines, Number, States, Table
from dashboards.query import Query
from dashboards.text import Text
from dashboards.variable import CONSOLE, ONE_SITE, devices
from dashboards.words import (
    AGE,
    CHANGE_COLUMNS,
    DAYS,
    INTEGRITY,
    NO_TICKETS,
    OFFSETS,
    SECONDS,
    YES_IS_BAD,
    YES_IS_GOOD,
    changed,
    of_metric,
    ticket_columns,
    tickets,
)

Words = Mapping[str, tuple[Text, str]]


AN_HOUR = 3600.0
"""s: pictures are taken in turn, recordings looked through now and then."""


def _now(
    metric: str,
    title: Text,
    unit: str | Text = "none",
    states: Words | None = None,
    limits: Limits | None = None,
    within: str = "hour",
) -> Number:
    """The newest value, unless it is older than its pace allows: the last one of an agent that is gone says nothing."""
    return Number(
        title=title,
        description=of_metric(metric),
        queries=[Query(f'SELECT last("{metric}") FROM "camera" WHERE {{{within}}} AND {{site}} AND {{device}}')],
        unit=unit,
        states=states or {},
        limits=limits,
        width=4,
        height=4,
    )


def _query(metric: str, function: str, alias: Text | None = None) -> Query:
    return Query(
        f'SELECT {function}("{metric}") FROM "camera" WHERE $timeFilter AND {{site}} AND {{device}} '
        "GROUP BY time($__interval) fill(null)",
        alias=alias or of_metric(metric),
    )


def _states(metrics: Sequence[tuple[str, Text]], worst: str, states: Words, title: Text, description: Text) -> States:
    """A lane a metric; of a time the worst that it was."""
    return States(
        title=title,
        description=description,
        queries=[_query(metric, worst, text) for metric, text in metrics],
        unit="none",
        states=states,
        interval="15m",
        height=9,
    )


def _lines(
    metrics: Sequence[str] | Mapping[str, Text],
    title: Text,
    description: Text,
    unit: str | Text,
    limits: Limits | None = None,
    function: str = "mean",
    bridged_seconds: float = 0.0,
    **more: Any,
) -> Lines:
    """A line a metric, in the catalogue's words unless shorter ones are given."""
    names = metrics if isinstance(metrics, Mapping) else {metric: of_metric(metric) for metric in metrics}
    return Lines(
        title=title,
        description=description,
        queries=[_query(metric, function, name) for metric, name in names.items()],
        unit=unit,
        limits=limits,
        interval="1m",
        bridged_seconds=bridged_seconds,
        **more,
    )


def _recorded(
    metric: str,
    title: Text,
    description: Text,
    unit: str | Text,
    limits: Limits | None = None,
    function: str = "mean",
) -> Lines:
    """Of recordings. Most recorders tell of them by channel, which is a device of its own."""
    return _lines([metric], title, description, unit, limits, function, AN_HOUR, height=6, empty=BY_CHANNEL)


BY_CHANNEL = Text(
    'no data of this camera; recorders tell of channels, see "Days kept" of Storage and retention',
    "没有该摄像机的数据；录像机按通道报告，请看“存储与留存”看板的“留存天数变化”",
)

THERE = _states(
    [
        ("reachable", Text("answers", "可达")),
        ("authenticated", Text("takes our account", "账号有效")),
        ("streaming", Text("streams", "视频流可用")),
        ("online", Text("listed by its recorder", "录像机显示在线")),
        ("recording_plan_enabled", Text("recording plan on", "录像计划启用")),
        ("recording_active", Text("is recorded", "正在录像")),
    ],
    "min",
    YES_IS_GOOD,
    Text("Is it there and recorded", "是否在线并录像"),
    Text(
        "Green: yes, red: no, nothing: nobody knows. Outside of its plan a camera is not recorded, and that is right.",
        "绿色：是；红色：否；空白：未知。计划之外不录像属于正常。",
    ),
)
SEES = _states(
    [
        ("video_loss", Text("no picture at the recorder", "视频丢失")),
        *(
            (f"picture_{name}", Text(en, zh))
            for name, en, zh in (
                ("blurred", "blurred", "模糊"),
                ("dark", "too dark", "过暗"),
                ("bright", "too bright", "过亮"),
                ("covered", "covered", "被遮挡"),
                ("dirty", "dirty", "有污渍"),
                ("frozen", "frozen", "冻结"),
                ("colour_lost", "without colour", "失色"),
                ("infrared_dead", "infra-red light dead", "红外灯失效"),
                ("moved", "looks elsewhere", "视角偏移"),
            )
        ),
    ],
    "max",
    YES_IS_BAD,
    Text("What is wrong with its picture", "画面存在的问题"),
    Text(
        "Red: this fault was seen, green: looked for and not seen, nothing: not looked for.",
        "红色：有此问题；绿色：检查过且没有；空白：未检查。",
    ),
)

LINES = [
    _lines(
        ["response_seconds", "stream_response_seconds", "ping_seconds"],
        Text("Time to answer", "响应时间"),
        Text("Of its management protocol, its stream and a ping.", "管理协议、视频流与网络往返。"),
        "s",
    ),
    _lines(["ping_loss_ratio"], Text("Pings lost", "丢包率"), of_metric("ping_loss_ratio"), "percentunit"),
    _lines(
        {
            "picture_sharpness_ratio": Text("sharpness", "清晰度"),
            "picture_similarity_ratio": Text("likeness", "相似度"),
            "picture_brightness_ratio": Text("brightness", "亮度"),
        },
        Text("Its picture against the baseline", "画面与基线对比"),
        Text(
            "1 is as ever for sharpness and likeness; brightness from 0 black to 1 white. The tickets' levels are the "
            "channel's own, learnt at the site, so that no line is drawn.",
            "清晰度与相似度以 1 为正常；亮度 0 为黑、1 为白。阈值由现场按通道自身基线学习，因此不画线。",
        ),
        "percentunit",
        bridged_seconds=AN_HOUR,
        lowest=True,
    ),
    _lines(
        ["clock_offset_seconds"],
        Text("Clock", "时钟偏差"),
        Text(
            "Reference time minus the camera's clock: below 0 it runs ahead. The lines are those of rule clock_drift.",
            "基准时间减摄像机时钟：小于 0 表示走快。虚线为规则 clock_drift 的阈值。",
        ),
        SECONDS,
        OFFSETS,
    ),
]
RECORDED = [
    _recorded(
        "recording_retention_days",
        Text("Days of recordings kept", "录像留存天数"),
        Text(
            "The line is the target by default (rule retention_below_target); the hub's configuration may set another.",
            "虚线为默认目标（规则 retention_below_target）；中心配置可另设。",
        ),
        DAYS,
        below(Limit("retention_below_target", "target_days")),
        "min",
    ),
    _recorded(
        "recording_integrity_ratio",
        Text("Share of the day's plan that was recorded", "录像完好率"),
        Text("Of the last full day; rule daily_integrity.", "上一整日；规则 daily_integrity。"),
        "percentunit",
        INTEGRITY,
        "min",
    ),
    _recorded(
        "recording_bytes_per_second", Text("Write rate", "写入速率"), of_metric("recording_bytes_per_second"), "Bps"
    ),
    _recorded(
        "recording_newest_age_seconds",
        Text("Age of its newest recording", "最新录像距今时长"),
        Text("The line is where rule channel_recording_ceased raises.", "虚线为规则 channel_recording_ceased 的阈值。"),
        AGE,
        above(Limit("channel_recording_ceased", "raise_age_seconds")),
        "max",
    ),
]

board = Board(
    name="camera",
    title=Text("Camera", "摄像机"),
    description=Text(
        "One camera: whether it answers, streams, sees and is recorded, and its tickets.",
        "单个摄像机：是否可达、出流、画面正常并录像，以及其工单。",
    ),
    rows=[
        Row(
            [
                _now("reachable", Text("Answers", "可达"), states=YES_IS_GOOD),
                _now("streaming", Text("Streams", "视频流"), states=YES_IS_GOOD),
                _now("authenticated", Text("Takes our account", "账号有效"), states=YES_IS_GOOD),
                _now("picture_taken", Text("Picture fetched", "图像获取"), states=YES_IS_GOOD),
                _now(
                    "clock_offset_seconds", Text("Clock is off by", "时钟偏差值"), SECONDS, limits=OFFSETS, within="day"
                ),
                _now(
                    "certificate_left_days",
                    Text("Certificate left", "证书剩余"),
                    DAYS,
                    limits=below(Limit("certificate_expiring", "raise_left_days")),
                    within="day",
                ),
            ]
        ),
        Row([THERE, SEES]),
        Row(
            [
                Table(
                    title=Text("Its tickets", "该设备的工单"),
                    description=Text(
                        "Open and resolved, the newest first, however old. A click opens one in the console.",
                        "未解决与已解决的全部工单，最新的在前；点击可在控制台中打开。",
                    ),
                    queries=[tickets("{until} AND {device}", limit=100)],
                    height=6,
                    columns=ticket_columns(resolved=True),
                    empty=NO_TICKETS,
                ),
                Table(
                    title=Text("What happened to it", "该设备的事件"),
                    description=Text(
                        "Its events and its tickets' timelines, within the time shown.",
                        "所选时间内的事件与工单时间线。",
                    ),
                    queries=changed("AND {device}"),
                    height=7,
                    merge=True,
                    sort=(Text("When", "时间"), True),
                    columns=CHANGE_COLUMNS,
                ),
            ]
        ),
        Row(LINES, Text("Figures", "指标")),
        Row(RECORDED, Text("Its recordings", "录像")),
    ],
    variables=[
        CONSOLE,
        ONE_SITE,
        devices("camera", several=False),
    ],
    annotations=marks(about="{device}"),
    links=[("site", Text("Site", "站点")), ("storage", Text("Storage", "存储"))],
)
