"""An agent process whose one collector counts: every reading carries a number, so a lost or doubled one shows.

    python -m tests.e2e.numbered_agent CONFIG FOLDER

Each run of the process takes a new thousand-million of numbers. A number is written to FOLDER/proven when the *next*
reading is asked for: by then the runner has spooled it. While FOLDER/fault exists, the camera reads as unreachable.
FOLDER/quiet stops the counting, so that the spool can drain; FOLDER/silent then says that no number comes any more.
"""

import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from agent.app import build
from agent.collector import Collector, Context, Happening, Measurement, Plugin, Reading, Settings, discover
from agent.config import load
from wire.messages import Device, DeviceKind

EPOCH = 1_000_000
CAMERA, DOOR = "cam-numbered", "door-numbered"


class Counter:
    """Counts from the beginning of this process's epoch."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        epochs = folder / "epochs"
        epochs.touch()
        epoch = len(epochs.read_text().splitlines()) + 1
        with epochs.open("a") as file:
            file.write(f"{epoch}\n")
        self._next = epoch * EPOCH
        self._spooled: int | None = None
        self._announced = False

    def collect(self) -> Reading:
        devices = None
        if not self._announced:
            self._announced = True
            devices = [Device(device=CAMERA, kind=DeviceKind.CAMERA), Device(device=DOOR, kind=DeviceKind.DOOR)]
        if self._spooled is not None:
            with (self._folder / "proven").open("a") as file:
                file.write(f"{self._spooled}\n")
            self._spooled = None
        if (self._folder / "quiet").exists():
            (self._folder / "silent").touch()
            return Reading(devices=devices)
        number, self._next = self._next, self._next + 1
        self._spooled = number
        down = (self._folder / "fault").exists()
        values = {"response_seconds": float(number), "reachable": 0.0 if down else 1.0}
        return Reading([Measurement(CAMERA, values)], [Happening(DOOR, "door.opened", {"number": number})], devices)

    def close(self) -> None:
        """Nothing to let go of."""


def main(config: Path, folder: Path) -> None:
    def counters(_settings: Settings, _context: Context) -> Sequence[Collector]:
        return [Counter(folder)]

    # Nothing looks at cameras that are none.
    others = {name: plugin for name, plugin in discover().items() if "cameras" not in plugin.reads}
    plugins = {**others, "cameras": Plugin("cameras", Settings, counters)}
    app = build(load(config, plugins), plugins)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    app.start()
    ended.wait()
    app.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
