"""Closed recorders: whether they answer and record, per channel how far back and what is missing, and who did what.

Asked in the recorder's own language (`speaks`): ONVIF, Hikvision's ISAPI or Dahua's CGI. Each round the time, which
says that it answers, and the list of channels; every ten minutes what is recorded, and the operation log; hourly disks,
condition, accounts, plans and time settings; every six hours the recordings of yesterday and today, for gaps. Nothing
that is asked changes the recorder. What it does not know or our account may not ask is a fact, and asked again daily.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.cameras.settings import CamerasSettings
from agent.collector import Collector, Context, Need, Plugin, Reading
from agent.device.workers import apart
from agent.recorder import accounts, history, languages
from agent.recorder.model import Operation
from agent.recorder.rounds import Rounds
from agent.recorder.settings import RecorderSettings, RecordersSettings
from agent.recorder.speaker import Speaker

CAMERAS = "cameras"


class RecorderCollector:
    """One recorder. `cameras` are those watched by themselves; `make` gives the language it is asked in, when it is
    needed first. `wall` is our clock, Unix seconds."""

    def __init__(
        self,
        recorder: RecorderSettings,
        settings: RecordersSettings,
        cameras: CamerasSettings | None = None,
        state: Path | None = None,
        *,
        make: Callable[[], Speaker] | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        hosts = {camera.id: camera.host for camera in cameras.devices} if cameras is not None else {}
        self._rounds = Rounds(recorder, settings, hosts, state, wall=wall, monotonic=monotonic)
        self._make = make or (lambda: _speaker(recorder, settings))
        self._speaker: Speaker | None = None
        self._stopping = False

    def collect(self) -> Reading:
        """One round."""
        return apart(self._round)

    def close(self) -> None:
        """Nothing stays open between rounds."""
        if self._speaker is not None:
            self._speaker.release()

    def interrupt(self) -> None:
        """End the question under way, and ask nothing more."""
        self._stopping = True
        if self._speaker is not None:
            self._speaker.interrupt()

    def _round(self) -> Reading:
        if self._speaker is None:
            self._speaker = self._make()
        if self._stopping:  # while it was made, nobody else could tell it
            self._speaker.interrupt()
        try:
            return self._rounds.round(self._speaker)
        finally:
            self._speaker.release()


def _speaker(recorder: RecorderSettings, settings: RecordersSettings) -> Speaker:
    return languages.speaker(
        recorder.speaks,
        recorder.endpoint,
        settings.account(recorder),
        timeout=settings.device_timeout_seconds,
        max_bytes=settings.max_answer_bytes,
        max_requests=settings.max_requests_per_hour,
        pause_seconds=settings.pause_seconds,
    )


def _build(settings: RecordersSettings, context: Context) -> Sequence[Collector]:
    cameras = context.others.get(CAMERAS)
    known = cameras if isinstance(cameras, CamerasSettings) else None
    return [RecorderCollector(recorder, settings, known, context.state) for recorder in settings.devices]


plugin = Plugin(
    "recorders",
    RecordersSettings,
    _build,
    metrics=(
        *("connectable", "reachable", "authenticated", "account_paused", "response_seconds"),
        *("requests_per_hour", "requests_held_back"),
        *("clock_offset_seconds", "clock_offset_error_seconds", "ntp_enabled"),
        *("online", "listed", "video_loss"),
        *("recording_plan_enabled", "recording_planned", "recording_active", "recording_stalled"),
        *("recording_age_seconds", "recording_newest_age_seconds", "recording_retention_days"),
        *("recording_gaps", "recording_longest_gap_seconds", "recording_integrity_ratio"),
        *("temperature_celsius", "cpu_ratio", "memory_used_ratio", "uptime_seconds"),
        *("accounts", "administrators"),
        *("present", "disk_healthy", "size_bytes", "free_bytes", "fill_ratio", "overwriting"),
    ),
    events=(
        history.GAP,
        *(accounts.ADDED, accounts.REMOVED, accounts.CHANGED),
        *(str(operation) for operation in Operation),
    ),
    needs=(
        Need("HTTP to each recorder, on its `port`", "everything: the recorder counts as unreachable"),
        Need(
            "an account of the recorder that may view and play back all channels",
            "which channels are present, and what is recorded of them",
        ),
        Need(
            "the right to read the recorder's log and configuration (Hikvision, Dahua), or its administrator's (ONVIF)",
            "the operation log, accounts, recording plans and disks: each that may not be asked is named as a fact",
        ),
    ),
    reads=(CAMERAS,),
)
