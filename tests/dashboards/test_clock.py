"""Who follows no time server: in the week all do, so here are some that do not."""

import json
from pathlib import Path

import httpx

from tests.dashboards.filling import fill, sources_on
from tests.dashboards.player.play import Player
from tests.dashboards.sites import NOW
from tests.servers.influxdb import InfluxDB

BOARD = Path(__file__).parents[2] / "dashboards" / "json" / "en" / "clock.json"
HOUR_MS = 3_600_000
LAST, BEFORE = NOW - 2 * HOUR_MS, NOW - 3 * HOUR_MS

HOURLY = f"""host,site=a,agent=g,device=lost clock_synchronised_min=0,clock_reference_min=1 {LAST}
host,site=a,agent=g,device=held clock_synchronised_min=1,clock_reference_min=1 {LAST}
host,site=a,agent=g,device=silent clock_reference_min=0 {LAST}
camera,site=a,agent=g,device=mended ntp_enabled_min=0 {BEFORE}
camera,site=a,agent=g,device=mended ntp_enabled_min=1 {LAST}
recorder,site=b,agent=g,device=off ntp_enabled_min=0 {LAST}
"""
RAW = "".join(f"agent,site={site},agent=g,device=g up=1 {LAST}\n" for site in "ab")


def test_who_follows_no_time_server_is_listed_with_the_reason(server: InfluxDB, client: httpx.Client) -> None:
    sources = sources_on(server, client, "_clock")
    fill(sources, {"wk-hourly": HOURLY, "wk-raw": RAW})
    played = Player(sources, NOW).play(json.loads(BOARD.read_text(encoding="utf-8")))
    [panel] = [panel for panel in played.panels if panel.title == "Who follows no time server"]
    told = {row["device"]: row for frame in panel.frames for row in frame.rows()}
    assert {name: (row["site"], row["synchronised"], row["reference"], row["ntp"]) for name, row in told.items()} == {
        "lost": ("a", 0.0, 1.0, None),
        "silent": ("a", None, 0.0, None),
        "off": ("b", None, None, 0.0),
    }
