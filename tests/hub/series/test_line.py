"""Line protocol: what is written, a small reader of the same protocol reads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.series.admission import EARLIEST_MS, LATEST_MS, admit
from hub.series.line import to_line, to_lines
from hub.series.store import Point
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)
metrics = st.sampled_from(sorted(BY_NAME)) | st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)
numbers = st.floats(allow_nan=False, allow_infinity=False)
times = st.integers(EARLIEST_MS, LATEST_MS)
points = st.builds(
    Point,
    st.sampled_from([kind.value for kind in DeviceKind]),
    ids,
    ids,
    ids,
    times,
    st.dictionaries(metrics, numbers, min_size=1, max_size=8),
)


def read_line(line: str) -> Point:
    """The reader: no escapes, as ours never need any."""
    assert "\\" not in line
    assert "\n" not in line
    series, fields, at = line.split(" ")
    kind, *tags = series.split(",")
    tag = dict(pair.split("=") for pair in tags)
    assert list(tag) == ["site", "agent", "device"]
    values = {}
    for pair in fields.split(","):
        name, number = pair.split("=")
        assert not number.endswith("i"), "an integer would fix the field's type"
        values[name] = float(number)
    return Point(kind, tag["site"], tag["agent"], tag["device"], int(at), values)


@given(points)
def test_every_admitted_point_reads_back_as_it_was(point: Point) -> None:
    assert admit([point]).admitted == [0]
    assert read_line(to_line(point)) == point


def test_a_line_looks_like_this() -> None:
    point = Point(
        "camera", "depot", "gate-1", "cam-7", 1_767_225_600_000, {"reachable": 1.0, "response_seconds": 2.1e-7}
    )
    assert to_lines([point]).lines == [
        "camera,site=depot,agent=gate-1,device=cam-7 reachable=1.0,response_seconds=2.1e-7 1767225600000"
    ]


def test_a_truth_value_becomes_a_number() -> None:
    assert " door_open=1.0 " in to_line(Point("door", "depot", "gate-1", "door-1", 0, {"door_open": True}))


@pytest.mark.parametrize(
    "point",
    [
        Point("camera", "depot", "gate-1", "cam 7", 0, {"reachable": 1.0}),
        Point("camera", "depot,x=y", "gate-1", "cam-7", 0, {"reachable": 1.0}),
        Point("camera", "depot", "gate-1", "cam-7\n", 0, {"reachable": 1.0}),
        Point("Camera", "depot", "gate-1", "cam-7", 0, {"reachable": 1.0}),
        Point("camera", "depot", "gate-1", "cam-7", 0, {"reachable=1,b": 1.0}),
    ],
)
def test_a_name_that_would_need_an_escape_is_a_defect_of_the_caller(point: Point) -> None:
    with pytest.raises(ValueError, match="not a"):
        to_line(point)
