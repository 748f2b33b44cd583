"""The recording search service: what span of time is recorded, as a whole and per recording."""

import datetime
import itertools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lxml import etree

from simulator.onvif.soap import TSE, TT, Fault, Request, element

MAX_SEARCHES = 16


class Recording(NamedTuple):
    """What is kept of one source: from `oldest` to `newest`, Unix seconds of the device's clock.

    `source` is what it calls its source, `address` where it gets it from; `status` as in the standard.
    """

    token: str
    name: str
    oldest: float
    newest: float
    source: str = ""
    address: str = ""
    status: str = "Recording"


class SearchService:
    """`recordings` is asked at every call."""

    namespace = TSE
    capability = "Search"
    path = "/onvif/search_service"

    def __init__(self, recordings: Callable[[], Sequence[Recording]]) -> None:
        self.denied = False
        """Whether it says that it cannot search, though it offers the service."""
        self.piecemeal = False
        """Whether it gives its results one by one, and says that it still searches until the last."""
        self.timeless = False
        """Whether times are left out of results, and told of single recordings only."""
        self._recordings = recordings
        self._numbers = itertools.count(1)
        self._searches: OrderedDict[str, int] = OrderedDict()

    @property
    def open_searches(self) -> int:
        """Searches that were begun and not ended."""
        return len(self._searches)

    def handle(self, request: Request) -> etree._Element | None:
        """See Service."""
        if request.namespace != TSE or self.denied:
            return None
        if request.operation == "GetRecordingSummary":
            return self._summary()
        if request.operation == "GetRecordingInformation":
            return self._information(request.text("RecordingToken") or "")
        if request.operation == "FindRecordings":
            return self._find()
        if request.operation == "GetRecordingSearchResults":
            return self._results(request.text("SearchToken") or "")
        if request.operation == "EndSearch":
            return self._end(request.text("SearchToken") or "")
        return None

    def _summary(self) -> etree._Element:
        kept = self._recordings()
        # A device without recordings still has to fill in the two times: they mean nothing then.
        oldest = min((r.oldest for r in kept), default=0.0)
        newest = max((r.newest for r in kept), default=0.0)
        summary = element(
            TSE,
            "Summary",
            element(TT, "DataFrom", text=_iso(oldest)),
            element(TT, "DataUntil", text=_iso(newest)),
            element(TT, "NumberRecordings", text=str(len(kept))),
        )
        return element(TSE, "GetRecordingSummaryResponse", summary)

    def _information(self, token: str) -> etree._Element:
        for recording in self._recordings():
            if recording.token == token:
                return element(TSE, "GetRecordingInformationResponse", _entry(recording, TSE))
        raise Fault("no such recording", "InvalidArgVal", "NoRecording")

    def _find(self) -> etree._Element:
        token = f"search-{next(self._numbers)}"
        self._searches[token] = 0
        while len(self._searches) > MAX_SEARCHES:
            self._searches.popitem(last=False)
        return element(TSE, "FindRecordingsResponse", element(TSE, "SearchToken", text=token))

    def _results(self, token: str) -> etree._Element:
        if token not in self._searches:
            raise Fault("no such search", "InvalidArgVal", "InvalidToken")
        kept = list(self._recordings())
        begin = self._searches[token]
        end = begin + 1 if self.piecemeal else len(kept)
        self._searches[token] = end
        state = "Searching" if end < len(kept) else "Completed"
        entries = [_entry(recording, TT, times=not self.timeless) for recording in kept[begin:end]]
        results = element(TSE, "ResultList", element(TT, "SearchState", text=state), *entries)
        return element(TSE, "GetRecordingSearchResultsResponse", results)

    def _end(self, token: str) -> etree._Element:
        if self._searches.pop(token, None) is None:
            raise Fault("no such search", "InvalidArgVal", "InvalidToken")
        return element(TSE, "EndSearchResponse", element(TSE, "Endpoint", text=_iso(0)))


def _entry(recording: Recording, namespace: str, *, times: bool = True) -> etree._Element:
    source = element(
        TT,
        "Source",
        element(TT, "SourceId", text=recording.source or recording.token),
        element(TT, "Name", text=recording.name),
        element(TT, "Location", text=""),
        element(TT, "Description", text=""),
        element(TT, "Address", text=recording.address),
    )
    told = [
        element(TT, "EarliestRecording", text=_iso(recording.oldest)),
        element(TT, "LatestRecording", text=_iso(recording.newest)),
    ]
    return element(
        namespace,
        "RecordingInformation",
        element(TT, "RecordingToken", text=recording.token),
        source,
        *(told if times else []),
        element(TT, "Content", text=""),
        element(TT, "RecordingStatus", text=recording.status),
    )


def _iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat().replace("+00:00", "Z")
