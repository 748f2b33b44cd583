"""A recorder's software on the agent's own machine: a watched process, and the files it writes."""

from simulator import faults
from simulator.layout import Software as SoftwareScript
from simulator.virtual.machine import Host
from simulator.virtual.recorder import History
from simulator.virtual.thing import DAY, Facts, Place, Thing, Values
from wire.messages import DeviceKind as Kind

BYTES_PER_SECOND = 500_000.0
"""4 Mbit/s: one camera."""

SEGMENT_SECONDS = 60.0


class Software(Thing):
    """The process."""

    kind = Kind.RECORDER

    def __init__(self, script: SoftwareScript, place: Place, host: Host) -> None:
        super().__init__(script.id, place, host, script.id)
        self.script = script
        self._began = -self.chance.uniform(1, 40) * DAY

    def usual(self, at: float) -> Values:
        """That it runs."""
        ends = [fault.end for fault in self.faults if isinstance(fault, faults.ProcessDown) and fault.end <= at]
        return {
            "process_running": 1.0,
            "process_count": 1.0,
            "process_uptime_seconds": at - max([self._began, *ends]),
            "process_restarts": float(len(ends)),
            "process_rss_bytes": round(self.chance.normal(4e8, 2e6)),
            "process_cpu_ratio": self.chance.near(0.4),
            "process_rss_growth_bytes_per_hour": round(self.chance.normal(0.0, 1e5)),
        }

    def facts(self) -> Facts:
        """How it is known."""
        return {"watched": "unit"}


class Footage(Thing):
    """The files of one channel: all day, every day."""

    kind = Kind.CHANNEL
    parent: Software

    def __init__(self, name: str, place: Place, software: Software, number: int) -> None:
        super().__init__(name, place, software, f"camera-{number:02}")
        self.history = History(self, software.script.retention, None)

    def usual(self, at: float) -> Values:
        """What the files come to."""
        if not self.due(self.paces.recordings):
            return {}
        days = self.history.days(at)
        # A scene moves more by day; the rate is that of the last hour.
        rate = BYTES_PER_SECOND * (1.15 if self.sky.busy(at) else 0.95) * self.chance.normal(1.0, 0.02)
        return {
            "recording_age_seconds": days * DAY,
            "recording_newest_age_seconds": self.chance.near(20.0),
            "recording_retention_days": days,
            "recording_stalled": 0.0,
            "recording_bytes_per_second": round(rate),
            "recording_gaps": 0.0,
            "recording_longest_gap_seconds": 0.0,
            "recording_integrity_ratio": 1.0,
            "recording_segments": float(round(days * DAY / SEGMENT_SECONDS)),
            "recording_bytes": round(days * DAY * BYTES_PER_SECOND),
            "recording_scan_age_seconds": self.chance.uniform(0, 3600),
        }

    def facts(self) -> Facts:
        """Where they lie, and what is wanted."""
        facts: Facts = {"layout": "frigate", "path": f"/srv/recordings/{self.title}", "plan": "continuous"}
        return facts | self.history.facts()
