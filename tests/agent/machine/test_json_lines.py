"""The newest line of a file: appended, rotated, replaced, cut in the middle, and anything but JSON."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.machine.json_lines import TAIL_BYTES, LineError, Tail, field

NOW = 1_800_000_000.0
"""The wall clock at the monotonic clock's zero."""


class Writer:
    """A program that writes the file, at moments of the monotonic clock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, text: str, at: float) -> None:
        with self.path.open("a") as file:
            file.write(text)
        self._stamp(at)

    def rewrite(self, text: str, at: float) -> None:
        self.path.write_text(text)
        self._stamp(at)

    def replace(self, text: str, at: float) -> None:
        draft = self.path.with_suffix(".draft")
        draft.write_text(text)
        draft.replace(self.path)
        self._stamp(at)

    def _stamp(self, at: float) -> None:
        os.utime(self.path, (NOW + at, NOW + at))


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "sensors.jsonl")


def seen(tail: Tail, mono: float) -> Any:
    """Its `t` and its moment."""
    found = tail.look(mono, NOW + mono)
    return (found.row["t"], found.mono) if found else None


def test_the_first_look_goes_by_the_files_time_and_later_ones_by_our_seeing_it(writer: Writer) -> None:
    tail = Tail(str(writer.path), {})
    writer.append('{"t": 1}\n{"t": 2}\n', at=-300)
    assert seen(tail, 0) == (2, -300)
    assert seen(tail, 60) == (2, -300)
    writer.append('{"t": 3}\n', at=-900)  # the clock was set back meanwhile
    assert seen(tail, 120) == (3, 120)
    assert seen(tail, 180) == (3, 120)


def test_a_line_counts_once_it_is_complete(writer: Writer) -> None:
    tail = Tail(str(writer.path), {})
    writer.append('{"t": 1}\n{"t"', at=0)
    assert seen(tail, 0) == (1, 0)
    writer.append(": 2", at=1)
    assert seen(tail, 60) == (1, 0)
    writer.append("}\n", at=2)
    assert seen(tail, 120) == (2, 120)


def test_rotation_keeps_what_was_seen_until_there_is_something_new(writer: Writer) -> None:
    tail = Tail(str(writer.path), {})
    writer.append('{"t": 1}\n' * 100, at=0)
    assert seen(tail, 0) == (1, 0)
    writer.rewrite("", at=50)
    assert seen(tail, 60) == (1, 0)
    writer.append('{"t": 2}\n', at=100)
    assert seen(tail, 120) == (2, pytest.approx(100))
    writer.replace('{"t": 3}\n', at=170)
    assert seen(tail, 180) == (3, pytest.approx(170))


@pytest.mark.parametrize("text", ['{"t": 2}\n', '{"t": 2222222}\n', '{"t":2}\n'])
def test_a_file_written_anew_in_place_is_read_whatever_its_length(writer: Writer, text: str) -> None:
    tail = Tail(str(writer.path), {})
    writer.rewrite('{"t": 1}\n', at=0)
    seen(tail, 0)
    writer.rewrite(text, at=55)
    assert seen(tail, 60) == (json.loads(text)["t"], pytest.approx(55))


def test_a_sensor_that_fell_silent_in_a_busy_file_grows_old(writer: Writer) -> None:
    tail = Tail(str(writer.path), {"id": 7})
    writer.append('{"id": 7, "t": 1}\n{"id": 8, "t": 5}\n', at=0)
    assert seen(tail, 0) == (1, 0)
    for minute in range(1, 10):
        writer.append('{"id": 8, "t": 6}\n' * 20, at=minute * 60)
        assert seen(tail, minute * 60.0) == (1, 0)


def test_a_file_from_the_future_is_of_no_known_age(writer: Writer) -> None:
    writer.append('{"t": 1}\n', at=1e6)
    assert seen(Tail(str(writer.path), {}), 0) == (1, float("-inf"))


def test_only_the_end_of_a_long_file_is_read(writer: Writer) -> None:
    writer.append('{"t": 1}\n' + "x" * (3 * TAIL_BYTES) + '\n{"t": 2}\n', at=0)
    assert seen(Tail(str(writer.path), {}), 0) == (2, 0)
    writer.rewrite("x" * (3 * TAIL_BYTES), at=0)
    assert seen(Tail(str(writer.path), {}), 0) is None


@pytest.mark.parametrize("line", ["garbage", "[1]", "3", '{"t": NaN}', "[" * 5000, '{"t": 1', "\0\0"])
def test_a_newest_line_that_is_no_json_object_is_trouble_until_a_better_one_comes(writer: Writer, line: str) -> None:
    tail = Tail(str(writer.path), {})
    writer.append('{"t": 1}\n', at=0)
    seen(tail, 0)
    writer.append(f"{line}\n", at=1)
    for mono in (60, 120):
        with pytest.raises(LineError, match="no JSON object") as caught:
            seen(tail, mono)
        assert "garbage" not in str(caught.value)
    writer.append('{"t": 2}\n', at=2)
    assert seen(tail, 180) == (2, 180)


def test_what_is_missing_or_no_file_is_an_error_in_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, text in ((tmp_path / "none", "No such file"), (tmp_path, "no ordinary"), (tmp_path / "pipe", "ordinary")):
        with pytest.raises(LineError, match=text):
            Tail(str(path), {}).look(0, NOW)


def test_fields_of_objects_within_are_reached() -> None:
    row = {"a": {"b": 1}, "c": 2}
    assert [field(row, name) for name in ("c", "a.b", "a.x", "c.b", "x.y")] == [2, 1, None, None, None]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=80), max_size=8))
def test_any_bytes_are_a_row_or_trouble_and_never_something_else(tmp_path: Path, pieces: list[bytes]) -> None:
    path = tmp_path / "any"
    path.unlink(missing_ok=True)
    tail = Tail(str(path), {})
    for piece in pieces:
        with path.open("ab") as file:
            file.write(piece)
        try:
            tail.look(0.0, NOW)
        except LineError:
            continue
