"""Looking through recordings on disk: the first scan of a large tree, and a run of every day after it.

`BENCH_RECORDINGS=1000000 python -m tests.bench recordings` for a million files; making them takes a minute or two. Each
tree is scanned by a process of its own, whose memory is told. The clock is virtual: between two runs of the steady
state every channel writes what it would in 30 seconds, and an overwriting recorder deletes as much at the other end.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.recordings.layout import Layout
from agent.recordings.settings import RecordingsSettings
from tests.bench.measure import Figure

FILES = int(os.environ.get("BENCH_RECORDINGS", "100000"))
NOW = 1_790_000_000
INTERVAL = 30
STEADY_RUNS = 40
MB = 1e6


@dataclass(frozen=True)
class Tree:
    """A recorder's tree: so many channels with segments of so many seconds, up to `NOW`."""

    name: str
    layout: str
    channels: int
    segment: int

    def settings(self, root: Path) -> RecordingsSettings:
        store = {"path": str(root), "layout": self.layout, "names_in": "UTC"}
        return RecordingsSettings.model_validate({"time_zone": "UTC", "store": [store]})

    def starts(self, files: int) -> range:
        """When the segments of each channel begin."""
        each = files // self.channels
        return range(NOW - each * self.segment, NOW, self.segment)


TREES = (
    Tree("frigate, 64 channels of 60 s", "frigate", 64, 60),
    Tree("flat ffmpeg folders, 8 channels of 10 s", "ffmpeg", 8, 10),
)


def figures() -> Iterator[Figure]:
    """Processor time, listed names and looked-at files, memory; against a walk that looks at every file."""
    for number, tree in enumerate(TREES):
        with tempfile.TemporaryDirectory() as name:
            root = Path(name) / "video"
            _make(tree, root)
            walk = _walk(root)
            run = json.loads(
                subprocess.run(
                    [sys.executable, "-m", "tests.bench.recordings", str(number), str(root), str(FILES)],
                    check=True,
                    capture_output=True,
                ).stdout
            )
        yield from _of(tree, walk, run)


def _of(tree: Tree, walk: float, run: dict[str, float]) -> Iterator[Figure]:
    head = f"recordings: {FILES // 1000}k files, {tree.name.split(',')[0]}"

    def figure(what: str, value: float, unit: str, baseline: float, against: str) -> Figure:
        return Figure(f"{head}: {what}", value, unit, baseline, round(value / baseline, 5), against)

    yield figure("first scan", round(run["first_cpu"], 2), "s CPU", round(walk, 2), "find and stat of every file")
    yield figure("names listed in a run, at most", run["most_entries"], "", FILES, "files")
    yield figure("looks (lstat) of the first scan", run["first_looks"], "", FILES, "files")
    yield figure("runs of the first scan", run["first_runs"], "", 1, "a scan at one go")
    yield figure("a run after it", round(run["steady_cpu"] * 1e3, 2), "ms", round(walk * 1e3), "find and stat")
    yield figure("names listed in it", round(run["steady_entries"], 1), "", FILES, "files")
    yield figure("looks (lstat) in it", round(run["steady_looks"], 1), "", FILES, "files")
    yield figure(f"of a core, every {INTERVAL} s", round(100 * run["steady_cpu"] / INTERVAL, 3), "%", 1.0, "the limit")
    yield figure("start with the index", round(run["again_cpu"] * 1e3, 1), "ms", round(walk * 1e3), "find and stat")
    yield figure("growth of memory", round(run["grown"] / MB, 1), "MB", round(run["bare"] / MB, 1), "the agent before")
    yield figure("index on disk", round(run["index"] / MB, 2), "MB", FILES / MB, "a byte a file")


def _make(tree: Tree, root: Path) -> None:
    """Files without content but for one byte of length: what is in them is never read."""
    layout = tree.settings(root).store[0].layout_in(tree.settings(root).site())
    for channel in range(tree.channels):
        for start in tree.starts(FILES):
            _touch(root, layout, channel, start, tree.segment)
    for folder, _, _ in os.walk(root):
        os.utime(folder, (NOW, NOW))


