"""One watched process over time: whether it runs, its restarts, its share of a core and the growth of its memory.

Pure: it is shown which processes match and all that belongs to them, at a monotonic moment. Of matching processes those
whose parent does not match are the main ones; usually there is one. A restart is a main process that ended and one that
took its place, whether the gap between them was seen or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.machine.growth import Growth
from agent.machine.process_table import Process

SETTLING_SECONDS = 600.0

Identity = tuple[int, float]
"""Process id and start: no two processes of a boot share them."""


@dataclass(frozen=True)
class Restart:
    """Main processes that took the place of ended ones. `down` seconds without any, None where that was not seen."""

    count: int
    down: float | None


class ProcessWatch:
    """Shown the processes once a round. `window` seconds of memory use are looked back on."""

    def __init__(self, window: float) -> None:
        self._mains: frozenset[Identity] = frozenset()
        self._owed = 0
        self._missed: float | None = None
        self._restarts = 0
        self._cpu: dict[Identity, float] = {}
        self._looked: tuple[float, float] | None = None
        self._growth = Growth(window, SETTLING_SECONDS)

    def look(
        self, matching: Sequence[Process], family: Sequence[Process], mono: float, uptime: float
    ) -> tuple[dict[str, float], Restart | None]:
        """The metrics, and a restart since the look before. `uptime` is the machine's, by the clock of `start`."""
        mains = mains_of(matching)
        restart = self._note_mains(frozenset(map(_identity, mains)), mono, mains, uptime)
        values = {
            "process_running": float(bool(matching)),
            "process_count": float(len(matching)),
            "process_restarts": float(self._restarts),
        }
        cpu = self._cpu_ratio({_identity(process): process.cpu for process in family}, mono, uptime)
        if mains:
            rss = float(sum(process.rss for process in family))
            self._growth.note(mono, rss)
            values["process_uptime_seconds"] = max(0.0, uptime - min(process.start for process in mains))
            values["process_rss_bytes"] = rss
            if cpu is not None:
                values["process_cpu_ratio"] = cpu
            if self._growth.per_hour is not None:
                values["process_rss_growth_bytes_per_hour"] = self._growth.per_hour
        return values, restart

    def _note_mains(
        self, mains: frozenset[Identity], mono: float, processes: Sequence[Process], uptime: float
    ) -> Restart | None:
        """Compare with the look before: what ended is owed a successor, what is new is one."""
        gone, new = self._mains - mains, mains - self._mains
        if gone or new:
            oldest = min((process.start for process in processes), default=uptime)
            self._growth.begin(mono - max(0.0, uptime - oldest))
        self._mains = mains
        self._owed += len(gone)
        replaced = min(self._owed, len(new))
        self._owed -= replaced
        down, self._missed = self._downtime(processes, mono, uptime)
        self._restarts += replaced
        return Restart(replaced, down) if replaced else None

    def _downtime(self, mains: Sequence[Process], mono: float, uptime: float) -> tuple[float | None, float | None]:
        """Seconds from the first look that found none to the start of what runs now, and since when there is none."""
        if not mains:
            return None, mono if self._missed is None else self._missed
        if self._missed is None:
            return None, None
        started = mono - (uptime - min(process.start for process in mains))
        return max(0.0, started - self._missed), None

    def _cpu_ratio(self, cpu: Mapping[Identity, float], mono: float, uptime: float) -> float | None:
        """Share of a core since the look before. Of one that ended in between, its last part is not known."""
        before, self._cpu = self._cpu, dict(cpu)
        looked, self._looked = self._looked, (mono, uptime)
        if looked is None or mono <= looked[0]:
            return None
        spent = 0.0
        for one, seconds in cpu.items():
            # What is new in the family but older than the look before (a pidfile that was mended) spent it earlier.
            fallback = 0.0 if one[1] >= looked[1] else seconds
            spent += max(0.0, seconds - before.get(one, fallback))
        return spent / (mono - looked[0])


def mains_of(matching: Sequence[Process]) -> list[Process]:
    """Those whose parent does not match, oldest first."""
    pids = {process.pid for process in matching}
    return sorted((one for one in matching if one.parent not in pids), key=_identity)


def _identity(process: Process) -> Identity:
    return process.pid, process.start
