"""What recorders tell of recordings, from literal answers; and that any bytes are records or a BadAnswer."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from agent.device import xml
from agent.device.errors import BadAnswer
from agent.onvif import recordings
from agent.onvif.recordings import Job, Profile, Recording, by_source, is_recording, moment

SCHEMAS = 'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tse="http://www.onvif.org/ver10/search/wsdl"'


def tree(text: str) -> etree._Element:
    return xml.parse(f"<tse:Body {SCHEMAS}>{text}</tse:Body>".encode())


def entry(token: str, status: str = "Recording", **more: str) -> str:
    source = f"<tt:SourceId>{more.get('source', '')}</tt:SourceId><tt:Name>{more.get('name', '')}</tt:Name>"
    source += f"<tt:Address>{more.get('address', '')}</tt:Address>"
    times = "".join(f"<tt:{n}Recording>{more[n]}</tt:{n}Recording>" for n in ("Earliest", "Latest") if n in more)
    return (
        f"<tt:RecordingInformation><tt:RecordingToken>{token}</tt:RecordingToken><tt:Source>{source}</tt:Source>"
        f"{times}<tt:RecordingStatus>{status}</tt:RecordingStatus></tt:RecordingInformation>"
    )


def test_results_of_a_search() -> None:
    times = {"Earliest": "2026-05-01T00:00:00Z", "Latest": "2026-05-25T20:00:00+08:00"}
    found = recordings.results(
        tree(
            "<tt:SearchState>Searching</tt:SearchState>"
            + entry("r1", source="urn:1", name=" Gate ", address="rtsp://10.0.0.21:554/main", **times)
            + entry("r2", "Stopped")
            + entry("r3", "Unknown", address="http://[::1")
            + entry("")
        )
    )
    assert not found.complete
    assert found.recordings == [
        Recording("r1", "urn:1", "Gate", "10.0.0.21", 1777593600.0, 1779710400.0, True),
        Recording("r2", recording=False),
        Recording("r3"),
    ]


@pytest.mark.parametrize(("state", "complete"), [("Queued", False), ("Completed", True), ("Wat", True), ("", True)])
def test_a_state_nobody_knows_is_the_end(state: str, complete: bool) -> None:
    assert recordings.results(tree(f"<tt:SearchState>{state}</tt:SearchState>")).complete is complete


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-05-25T12:00:00Z", 1779710400.0),
        ("2026-05-25T12:00:00.123456789Z", pytest.approx(1779710400.123, abs=0.001)),
        (" 2026-05-25T20:00:00+08:00 ", 1779710400.0),
        ("2026-05-25T12:00:00", 1779710400.0),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2026-13-25T12:00:00Z", None),
        ("soon", None),
        (None, None),
    ],
)
def test_moments(text: str | None, seconds: float | None) -> None:
    found = moment(text)
    assert found == seconds or (text is not None and text.startswith("9999") and found is not None)


def test_jobs_and_their_states() -> None:
    job = (
        "<tse:JobItem><tt:JobToken>j1</tt:JobToken><tt:JobConfiguration><tt:RecordingToken>r1</tt:RecordingToken>"
        "<tt:Mode>{mode}</tt:Mode><tt:Source><tt:SourceToken Type='x'><tt:Token>p1</tt:Token></tt:SourceToken>"
        "<tt:Tracks><tt:Token>no source</tt:Token></tt:Tracks></tt:Source></tt:JobConfiguration></tse:JobItem>"
    )
    assert recordings.jobs(tree(job.format(mode="Active") + "<tse:JobItem/>")) == [Job("j1", "r1", True, ("p1",))]
    assert recordings.jobs(tree(job.format(mode="Idle")))[0].active is False
    for state, meant in {"Active": True, "PartiallyActive": True, "Idle": False, "Error": False, "?": None}.items():
        inner = f"<tse:State><tt:RecordingToken>r1</tt:RecordingToken><tt:State>{state}</tt:State></tse:State>"
        assert recordings.job_state(tree(inner)) is meant


PROFILES = [Profile("p1", "s1", ("Gate",)), Profile("p2", "s2", ("Yard", "Both")), Profile("p3", "s3", ("Both",))]


def tokens(found: dict[str, list[Recording]]) -> dict[str, list[str]]:
    return {source: [one.token for one in kept] for source, kept in found.items()}


def test_a_recording_is_a_channels_by_its_job_its_source_or_its_name() -> None:
    kept = [
        Recording("by-job", name="Yard"),
        Recording("by-source", "s2"),
        Recording("by-profile", "p3"),
        Recording("by-name", "urn:whatever", "Gate"),
        Recording("by-two-names", "urn:whatever", "Both"),
        Recording("nobodys", "urn:whatever", "Cellar"),
    ]
    found = by_source(["s1", "s2", "s3"], kept, [Job("j", "by-job", True, ("unknown", "p1"))], PROFILES)
    assert tokens(found) == {"s1": ["by-job", "by-name"], "s2": ["by-source"], "s3": ["by-profile"]}


def test_a_source_that_is_not_asked_for_gets_none() -> None:
    assert by_source(["s1"], [Recording("r", "s2"), Recording("q", "p2")], [], PROFILES) == {}


@pytest.mark.parametrize(
    ("words", "jobs", "verdict"),
    [
        ([True, False], [], True),
        ([False, False], [], False),
        ([None], [], None),
        ([None], [Job("j", "r0", False)], False),
        ([None], [Job("j", "r0", True)], None),
        ([None], [Job("j", "another", False)], None),
        ([], [], None),
    ],
)
def test_whether_a_source_is_recorded(words: list[bool | None], jobs: list[Job], verdict: bool | None) -> None:
    kept = [Recording(f"r{number}", recording=word) for number, word in enumerate(words)]
    assert is_recording(kept, jobs) is verdict


WORDS = """RecordingInformation RecordingToken Source SourceId Name Address EarliestRecording LatestRecording
SearchState JobItem JobToken JobConfiguration Token SourceToken Mode State Profiles VideoSourceConfiguration
RecordingStatus"""
NAMES = st.sampled_from(WORDS.split())
TEXTS = st.text(max_size=20) | st.datetimes().map(datetime.datetime.isoformat) | st.just("rtsp://[::1/x")


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> etree._Element:
    made = etree.Element(draw(NAMES), {"token": "t"} if draw(st.booleans()) else {})
    made.text = "".join(c for c in draw(TEXTS) if c.isprintable())
    made.extend(draw(st.lists(trees(depth=depth - 1), max_size=3)) if depth else [])
    return made


def read_all(root: etree._Element) -> None:
    found = recordings.results(root).recordings
    recordings.information(root)
    made, known = recordings.jobs(root), recordings.profiles(root)
    recordings.job_state(root)
    for kept in by_source(["t"], found, made, known).values():
        is_recording(kept, made)


@settings(max_examples=80)
@given(trees())
def test_any_tree_is_read(root: etree._Element) -> None:
    read_all(root)


@settings(max_examples=80)
@given(st.binary(max_size=300))
def test_any_bytes_are_records_or_a_bad_answer(body: bytes) -> None:
    try:
        root = xml.parse(body)
    except BadAnswer:
        return
    read_all(root)


def test_thousands_of_entries_are_cut() -> None:
    many = "".join(entry(f"r{number}") for number in range(1000))
    assert len(recordings.results(tree(many)).recordings) == recordings.MOST
