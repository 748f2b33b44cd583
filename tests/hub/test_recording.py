import contextlib
import gzip
import json
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
