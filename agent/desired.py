"""What the hub wants this agent to be: heard by the uplink's thread, applied by the service's, kept on disk.

The last configuration that could be applied is kept (written aside, fsynced, renamed), so that a box without a broker
starts as it was. What was refused is not kept: the hub's message is retained and comes again.
"""

import json
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from wire.codec import MAX_BYTES, DecodeError, decode
from wire.ids import Revision
from wire.messages import Config, ConfigApplied
from wire.topics import Address

log = logging.getLogger(__name__)

MAX_KEPT_BYTES = 4 * MAX_BYTES
"""Of the file. What fits on the wire fits in: at worst `9e15` becomes `9000000000000000.0`."""
MAX_REASON = 200
_REVISION: TypeAdapter[str] = TypeAdapter(Revision)


@dataclass(frozen=True)
class Wish:
    """What the hub said last: a configuration, or that it desires none."""

    config: Config | None


class Desired:
    """Between the uplink, which hears and tells, and the service, which takes and settles. `notify` is called in the
    uplink's thread when there is something to take; without it nobody applies anything, and all is refused."""

    def __init__(self, notify: Callable[[], None] | None = None) -> None:
        self._notify = notify
        self._lock = threading.Lock()
        self._wish: Wish | None = None
        self._applied = ConfigApplied()

    def hear(self, body: bytes) -> None:
        """A message of the hub: the newest replaces one that was not taken yet. Raises DecodeError."""
        try:
            config = decode(Config, body) if body else None
        except DecodeError as error:
            self._refuse(_revision_of(body), f"unreadable: {error.reason}")
            raise
        if self._notify is None:
            self._refuse(config.revision if config else None, "this program applies no configuration of a hub")
            return
        with self._lock:
            self._wish = Wish(config)
        self._notify()

    def take(self) -> Wish | None:
        """What was heard since the last time, if anything."""
        with self._lock:
            wish, self._wish = self._wish, None
            return wish

    def settle(self, running: Config | None, refused: Config | None = None, reason: str = "") -> None:
        """Say what runs now, and what was refused."""
        with self._lock:
            self._applied = ConfigApplied(
                revision=running.revision if running else None,
                refused=refused.revision if refused else None,
                reason=_one_line(reason) if refused else None,
            )

    def applied(self) -> ConfigApplied:
        """The state as of now, for the hub."""
        with self._lock:
            return self._applied

    def _refuse(self, revision: str | None, reason: str) -> None:
        """What never got as far as to be tried."""
        if revision is None:
            return
        with self._lock:
            self._applied = ConfigApplied(revision=self._applied.revision, refused=revision, reason=_one_line(reason))


class KeptConfig:
    """The file that holds the last good configuration, for one identity: a cloned disk does not run another's."""

    def __init__(self, path: Path, address: Address) -> None:
        self._path = path
        self._address = str(address)

    def load(self) -> Config | None:
        """None where there is none, or none that is ours and whole (logged)."""
        try:
            with self._path.open("rb") as file:
                body = file.read(MAX_KEPT_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("hub's kept configuration can't be read path=%s reason=%r", self._path, error.strerror)
            return None
        try:
            kept = json.loads(body)
            if kept["address"] != self._address:
                log.warning("hub's kept configuration is another agent's, left alone path=%s", self._path)
                return None
            return Config.model_validate(kept["config"])
        except (ValueError, ValidationError, KeyError, TypeError, RecursionError):
            log.warning("hub's kept configuration is damaged, left alone path=%s", self._path)
            return None

    def save(self, config: Config) -> None:
        """Keep it. A disk that takes nothing is logged: it runs all the same, until the next start."""
        kept = {"address": self._address, "config": config.model_dump(mode="json")}
        body = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
        if len(body) > MAX_KEPT_BYTES:
            log.warning("hub's configuration is too large to be kept path=%s bytes=%d", self._path, len(body))
            return
        new = self._path.with_suffix(".new")
        try:
            with new.open("wb") as file:  # the folder is private
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            self._sync_folder()
        except OSError as error:
            log.warning("hub's configuration is not kept for the next start path=%s reason=%r", new, error.strerror)

    def clear(self) -> None:
        """Nothing is desired any more."""
        try:
            with suppress(FileNotFoundError):
                self._path.unlink()
            self._sync_folder()
        except OSError as error:
            log.warning("hub's kept configuration can't be removed path=%s reason=%r", self._path, error.strerror)

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _revision_of(body: bytes) -> str | None:
    """The name of a configuration whose rest is unreadable."""
    if len(body) > MAX_BYTES:
        return None
    try:
        return _REVISION.validate_python(json.loads(body)["revision"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _one_line(reason: str) -> str:
    """Fit for the wire and a log: a hub's own keys may be quoted in it."""
    return "".join(c if c.isprintable() else "?" for c in reason)[:MAX_REASON]
