"""Programs of the machine that collectors ask: smartctl, lsblk, upsc and their like. Bounded in time and output."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from agent.collector import CollectError, NotAvailable

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Fixed: what we run does not depend on who started us."""

MAX_OUTPUT_BYTES = 4 * 1024 * 1024
_REAP_SECONDS = 1.0
_STEP_SECONDS = 0.05


@dataclass(frozen=True)
class Output:
    """How a program ended. `stderr` is its first line, cut to 300 characters; `errors` are its first 4096 bytes."""

    status: int
    stdout: bytes
    stderr: str
    errors: bytes = b""


def find(program: str, package: str, *, path: str = SEARCH_PATH) -> str:
    """The program's full path. Raises NotAvailable naming the Debian package to install."""
    found = shutil.which(program, path=path)
    if found is None:
        raise NotAvailable(f"{program} is not installed: apt-get install {package}")
    return found


def run(
    arguments: Sequence[str],
    *,
    package: str,
    timeout: float,
    max_bytes: int = MAX_OUTPUT_BYTES,
    path: str = SEARCH_PATH,
) -> Output:
    """Run a program of a Debian package to its end; in the C locale, with nothing on its standard input.

    Any exit status is returned: many tools speak in it. Raises NotAvailable where the program is missing, CollectError
    where it can't be started, takes longer than `timeout` seconds or prints more than `max_bytes`.
    """
    name = arguments[0]
    command = [find(name, package, path=path), *arguments[1:]]
    # Files, not pipes: a child that hangs in the kernel can't hold us, and no thread is needed to read two streams.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell; the program is found on a fixed path
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env={"PATH": path, "LC_ALL": "C"},
                start_new_session=True,
            )
        except OSError as error:
            raise CollectError(f"{name} can't be started: {error.strerror or error}") from None
        status = _wait(process, name, timeout, (out, errors), max_bytes)
        out.seek(0)
        errors.seek(0)
        complaint = errors.read(4096)
        first = complaint.decode("utf-8", "replace").strip().partition("\n")[0][:300]
        return Output(status, out.read(), first, complaint)


def _wait(
    process: "subprocess.Popen[bytes]", name: str, timeout: float, printed: Sequence[IO[bytes]], max_bytes: int
) -> int:
    """Its exit status. Raises CollectError, and ends it, where it takes too long or prints too much: while it runs,
    for what it prints may be held in memory."""
    deadline = time.monotonic() + timeout
    while True:
        status = None
        with suppress(subprocess.TimeoutExpired):
            status = process.wait(min(_STEP_SECONDS, max(0.0, deadline - time.monotonic())))
        if any(os.fstat(file.fileno()).st_size > max_bytes for file in printed):
            _kill(process)
            raise CollectError(f"{name} printed too much, at most {max_bytes} bytes are read")
        if status is not None:
            return status
        if time.monotonic() >= deadline:
            _kill(process)
            raise CollectError(f"{name} did not end within {timeout:g} s")


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End it and its children; one that hangs in the kernel is left behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, 9)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_REAP_SECONDS)
