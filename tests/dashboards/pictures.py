"""Draws dashboards with the week's real results for the docs: `python -m tests.dashboards.pictures [NAME…]`.

For there is no Grafana here, this is our drawing of a dashboard's layout, not Grafana's own page.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from simulator.scenario import Scenario
from tests.dashboards.drawing.page import WIDTH, page
from tests.dashboards.filling import sources_on
from tests.dashboards.player.play import JSON, Player
from tests.dashboards.sites import NOW, sites
from tests.dashboards.week import the_week
from tests.pictures import FLAGS, IMAGES
from tests.servers.influxdb import InfluxDB

COMMITTED = Path("dashboards/json")
LANGUAGES = ("en", "zh_CN")
MARGIN = 32
WHOLE = "now-7d"
"""The range that is shown, whatever the dashboard's own: the whole week."""
EVERY_SECONDS = 600.0
"""Between two reports: closer than in the tests, for a smoother picture."""
STATES_MS = 600_000
"""Between two looks at how sites stand."""


@dataclass(frozen=True)
class Shot:
    """A picture: of which dashboard, with which variables."""

    name: str
    wanted: Mapping[str, Sequence[str]]


SHOTS = (
    Shot("fleet", {}),
    Shot("site", {"site": ["school"]}),
    Shot("tickets", {}),
    Shot("network", {"site": ["school"]}),
)
"""What the docs show. Not the hub's: its week is made by hand."""


def main(arguments: Sequence[str]) -> int:
    """Each picture in both languages; with names only these, of any dashboard."""
    parser = argparse.ArgumentParser(prog="python -m tests.dashboards.pictures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="dashboards, as their files are named (default: some)")
    parser.add_argument("--to", type=Path, default=IMAGES, metavar="DIR", help=f"where they go (default: {IMAGES})")
    parser.add_argument("--site", default="school", help="which site is shown where there is a choice")
    parser.add_argument("--lines", type=Path, metavar="DIR", help="keep the week's data there, or take it from there")
    told = parser.parse_args(arguments)
    usual = {shot.name: shot for shot in SHOTS}
    shots = [usual.get(name) or Shot(name, {"site": [told.site]}) for name in told.names] or SHOTS
    told.to.mkdir(parents=True, exist_ok=True)
    with playing(told.lines) as player, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        view = browser.new_page(viewport={"width": WIDTH + MARGIN, "height": 600})
        for shot in shots:
            for language in LANGUAGES:
                view.set_content(drawn(player, shot, language))
                path = told.to / f"grafana-{shot.name}{'-zh' if language == 'zh_CN' else ''}.png"
                view.screenshot(path=path, full_page=True)
                print(path)
        browser.close()
    return 0


def drawn(player: Player, shot: Shot, language: str) -> str:
    """The page."""
    dashboard: JSON = json.loads((COMMITTED / language / f"{shot.name}.json").read_text(encoding="utf-8"))
    there = {variable["name"] for variable in dashboard["templating"]["list"]}
    wanted = {name: values for name, values in shot.wanted.items() if name in there}
    return page(player.play(dashboard, wanted, WHOLE), language)


@contextmanager
def playing(kept: Path | None = None) -> Iterator[Player]:
    """On an InfluxDB of its own, with the week at a closer look; `kept`: where the week lies, or is to lie."""
    with tempfile.TemporaryDirectory(prefix="wk-pictures-") as folder, httpx.Client(timeout=300) as client:
        server = InfluxDB(Path(folder))
        server.start()
        try:
            made = sources_on(server, client)
            the_week(kept or Path(folder) / "week", made, closer(), STATES_MS)
            yield Player(made, NOW)
        finally:
            server.stop()


def closer() -> list[Scenario]:
    """The sites with more reports."""
    return [scenario.model_copy(update={"interval": EVERY_SECONDS}) for scenario in sites()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
