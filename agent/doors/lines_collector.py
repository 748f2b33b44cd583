"""Doors that programs of others tell of, line by line: a file that is appended to, or a socket that we listen on."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from agent.collector import Reading
from agent.doors.inbox import Inbox
from agent.doors.inputs import LinesSettings
from agent.doors.inventory import Inventory
from agent.doors.line_file import FileTrouble, LineFile, Mark
from agent.doors.line_socket import LineSocket, SocketTrouble
from agent.doors.lines import LineError, read
from agent.doors.source import Source
from agent.doors.told import Told
from agent.memory import Memory


class _Lines:
    """What both ways have in common: the doors, what is measured of them, and what is complained of."""

    def __init__(
        self, settings: LinesSettings, way: Path, monotonic: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self.label = f"door lines {settings.id}"
        self.source = Source(self.label, settings.doors, monotonic, settings.silence_seconds)
        self.inventory = Inventory.of_input(settings, {"source": str(way)})
        self.monotonic = monotonic
        self.wall = wall
        self._silence = settings.silence_seconds
        self._begun = monotonic()

    def reading(self, told: list[Told], problem: str = "", kept: Callable[[], None] | None = None) -> Reading:
        happenings, folded = self.source.bounded(self.source.take(told))
        measurements = self.source.measure(self._common(), known=True)
        problems = "; ".join(filter(None, (problem, folded)))
        return Reading(measurements, happenings, self.inventory.fresh(), problem=problems, kept=kept)

    def complaint(self, reasons: Counter[str], where: str = "") -> str:
        """One line about lines that were none: how many, and the first."""
        if not reasons:
            return ""
        first = f"{next(iter(reasons))}{where}"
        return f"{self.label}: {reasons.total()} lines are no events, the first: {first}"

    def _common(self) -> dict[str, float]:
        """Whether the program is there at all can only be told where it was said how often it speaks."""
        if self._silence is None:
            return {}
        since = self.source.heard if self.source.heard is not None else self._begun
        silent = self.monotonic() - since >= self._silence
        if self.source.heard is None and not silent:
            return {}
        return {"door_reachable": float(not silent)}


class FileCollector:
    """One file."""

    def __init__(
        self,
        settings: LinesSettings,
        path: Path,
        state: Path | None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._lines = _Lines(settings, path, monotonic, wall)
        self._file = LineFile(path, Memory(state, f"lines-{settings.id}", Mark))

    def collect(self) -> Reading:
        """Whatever was appended since the last round."""
        lines = self._lines
        try:
            batch = self._file.read()
        except FileTrouble as error:
            return lines.reading([], f"{lines.label}: {error}", self._file.keep)
        told: list[Told] = []
        reasons: Counter[str] = Counter()
        where = ""
        now, wall = lines.monotonic(), lines.wall()
        for position, line in batch.lines:
            try:
                told += read(line, now, wall)
            except LineError as error:
                where = where or f", at byte {position}"
                reasons[str(error)] += 1
        return lines.reading(told, lines.complaint(reasons, where), self._file.keep)

    def close(self) -> None:
        """Nothing is held between rounds."""


class SocketCollector:
    """One socket, served by a thread of its own from the first round on."""

    def __init__(
        self,
        settings: LinesSettings,
        path: Path,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._lines = _Lines(settings, path, monotonic, wall)
        self._path = path
        self._inbox = Inbox()
        self._socket: LineSocket | None = None

    def collect(self) -> Reading:
        """Whatever was written since the last round."""
        lines = self._lines
        if self._socket is not None and not (self._socket.listening and self._socket.intact()):
            self._socket.stop()
            self._socket = None
        if self._socket is None:
            opened = LineSocket(self._path, self._inbox, lines.monotonic, lines.wall)
            try:
                opened.start()
            except SocketTrouble as error:
                opened.stop()
                return lines.reading(self._inbox.take()[0], f"{lines.label}: {error}")
            self._socket = opened
        told, dropped = self._inbox.take()
        problems = [lines.complaint(self._socket.complaints())]
        if dropped:
            problems.append(f"{lines.label}: {dropped} events dropped, they came faster than they can be told")
        return lines.reading(told, "; ".join(filter(None, problems)))

    def close(self) -> None:
        """Take the socket away."""
        if self._socket is not None:
            self._socket.stop()
            self._socket = None
