"""Forms that several boards fill: the course of each device, a rate by day, the columns that say which device."""

from collections.abc import Mapping

from dashboards.limits import Limits
from dashboards.panel import Column, Lines, Number
from dashboards.query import Query, Tier
from dashboards.text import Text
from dashboards.words import DEVICE_PATH, TO_SITE, hidden

DEVICE = "${console}/sites/${__field.labels.site}/devices/${__field.labels.device}"
"""From a line or lane of `course` to the console's page of the device."""


def site_column(width: int = 140) -> Column:
    """Which site: a link to its board. 0: as wide as there is room."""
    return Column("site", Text("Site", "站点"), link=TO_SITE, width=width)


def device_column(width: int = 170) -> Column:
    """Which device: a link to its page in the console. 0: as wide as there is room."""
    return Column("device", Text("Device", "设备"), link=DEVICE_PATH, width=width)


def place(width: int = 140) -> list[Column]:
    """Which device of which site, of a table whose times say nothing."""
    return [site_column(width), device_column(), *hidden("Time")]


def course(
    figure: str,
    kinds: str,
    tier: Tier = "hourly",
    where: str = "{closer}",
    fill: str = "null",
    alias: Text | str = "$tag_device",
) -> Query:
    """A figure over time, a line or lane a device: of the one site whose devices have lines of their own unless `where`
    says otherwise. `kinds`: measurements, with spaces between them. `fill` is "none" for states of hours: what no hour
    tells is a hole then, and no value that a chart may bridge."""
    measurements = ", ".join(f'"{kind}"' for kind in kinds.split())
    return Query(
        f"SELECT {figure} FROM {measurements} WHERE $timeFilter AND {where} "
        f'GROUP BY time($__interval), "site", "device" fill({fill})',
        tier,
        alias,
    )


def heard(title: Text, description: Text, figure: str, kinds: Mapping[str, Text], height: int) -> Number:
    """Beside a list of what is wrong: of how many devices, kind by kind, the last whole hour tells at all, so that an
    empty list can be read. Four wide."""
    return Number(
        title=title,
        description=description,
        queries=[
            Query(f'SELECT count("{figure}") FROM "{kind}" WHERE {{rolled_hour}} AND {{site}}', "hourly", name)
            for kind, name in kinds.items()
        ],
        unit="none",
        width=4,
        height=height,
    )


def rate_by_day(rate: str, title: Text, limits: Limits | None = None, width: int = 12) -> Lines:
    """One of the inspector's four rates: of all sites chosen together, and of the one that charts are of."""
    of = f'"site_rate" WHERE $timeFilter AND "period" = \'day\' AND "{rate}_devices" > 0'
    return Lines(
        title=Text(f"{title.en}, by day", f"{title.zh}（按天）"),
        description=Text(
            "The inspector's rate: of the sites chosen, each device counting the same, and of the site that charts are "
            "of. A day without evidence is a gap.",
            "考核用：所选站点合计（每台设备权重相同），以及图表站点。没有依据的日期留空。",
        ),
        queries=[
            Query(
                f'SELECT sum("good") / sum("all") FROM (SELECT "{rate}_ratio" * "{rate}_devices" AS "good", '
                f'"{rate}_devices" AS "all" FROM {of} AND {{site}}) WHERE $timeFilter '
                "GROUP BY time($__interval) fill(null)",
                "daily",
                Text("sites chosen", "所选站点"),
            ),
            Query(
                f'SELECT mean("{rate}_ratio") FROM {of} AND {{closer}} GROUP BY time($__interval), "site" fill(null)',
                "daily",
                "$tag_site",
            ),
        ],
        unit="percentunit",
        limits=limits,
        lowest=True,
        interval="1d",
        most=1,
        steps=True,
        width=width,
    )
