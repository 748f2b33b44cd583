"""The days that a certificate has left, and what is said where it can't be read."""

import time
from pathlib import Path

import pytest

from hub.certificate import watched
from tests.servers.certificates import Authority


def test_a_file_that_can_not_be_read_gives_no_figure_and_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "hub.crt"
    figures = watched(path, time.time)
    assert [figures(), figures()] == [{}, {}]
    assert caplog.messages == [f"how long our certificate is good for is not known: {path}: No such file or directory"]
    path.write_text("no certificate")
    assert figures() == {}
    assert caplog.messages[1:] == [
        f"how long our certificate is good for is not known: {path}: holds no certificate in PEM form"
    ]
    assert caplog.records[0].exc_info is None
    Authority(tmp_path).client("hub")
    assert 0.9 < figures()["certificate_left_days"] < 1.1
