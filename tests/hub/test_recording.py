import contextlib
import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.recording import Line, RecordingError, open_text, read

END = '{"received": 9}'


def test_messages_and_the_time_at_the_end() -> None:
    lines = [
        '{"received": 5, "topic": "wk/v1/a/b/report", "payload": "{\\"id\\": 1}"}',
        '{"received": 5, "topic": "wk/v1/a/b/status", "payload": "", "retained": true}',
        '{"received": 6, "topic": "wk/v1/a/b/report", "payload_base64": "/w=="}',
        END,
    ]
    assert list(read(lines)) == [
        Line(5, "wk/v1/a/b/report", b'{"id": 1}', False),
        Line(5, "wk/v1/a/b/status", b"", True),
        Line(6, "wk/v1/a/b/report", b"\xff", False),
        Line(9, "", b"", False),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("garbage", "one:2: no line of a recording"),
        ("[]", "one:2: no line"),
        ("{}", "one:2: no line"),
        ('{"received": "5"}', "one:2: received must be a whole number"),
        ('{"received": 1}', "one:2: received 1 after 5: time goes back"),
        ('{"received": 7, "topic": "a", "payload_base64": "?"}', "one:2: no line"),
        ('{"received": 7, "topic": "a", "payload": 3}', "one:2: no line"),
    ],
)
def test_what_is_no_recording_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(RecordingError, match=said):
        list(read(['{"received": 5}', text], "one"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"received": 7, "topic": ' + "[" * 100_000, "one:2: no line of a recording: RecursionError"),
        ('{"received": ' + "9" * 400 + "}", "one:2: received must be from 0"),
        ('{"received": ' + "9" * 5000 + "}", "one:2: no line"),
        ('{"received": -1}', "one:2: received must be from 0"),
        ('{"received": 7, "topic": "a", "payload": "' + "x" * 1_000_000 + '\\ud800"}', "one:2: no line"),
    ],
)
def test_a_hostile_line_is_told_shortly(text: str, said: str) -> None:
    with pytest.raises(RecordingError, match=said) as caught:
        list(read(['{"received": 5}', text], "one"))
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", ["one.jsonl", "one.jsonl.gz"])
def test_of_a_line_without_an_end_no_more_is_read_than_a_line_may_have(tmp_path: Path, name: str) -> None:
    body = b'{"received": 5}\n' + b"x" * (64 << 20)
    path = tmp_path / name
    path.write_bytes(gzip.compress(body, 1) if name.endswith(".gz") else body)
    tracemalloc.start()
    with open_text(path) as source, pytest.raises(RecordingError, match="one:2: a line of more than"):
        list(read(source, "one"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 40 << 20


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:40] + b"\xff" * 60 + whole[100:],
        lambda whole: whole[:-8] + b"\0" * 8,
        lambda whole: b"no gzip",
    ],
    ids=["cut off", "garbled", "wrong checksum", "no gzip"],
)
def test_a_damaged_compressed_one_is_told_with_the_line(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    whole = gzip.compress(b"".join(b'{"received": %d}\n' % (n * 7919) for n in range(2000)))
    path = tmp_path / "one.gz"
    path.write_bytes(damage(whole))
    with open_text(path) as source, pytest.raises(RecordingError, match=r"one:\d+: (can't be read|not UTF-8|no line)"):
        list(read(source, "one"))


def test_one_that_is_no_text_is_told_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(b'{"received": 5}\n\xff\xfe\n')
    with open_text(path) as source, pytest.raises(RecordingError, match=r"one:\d: not UTF-8"):
        list(read(source, "one"))


def test_one_that_was_cut_off_is_not_taken_for_whole() -> None:
    with pytest.raises(RecordingError, match="cut off"):
        list(read(['{"received": 5, "topic": "t", "payload": ""}']))
    with pytest.raises(RecordingError, match="cut off"):
        list(read([]))


def test_compressed_ones_are_read(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl.gz"
    path.write_bytes(gzip.compress(END.encode()))
    with open_text(path) as source:
        assert [line.received for line in read(source)] == [9]


@given(st.text())
def test_any_text_is_a_line_or_an_error(text: str) -> None:
    with contextlib.suppress(RecordingError):
        list(read([text]))


@given(st.text(), st.integers(min_value=0, max_value=2**53))
def test_any_payload_comes_as_it_went(payload: str, received: int) -> None:
    try:
        expected = payload.encode()
    except UnicodeEncodeError:  # half a surrogate pair is no text that MQTT could have carried
        return
    line = json.dumps({"received": received, "topic": "t", "payload": payload})
    assert next(read([line, json.dumps({"received": received})])) == Line(received, "t", expected, False)
