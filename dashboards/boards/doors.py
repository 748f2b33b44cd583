"""Doors: who opened which, what was forced, held open or refused, how each stands."""

from dashboards.annotation import marks
from dashboards.board import Board, Row
from dashboards.devices import DEVICE, course, site_column
from dashboards.limits import Limit, above
from dashboards.panel import Column, Lines, Number, States, Table
from dashboards.query import Query
from dashboards.text import Text
from dashboards.variable import CLOSER, CONSOLE, SITE, devices
from dashboards.words import (
    AGE,
    DEVICE_PATH,
    NO_TICKETS,
    YES_IS_GOOD,
    hidden,
    none_or_untold,
    ticket_columns,
    tickets,
)

DOORS = "$timeFilter AND {site} AND {device} AND \"family\" = 'door'"
CLOSELY = "{closer} AND {device}"
WENT = r'"type" =~ /^door\.(opened|access_granted|access_taken|duress)$/'
RULES = "|".join(
    ("door_forced", "door_held_open", "door_denied", "door_duress", "door_tampered", "door_fault", "door_silent")
)


ANSWERS = Text("Controller answers", "控制器可达")


def _count(where: str, title: Text, description: Text) -> Number:
    return Number(
        title=title,
        description=description,
        queries=[Query(f'SELECT count("received_at") FROM "event" WHERE {DOORS} AND {where}')],
        unit="none",
        calculation="sum",
        width=6,
        height=4,
        empty=none_or_untold(ANSWERS),
    )


NUMBERS = [
    _count(
        "\"type\" = 'door.access_granted'",
        Text("Let in", "放行"),
        Text(
            "Credentials that a controller accepted in the time shown.",
            "所选时间内控制器接受的凭证次数。",
        ),
    ),
    _count(
        "\"type\" = 'door.access_denied'",
        Text("Refused", "拒绝"),
        Text(
            "Credentials that a controller refused in the time shown.",
            "所选时间内控制器拒绝的凭证次数。",
        ),
    ),
    _count(
        "\"type\" = 'door.alarm'",
        Text("Alarms", "报警"),
        Text(
            "Forced or held open, as the controller told.",
            "控制器报告的强开或超时未关。",
        ),
    ),
    _count(
        r'"type" =~ /^door\.(duress|tamper)$/',
        Text("Duress and tampering", "胁迫与防拆"),
        Text("Each of these is a ticket as well.", "每一次都会产生工单。"),
    ),
]


def _events(where: str, title: Text, description: Text, height: int) -> Table:
    return Table(
        title=title,
        description=description,
        queries=[
            Query(
                'SELECT "device_name", "title{lang}" AS "title", "person", "reason", "text{lang}" AS "text", "site", '
                f'"device" FROM "event" WHERE {DOORS} AND {where} ORDER BY time DESC LIMIT 500',
                table=True,
            )
        ],
        height=height,
        empty=none_or_untold(ANSWERS),
        columns=[
            Column("Time", Text("When", "时间"), "dateTimeAsIso", width=160),
            site_column(),
            Column("device_name", Text("Door", "门"), link=DEVICE_PATH, width=180),
            Column("title", Text("What", "事项"), width=200),
            Column("person", Text("Who", "凭证"), width=200),
            Column("text", Text("In words", "说明")),
            *hidden("reason", "device"),
        ],
    )


WHO = _events(
    WENT,
    Text("Who opened that door", "谁开了这扇门"),
    Text(
        'Openings and whoever was let in, the newest 500. "Who" is the credential as the controller sent it; empty: it '
        "sent none. Kept as long as raw values are.",
        "开门与放行记录，最新 500 条。“凭证”按控制器发送的原样显示；为空表示未发送。保留时间与原始数据相同。",
    ),
    10,
)
WRONG = _events(
    r'"type" =~ /^door\.(access_denied|access_not_taken|alarm|duress|fault|flood|tamper)$/',
    Text("Refused, forced, held open, tampered with", "拒绝、强开、超时未关与防拆"),
    Text("What a controller told of trouble, the newest 500.", "控制器报告的异常，最新 500 条。"),
    8,
)

