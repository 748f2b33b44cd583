"""Clocks: whose is off, by how much, since when; who sets theirs by a time server."""

from dashboards.annotation import marks
from dashboards.board import Board, Row
from dashboards.devices import DEVICE, course, device_column, heard, place, rate_by_day, site_column
from dashboards.limits import Limit, beyond
from dashboards.panel import Column, Lines, States, Table
from dashboards.query import Query
from dashboards.text import NO_DATA, Text
from dashboards.variable import CLOSER, CONSOLE, SITE
from dashboards.words import (
    NO_TICKETS,
    OFFSETS,
    RATES,
    SECONDS,
    YES_IS_GOOD,
    hidden,
    none_or_untold,
    ticket_columns,
    tickets,
)

KINDS = (
    ("recorder", Text("Recorders", "录像机")),
    ("camera", Text("Cameras", "摄像机")),
    ("host", Text("Machines of agents", "代理主机")),
)


def _off(kind: str) -> Query:
    """Offsets that rule clock_drift would at least speak of."""
    least = Limit("clock_drift", "notice_offset_seconds").value
    served = "clock_synchronised" if kind == "host" else "ntp_enabled"
    offset = '"clock_offset_seconds_mean"'
    return Query(
        f'SELECT "site", "device", {offset} AS "offset", "clock_offset_error_seconds_max" AS "bound", '
        f'"{served}_min" AS "ntp" FROM "{kind}" '
        f"WHERE {{rolled_hour}} AND {{site}} AND ({offset} >= {least:g} OR {offset} <= -{least:g})",
        "hourly",
        table=True,
    )


WHOSE = Table(
    title=Text("Whose clock is off", "哪些设备时钟不准"),
    description=Text(
        "The mean offset of the last whole hour where it is at least what rule clock_drift speaks of. Positive: the "
        "clock is behind. The bound says how far off the measurement itself may be.",
        "最近一个整点小时的平均偏差，仅列出达到规则 clock_drift 提示值的设备。正值表示慢。误差上限指测量本身。",
    ),
    queries=[_off(kind) for kind, _ in KINDS],
    merge=True,
    height=9,
    empty=none_or_untold(Text("Clocks measured", "已测量的时钟")),
    sort=(Text("Offset", "偏差"), True),
    columns=[
        *place(),
        Column("offset", Text("Offset", "偏差"), SECONDS, limits=OFFSETS, decimals=1, empty=NO_DATA),
        Column("bound", Text("Bound of error", "误差上限"), SECONDS, decimals=2, empty=NO_DATA),
        Column("ntp", Text("Set by a time server", "使用网络校时"), "none", states=YES_IS_GOOD, empty=NO_DATA),
    ],
)
TICKETS = Table(
    title=Text("Open tickets about clocks", "时钟类未解决工单"),
    description=Text(
        "Drift, lost time servers, agents whose own clock is wrong; one a recorder, not one a channel.",
        "时钟漂移、校时中断、代理时钟错误；每台录像机一张工单，不按通道重复。",
    ),
    queries=[tickets('{until} AND "open" = 1 AND "rule" =~ /^(clock_drift|ntp_unsynchronised|agent_clock_wrong)$/')],
    columns=ticket_columns(site_column(110)),
    height=7,
    empty=NO_TICKETS,
)
TOLD = heard(
    Text("Clocks measured", "已测量的时钟"),
    Text(
        "How many clocks were compared with a reference in the last whole hour.",
        "最近一个整点小时内与基准比对过的时钟数。",
    ),
    "clock_offset_seconds_mean",
    {kind: Text(words.en.lower(), words.zh) for kind, words in KINDS},
    height=8,
)

SERVICES = {"synchronised": "clock_synchronised", "reference": "clock_reference", "ntp": "ntp_enabled"}
"""What tells that something holds a clock: of machines the first two, of devices the last."""


def _unled(kind: str, names: str) -> Query:
    """Devices of that kind of which any of these said no."""
    fields = {name: f'"{SERVICES[name]}_min"' for name in names.split()}
    said = ", ".join(f'{field} AS "{name}"' for name, field in fields.items())
    no = " OR ".join(f"{field} = 0" for field in fields.values())
    return Query(
        f'SELECT "site", "device", {said} FROM "{kind}" WHERE {{rolled_hour}} AND {{site}} AND ({no})',
        "hourly",
        table=True,
    )


