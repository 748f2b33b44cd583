"""A process of the demo: started with its output in a file, paused and resumed, and never outliving us."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TAIL_BYTES = 16 * 1024


class ChildDied(Exception):  # noqa: N818 - says what happened
    """A process ended that should not have; the text has the last lines of its log."""


class Child:
    """One process. Start it from the main thread: Linux ties a child's life to the thread that forked it."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = [sys.executable, "-m", "simulator.leash", str(os.getpid()), *command]
        self._process: subprocess.Popen[bytes] | None = None
        self._paused = False

    def start(self) -> None:
        """Run it in a session of its own, so that Ctrl-C reaches only us and we end it in order."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """Its process id, None before the start."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """How it ended, None while it runs."""
        return self._process.poll() if self._process else None

    def check(self) -> None:
        """Raises ChildDied when it has ended."""
        code = self.exit_code
        if code is not None:
            how = f"ended with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
            raise ChildDied(f"{self.name} {how}. The end of {self.log}:\n{self.last_lines()}")

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(log.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
                text = log.read().decode(errors="replace")
        except OSError as error:
            return f"({error.strerror})"
        return "\n".join(text.splitlines()[-count:]) or "(empty)"

    def pause(self) -> None:
        """Stop it where it is, as a machine that hangs."""
        self._paused = True
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._paused = False
        self._signal(signal.SIGCONT)

    def ask_to_stop(self) -> None:
        """SIGTERM, to a paused process too."""
        if self._paused:
            self.resume()
        self._signal(signal.SIGTERM)

    def stop(self, seconds: float = 8.0) -> None:
        """Ask it to end, wait, then kill it."""
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)
