"""Who opens files, as Debian's `fatrace` prints it. It listens to one whole file system through the kernel's fanotify:
readers in containers too, whatever they call the folder. One child process a file system, read line by line.

What fatrace can't tell: that the kernel's queue of 16,384 events ran over (told here when so many came within a second,
when records come late, or when they pile up in the pipe), and where a name ends. A process may call itself what it
likes, and names may hold line feeds: the kernel's bound of 15 bytes for a process's name tells which reading of a line
is the true one, and a record is whole once fatrace waits and the pipe is empty, for it writes each line by itself.
Fatrace 0.17 has no other format (`--json` came later): a name with a line feed and a time stamp can pose as a record of
its own. Such a record is not told, but counted as missed, where its time is not between that of the record before and
now, or where the name before it is cut after a slash. The limit: who may make folders on the file system, and names one
by a time a moment ahead and opens it at that very moment, can still forge one.
"""

import fcntl
import math
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from agent.collector import CollectError
from agent.tool import SEARCH_PATH, find

PACKAGE = "fatrace"
QUEUE_EVENTS = 16_384
"""/proc/sys/fs/fanotify/max_queued_events, unless somebody changed it."""
_COMM_BYTES = 15
_MAX_RECORD = 16 * 1024
_CHUNK_BYTES = 256 * 1024
_PIPE_BYTES = 1024 * 1024
_LATE_SECONDS = 1.0
_END_SECONDS = 1.0
_LINE_SECONDS = 0.002
_MAX_COMPLAINT = 300
_STAMP = re.compile(rb"\d{9,11}\.\d{6} ")
_NEXT = re.compile(rb"\n(?=\d{9,11}\.\d{6} )")
_MIDDLE = re.compile(rb"\((\d{1,10})\): ([RCWOD+<>]{1,8}) {1,3}(?=/)")


class Open(NamedTuple):
    """A process opened a file (or, by what fatrace tells, maybe a folder). `process` is empty where it was gone."""

    pid: int
    process: str
    path: str


def parse(record: bytes) -> Open | None:
    """One record of `fatrace -tt -f O`; None for one without a path: of files already deleted."""
    stamp = _STAMP.match(record)
    if stamp is None:
        return None
    told = record[stamp.end() :].rstrip(b"\n")
    fitting = [one for one in _MIDDLE.finditer(told) if one.start() <= _COMM_BYTES]
    if not fitting:
        return None
    middle = fitting[-1]
    if b"O" not in middle[2]:
        return None
    process = told[: middle.start()].decode("utf-8", "surrogateescape")
    path = told[middle.end() :].decode("utf-8", "surrogateescape")
    return Open(int(middle[1]), "" if process == "unknown" else process, path)


class Records:
    """Cuts what is read into records: one begins at a line with a time stamp, for a name may hold line feeds.

    `doubted` counts those that may be part of a name, `stamp` is the time of the newest other (s, Unix; 0 before).
    `held`: there is one that may go on in the next line.
    """

    def __init__(self) -> None:
        self.doubted = 0
        self.stamp = 0.0
        self._rest = b""
        self._cut = False

    @property
    def held(self) -> bool:
        """The last line read is whole; whether the record is, is not known."""
        return self._rest.endswith(b"\n")

    def feed(self, data: bytes, now: float, *, whole: bool = True) -> list[bytes]:
        """The records that are complete with this, but the doubtful ones; `now` is the wall clock (s, Unix).

        `whole`: nothing more belongs to the last line.
        """
        if self.stamp > now:  # the clock was set back: what comes now is not older
            self.stamp = 0.0
        return [record for record in self._complete(data, whole) if self._believed(record, now)]

    def _believed(self, record: bytes, now: float) -> bool:
        stamp = _STAMP.match(record)
        at = float(stamp[0]) if stamp is not None else self.stamp
        believed = not self._cut and self.stamp <= at <= now
        if believed:
            self.stamp = at
        else:
            self.doubted += 1
        # No path ends in a slash, but that of the root.
        self._cut = record.rstrip(b"\n").endswith(b"/") and not _is_root(record)
        return believed

    def _complete(self, data: bytes, whole: bool) -> list[bytes]:
        """The last does not wait for its successor: who read has to be looked up before he is gone."""
        *complete, last = _NEXT.split(self._rest + data)
        if whole and last.endswith(b"\n"):
            complete.append(last)
            last = b""
        self._rest = last if len(last) <= _MAX_RECORD else b""
        return complete


def _is_root(record: bytes) -> bool:
    told = parse(record)
    return told is not None and told.path == "/"


