"""The process that decodes pictures of devices: it has no rights, no environment, no files, and little of everything.

Started by `agent.pictures.darkroom` for a round. On its standard input: the length of a picture in bytes, a line feed,
the picture; on its standard output one line of JSON for each: `{"figures": …}` or `{"refused": "why"}`. It ends with
its input. What breaks it costs one picture.
"""

import contextlib
import json
import os
import resource
import sys
import time

from agent.pictures.analysis import UNREADABLE, analyse
from agent.pictures.header import MAX_BYTES

MEMORY_BYTES = 176 * 1024 * 1024
"""All it may map: 33 MiB of libraries, a progressive picture's coefficients, and what is decoded of it."""
CPU_SECONDS = 5
"""What one picture may cost. A common one takes 0.02 s."""
_NICE = 10


def main() -> None:
    """Analyse what comes in until it ends."""
    _confine()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline(16):
        if not line.strip().isdigit() or int(line) > MAX_BYTES:
            return
        body = source.read(int(line))
        _allow_time()
        sink.write(json.dumps(_told(body)).encode() + b"\n")
        sink.flush()


def _told(body: bytes) -> dict[str, object]:
    try:
        return {"figures": analyse(body)}
    except UNREADABLE as error:
        return {"refused": f"{type(error).__name__}: {error}"[:200]}


def _confine() -> None:
    """From here on it can open, write and start nothing. Under systemd the unit is nice, and may be no nicer."""
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _allow_time() -> None:
    """The kernel ends us where a picture takes longer."""
    seconds = int(time.process_time()) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
