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
    """What is kept of one source: from `oldest` to `newest`, Unix seconds of the device's clock."""

    token: str
    name: str
    oldest: float
    newest: float


class SearchService:
    """`recordings` is asked at every call."""

    namespace = TSE
    capability = "Search"
    path = "/onvif/search_service"

    def __init__(self, recordings: Callable[[], Sequence[Recording]]) -> None:
        self._recordings = recordings
        self._numbers = itertools.count(1)
        self._searches: OrderedDict[str, None] = OrderedDict()

    def handle(self, request: Request) -> etree._Element | None:
        """See Service."""
        if request.namespace != TSE:
            return None
        if request.operation == "GetRecordingSummary":
            return self._summary()
        if request.operation == "GetRecordingInformation":
            return self._information(request.text("RecordingToken") or "")
        if request.operation == "FindRecordings":
            return self._find()
        if request.operation == "GetRecordingSearchResults":
            return self._results(request.text("SearchToken") or "")
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
        self._searches[token] = None
        while len(self._searches) > MAX_SEARCHES:
            self._searches.popitem(last=False)
        return element(TSE, "FindRecordingsResponse", element(TSE, "SearchToken", text=token))

    def _results(self, token: str) -> etree._Element:
        if token not in self._searches:
            raise Fault("no such search", "InvalidArgVal", "InvalidToken")
        entries = [_entry(recording, TT) for recording in self._recordings()]
        results = element(TSE, "ResultList", element(TT, "SearchState", text="Completed"), *entries)
        return element(TSE, "GetRecordingSearchResultsResponse", results)


def _entry(recording: Recording, namespace: str) -> etree._Element:
    source = element(
        TT,
        "Source",
        element(TT, "SourceId", text=recording.token),
        element(TT, "Name", text=recording.name),
        element(TT, "Location", text=""),
        element(TT, "Description", text=""),
        element(TT, "Address", text=""),
    )
    return element(
        namespace,
        "RecordingInformation",
        element(TT, "RecordingToken", text=recording.token),
        source,
        element(TT, "EarliestRecording", text=_iso(recording.oldest)),
        element(TT, "LatestRecording", text=_iso(recording.newest)),
        element(TT, "Content", text=""),
        element(TT, "RecordingStatus", text="Recording"),
    )


def _iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat().replace("+00:00", "Z")
