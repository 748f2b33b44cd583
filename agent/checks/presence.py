"""Whether the agent of a state folder runs, seen from outside."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from agent.state import StateDir


@dataclass(frozen=True)
class Presence:
    """`running` None: it may not be looked. `process` is its id, None where it is not known."""

    running: bool | None
    process: int | None = None


def presence(state_dir: Path) -> Presence:
    """Look at the lock. Where nobody has it, it is taken for microseconds: an agent that starts just then would refuse
    to, and is started again by its service."""
    path = StateDir(state_dir).path / "agent.lock"
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return Presence(running=False)
    except OSError:
        return Presence(running=None)
    try:
        # Shared: two doctors at once do not take each other for an agent.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
        return Presence(running=True, process=int(text) if text.isdecimal() else None)
    except OSError:
        return Presence(running=None)
    finally:
        os.close(lock)
    return Presence(running=False)
