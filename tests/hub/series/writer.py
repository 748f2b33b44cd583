"""A hub's buffer in a process of its own, to be killed: `python -m tests.hub.series.writer FILE PORT [drain]`.

Writes numbered points for ever, telling each one's number and outcome; with `drain` it only drains.
"""

import sys
import time
from itertools import count
from pathlib import Path

from hub.series import buffer, drain
from hub.series.connection import InfluxTarget
from hub.series.influx import InfluxSeries
from hub.series.store import Point

T = 1_767_225_600_000


def main(path: str, port: str, *only: str) -> None:
    drain.DRAIN_POINTS = 1
    store = InfluxSeries(InfluxTarget(f"http://127.0.0.1:{port}", "watchkeeper", api="v1", timeout_seconds=5))
    series = buffer.BufferedSeries(store, Path(path), 64 * 1024**2, lambda: T, buffer.Backoff(0.05, 0.2))
    if only:
        time.sleep(60)  # until killed
        return
    for number in count():
        written = series.write([Point("camera", "depot", "gate-1", "cam-1", T + number, {"reachable": float(number)})])
        print(number, written.outcome, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
