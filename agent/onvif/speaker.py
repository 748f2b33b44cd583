"""A recorder asked over ONVIF: Device, Media, Search and Recording services.

ONVIF tells least of the three languages. It has no recording plans, disks, temperature or operation log; what was
recorded when, piece by piece, hardly any recorder answers. All that is Unsupported here, not guessed. Recorders list
the video sources that are present (onvif/specs #470), so a listed one counts as online.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import urlsplit

from lxml import etree

from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import BadAnswer, Forbidden, Unsupported
from agent.device.http import DeviceHttp
from agent.device.text import printable
from agent.onvif import recordings
from agent.onvif.catalogue import Catalogue
from agent.onvif.client import Call, OnvifClient
from agent.onvif.recordings import Recording
from agent.recorder.model import (
    Condition,
    Extent,
    Identity,
    Input,
    LogEntry,
    RecordingPlan,
    Spans,
    Storage,
    TimeSettings,
    User,
)

MAX_INPUTS = 256
MAX_USERS = 256
MAX_JOB_STATES = 16
"""Recording jobs whose state is asked for one by one, at most."""

_PICTURE_BYTES = 8 * 1024 * 1024


class OnvifSpeaker:
    """A Speaker. For one thread at a time; only `interrupt` may come from another. Video sources are its channels."""

    def __init__(
        self,
        endpoint: Endpoint,
        account: Account | None,
        *,
        timeout: float,
        max_bytes: int,
        max_requests: int,
        pause_seconds: float,
    ) -> None:
        self._client = OnvifClient(
            endpoint,
            account,
            timeout=timeout,
            max_bytes=max_bytes,
            max_requests=max_requests,
            pause_seconds=pause_seconds,
        )
        self._http = DeviceHttp(
            endpoint,
            account,
            timeout=timeout,
            max_bytes=max_bytes,
            max_requests=max_requests,
            pause_seconds=pause_seconds,
        )
        self._asked_http = False
        self._sources: list[str] | None = None
        self._catalogue = Catalogue(self._ask)

    # What it is

    def device_time(self) -> float:
        """See Speaker."""
        self._asked_http = False
        return self._client.device_time()

    def identity(self) -> Identity:
        """See Speaker."""
        told = self._client.information()
        return Identity(told.manufacturer, told.model, told.firmware, told.serial)

    def time_settings(self) -> TimeSettings:
        """See Speaker. Its local time says how far its clock on the wall is from UTC."""
        answer = self._device("GetSystemDateAndTime", anonymous=True)
        kind = (answer.findtext(".//{*}DateTimeType") or "").strip()
        return TimeSettings(
            ntp={"NTP": True, "Manual": False}.get(kind),
            servers=self._servers(),
            zone=printable(answer.findtext(".//{*}TimeZone/{*}TZ")),
            utc_offset_seconds=_utc_offset(answer),
        )

    def users(self) -> Sequence[User]:
        """See Speaker. By the standard only an administrator may ask."""
        answer = self._device("GetUsers")
        if next(answer.iter("{*}GetUsersResponse"), None) is None:
            raise BadAnswer("no users in the answer to GetUsers")
        told = [
            (printable(one.findtext("{*}Username")), printable(one.findtext("{*}UserLevel")))
            for one in answer.iter("{*}User")
        ]
        return [User(name, level, level == "Administrator") for name, level in told[:MAX_USERS] if name]

    # Channels

    def inputs(self) -> Sequence[Input]:
        """See Speaker. Whether there is a picture on a source is not told."""
        answer = self._ask("media", "GetVideoSources")
        if next(answer.iter("{*}GetVideoSourcesResponse"), None) is None:
            raise BadAnswer("no video sources in the answer to GetVideoSources")
        tokens = [element.get("token", "") for element in answer.iter("{*}VideoSources")]
        self._sources = [t for t in dict.fromkeys(tokens) if t and len(t) <= recordings.MAX_TOKEN][:MAX_INPUTS]
        names: dict[str, str] = {}
        for profile in self._catalogue.profiles(self._sources):
            if profile.names:
                names.setdefault(profile.source, profile.names[0])
        return [
            Input(token, names.get(token, ""), online=True, address=self._catalogue.hosts.get(token, ""))
            for token in self._sources
        ]

    def plans(self) -> Mapping[str, RecordingPlan]:
        """See Speaker."""
        _unknown("recording plans")

    def snapshot(self, token: str) -> bytes:
        """See Speaker. Fetched from the configured host, wherever the recorder says it is."""
        known = self._catalogue.profiles(self._sources or [token])
        profile = next((one for one in known if one.source == token), None)
        if profile is None:
            raise Unsupported(f"no profile of video source {printable(token, 40)!r}")
        answer = self._ask("media", "GetSnapshotUri", {"ProfileToken": profile.token})
        address = urlsplit(self._client.endpoint.follow(answer.findtext(".//{*}MediaUri/{*}Uri") or ""))
        if address.port not in (None, self._client.endpoint.port):
            raise BadAnswer("its pictures are at another port, which is not asked")
        self._asked_http = True
        path = address.path + (f"?{address.query}" if address.query else "")
        return self._http.get(path, max_bytes=_PICTURE_BYTES).body

    # Recordings

    def recording(self) -> Mapping[str, bool]:
        """See Speaker. By the recordings' own word, else by the state of the jobs that make them."""
        found, jobs = self._recordings(), self._catalogue.jobs
        told: dict[str, bool] = {}
        states = 0
        for source, kept in found.items():
            grows = recordings.is_recording(kept, jobs)
            tokens = {one.token for one in kept}
            job = next((one for one in jobs if one.active and one.recording in tokens), None)
            if grows is None and job is not None and states < MAX_JOB_STATES:
                states += 1
                grows = recordings.job_state(self._ask("recording", "GetRecordingJobState", {"JobToken": job.token}))
            if grows is not None:
                told[source] = grows
        return told

    def whole(self) -> Extent:
        """See Summary."""
        summary = self._client.ask(self._call("search", "GetRecordingSummary"))
        return _summary(summary)

    def extent(self, token: str) -> Extent:
        """See Speaker. One search serves all channels of a round."""
        kept = self._recordings().get(token)
        if kept is None:
            raise Unsupported(f"no recording says that it is of video source {printable(token, 40)!r}")
        asked = [self._catalogue.alone(one) if one.earliest is None and one.latest is None else one for one in kept]
        earliest = [one.earliest for one in asked if one.earliest is not None]
        latest = [one.latest for one in asked if one.latest is not None]
        return Extent(min(earliest, default=None), max(latest, default=None))

    def spans(self, token: str, begin: float, end: float, most: int = 2000) -> Spans:
        """See Speaker."""
        _unknown("recordings piece by piece")

    # What ONVIF has no word for

    def storage(self) -> Storage:
        """See Speaker."""
        _unknown("disks")

    def condition(self) -> Condition:
        """See Speaker."""
        _unknown("temperature and load")

    def log(self, begin: float, end: float, most: int = 500) -> Sequence[LogEntry]:
        """See Speaker. There is a system log, in a text of the maker's choosing."""
        _unknown("what people did")

    # The connection

    def release(self) -> None:
        """See Speaker."""
        self._catalogue.close()
        self._client.release()
        self._http.release()

    def forget(self) -> None:
        """See Speaker."""
        self._sources = None
        self._catalogue.forget()
        self._client.forget()
        self.release()

    def interrupt(self) -> None:
        """See Speaker."""
        self._client.interrupt()
        self._http.session.interrupt()

    @property
    def answers(self) -> int:
        """See Speaker."""
        return self._client.answers + self._http.session.answers

    @property
    def elapsed(self) -> float:
        """See Speaker."""
        return self._http.session.elapsed if self._asked_http else self._client.elapsed

    @property
    def account_shown(self) -> bool:
        """See Speaker."""
        return self._http.account_shown if self._asked_http else self._client.account_shown

    @property
    def paused(self) -> bool:
        """See Speaker."""
        return self._client.paused

    # How

    def _call(self, service: str, operation: str, parameters: Mapping[str, Any] | None = None) -> Call:
        return Call(service, operation, self._client.address(service), parameters or {})

    def _ask(self, service: str, operation: str, parameters: Mapping[str, Any] | None = None) -> etree._Element:
        self._asked_http = False
        return self._client.ask_raw(self._call(service, operation, parameters))

    def _recordings(self) -> Mapping[str, Sequence[Recording]]:
        sources = self._sources if self._sources is not None else [one.token for one in self.inputs()]
        return self._catalogue.recordings(sources)

    def _device(self, operation: str, anonymous: bool = False) -> etree._Element:
        self._asked_http = False
        address = self._client.endpoint.device_service
        return self._client.ask_raw(Call("devicemgmt", operation, address, anonymous=anonymous))

    def _servers(self) -> tuple[str, ...]:
        """Its time servers, none where it does not tell."""
        try:
            answer = self._device("GetNTP")
        except (BadAnswer, Unsupported, Forbidden):
            return ()
        names = ("{*}DNSname", "{*}IPv4Address", "{*}IPv6Address")
        servers = [printable(e.text) for e in answer.iter(*names) if (e.text or "").strip()]
        return tuple(dict.fromkeys(servers))[:8]