def _touch(root: Path, layout: Layout, channel: int, start: int, segment: int) -> None:
    path = f"{root}/{layout.path(f'cam{channel}', start, 'mp4')}"
    flags = os.O_WRONLY | os.O_CREAT
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True)
        handle = os.open(path, flags)
    os.truncate(handle, 1_000_000)  # sparse
    os.utime(handle, (start + segment, start + segment))
    os.close(handle)


def _walk(root: Path) -> float:
    """Seconds of processor time of the plain way."""
    began = time.process_time()
    for folder, _, names in os.walk(root):
        for name in names:
            os.lstat(f"{folder}/{name}")
    return time.process_time() - began


def _scan(tree: Tree, root: Path, files: int) -> dict[str, float]:
    """In a process of its own: scan to the end, then go on for a while."""
    import agent.__main__  # noqa: F401 - memory is told on top of the whole agent's
    from agent.collector import Context
    from agent.collectors.recordings import Store, build
    from agent.recordings.disk import Disk

    settings, disk, clock = tree.settings(root), Disk(), [float(NOW)]
    layout = settings.store[0].layout_in(settings.site())
    context = Context(agent="a", host="h", state=root.parent / "state")

    def opened() -> Store:
        (store,) = build(settings, context, wall=lambda: clock[0], disk=lambda: disk)
        assert isinstance(store, Store)
        return store

    store, bare, result, most = opened(), _rss(), dict[str, float](), 0
    began, runs, known = time.process_time(), 0, False
    while not known:
        entries = disk.entries
        reading = store.collect()
        assert not reading.problem, reading.problem
        runs, most = runs + 1, max(most, disk.entries - entries)
        known = any("recording_age_seconds" in one.values for one in reading.measurements)
    result |= {"first_cpu": time.process_time() - began, "first_runs": runs, "most_entries": most}
    result |= {"first_looks": disk.looks}
    used, entries, looks = 0.0, disk.entries, disk.looks
    for _ in range(STEADY_RUNS):
        _go_on(tree, root, layout, int(clock[0]), files)
        clock[0] += INTERVAL
        began = time.process_time()
        reading = store.collect()
        used += time.process_time() - began
        assert not reading.problem, reading.problem
        assert not reading.happenings
    assert all(one.values["recording_stalled"] == 0 for one in reading.measurements)
    result |= {"steady_cpu": used / STEADY_RUNS, "steady_entries": (disk.entries - entries) / STEADY_RUNS}
    result |= {"steady_looks": (disk.looks - looks) / STEADY_RUNS, "bare": bare, "grown": _rss() - bare}
    store.close()
    began = time.process_time()
    opened().collect()
    result["again_cpu"] = time.process_time() - began
    result["index"] = sum(file.stat().st_size for file in (root.parent / "state").iterdir())
    return result


def _go_on(tree: Tree, root: Path, layout: Layout, now: int, files: int) -> None:
    """What is recorded and overwritten between two runs; folders look settled, as they do a moment later."""
    kept = len(tree.starts(files)) * tree.segment
    for start in range(now - now % tree.segment, now + INTERVAL, tree.segment):
        if start < now:
            continue
        for channel in range(tree.channels):
            _touch(root, layout, channel, start, tree.segment)
            old = start - kept
            Path(f"{root}/{layout.path(f'cam{channel}', old - old % tree.segment + NOW % tree.segment, 'mp4')}").unlink(
                missing_ok=True
            )
            os.utime(Path(root, layout.path(f"cam{channel}", start, "mp4")).parent, (now, now))


def _rss() -> int:
    text = Path("/proc/self/statm").read_text().split()[1]
    return int(text) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(json.dumps(_scan(TREES[int(sys.argv[1])], Path(sys.argv[2]), int(sys.argv[3]))))
