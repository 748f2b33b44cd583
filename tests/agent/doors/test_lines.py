import contextlib
import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.doors.lines import MAX_LINE, LineError, read
from agent.doors.told import AccessTold, Aspect, StateTold
from agent.doors.words import WORDS

WALL = 1_740_816_000.0


def test_a_line_tells_an_access_with_its_reason_and_nobodys_name() -> None:
    line = b'{"door":"front","event":"denied","reason":"Expired","credential":"C1","name":"Ms Li","card":"4711"}\n'
    assert read(line, 5.0, WALL) == [
        AccessTold("door.access_denied", None, "front", {"reason": "Expired", "credential": "C1"}, None)
    ]


def test_a_line_tells_when_it_was() -> None:
    (told, _) = read(json.dumps({"door": 1, "event": "closed", "at": (WALL - 60) * 1000}).encode(), 1000.0, WALL)
    assert isinstance(told, StateTold)
    assert (told.door, told.aspect, told.value, told.mono) == ("1", Aspect.POSITION, "Closed", 940.0)


def test_a_time_that_cannot_be_is_the_devices_own() -> None:
    (told,) = read(b'{"door":"front","event":"opened","at":"2019-01-01T00:00:00Z"}', 1000.0, WALL)
    assert isinstance(told, StateTold)
    assert told.mono is None
    assert told.data == {"state": "Open", "device_time": "2019-01-01T00:00:00.000+00:00"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "no JSON"),
        (b"open the door", "no JSON"),
        (b'{"door":"front","event":"opened"', "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[1]", "no JSON object"),
        (b"7", "no JSON object"),
        (b'{"event":"opened"}', "no door"),
        (b'{"door":"","event":"opened"}', "no door"),
        (b'{"door":["front"],"event":"opened"}', "no door"),
        (b'{"door":true,"event":"opened"}', "no door"),
        (b'{"door":"front"}', "no event"),
        (b'{"door":"front","event":"Opened"}', "no event"),
        (b'{"door":"front","event":["opened"]}', "no event"),
        (b'{"door":"front","event":"opened","at":NaN}', "no JSON"),
        (b"[" * 4000, "no JSON"),
        (b'{"door":' + b"1" * 4080 + b"}", "no "),
        (b'{"door":"front","event":"opened","x":"' + b"x" * MAX_LINE + b'"}', "longer than"),
    ],
)
def test_anything_else_is_refused_with_a_reason_that_quotes_nothing(line: bytes, reason: str) -> None:
    with pytest.raises(LineError, match=reason) as refused:
        read(line, 0.0, WALL)
    assert "front" not in str(refused.value)


def test_texts_are_printable_and_cut() -> None:
    line = json.dumps({"door": "front\x1b\ud800", "event": "denied", "reason": "x" * 900 + "\n"}).encode()
    (told,) = read(line, 0.0, WALL)
    assert told == AccessTold("door.access_denied", None, "front", {"reason": "x" * 200}, None)


@given(st.binary(max_size=300))
def test_any_bytes_are_told_or_refused(line: bytes) -> None:
    with contextlib.suppress(LineError):
        assert read(line, 0.0, WALL)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.fixed_dictionaries({"door": _JSON, "event": st.sampled_from(WORDS) | _JSON}, optional={"at": _JSON}))
def test_any_values_are_told_or_refused(row: dict[str, object]) -> None:
    try:
        told = read(json.dumps(row).encode(), 0.0, WALL)
    except LineError:
        return
    assert told
    assert all(one.door for one in told)


def test_the_schema_for_programs_knows_the_same_words() -> None:
    schema = json.loads((files("agent.doors") / "line.schema.json").read_text())
    assert sorted(schema["properties"]["event"]["enum"]) == sorted(WORDS)
    assert schema["required"] == ["door", "event"]
