"""A machine whose clock we turn, whose disk counts and can fail, and a collector on it."""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.collector import Context, Happening, Reading
from agent.collectors.recordings import Store, build
from agent.recordings.disk import Disk, Entry
from agent.recordings.layout import Layout
from agent.recordings.settings import RecordingsSettings
from tests.agent.recordings.trees import T0


class FailingDisk(Disk):
    """A disk that works until told otherwise: `gone` as if pulled out, `refused` and `broken` are parts of paths.

    `pulled`: it is out, and the kernel goes on telling its folders from memory.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gone_after: int | None = None
        self.refused = ""
        self.broken = ""
        self.pulled = False

    def root(self, path: str) -> os.stat_result:
        self._check(path)
        return super().root(path)

    def gone(self, look: os.stat_result) -> bool:
        return self.pulled or super().gone(look)

    def look(self, path: str) -> os.stat_result:
        self._check(path)
        return super().look(path)

    def listing(self, path: str, *, root: bool = False) -> Iterator[Entry]:
        self._check(path)
        for entry in super().listing(path, root=root):
            self._check(path)
            yield entry

    def _check(self, path: str) -> None:
        if self.gone_after is not None:
            self.gone_after -= 1
            if self.gone_after < 0:
                raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        if self.refused and self.refused in path:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        if self.broken and self.broken in path:
            raise OSError(errno.EIO, "Input/output error", path)


@dataclass
class Machine:
    """`folder` holds the recordings in `video` and the state; `settings` are of the collector, `store` of its store."""

    folder: Path
    store: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)
    now: int = T0
    disk: FailingDisk = field(default_factory=FailingDisk)
    told: list[Happening] = field(default_factory=list)
    keeps_state: bool = True

    def __post_init__(self) -> None:
        self.video = self.folder / "video"
        self.video.mkdir(exist_ok=True)
        self.collector = self._built()

    def _built(self) -> Store:
        store = {"path": str(self.video), **self.store}
        settings = RecordingsSettings.model_validate({"time_zone": "UTC", **self.settings, "store": [store]})
        self.layout: Layout = settings.store[0].layout_in(settings.site())
        state = self.folder / "state" if self.keeps_state else None
        context = Context(agent="gate", host="nvr-1", state=state)
        (collector,) = build(settings, context, wall=lambda: float(self.now), disk=lambda: self.disk)
        assert isinstance(collector, Store)
        return collector

    def collect(self, *, after: int = 0) -> Reading:
        """One run, so many seconds later."""
        self.now += after
        reading = self.collector.collect()
        self.told += reading.happenings
        return reading

    def values(self, channel: str, *, after: int = 0) -> dict[str, float]:
        """What one run says of a channel, by the end of its device id."""
        reading = self.collect(after=after)
        assert reading.problem == ""
        return next((dict(m.values) for m in reading.measurements if m.device == f"nvr-1-{channel}"), {})

    def restart(self, *, killed: bool = False) -> None:
        """The agent ends, in order or not, and starts again."""
        if not killed:
            self.collector.close()
        elif self.collector._index is not None:
            self.collector._index.close()  # as the kernel closes it: what was not committed is gone
        self.collector = self._built()

    def gaps(self) -> list[tuple[float, float]]:
        """What was told, as seconds."""
        return [(float(one.data["from"] or 0) / 1000, float(one.data["to"] or 0) / 1000) for one in self.told]
