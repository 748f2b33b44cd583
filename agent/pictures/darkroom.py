"""Where pictures are developed: the agent's side of the analyst's process, which lives for a round.

Decoders have holes, and pictures come from devices that we do not trust: so nothing of a picture but its header is
looked at in the agent. That also keeps Pillow's memory out of it. One picture is with the analyst at a time; the one
that breaks it is thrown away, and the next gets a new analyst.
"""

import logging
import os
import selectors
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.collector import NotAvailable
from agent.pictures.features import Features
from agent.pictures.header import NotAPicture, measure

log = logging.getLogger(__name__)

SECONDS = 20.0
"""How long the analyst may take for one picture, by the clock; on a busy box its five of CPU may take so long."""
MAX_ANSWER = 64 * 1024
_CHUNK = 64 * 1024
_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from agent.pictures.analyst import main; main()"


class Stopped(Exception):  # noqa: N818 - a state
    """The agent stops: nothing is known of the picture."""


class _Told(BaseModel):
    """The analyst's answer. It may have been taken over by a picture: what it says is checked like a device's."""

    model_config = ConfigDict(extra="forbid")

    figures: Features | None = None
    refused: str = Field(default="", max_length=300)


class Darkroom:
    """For one thread at a time; only `stop` may come from another."""

    def __init__(self, seconds: float = SECONDS, program: str = _PROGRAM) -> None:
        self.started = 0
        """Analysts started since it was made."""
        self._seconds = seconds
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The analyst's process, None while there is none."""
        process = self._process
        return process.pid if process is not None else None

    def develop(self, body: bytes) -> Features:
        """The figures of a picture. Raises NotAPicture, Stopped; NotAvailable where no analyst can be had."""
        measure(body)
        process = self._staffed()
        try:
            line = _exchange(process, b"%d\n" % len(body) + body, time.monotonic() + self._seconds)
            told = _Told.model_validate_json(line)
        except _Broken as error:
            self._dismiss()
            if self._stopped:
                raise Stopped("interrupted") from None
            raise NotAPicture(f"a picture that {error}") from None
        except ValidationError:
            self._dismiss()
            raise NotAPicture("a picture that leads to nonsense") from None
        if told.figures is None:
            raise NotAPicture(f"cannot be decoded: {told.refused or 'no reason'}")
        return told.figures

    def close(self) -> None:
        """The round is over."""
        self._dismiss()

    def stop(self) -> None:
        """From another thread: end the analyst at once, and start no other until `resume`."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def resume(self) -> None:
        """Pictures may be developed again."""
        self._stopped = False

    def _staffed(self) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._stopped:
                raise Stopped("interrupted")
            if self._process is None:
                self._process = self._start()
            return self._process

    def _start(self) -> "subprocess.Popen[bytes]":
        self.started += 1
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
                # -I: neither the environment nor the current folder decides what is imported.
                [sys.executable, "-I", "-B", "-c", self._program, str(_ROOT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise NotAvailable(f"no process for looking at pictures can be started: {error.strerror}") from None
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
        return process

    def _dismiss(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)


class _Broken(Exception):  # noqa: N818 - a state
    """The analyst gave no answer; the text says how it failed."""


def _exchange(process: "subprocess.Popen[bytes]", body: bytes, until: float) -> bytes:
    """Its line of answer. Raises _Broken."""
    if process.stdin is None or process.stdout is None:
        raise _Broken("finds no analyst")
    into, out = process.stdin.fileno(), process.stdout.fileno()
    left, answer = memoryview(body), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(into, selectors.EVENT_WRITE)
        selector.register(out, selectors.EVENT_READ)
        while True:
            ready = selector.select(max(0.0, until - time.monotonic()))
            if not ready:
                raise _Broken("takes too long to decode")
            for key, _ in ready:
                if key.fd == out:
                    answer += _read(out)
                else:
                    left = left[_write(into, left) :]
                    if not left:
                        selector.unregister(into)
            if len(answer) > MAX_ANSWER:
                raise _Broken("makes its analyst talk without end")
            if answer.endswith(b"\n"):
                return bytes(answer)


def _read(out: int) -> bytes:
    piece = os.read(out, _CHUNK)
    if not piece:
        raise _Broken("breaks its decoder")
    return piece


def _write(into: int, left: memoryview) -> int:
    try:
        return os.write(into, left[:_CHUNK])
    except OSError:
        raise _Broken("breaks its decoder") from None
