"""Pictures: which cameras see badly, in what way, since when."""

from dashboards.annotation import marks
from dashboards.board import Board, Row
from dashboards.devices import DEVICE, course, device_column, heard, rate_by_day, site_column
from dashboards.panel import Column, Lines, States, Table
from dashboards.query import Query
from dashboards.text import NO_DATA, Text
from dashboards.variable import CLOSER, CONSOLE, SITE
from dashboards.words import LASTED, NO_TICKETS, RATES, YES_IS_BAD, YES_IS_GOOD, none_or_untold, ticket_columns, tickets

FAULTS = (
    ("blurred", Text("Blurred", "模糊")),
    ("dark", Text("Dark", "过暗")),
    ("bright", Text("Bright", "过亮")),
    ("covered", Text("Covered", "遮挡")),
    ("dirty", Text("Dirty", "污渍")),
    ("frozen", Text("Frozen", "冻结")),
    ("colour_lost", Text("No colour", "失色")),
    ("infrared_dead", Text("IR dead", "红外失效")),
    ("moved", Text("Moved", "偏移")),
)
KINDS = ("camera", "channel")
ANY = " OR ".join(f'"picture_{name}_max" = 1' for name, _ in FAULTS)


def _bad(kind: str) -> Query:
    """Of each the newest hour that knew of a fault, or of a picture that could not be taken: by night and by day other
    faults can be seen. One selector with its row's other fields costs a tenth of a selector a field."""
    faults = ", ".join(f'"picture_{name}_max" AS "{name}"' for name, _ in FAULTS)
    return Query(
        f'SELECT last("picture_taken_min") AS "taken", {faults}, "picture_age_seconds_max" AS "age" FROM "{kind}" '
        f'WHERE {{day}} AND {{site}} AND ({ANY} OR "picture_taken_min" = 0) GROUP BY "site", "device"',
        "hourly",
        table=True,
    )


BAD = Table(
    title=Text("Which cameras see badly", "哪些摄像机图像异常"),
    description=Text(
        "Cameras with a fault or without a picture in the last day: what was seen in the newest such hour. A ticket "
        "wants three such samples in one light, so a bird before the lens is here and has none.",
        "最近一天内图像异常或取不到图像的设备，以及最近一次异常所在小时的判定。同一光照下连续三次异常才开工单。",
    ),
    queries=[_bad(kind) for kind in KINDS],
    merge=True,
    height=9,
    empty=none_or_untold(Text("Pictures looked at", "已检查图像的设备")),
    sort=(Text("Seen", "时间"), True),
    columns=[
        Column("Time", Text("Seen", "时间"), "dateTimeAsIso", width=155),
        site_column(110),
        device_column(140),
        Column("taken", Text("Picture", "取图"), "none", states=YES_IS_GOOD, empty=NO_DATA, width=80),
        *(Column(name, title, "none", states=YES_IS_BAD, empty=NO_DATA) for name, title in FAULTS),
        Column("age", Text("Picture's age", "图像距今"), LASTED, empty=NO_DATA, width=110),
    ],
)
TICKETS = Table(
    title=Text("Open tickets about pictures", "图像类未解决工单"),
    description=Text(
        "What has been seen often enough to send somebody with a ladder.", "已多次确认、需要派人处理的图像故障。"
    ),
    queries=[tickets('{until} AND "open" = 1 AND "rule" =~ /^(picture_.*|channel_video_loss|camera_not_streaming)$/')],
    columns=ticket_columns(site_column(110)),
    height=7,
    empty=NO_TICKETS,
)
TOLD = heard(
    Text("Pictures looked at", "已检查图像的设备"),
    Text(
        "Of how many devices a picture was asked for in the last whole hour.",
        "最近一个整点小时内取过图像的设备数。",
    ),
    "picture_taken_min",
    {"camera": Text("cameras", "摄像机"), "channel": Text("channels", "通道")},
    height=8,
)


def _lines(metric: str, title: Text, description: Text) -> Lines:
    return Lines(
        title=title,
        description=description,
        queries=[course(f'mean("{metric}_mean")', " ".join(KINDS))],
        unit="percentunit",
        interval="1h",
        link=DEVICE,
        least=0,
        lowest=True,
    )


SHARPNESS = _lines(
    "picture_sharpness_ratio",
    Text("Sharpness against each camera's own baseline", "清晰度与自身基线之比"),
    Text(
        "1 is as sharp as this camera used to be. A slow fall is dirt or a lens that creeps, a sudden one a knock.",
        "1 表示与该摄像机往常一样清晰。缓慢下降多为积尘或镜头漂移，突然下降多为碰撞。",
    ),
)
LIKENESS = _lines(
    "picture_similarity_ratio",
    Text("Likeness to the usual scene", "与往常场景的相似度"),
    Text(
        "1 is the scene as ever. Near 0 the camera looks elsewhere, or something stands before it; tours come and go.",
        "1 表示场景如常；接近 0 表示视角偏移或被遮挡；巡航的摄像机会来回变化。",
    ),
)
MISSING = States(
    title=Text("Pictures that could not be fetched", "取图失败"),
    description=Text(
        "Red: in that hour at least one picture could not be fetched or read. Empty: none was asked for.",
        "红色：该小时内至少一次取图失败。空白：未取图。",
    ),
    queries=[course('min("picture_taken_min")', " ".join(KINDS), fill="none")],
    unit="none",
    states=YES_IS_GOOD,
    interval="1h",
    link=DEVICE,
    height=10,
    width=24,
)

board = Board(
    name="pictures",
    title=Text("Pictures", "图像"),
    description=Text(
        "Which cameras see badly, in what way and since when.", "哪些摄像机图像异常、何种异常、从何时开始。"
    ),
    rows=[
        Row([BAD, TICKETS, rate_by_day("picture", RATES["picture"], width=20), TOLD]),
        Row([SHARPNESS, LIKENESS, MISSING], Text("One site, camera by camera", "单个站点，逐台摄像机")),
    ],
    variables=[CONSOLE, SITE, CLOSER],
    annotations=marks("{closer}"),
    links=[("fleet", Text("Fleet", "全局")), ("site", Text("Site", "站点"))],
    since="now-7d",
    refresh="5m",
)