class Tracer:
    """One fatrace over the file system that holds a folder. For one thread, but `stop`.

    `missed` counts seconds in which so much came, or so late, that the kernel may have dropped some, or in which a
    record was not believed.
    """

    def __init__(self, folder: str, ignored: Sequence[int], *, search: str = SEARCH_PATH) -> None:
        """Start it. Raises NotAvailable where it is not installed, CollectError where it can't be started."""
        program = find("fatrace", PACKAGE, path=search)
        flags = [flag for pid in ignored for flag in ("-p", str(pid))]
        try:
            self._child = subprocess.Popen(  # noqa: S603 - no shell; the program is found on a fixed path
                [program, "-c", "-f", "O", "-t", "-t", *flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env={"PATH": search, "LC_ALL": "C"},
                start_new_session=True,
            )
        except OSError as error:
            raise CollectError(f"{folder}: {error.strerror or error}") from None
        assert self._child.stdout is not None  # noqa: S101 - as asked for above
        assert self._child.stderr is not None  # noqa: S101
        self._out, self._errors = self._child.stdout, self._child.stderr
        for stream in (self._out, self._errors):
            os.set_blocking(stream.fileno(), False)
        with suppress(OSError):
            fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._records = Records()
        self._room = fcntl.fcntl(self._out, fcntl.F_GETPIPE_SZ)
        self._second, self._in_second = 0.0, 0
        self._missed_at = -math.inf
        self._complaint, self._half = "", ""
        self.missed = 0

    @property
    def running(self) -> bool:
        """It has not ended."""
        return self._child.poll() is None

    @property
    def complaint(self) -> str:
        """The first line it complained with, or the one that says what it may not; empty while it is content."""
        return self._complaint or self._half.strip()

    def read(self, seconds: float) -> list[Open]:
        """What was opened, once there is something, at most after so long. The last of many may be told by the next."""
        records = self._wait(seconds)
        while self._records.held and not records:
            records = self._wait(_LINE_SECONDS)
        return [one for one in map(parse, records) if one is not None]

    def stop(self) -> None:
        """End it; from any thread, any number of times."""
        with suppress(ProcessLookupError):
            self._child.terminate()

    def close(self) -> None:
        """End it and wait for that. After the last `read`."""
        self.stop()
        try:
            self._child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(_END_SECONDS)
        self._out.close()
        self._errors.close()

    def _wait(self, seconds: float) -> list[bytes]:
        if not self._records.held:
            whole = False
        elif whole := self._idle():  # asked before the pipe is looked into: what it wrote is there by now
            seconds = 0.0
        else:
            seconds = min(seconds, _LINE_SECONDS)
        ready, _, _ = select.select([self._out, self._errors], [], [], seconds)
        if self._errors in ready:
            self._hear()
        if self._out not in ready:
            return self._tell(b"", whole=True) if whole else []
        piled_up = _waiting(self._out.fileno()) > self._room // 2
        data = _read(self._out.fileno())
        if not data:  # it has ended
            if self._errors not in ready:
                self._hear()
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(_END_SECONDS)
        return self._tell(data, whole=not data, piled_up=piled_up)

    def _tell(self, data: bytes, *, whole: bool, piled_up: bool = False) -> list[bytes]:
        now, doubted = time.time(), self._records.doubted
        records = self._records.feed(data, now, whole=whole)
        late = bool(records) and now - self._records.stamp > _LATE_SECONDS
        self._count(len(records), doubtful=piled_up or late or self._records.doubted > doubted)
        return records

    def _idle(self) -> bool:
        """It waits for the kernel, so it is not in the middle of a record."""
        try:
            state = Path(f"/proc/{self._child.pid}/stat").read_bytes().rpartition(b") ")[2][:1]
        except OSError:
            return True  # it has ended
        return state not in (b"R", b"D")

    def _hear(self) -> None:
        """It may complain of every event anew: the first words are enough."""
        text = self._half + _read(self._errors.fileno()).decode("utf-8", "replace")
        *lines, half = text.split("\n")
        self._half = half[-_MAX_COMPLAINT:]
        refused = next((line for line in lines if "not permitted" in line), "")
        self._complaint = (refused or self._complaint or next(iter(lines), ""))[:_MAX_COMPLAINT]

    def _count(self, records: int, *, doubtful: bool) -> None:
        """Where fatrace can't get rid of its records it reads no more, and the kernel's queue runs over unseen."""
        now = time.monotonic()
        if now - self._second >= 1.0:
            self._second, self._in_second = now, 0
        before, self._in_second = self._in_second, self._in_second + records
        doubtful |= before < QUEUE_EVENTS <= self._in_second
        if doubtful and now - self._missed_at >= 1.0:
            self._missed_at = now
            self.missed += 1


def _waiting(handle: int) -> int:
    """Bytes in the pipe."""
    return int(struct.unpack("i", fcntl.ioctl(handle, termios.FIONREAD, bytes(4)))[0])


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, _CHUNK_BYTES)
    except BlockingIOError:
        return b""
