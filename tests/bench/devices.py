"""What the agent costs with every kind of device on, and what it asks of each: requests per device and hour.

64 cameras with pictures and streams, three recorders of 16 channels in the three languages, a door controller. Time is
not faked: intervals are divided by `SPEED`, so an hour takes three minutes; what is measured is multiplied out again.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from simulator import toml
from tests.bench import light_install
from tests.bench.agent_run import CAMERA_PASSWORD, running
from tests.bench.device_site import CAMERAS, CHANNELS
from tests.bench.measure import Figure

SPEED = 20
HOUR = 3600.0
MB = 1e6
PEAK_LIMIT_MB = 60.0

INTERVALS: Mapping[str, Mapping[str, float]] = {
    "cameras": {
        **{"interval_seconds": 60, "login_check_seconds": 900, "clock_check_seconds": 3600},
        **{"stream_check_seconds": 300, "detail_check_seconds": 3600},
    },
    "recorders": {
        **{"interval_seconds": 60, "login_check_seconds": 900, "clock_check_seconds": 3600},
        **{"recordings_seconds": 600, "gaps_seconds": 21_600, "detail_seconds": 3600, "log_seconds": 600},
    },
    "pictures": {"interval_seconds": 60, "picture_seconds": 600},
    "hardware": {"interval_seconds": 60, "silence_seconds": 900},
    "doors": {"interval_seconds": 10, "wait_seconds": 5, "silence_seconds": 300},
}
"""The defaults, which `_tables` divides."""


@dataclass
class _Site:
    """The devices' process."""

    questions: IO[str]
    answers: IO[str]

    def ask(self, what: str) -> Any:
        print(what, file=self.questions, flush=True)
        return json.loads(self.answers.readline())


@contextmanager
def _site() -> Iterator[_Site]:
    command = [sys.executable, "-m", "tests.bench.device_site"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield _Site(process.stdin, process.stdout)
        finally:
            process.kill()


def figures() -> Iterator[Figure]:
    """Memory, processor, and requests per device and hour in the first hour and in one after it."""
    with _site() as site, running(_tables(site.ask("tables")), light_install.python()) as agent:
        agent.wait_for("cameras", 1, 120)
        began, start = site.ask("requests"), time.monotonic()
        _wait_until(start + HOUR / SPEED)
        middle, first = site.ask("requests"), agent.usage()
        _wait_until(start + 2 * HOUR / SPEED)
        end, second = site.ask("requests"), agent.usage()
    share = 100 * (second.cpu_seconds - first.cpu_seconds) / HOUR
    devices = f"{CAMERAS} cameras, 3 recorders"
    yield Figure(
        f"devices: peak memory, {devices}", round(second.peak / MB, 1), "MB", PEAK_LIMIT_MB,
        round(second.peak / MB / PEAK_LIMIT_MB, 3), "the limit with cameras alone",
    )  # fmt: skip
    yield Figure(
        "devices: growth in the second hour", round((second.rss - first.rss) / MB, 2), "MB", round(first.rss / MB, 1),
        round(second.rss / first.rss, 3), "memory after the first (ratio: now to then)",
    )  # fmt: skip
    yield Figure(
        f"devices: processor, {devices}",
        round(share, 3),
        "% core",
        1.0,
        round(share, 3),
        "the limit with cameras alone",
    )
    for name, label in (
        ("cam", "a camera"),
        ("nvr-onvif", f"a recorder of {CHANNELS} over ONVIF"),
        ("nvr-isapi", f"a recorder of {CHANNELS} over ISAPI"),
        ("nvr-dahua", f"a recorder of {CHANNELS} over Dahua CGI"),
        ("access", "a door controller"),
    ):
        ids = [one for one in end if one.startswith(name)]
        early = max(middle[one] - began[one] for one in ids)
        usual = max(end[one] - middle[one] for one in ids)
        ratio = round(usual / max(1, early), 2)
        yield Figure(f"devices: requests an hour, {label}", usual, "1/h", early, ratio, "its first hour")


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _tables(devices: Mapping[str, list[toml.Value]]) -> str:
    """The collectors' tables, intervals divided, the hour's bound of requests multiplied."""
    told: dict[str, toml.Value] = {}
    for name, intervals in INTERVALS.items():
        table: dict[str, toml.Value] = {key: seconds / SPEED for key, seconds in intervals.items()}
        if name in devices:
            table |= {"username": "watchkeeper", "password_env": CAMERA_PASSWORD, "max_requests_per_hour": 1200 * SPEED}
            table["controllers" if name == "doors" else "devices"] = devices[name]
        told[name] = table
    told["network"] = {
        **{"interval_seconds": 60 / SPEED, "timeout_seconds": 30.0, "apart_seconds": 0.25, "ping_timeout_seconds": 0.5},
        "gateway": False,
    }
    return toml.dumps({"collectors": told})
