"""What recorders tell of recordings over ONVIF (Search and Recording services): answers to plain data. Pure functions.

A recording names its source in words of the maker's choosing. It is a channel's where a recording job takes it from a
profile of that video source, where its source id is that of the source or a profile, or where just one source has its
name. Any other recording is nobody's: no age is told that might be another channel's.
"""

import datetime
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lxml import etree

from agent.device.text import printable

MOST = 512
"""Recordings, jobs and profiles taken of an answer."""

MAX_TOKEN = 200

_STOPPED = frozenset({"Initiated", "Stopped", "Removing", "Removed"})


@dataclass(frozen=True)
class Recording:
    """What is kept of one source. Times are Unix seconds of the recorder's clock; None where it tells none."""

    token: str
    source: str = ""
    name: str = ""
    host: str = ""
    """Of the camera, where the recording says where it comes from."""
    earliest: float | None = None
    latest: float | None = None
    recording: bool | None = None


@dataclass(frozen=True)
class Job:
    """What records something: into which recording, whether it is switched on, and from which profiles."""

    token: str
    recording: str
    active: bool
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    """A media profile of a video source, and the names it goes by."""

    token: str
    source: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Results:
    """One answer of a search. `complete`: there is no more to come."""

    recordings: Sequence[Recording] = field(default_factory=tuple)
    complete: bool = True


def results(answer: etree._Element) -> Results:
    """GetRecordingSearchResults. A state nobody knows is the end: nobody waits for ever."""
    state = (answer.findtext(".//{*}SearchState") or "").strip()
    found = [_recording(element) for element in _first(answer, "RecordingInformation")]
    return Results([one for one in found if one.token], state not in ("Queued", "Searching"))


def information(answer: etree._Element) -> Recording | None:
    """GetRecordingInformation."""
    return next((_recording(element) for element in _first(answer, "RecordingInformation")), None)


def jobs(answer: etree._Element) -> list[Job]:
    """GetRecordingJobs."""
    found = []
    for item in _first(answer, "JobItem"):
        sources = [e.text for e in item.iter("{*}Token") if e.text and _parent_is(e, "SourceToken")]
        found.append(
            Job(
                _text(item, "{*}JobToken"),
                _text(item, ".//{*}RecordingToken"),
                _text(item, ".//{*}Mode") == "Active",
                tuple(source.strip()[:MAX_TOKEN] for source in sources[:16]),
            )
        )
    return [job for job in found if job.token and job.recording]


def job_state(answer: etree._Element) -> bool | None:
    """GetRecordingJobState: whether data comes in, None for a state nobody knows."""
    states = {"Active": True, "PartiallyActive": True, "Idle": False, "Error": False}
    return states.get((answer.findtext(".//{*}State/{*}State") or "").strip())


def profiles(answer: etree._Element) -> list[Profile]:
    """GetProfiles."""
    found = []
    for element in _first(answer, "Profiles"):
        source = _text(element, ".//{*}VideoSourceConfiguration/{*}SourceToken")
        names = (_text(element, "{*}VideoSourceConfiguration/{*}Name"), _text(element, "{*}Name"))
        token = element.get("token", "")[:MAX_TOKEN]
        if source and token:
            found.append(Profile(token, source, tuple(name for name in map(printable, names) if name)))
    return found


def by_source(
    sources: Iterable[str], found: Sequence[Recording], made: Sequence[Job], known: Sequence[Profile]
) -> dict[str, list[Recording]]:
    """Video source → its recordings."""
    wanted = set(sources)
    of_profile = {one.token: one.source for one in known}
    named: dict[str, set[str]] = defaultdict(set)
    for profile in known:
        for name in profile.names:
            named[name].add(profile.source)
    of_job = {job.recording: of_profile[p] for job in made for p in job.profiles if p in of_profile}
    taken: dict[str, list[Recording]] = defaultdict(list)
    for one in found:
        source = of_job.get(one.token) or _source_by_id(one.source, wanted, of_profile) or _only(named.get(one.name))
        if source in wanted:
            taken[source].append(one)
    return dict(taken)


def is_recording(kept: Sequence[Recording], made: Sequence[Job]) -> bool | None:
    """Whether any of a source's recordings grows, by their own word or since nothing is switched on; None: not told."""
    if any(one.recording for one in kept):
        return True
    if kept and all(one.recording is False for one in kept):
        return False
    tokens = {one.token for one in kept}
    own = [job for job in made if job.recording in tokens]
    return False if own and not any(job.active for job in own) else None


def moment(text: str | None) -> float | None:
    """An xs:dateTime as Unix seconds, UTC where it names no zone. None for none: 1970 is what they say for that."""
    try:
        when = datetime.datetime.fromisoformat((text or "").strip())
        seconds = when.replace(tzinfo=when.tzinfo or datetime.UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def _recording(element: etree._Element) -> Recording:
    status = _text(element, "{*}RecordingStatus")
    return Recording(
        token=_text(element, "{*}RecordingToken"),
        source=_text(element, "{*}Source/{*}SourceId"),
        name=printable(_text(element, "{*}Source/{*}Name")),
        host=_host(_text(element, "{*}Source/{*}Address")),
        earliest=moment(element.findtext("{*}EarliestRecording")),
        latest=moment(element.findtext("{*}LatestRecording")),
        recording=True if status == "Recording" else False if status in _STOPPED else None,
    )


def _first(answer: etree._Element, name: str) -> list[etree._Element]:
    return list(itertools.islice(answer.iter(f"{{*}}{name}"), MOST))


def _text(element: etree._Element, path: str) -> str:
    return (element.findtext(path) or "").strip()[:MAX_TOKEN]


def _parent_is(element: etree._Element, name: str) -> bool:
    parent = element.getparent()
    return parent is not None and etree.QName(parent).localname == name


def _host(address: str) -> str:
    try:
        return printable(urlsplit(address).hostname)
    except ValueError:
        return ""


def _source_by_id(source: str, wanted: set[str], of_profile: Mapping[str, str]) -> str:
    return source if source in wanted else of_profile.get(source, "")


def _only(candidates: set[str] | None) -> str:
    return next(iter(candidates)) if candidates is not None and len(candidates) == 1 else ""
