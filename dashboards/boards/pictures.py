"""Pictures: which cameras see badly, in what way, since when."""

from dashboards.annotation import MARKS
from dashboards.board import Board, Row
from dashboards.panel import Column, Lines, States, Table
from dashboards.query import Query
from dashboards.text import NO_DATA, Text
from dashboards.variable import CLOSER, CONSOLE, SITE
from dashboards.words import DEVICE_PATH, TO_SITE, YES_IS_BAD, YES_IS_GOOD, hidden, ticket_columns, tickets

FAULTS = (
    ("blurred", Text("Blurred", "模糊")),
    ("dark", Text("Too dark", "过暗")),
    ("bright", Text("Too bright", "过亮")),
    ("covered", Text("Covered", "遮挡")),
    ("dirty", Text("Dirty", "污渍")),
    ("frozen", Text("Frozen", "冻结")),
    ("colour_lost", Text("No colour", "失色")),
    ("infrared_dead", Text("Infra-red dead", "红外失效")),
    ("moved", Text("Looks elsewhere", "偏移")),
)
KINDS = ("camera", "channel")
ANY = " OR ".join(f'"{name}" = 1' for name, _ in FAULTS)


def _bad(kind: str) -> Query:
    """The newest verdicts of the last day of those that have a fault, or no picture at all."""
    latest = ", ".join(f'last("picture_{name}") AS "{name}"' for name, _ in FAULTS)
    named = ", ".join(f'"{name}"' for name, _ in FAULTS)
    return Query(
        f'SELECT {named}, "taken", "age" FROM (SELECT {latest}, last("picture_taken") AS "taken", '
        f'last("picture_age_seconds") AS "age" FROM "{kind}" WHERE {{day}} AND {{site}} GROUP BY "site", "device") '
        f'WHERE {{day}} AND ({ANY} OR "taken" = 0) GROUP BY "site", "device"',
        table=True,
    )


BAD = Table(
    title=Text("Which cameras see badly", "哪些摄像机图像异常"),
    description=Text(
        "The newest verdict of the last day on each picture, of those with a fault or without a picture. A ticket "
        "wants three such samples in one light, so a bird before the lens is here and has none.",
        "最近一天每台设备的最新图像判定，仅列出异常或取不到图像的。同一光照下连续三次异常才开工单。",
    ),
    queries=[_bad(kind) for kind in KINDS],
    merge=True,
    height=11,
    columns=[
        Column("site", Text("Site", "站点"), link=TO_SITE, width=120),
        Column("device", Text("Device", "设备"), link=DEVICE_PATH, width=160),
        Column("taken", Text("Picture", "取图"), "none", states=YES_IS_GOOD, empty=NO_DATA, width=80),
        *(Column(name, title, "none", states=YES_IS_BAD, empty=NO_DATA) for name, title in FAULTS),
        Column("age", Text("Last picture", "上次取图"), "s", empty=NO_DATA),
        *hidden("Time"),
    ],
)
TICKETS = Table(
    title=Text("Open tickets about pictures", "图像类未解决工单"),
    description=Text(
        "What has been seen often enough to send somebody with a ladder.", "已多次确认、需要派人处理的图像故障。"
    ),
    queries=[tickets('{until} AND "open" = 1 AND "rule" =~ /^(picture_.*|channel_video_loss|camera_not_streaming)$/')],
    columns=ticket_columns(Column("site", Text("Site", "站点"), link=TO_SITE, width=120)),
    height=9,
)


def _lines(metric: str, function: str, title: Text, description: Text) -> Lines:
    return Lines(
        title=title,
        description=description,
        queries=[
            Query(
                f'SELECT {function}("{metric}_{function}") FROM "{kind}" WHERE $timeFilter AND {{closer}} '
                'GROUP BY time($__interval), "site", "device" fill(null)',
                "hourly",
                "$tag_device",
            )
            for kind in KINDS
        ],
        unit="percentunit",
        interval="1h",
        link="${console}/sites/${__field.labels.site}/devices/${__field.labels.device}",
        least=0,
    )


SHARPNESS = _lines(
    "picture_sharpness_ratio",
    "mean",
    Text("Sharpness against each camera's own baseline", "清晰度与自身基线之比"),
    Text(
        "1 is as sharp as this camera used to be. A slow fall is dirt or a lens that creeps, a sudden one a knock.",
        "1 表示与该摄像机往常一样清晰。缓慢下降多为积尘或镜头漂移，突然下降多为碰撞。",
    ),
)
LIKENESS = _lines(
    "picture_similarity_ratio",
    "mean",
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
    queries=[
        Query(
            f'SELECT min("picture_taken_min") FROM "{kind}" WHERE $timeFilter AND {{closer}} '
            'GROUP BY time($__interval), "site", "device" fill(none)',
            "hourly",
            "$tag_device",
        )
        for kind in KINDS
    ],
    unit="none",
    states=YES_IS_GOOD,
    interval="1h",
    link="${console}/sites/${__field.labels.site}/devices/${__field.labels.device}",
    height=10,
    width=24,
)
RATE = Lines(
    title=Text("Picture quality, by site and day", "图像合格率（按站点和天）"),
    description=Text(
        "The inspector's rate: share of the cameras whose picture was without fault. A day without evidence is a gap.",
        "考核用：图像无故障的摄像机占比。没有依据的日期留空。",
    ),
    queries=[
        Query(
            'SELECT mean("picture_ratio") FROM "site_rate" WHERE $timeFilter AND "period" = \'day\' AND {site} '
            'GROUP BY time($__interval), "site" fill(null)',
            "daily",
            "$tag_site",
        )
    ],
    unit="percentunit",
    interval="1d",
    most=1,
    width=24,
)

board = Board(
    name="pictures",
    title=Text("Pictures", "图像"),
    description=Text(
        "Which cameras see badly, in what way and since when.", "哪些摄像机图像异常、何种异常、从何时开始。"
    ),
    rows=[
        Row([BAD, TICKETS, RATE]),
        Row([SHARPNESS, LIKENESS, MISSING], Text("One site, camera by camera", "单个站点，逐台摄像机")),
    ],
    variables=[CONSOLE, SITE, CLOSER],
    annotations=MARKS,
    links=[("fleet", Text("Fleet", "全局")), ("site", Text("Site", "站点"))],
    since="now-7d",
    refresh="5m",
)
