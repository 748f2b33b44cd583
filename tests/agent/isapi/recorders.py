"""A simulated recorder and a speaker for it, as the tests of this folder need them."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.manners import Manners
from agent.device.pause import Pauses
from agent.isapi.speaker import IsapiSpeaker
from simulator.isapi import IsapiRecorder
from simulator.recorder.box import Box

DAY = 86_400.0
NOON = 1_784_088_000.0
"""2026-07-15 12:00 in China (04:00 UTC): the middle of a month and of a day."""


class Clock:
    """Time that passes when told to, for the recorder and for the speaker's monotonic clock."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Bench:
    """A recorder with a clock of its own, and one speaker asking it."""

    def __init__(self, folder: Path, channels: int = 4, now: float = NOON, hours: int = 8) -> None:
        self.clock = Clock(now)
        self.box = Box(channels, self.clock)
        self.box.utc_offset_seconds = hours * 3600
        for channel in self.box.channels:
            channel.address = f"10.0.0.{channel.number % 250}"
        self.recorder = IsapiRecorder(self.box)
        self.password = folder / "password"
        self.password.write_text("secret")
        self.pauses = Pauses()
        self.manners = Manners()
        self.speaker = self.another()

    def another(self, **more: Any) -> IsapiSpeaker:
        """A further speaker for the same recorder."""
        options: dict[str, Any] = {
            "timeout": 5.0,
            "max_bytes": 4 * 2**20,
            "max_requests": 100_000,
            "pause_seconds": 1800.0,
            "pauses": self.pauses,
            "manners": self.manners,
            "monotonic": self.clock,
        }
        account = Account("watchkeeper", self.password)
        return IsapiSpeaker(Endpoint("127.0.0.1", self.recorder.port), account, **(options | more))

    @contextlib.contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """Requests that passed the recorder's gate meanwhile, by path; complete when the block ends."""
        before = self.recorder.requests
        counted: Counter[str] = Counter()
        yield counted
        counted.update(self.recorder.requests - before)

    def close(self) -> None:
        """Give the port back."""
        self.speaker.release()
        self.recorder.stop()
