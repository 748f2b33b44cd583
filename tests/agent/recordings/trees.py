"""Trees of recordings, made of small files with the names and times a recorder gives them."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from agent.recordings.layout import Layout

T0 = int(datetime(2026, 3, 10, 12, 0, tzinfo=UTC).timestamp())
"""A Tuesday noon."""
SIZE = 1000


def write(root: Path, path: str, changed: float, size: int = SIZE) -> Path:
    """A file of that size (sparse: nothing reads it), changed then; its folders are made."""
    file = root / path
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        handle = os.open(file, flags, 0o644)
    except FileNotFoundError:
        file.parent.mkdir(parents=True)
        handle = os.open(file, flags, 0o644)
    os.truncate(handle, size)
    os.utime(handle, (changed, changed))
    os.close(handle)
    return file


def record(
    root: Path, layout: Layout, channel: str, start: int, end: int, segment: int, *, size: int = SIZE, ext: str = "mp4"
) -> list[Path]:
    """Segments one after the other, from `start` up to `end`; each was last written to when it ended."""
    return [
        write(root, layout.path(channel, moment, ext), min(end, moment + segment), size)
        for moment in range(start, end, segment)
    ]


def settle(root: Path, changed: float = T0 - 30 * 86_400) -> None:
    """Make all folders look as if they had been changed then, and not within the clock's grain."""
    for folder, _, _ in os.walk(root):
        os.utime(folder, (changed, changed))


def remove(files: Iterable[Path]) -> None:
    """Delete files, and folders that are empty then, as recorders do."""
    for file in files:
        file.unlink()
        parent = file.parent
        while not any(parent.iterdir()):
            parent.rmdir()
            parent = parent.parent
