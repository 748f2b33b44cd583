"""The agent's folder on disk, used by one process at a time."""

import fcntl
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


class StateError(Exception):
    """The folder cannot be used; the text is one line fit for the operator."""


class StateDir:
    """Locked from `open` to `close`. The lock is the kernel's, so it ends with the process however that ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def spool(self) -> Path:
        """Where the spool's file is."""
        return self.path / "spool.db"

    @property
    def config(self) -> Path:
        """Where the last good configuration of the hub is kept."""
        return self.path / "hub-config.json"

    @property
    def trial(self) -> Path:
        """Where the configuration of the hub is kept that is on trial."""
        return self.path / "hub-config-trial.json"

    def open(self) -> None:
        """Make the folder (private: it will hold who went through which door) and lock it. Raises StateError."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = self._open_lock()
        except OSError as error:
            raise StateError(f"state_dir {self.path}: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._lock, 20, 0).decode(errors="replace").strip() or "unknown"
            self.close()
            raise StateError(f"state_dir {self.path} is in use by another agent, process {holder}") from None
        self._write_pid()

    def close(self) -> None:
        """Unlock it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _open_lock(self) -> int:
        path = self.path / "agent.lock"
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            # A disk gone read-only must not keep us from telling the hub of it.
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def _write_pid(self) -> None:
        if self._lock is None:
            return
        try:
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            log.warning("process id not written path=%s error=%r", self.path, error.strerror)
