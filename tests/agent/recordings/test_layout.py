"""Path patterns: what a name says, and that a name written by a pattern is read back the same."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.recordings.layout import READY, ROOT, UNKNOWN, Layout, LayoutError, Where
from agent.recordings.local_time import Zone

ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]
PATTERNS = [
    "{channel}/%Y-%m-%d/%H/%M.%S.mp4",
    "recordings/%Y-%m-%d/%H/{channel}/%M.%S.mp4",
    "{channel}/%Y-%m-%d_%H-%M-%S.{ext}",
    "%Y/%m/%d/{channel}_%H%M%S.ts",
    "{channel}/%s.mkv",
    "%y%m%d/{channel}/100%%-%F_%H.%M.%S.mp4",
]
CHANNELS = st.text(st.characters(blacklist_characters="/\x00", blacklist_categories=["Cs"]), min_size=1, max_size=30)


def parsed(layout: Layout, path: str) -> tuple[str, int, int] | None:
    *folders, name = path.split("/")
    where: Where | None = ROOT
    for depth, folder in enumerate(folders):
        assert where is not None
        where = layout.below(where, depth, folder)
    return layout.starts(where)(name) if where is not None else None


@given(
    st.sampled_from(PATTERNS),
    st.sampled_from(ZONES),
    CHANNELS.filter(lambda name: name not in {".", ".."}),
    st.integers(1_000_000_000, 4_000_000_000),
)
def test_what_a_pattern_writes_it_reads_back(pattern: str, zone: str, channel: str, moment: int) -> None:
    layout = Layout(pattern, Zone(zone))
    found = parsed(layout, layout.path(channel, moment, "mp4"))
    assert found is not None
    assert found[0] == channel
    assert moment in found[1:]  # the other is the same reading an hour away


@given(st.sampled_from(PATTERNS), st.sampled_from(ZONES), st.integers(1_000_000_000, 4_000_000_000))
def test_a_folder_bounds_the_times_of_its_files(pattern: str, zone: str, moment: int) -> None:
    layout = Layout(pattern, Zone(zone))
    names = tuple(layout.path("cam", moment, "mp4").split("/"))
    for depth in range(len(names)):
        where = layout.where(names[:depth])
        assert where is not None
        first, last = layout.bounds(where)
        assert first <= moment < last


def test_frigate_is_read_as_its_documentation_has_it() -> None:
    layout = Layout(READY["frigate"].pattern, Zone("UTC"))
    found = parsed(layout, "recordings/2026-03-10/12/front_door/05.10.mp4")
    noon = int(datetime(2026, 3, 10, 12, 5, 10, tzinfo=UTC).timestamp())
    assert found == ("front_door", noon, noon)


def test_shinobi_and_ffmpeg_name_files_in_local_time() -> None:
    four = int(datetime(2026, 3, 10, 4, 5, 10, tzinfo=UTC).timestamp())
    shanghai = Zone("Asia/Shanghai")
    shinobi = Layout(READY["shinobi"].pattern, shanghai)
    assert parsed(shinobi, "2Df5hBE/kDhG3v/2026-03-10T12-05-10.mp4") == ("kDhG3v", four, four)
    ffmpeg = Layout(READY["ffmpeg"].pattern, shanghai)
    assert parsed(ffmpeg, "cam1/2026-03-10_12-05-10.mkv") == ("cam1", four, four)


def test_zoneminder_deep_tells_the_beginning_of_an_event_by_its_path() -> None:
    ready = READY["zoneminder-deep"]
    layout = Layout(ready.pattern, Zone("UTC"), events=ready.events)
    where = layout.where(("7", "26", "03", "10", "12", "05", "10"))
    assert where is not None
    noon = int(datetime(2026, 3, 10, 12, 5, 10, tzinfo=UTC).timestamp())
    assert (where.channel, layout.start_of(where)) == ("7", (noon, noon))


def test_the_hour_that_comes_twice_has_two_beginnings() -> None:
    layout = Layout(READY["ffmpeg"].pattern, Zone("Europe/Berlin"))
    found = parsed(layout, "cam/2026-10-25_02-30-00.mp4")
    assert found is not None
    assert found[2] - found[1] == 3600


@pytest.mark.parametrize(
    "name",
    ["2026-13-10_12-05-10.mp4", "2026-02-30_12-05-10.mp4", "2026-03-10_25-05-10.mp4", "2026-03-10_12-61-10.mp4",
     "2026-03-10_12-05-10.tmp", "x2026-03-10_12-05-10.mp4", "２０２６-03-10_12-05-10.mp4", "2026-03-10_12-05-10.mp4\n"],
)  # fmt: skip
def test_names_that_no_recorder_gives_are_no_recordings(name: str) -> None:
    assert parsed(Layout(READY["ffmpeg"].pattern, Zone("UTC")), f"cam/{name}") is None


def test_a_folder_without_a_time_is_without_bounds() -> None:
    layout = Layout(READY["ffmpeg"].pattern, Zone("UTC"))
    where = layout.where(("cam",))
    assert where is not None
    assert layout.bounds(where) == (-UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("{channel}/%Y-%m-%d.mp4", "no whole time"),
        ("{channel}/{channel}/%s.mp4", "more than once"),
        ("/%s.mp4", "empty name"),
        ("../{channel}/%s.mp4", "'..'"),
        ("{channel}/%Q%s.mp4", "%Q"),
        ("{camera}/%s.mp4", "{camera}"),
        ("/".join(["{any}"] * 20), "longer"),
        ("{channel/%s.mp4", "'{'"),
        ("{any}{any}{any}/%s.mp4", "more than 2"),
        ("{number}{number}%f/%s.mp4", "more than 2"),
    ],
)
def test_a_pattern_that_can_not_be_used_says_why(pattern: str, complaint: str) -> None:
    with pytest.raises(LayoutError, match=complaint.replace("{", r"\{").replace(".", r"\.")):
        Layout(pattern, Zone("UTC"))


def test_names_can_be_foretold_where_they_hold_nothing_but_channel_and_time() -> None:
    utc = Zone("UTC")
    assert Layout(READY["ffmpeg"].pattern, utc).predictable
    assert Layout(READY["ffmpeg"].pattern, utc).file_name("cam", 1_800_000_000, "x.mkv") == "2027-01-15_08-00-00.mkv"
    assert not Layout("{channel}/%s_{any}.mp4", utc).predictable
    assert not Layout("{channel}/%Y%m%d%H%M.mp4", utc).predictable
    with pytest.raises(LayoutError, match="many names"):
        Layout(READY["ffmpeg"].pattern, utc).path("cam", 1_800_000_000)
