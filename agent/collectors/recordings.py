"""Recordings on this machine's disks, by channel: how far back they reach, whether the writer stands still, gaps.

Reads the names in the folders of `[[collectors.recordings.store]]`, and sizes and times of some of the files (lstat);
never opens a recording and never follows a link below the folder. Needs no more than to list the folders: read and
search permission (group `video`, or whichever owns them). What was read is kept in a small index in the state folder,
so a start does not read all again; a run lists what changed, and a bounded part of what can wait, at idle disk
priority. Each store has a collector of its own: a dead network share blocks in the kernel, and must not take others
with it. A disk that is missing, fails or is pulled out is a problem of the run and says nothing of its channels: the
index stays as it was, and they go on where they were when it is back.
"""

import hashlib
import logging
import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import cache, partial

from agent.collector import (
    CollectError,
    Collector,
    Context,
    Happening,
    Measurement,
    Need,
    NotAvailable,
    Plugin,
    Reading,
)
from agent.recordings.disk import Disk
from agent.recordings.index import Channel, Index
from agent.recordings.scan import Bounds, Scanner
from agent.recordings.settings import RecordingsSettings, StoreSettings
from agent.recordings.walk import Scan, StoreGone, Tree
from agent.recordings.watch import Told, Watch
from wire.messages import Device, DeviceKind

log = logging.getLogger(__name__)

NAME = "recordings"
GAP = "recording.gap"
METRICS = (
    "recording_age_seconds",
    "recording_newest_age_seconds",
    "recording_retention_days",
    "recording_stalled",
    "recording_bytes_per_second",
    "recording_gaps",
    "recording_longest_gap_seconds",
    "recording_integrity_ratio",
    "recording_segments",
    "recording_bytes",
    "recording_scan_age_seconds",
)
_CLOCK_IS_SET = 1_600_000_000
_COMMIT_SECONDS = 300
_CLOCK_BACK_SECONDS = 3600
_ID_LENGTH = 40