RATE = Lines(
    title=Text("Let in and refused", "放行与拒绝"),
    description=Text("How often, at all its doors chosen.", "该站点所选各门的次数。"),
    queries=[
        Query(
            f'SELECT count("received_at") FROM "event" WHERE $timeFilter AND {CLOSELY} AND "type" = \'{kind}\' '
            "GROUP BY time($__interval) fill(0)",
            alias=title,
        )
        for kind, title in (
            ("door.access_granted", Text("Let in", "放行")),
            ("door.access_denied", Text("Refused", "拒绝")),
            ("door.alarm", Text("Alarms", "报警")),
        )
    ],
    unit="none",
    interval="1h",
    width=24,
    least=0,
)

TICKETS = Table(
    title=Text("Tickets about doors", "门禁工单"),
    description=Text(
        "Opened in the time shown: forced, held open, refused again and again, duress, tampering, faults, silence.",
        "所选时间内开启的门禁工单：强开、超时未关、反复拒绝、胁迫、防拆、故障、静默。",
    ),
    queries=[tickets(f'$timeFilter AND "rule" =~ /^({RULES})$/')],
    height=7,
    columns=ticket_columns(site_column(110), resolved=True),
    empty=NO_TICKETS,
)


def _states(metric: str, title: Text, description: Text, yes: Text, no: Text, colours: tuple[str, str]) -> States:
    return States(
        title=title,
        description=description,
        queries=[course(f'last("{metric}")', "door", "raw", CLOSELY, fill="none")],
        unit="none",
        states={"1": (yes, colours[0]), "0": (no, colours[1])},
        link=DEVICE,
        height=9,
    )


STANDS = [
    _states(
        "door_open",
        Text("Open or closed", "开关状态"),
        Text(
            "How each door stood, as its controller says. Nothing drawn: nobody knows.",
            "控制器报告的门状态；空白表示未知。",
        ),
        Text("open", "打开"),
        Text("closed", "关闭"),
        ("orange", "green"),
    ),
    _states(
        "door_alarm",
        Text("Alarm", "报警状态"),
        Text(
            "Whether the controller reports forced, held open or tampered with.", "控制器是否报告强开、超时未关或防拆。"
        ),
        Text("alarm", "报警"),
        Text("calm", "正常"),
        ("red", "green"),
    ),
]

REACHED = States(
    title=ANSWERS,
    description=Text("Nothing drawn: nobody asked it, or nobody knows.", "空白表示未询问或未知。"),
    queries=[course('min("door_reachable")', "door", "raw", CLOSELY)],
    link=DEVICE,
    unit="none",
    states=YES_IS_GOOD,
    height=8,
)
SILENCE = Lines(
    title=Text("Silence", "静默时长"),
    description=Text(
        "How long each door has not been heard of. Rule door_silent raises its ticket at the first line for a door "
        "whose controller is asked, at the second for one of which a program tells.",
        "各门距上次消息的时长。第一条线为轮询控制器的默认阈值，第二条为由程序上报的门的默认阈值（规则 door_silent）。",
    ),
    queries=[course('max("door_silence_seconds")', "door", "raw", CLOSELY)],
    link=DEVICE,
    unit=AGE,
    limits=above(Limit("door_silent", "asked_silence_seconds"), Limit("door_silent", "told_silence_seconds")),
    height=8,
    least=0,
)

board = Board(
    name="doors",
    title=Text("Doors", "门禁"),
    description=Text(
        "Who opened which door and when; what was forced, held open or refused; how each door stands.",
        "谁在何时开了哪扇门；强开、超时未关和拒绝；各门状态。",
    ),
    since="now-7d",
    rows=[
        Row([*NUMBERS, WHO]),
        Row([WRONG, TICKETS], Text("What was wrong", "异常")),
        Row([RATE, *STANDS, REACHED, SILENCE], Text("One site, door by door", "单个站点，逐扇门")),
    ],
    variables=[CONSOLE, SITE, CLOSER, devices("door", "closer")],
    annotations=marks("{closer}"),
    links=[("site", Text("Site", "站点")), ("tickets", Text("Tickets", "工单"))],
)
