"""The recording control service: which job records what, and whether it does."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lxml import etree

from simulator.onvif.soap import TRC, TT, Fault, Request, element

_PROFILE = "http://www.onvif.org/ver10/schema/Profile"


class Job(NamedTuple):
    """A recording job: from a media profile into a recording. `mode` Idle or Active; `state` what comes of it."""

    token: str
    recording: str
    profile: str
    mode: str = "Active"
    state: str = "Active"


class RecordingService:
    """`jobs` is asked at every call."""

    namespace = TRC
    capability = "Recording"
    path = "/onvif/recording_service"

    def __init__(self, jobs: Callable[[], Sequence[Job]]) -> None:
        self._jobs = jobs

    def handle(self, request: Request) -> etree._Element | None:
        """See Service."""
        if request.namespace != TRC:
            return None
        if request.operation == "GetRecordingJobs":
            return element(TRC, "GetRecordingJobsResponse", *(_item(job) for job in self._jobs()))
        if request.operation == "GetRecordingJobState":
            return self._state(request.text("JobToken") or "")
        return None

    def _state(self, token: str) -> etree._Element:
        job = next((job for job in self._jobs() if job.token == token), None)
        if job is None:
            raise Fault("no such job", "InvalidArgVal", "NoRecordingJob")
        recording = element(TT, "RecordingToken", text=job.recording)
        state = element(TRC, "State", recording, element(TT, "State", text=job.state))
        return element(TRC, "GetRecordingJobStateResponse", state)


def _item(job: Job) -> etree._Element:
    source = element(TT, "SourceToken", element(TT, "Token", text=job.profile), Type=_PROFILE)
    configuration = element(
        TT,
        "JobConfiguration",
        element(TT, "RecordingToken", text=job.recording),
        element(TT, "Mode", text=job.mode),
        element(TT, "Priority", text="1"),
        element(TT, "Source", source),
    )
    return element(TRC, "JobItem", element(TT, "JobToken", text=job.token), configuration)
