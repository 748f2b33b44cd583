"""The agent's figures about itself: its process and its spool."""

import time

import psutil

from agent.spool import Spool


class OwnFigures:
    """Called for the newest figures, as `wire.metrics` names them."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._process = psutil.Process()
        self._before = (time.monotonic(), self._cpu_seconds())

    def __call__(self) -> dict[str, float]:
        """All of them; the share of a core is that since the last call."""
        stats = self._spool.stats()
        return {
            "up": 1.0,
            "spool_bytes": float(stats.bytes),
            "spool_reports": float(stats.reports),
            "spool_lost_samples": float(stats.lost_samples),
            "spool_lost_events": float(stats.lost_events),
            "spool_failing": float(stats.failing),
            "reports_refused": float(stats.refused),
            "process_rss_bytes": float(self._process.memory_info().rss),
            **self._cpu(),
        }

    def _cpu(self) -> dict[str, float]:
        (then, used), (now, uses) = self._before, (time.monotonic(), self._cpu_seconds())
        if now - then < 1.0:
            return {}
        self._before = (now, uses)
        return {"process_cpu_ratio": max(0.0, uses - used) / (now - then)}

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