class Store:
    """One tree of recordings. `wall` is seconds since 1970, `disk` what reads folders."""

    def __init__(
        self,
        store: StoreSettings,
        settings: RecordingsSettings,
        context: Context,
        wall: Callable[[], float],
        disk: Disk,
    ) -> None:
        self._store, self._settings, self._context, self._wall, self._disk = store, settings, context, wall, disk
        self._site = settings.site()
        self._layout = store.layout_in(self._site)
        self._watches: dict[str, Watch] = {}
        self._told: list[Device] = []
        self._index: Index | None = None
        self._scanner: Scanner | None = None
        self._committed = 0
        self._stopping = False

    def collect(self) -> Reading:
        """One run. Raises CollectError where this machine's clock is not set or the index fails."""
        now = int(self._wall())
        if now < _CLOCK_IS_SET:
            raise CollectError("this machine's clock is not set: ages of recordings can't be told")
        try:
            index, scanner = self._opened(now)
            index.begin()
            try:
                scan = scanner.run(now)
                told = self._look(index, scan, now)
            except (StoreGone, NotAvailable) as error:
                index.undo()
                return Reading(devices=self._devices(index), problem=str(error))
            index.keep()
            self._commit(index, now, force=any(one.gaps for _, one in told))
        except sqlite3.Error as error:
            self._let_go()
            raise CollectError(f"the index of recordings fails: {error}") from None
        return self._reading(index, scan, told)

    def close(self) -> None:
        """Keep what was read."""
        if self._index is not None:
            try:
                self._index.commit()
            except sqlite3.Error as error:
                log.warning("index of recordings not kept store=%s error=%r", self._store.path, str(error))
            self._let_go()

    def interrupt(self) -> None:
        """Leave what can wait for another time."""
        self._stopping = True

    # Index

    def _opened(self, now: int) -> tuple[Index, Scanner]:
        if self._index is not None and self._scanner is not None:
            return self._index, self._scanner
        index = self._open_index()
        if int(index.meta("looked") or 0) > now + _CLOCK_BACK_SECONDS:
            log.warning("clock was set back, index of recordings is begun afresh store=%s", self._store.path)
            index.restart()
        for name in [one.name for one in self._store.channel]:
            index.channel(name, now)
        bounds = Bounds(
            self._settings.entries_per_run if self._context.state else 1 << 60,
            self._settings.timeout_seconds / 4 if self._context.state else self._settings.timeout_seconds / 2,
            self._settings.interval_seconds,
            self._settings.round_hours * 3600,
        )
        tree = Tree(
            self._store.path,
            self._layout,
            index,
            self._disk,
            accepts=lambda name: self._store.discover or self._store.listed(name) is not None,
            configured=cache(self._store.segment_of),
            own_file_system=self._store.must_be_mounted,
            stopping=lambda: self._stopping,
        )
        self._index, self._scanner = index, Scanner(tree, bounds)
        return self._index, self._scanner

    def _open_index(self) -> Index:
        what = f"{self._store.path}\n{self._layout.pattern}\n{self._layout.zone.name}\n{self._site.name}"
        if self._context.state is None:
            return Index(None, what)
        name = hashlib.sha256(self._store.path.encode()).hexdigest()[:12]
        try:
            return Index(self._context.state / f"{name}.db", what)
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise
            log.warning("index of recordings is kept in memory only store=%s error=%r", self._store.path, str(error))
            return Index(None, what)

    def _commit(self, index: Index, now: int, *, force: bool) -> None:
        """Seldom, to spare the disk: what is lost is read again. What was told is kept before it is told."""
        if force or abs(now - self._committed) >= _COMMIT_SECONDS:
            index.commit(force=force)
            self._committed = now

    def _let_go(self) -> None:
        if self._index is not None:
            self._index.close()
        self._index = self._scanner = None

    # What is said

    def _look(self, index: Index, scan: Scan, now: int) -> list[tuple[Channel, Told]]:
        if not scan.current:
            return []
        return [
            (channel, self._watch(channel).look(index, channel, now, away=scan.away))
            for channel in index.channels.values()
            if channel.name not in scan.unreadable
        ]

    def _watch(self, channel: Channel) -> Watch:
        if channel.name not in self._watches:
            self._watches[channel.name] = Watch(
                self._store.plan_of(channel.name, self._site),
                self._site,
                least=self._settings.gap_seconds,
                segment=self._store.segment_of(channel.name),
                interval=self._settings.interval_seconds,
            )
        return self._watches[channel.name]

    def _reading(self, index: Index, scan: Scan, told: list[tuple[Channel, Told]]) -> Reading:
        problems = [scan.problem, *scan.unreadable.values()]
        return Reading(
            [Measurement(self._id(channel), one.values) for channel, one in told if one.values],
            [self._gap(channel, *gap) for channel, one in told for gap in one.gaps],
            devices=self._devices(index),
            problem="; ".join(text for text in problems if text)[:1000],
        )

    def _gap(self, channel: Channel, start: int, end: int) -> Happening:
        plan = self._watch(channel).plan.kind
        data = {"from": start * 1000.0, "to": end * 1000.0, "seconds": float(end - start), "plan": plan}
        return Happening(self._id(channel), GAP, data)

    def _devices(self, index: Index) -> list[Device] | None:
        devices = [self._device(channel) for channel in index.channels.values()]
        if devices == self._told:
            return None
        self._told = devices
        return devices

    def _id(self, channel: Channel) -> str:
        own = self._store.listed(channel.name)
        return own.id if own and own.id else channel_id(self._context.host, channel.name)

    def _device(self, channel: Channel) -> Device:
        own = self._store.listed(channel.name)
        facts: dict[str, str | float | bool] = {
            "layout": self._store.layout,
            "path": self._store.path,
            "plan": self._watch(channel).plan.kind,
        }
        if channel.since:
            # A history that begins later than the retention asked for is immature, not short.
            facts["recording_since"] = channel.since * 1000.0
        if channel.future:
            facts["future_dated"] = True
        return Device(
            device=self._id(channel),
            kind=DeviceKind.CHANNEL,
            name=(own.title if own and own.title else printable(channel.name))[:200],
            parent=self._store.recorder or self._context.host,
            facts={**facts},
        )


def channel_id(host: str, name: str) -> str:
    """An id for a channel of a host by its name: readable, unique within the site, at most 40 characters."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    whole = f"{host}-{slug}"
    if len(whole) <= _ID_LENGTH and slug == name:
        return whole
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:6]
    return f"{whole[: _ID_LENGTH - 7].rstrip('-')}-{digest}"


def printable(name: str) -> str:
    """A folder's name fit to be shown: bytes that are no UTF-8 and control characters become marks."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def build(
    settings: RecordingsSettings,
    context: Context,
    *,
    wall: Callable[[], float] = time.time,
    disk: Callable[[], Disk] = Disk,
) -> Sequence[Collector]:
    """A collector a store; `wall` and `disk` may be a simulated machine's."""
    return [Store(store, settings, context, wall, disk()) for store in settings.store]


def plugin_with(wall: Callable[[], float], disk: Callable[[], Disk] = Disk) -> Plugin:
    """The same plugin by another clock and other disks."""
    return Plugin(NAME, RecordingsSettings, partial(build, wall=wall, disk=disk), METRICS, (GAP,), NEEDS)


NEEDS = (
    Need("read and search permission on the folders of the recordings", "nothing is known of its channels"),
    Need("a writable state folder", "every start reads all again, and may tell yesterday's gaps once more"),
)

plugin = Plugin(NAME, RecordingsSettings, build, METRICS, (GAP,), NEEDS)
