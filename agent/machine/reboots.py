"""Whether the machine was rebooted since the agent last ran, and whether orderly.

The kernel's boot id is remembered, with a mark that is set when the agent stops in order and taken back when it runs.
A new boot whose predecessor left no mark was unexpected: a power cut, a crash, a watchdog. What this can't tell: an
agent that was killed (SIGKILL) and not started again before an orderly reboot makes that one look unexpected, and one
that was stopped days before a power cut makes that look orderly. A service that is always restarted does neither; the
system's own record (wtmp) is not read: its layout differs between processors, and newer distributions have none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from agent.clock import boot_id
from agent.memory import Memory


class BootMemory(BaseModel):
    """What outlives a restart: the boot we last ran in, whether we stopped in order, unexpected reboots until then."""

    model_config = ConfigDict(extra="ignore")

    boot: str
    stopped: bool = False
    unexpected: int = 0


@dataclass(frozen=True)
class Rebooted:
    """The machine was rebooted since the agent last ran."""

    unexpected: bool


class Reboots:
    """Looks once, at the first `look` of an agent's run. Without a folder nothing is known."""

    def __init__(self, state: Path | None, boot: Callable[[], str] = boot_id) -> None:
        self._memory = Memory(state, "boot", BootMemory)
        self._known = state is not None
        self._boot = boot
        self._now: BootMemory | None = None

    @property
    def unexpected(self) -> int | None:
        """Unexpected reboots since the first start; None before the first look and where nothing is remembered."""
        return self._now.unexpected if self._known and self._now is not None else None

    def look(self) -> Rebooted | None:
        """What is to be told: something once a boot, and nothing at the first start ever.

        It is remembered before it is told, so that an agent that dies in between does not tell it twice.
        """
        if not self._known:
            return None
        if self._now is None:
            return self._first_look()
        # An agent that reloads its configuration may close the old collector after it has begun the new one.
        kept = self._memory.recall()
        if kept != self._now:
            self._memory.remember(self._now)
        return None

    def stop(self) -> None:
        """The agent stops in order. What was never begun can't stop."""
        if self._now is not None:
            self._memory.remember(self._now.model_copy(update={"stopped": True}))

    def _first_look(self) -> Rebooted | None:
        before, boot = self._memory.recall(), self._boot()
        if before is None:
            rebooted, unexpected = None, 0
        elif before.boot == boot:
            rebooted, unexpected = None, before.unexpected
        else:
            rebooted = Rebooted(unexpected=not before.stopped)
            unexpected = before.unexpected + rebooted.unexpected
        self._now = BootMemory(boot=boot, unexpected=unexpected)
        self._memory.remember(self._now)
        return rebooted
