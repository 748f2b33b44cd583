"""A Unix socket that programs of others write lines to. One thread serves all of them; what one does costs only itself.

The socket is for its owner and group (0660). A stale one is taken over where it is ours and nobody listens on it.
"""

import contextlib
import logging
import os
import selectors
import socket
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agent.device.pace import Pace
from agent.doors.inbox import Inbox
from agent.doors.lines import MAX_LINE, LineError, read

log = logging.getLogger(__name__)

MAX_PEERS = 16
"""Programs served at once; one more takes the place of the one that was silent longest."""
MAX_GARBAGE = 100
"""Lines in a row that are none, after which a program is hung up on."""
MODE = 0o660
MAX_PER_SECOND = 2000
"""Lines taken, of all programs together; what comes faster waits in their own sockets."""
_CHUNK = 4 * 1024
_LOOK_SECONDS = 1.0


class SocketTrouble(Exception):  # noqa: N818 - a state
    """The socket can't be had; the text is one line."""


@dataclass(eq=False)
class _Peer:
    connection: socket.socket
    heard: float
    rest: bytearray = field(default_factory=bytearray)
    skipping: bool = False
    garbage: int = 0


class LineSocket:
    """Listens from `start` to `stop`. Bad lines are counted by reason until `complaints` takes them."""

    def __init__(
        self,
        path: Path,
        inbox: Inbox,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._inbox = inbox
        self._monotonic = monotonic
        self._wall = wall
        self._lock = threading.Lock()
        self._complaints: Counter[str] = Counter()
        self._peers: dict[socket.socket, _Peer] = {}
        self._thread: threading.Thread | None = None
        self._listener: socket.socket | None = None
        self._inode = 0
        self._wake = socket.socketpair()
        self._stopping = False
        self._pace = Pace(MAX_PER_SECOND)

    @property
    def listening(self) -> bool:
        """Whether it does."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Listen. Raises SocketTrouble."""
        try:
            self._listener = self._bound()
            self._inode = os.lstat(self._path).st_ino
        except OSError as error:
            raise SocketTrouble(f"{self._path}: {error.strerror or error}") from None
        self._thread = threading.Thread(target=self._serve, args=(self._listener,), name="door-lines", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more, and take the socket away where it is still ours."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._wake[1].send(b"x")
        if self._thread is not None:
            self._thread.join(2.0)
        with contextlib.suppress(OSError):
            if self._inode and os.lstat(self._path).st_ino == self._inode:
                self._path.unlink()
        for one in self._wake:
            one.close()

    def intact(self) -> bool:
        """Whether the path still leads to us: somebody may have removed it."""
        try:
            return os.lstat(self._path).st_ino == self._inode
        except OSError:
            return False

    def complaints(self) -> Counter[str]:
        """Why lines were refused since the last time, and how many."""
        with self._lock:
            taken, self._complaints = self._complaints, Counter()
        return taken

    def _bound(self) -> socket.socket:
        self._clear_stale()
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.bind(str(self._path))
            self._path.chmod(MODE)
            made.listen(MAX_PEERS)
            made.setblocking(False)
        except OSError:
            made.close()
            raise
        return made

    def _clear_stale(self) -> None:
        """Remove what an agent left behind that was killed. Raises SocketTrouble for anything else in that place."""
        try:
            status = os.lstat(self._path)
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.geteuid():
            raise SocketTrouble(f"{self._path} is there already, and is no socket of ours")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(self._path))
            except ConnectionRefusedError:
                self._path.unlink()
                return
            except OSError as error:
                raise SocketTrouble(f"{self._path}: {error.strerror or error}") from None
        raise SocketTrouble(f"{self._path}: somebody listens there already")

    # -- its thread ----------------------------------------------------------------------------------------------

    def _serve(self, listener: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(self._wake[0], selectors.EVENT_READ)
            while not self._stopping:
                for key, _ in selector.select(_LOOK_SECONDS):
                    if key.fileobj is listener:
                        self._accept(listener, selector)
                    elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._peers:
                        self._hear(self._peers[key.fileobj], selector)
                self._rest()
            for peer in list(self._peers.values()):
                self._drop(peer, selector)
            listener.close()

    def _rest(self) -> None:
        """Whoever writes without end has no more of our processor than everybody's share."""
        seconds = self._pace.take(0)
        if seconds:
            with selectors.DefaultSelector() as selector:  # select itself takes no descriptor above 1023
                selector.register(self._wake[0], selectors.EVENT_READ)
                selector.select(seconds)

    def _accept(self, listener: socket.socket, selector: selectors.BaseSelector) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:  # gone again, or no descriptor for it: then it still waits, and is looked at a second later
            self._pace.take(MAX_PER_SECOND + 1)
            return
        if len(self._peers) >= MAX_PEERS:
            self._drop(min(self._peers.values(), key=lambda peer: peer.heard), selector)
            self._complain("too many programs at once")
        connection.setblocking(False)
        self._peers[connection] = _Peer(connection, self._monotonic())
        selector.register(connection, selectors.EVENT_READ)

    def _hear(self, peer: _Peer, selector: selectors.BaseSelector) -> None:
        """One piece of what it says: every program gets its turn."""
        try:
            chunk = peer.connection.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            if peer.rest and not peer.skipping:
                self._line(peer, bytes(peer.rest))
            self._drop(peer, selector)
            return
        peer.heard = self._monotonic()
        peer.rest += chunk
        *lines, rest = peer.rest.split(b"\n")
        peer.rest = rest
        self._pace.take(len(lines))
        for line in lines:
            if peer.garbage >= MAX_GARBAGE:
                break
            if peer.skipping:
                peer.skipping = False
            elif line.strip():
                self._line(peer, bytes(line))
        if len(peer.rest) >= MAX_LINE:
            if not peer.skipping:
                self._line(peer, bytes(peer.rest) + b"\n")
            peer.skipping = True
            peer.rest.clear()
        if peer.garbage >= MAX_GARBAGE:
            self._drop(peer, selector)

    def _line(self, peer: _Peer, line: bytes) -> None:
        try:
            told = read(line, self._monotonic(), self._wall())
        except LineError as error:
            peer.garbage += 1
            self._complain(str(error))
            return
        peer.garbage = 0
        for one in told:
            self._inbox.put(one)

    def _drop(self, peer: _Peer, selector: selectors.BaseSelector) -> None:
        selector.unregister(peer.connection)
        peer.connection.close()
        del self._peers[peer.connection]

    def _complain(self, reason: str) -> None:
        with self._lock:
            self._complaints[reason] += 1