UNLED = Table(
    title=Text("Who follows no time server", "哪些设备未校时"),
    description=Text(
        "Machines whose time service lost its source or to which no reference answers, cameras and recorders on which "
        "NTP is off, by the last whole hour. Still right, they run off by seconds a day.",
        "时间服务失去来源或基准无应答的主机，以及未启用 NTP 的摄像机和录像机，取最近一个整点小时。"
        "当前可能仍准确，但每天会偏移数秒。",
    ),
    queries=[_unled("host", "synchronised reference"), _unled("recorder", "ntp"), _unled("camera", "ntp")],
    merge=True,
    width=12,
    empty=none_or_untold(Text("Machines whose time service is in step", "主机校时状态")),
    columns=[
        *place(120),
        Column("synchronised", Text("In step", "已同步"), "none", states=YES_IS_GOOD, width=90),
        Column("reference", Text("Reference answers", "基准有应答"), "none", states=YES_IS_GOOD, width=140),
        Column("ntp", Text("NTP is on", "启用 NTP"), "none", states=YES_IS_GOOD, width=100),
    ],
)


def _runs(kind: str) -> Query:
    """Of each clock the differences from one day's mean to the next: the median, the least and the most."""
    return Query(
        'SELECT median("day") AS "slide", max("day") AS "back", min("day") AS "forth" FROM '
        '(SELECT difference(mean("clock_offset_seconds_mean")) AS "day" '
        f'FROM "{kind}" WHERE $timeFilter AND {{closer}} GROUP BY time(1d), "site", "device") '
        'WHERE $timeFilter GROUP BY "site", "device"',
        "daily",
        table=True,
    )


STEP = beyond(Limit("clock_drift", "raise_offset_seconds"))
RUNS = Table(
    title=Text("How clocks run: slide or step", "时钟走时：漂移或跳变"),
    description=Text(
        "From one day's mean to the next, within the time shown: choose some days. A clock that slides loses or gains "
        "the same on any day; one that jumped, or was set, has one day that differs. Above 0 it fell behind.",
        "所选时间内逐日均值的变化，请选择数天。漂移的时钟每天变化相近；跳变或被校正的时钟仅个别日子变化大。"
        "大于 0 表示变慢。",
    ),
    queries=[_runs(kind) for kind, _ in KINDS],
    merge=True,
    sort=(Text("Usual day", "每日常见变化"), False),
    columns=[
        device_column(),
        Column("slide", Text("Usual day", "每日常见变化"), SECONDS, decimals=2, empty=NO_DATA, width=140),
        Column("back", Text("Fell behind most", "单日最多变慢"), SECONDS, limits=STEP, decimals=1, empty=NO_DATA),
        Column("forth", Text("Ran ahead most", "单日最多变快"), SECONDS, limits=STEP, decimals=1, empty=NO_DATA),
        *hidden("Time", "site"),
    ],
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
        queries=[course('mean("clock_offset_seconds_mean")', kind)],
        unit=SECONDS,
        limits=OFFSETS,
        interval="1h",
        link=DEVICE,
    )


SERVED = States(
    title=Text("Machines whose time service is in step", "主机校时状态"),
    description=Text(
        "Red: the system's time service says it is not synchronised; rule ntp_unsynchronised raises when that lasts.",
        "红色：系统时间服务未同步；持续后由规则 ntp_unsynchronised 开工单。",
    ),
    queries=[course('min("clock_synchronised_min")', "host", fill="none")],
    unit="none",
    states=YES_IS_GOOD,
    interval="1h",
    link=DEVICE,
)

board = Board(
    name="clock",
    title=Text("Clocks", "时钟"),
    description=Text(
        "Whose clock is off, and since when: footage with a wrong time is worth little as evidence.",
        "哪些设备时钟不准、从何时开始：时间错误的录像难以作为证据。",
    ),
    rows=[
        Row([WHOSE, TICKETS, UNLED, rate_by_day("clock", RATES["clock"], width=8), TOLD]),
        Row(
            [RUNS, *(_course(kind, words) for kind, words in KINDS), SERVED],
            Text("One site, clock by clock", "单个站点，逐台时钟"),
        ),
    ],
    variables=[CONSOLE, SITE, CLOSER],
    annotations=marks("{closer}"),
    links=[("fleet", Text("Fleet", "全局")), ("site", Text("Site", "站点"))],
    since="now-7d",
    refresh="5m",
)