def _unknown(what: str) -> NoReturn:
    raise Unsupported(f"ONVIF tells nothing of {what}")


def _summary(summary: Any) -> Extent:
    """A RecordingSummary. Raises BadAnswer where it makes no sense."""
    oldest, newest, count = (getattr(summary, name, None) for name in ("DataFrom", "DataUntil", "NumberRecordings"))
    if count == 0:
        return Extent(None, None)
    if not isinstance(oldest, datetime.datetime) or not isinstance(newest, datetime.datetime):
        raise BadAnswer("tells no times of its recordings")
    first, last = (t.replace(tzinfo=t.tzinfo or datetime.UTC).timestamp() for t in (oldest, newest))
    return Extent(first, last)


def _utc_offset(answer: etree._Element) -> int | None:
    """Local time less UTC, to the quarter of an hour as zones are."""
    local, utc = (_reading(answer, name) for name in ("LocalDateTime", "UTCDateTime"))
    if local is None or utc is None:
        return None
    return round((local - utc).total_seconds() / 900) * 900


def _reading(answer: etree._Element, name: str) -> datetime.datetime | None:
    element = next(answer.iter(f"{{*}}{name}"), None)
    if element is None:
        return None
    paths = ("{*}Date/{*}Year", "{*}Date/{*}Month", "{*}Date/{*}Day", "{*}Time/{*}Hour", "{*}Time/{*}Minute")
    try:
        year, month, day, hour, minute = (int(element.findtext(path) or "") for path in paths)
        return datetime.datetime(year, month, day, hour, minute, tzinfo=datetime.UTC)
    except (ValueError, OverflowError, TypeError):
        return None
