"""Which recordings a recorder has of which video source, found by one search, and what makes them. For one device."""

import contextlib
import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lxml import etree

from agent.device.errors import BadAnswer, Forbidden, Unsupported
from agent.onvif import recordings
from agent.onvif.recordings import Job, Profile, Recording

MAX_POLLS = 8
"""How often a search is asked for more; what has not come by then is left out."""

_WAIT = datetime.timedelta(seconds=1)
_KEEP_ALIVE = datetime.timedelta(seconds=10)
_NOT_TOLD = (BadAnswer, Unsupported, Forbidden)

Ask = Callable[[str, str, Mapping[str, Any]], etree._Element]
"""Service, operation and its parameters to the answer's envelope. Raises DeviceError."""


class Catalogue:
    """`ask` asks the recorder."""

    def __init__(self, ask: Ask) -> None:
        self.jobs: Sequence[Job] = ()
        """What makes the recordings, as of the last search."""
        self.hosts: dict[str, str] = {}
        """Video source → where its recordings come from, as far as they say."""
        self._ask = ask
        self._profiles: Sequence[Profile] = ()
        self._profiled: frozenset[str] | None = None
        self._found: dict[str, list[Recording]] | None = None

    def recordings(self, sources: Sequence[str]) -> Mapping[str, Sequence[Recording]]:
        """Video source → its recordings, searched once until `close`. Raises DeviceError."""
        if self._found is None:
            found = self._search()
            self.jobs = self._told_jobs()
            known = self.profiles(sources)
            # Channels that are not listed now have recordings all the same.
            every = dict.fromkeys([*sources, *(one.source for one in known)])
            self._found = recordings.by_source(every, found, self.jobs, known)
            for source, kept in self._found.items():
                host = next((one.host for one in kept if one.host), "")
                self.hosts |= {source: host} if host else {}
        return self._found

    def profiles(self, sources: Sequence[str]) -> Sequence[Profile]:
        """Asked once, and again when sources show up that it was not asked about; none where they are not told."""
        if self._profiled is None or not self._profiled.issuperset(sources):
            self._profiled = (self._profiled or frozenset()) | frozenset(sources)
            self._profiles = ()
            with contextlib.suppress(*_NOT_TOLD):
                self._profiles = recordings.profiles(self._ask("media", "GetProfiles", {}))
        return self._profiles

    def alone(self, one: Recording) -> Recording:
        """A recording as it is told of by itself: some leave the times out of a search's results."""
        with contextlib.suppress(BadAnswer, Unsupported):
            answer = self._ask("search", "GetRecordingInformation", {"RecordingToken": one.token})
            return recordings.information(answer) or one
        return one

    def close(self) -> None:
        """The next one to ask searches anew."""
        self._found = None

    def forget(self) -> None:
        """It may be another recorder."""
        self.close()
        self.hosts = {}
        self._profiles, self._profiled = (), None

    def _search(self) -> Sequence[Recording]:
        parameters = {"Scope": {}, "MaxMatches": recordings.MOST, "KeepAliveTime": _KEEP_ALIVE}
        answer = self._ask("search", "FindRecordings", parameters)
        token = (answer.findtext(".//{*}SearchToken") or "").strip()[: recordings.MAX_TOKEN]
        if not token:
            raise BadAnswer("no search token in the answer to FindRecordings")
        try:
            found = self._results(token)
        except _NOT_TOLD:
            self._end_search(token)
            raise
        self._end_search(token)
        return found

    def _results(self, token: str) -> list[Recording]:
        found: dict[str, Recording] = {}
        for _ in range(MAX_POLLS):
            parameters = {"SearchToken": token, "MaxResults": recordings.MOST, "WaitTime": _WAIT}
            results = recordings.results(self._ask("search", "GetRecordingSearchResults", parameters))
            found |= {one.token: one for one in results.recordings}
            if results.complete or len(found) >= recordings.MOST:
                break
        return list(found.values())

    def _end_search(self, token: str) -> None:
        """Recorders keep a handful of searches open. One that is over may be refused."""
        with contextlib.suppress(*_NOT_TOLD):
            self._ask("search", "EndSearch", {"SearchToken": token})

    def _told_jobs(self) -> Sequence[Job]:
        with contextlib.suppress(*_NOT_TOLD):
            return recordings.jobs(self._ask("recording", "GetRecordingJobs", {}))
        return ()
