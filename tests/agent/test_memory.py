"""What collectors remember: written whole, read back, and never in the way."""

import logging
import stat
from pathlib import Path

import pytest
from pydantic import BaseModel

from agent.memory import MAX_BYTES, Memory


class Notes(BaseModel):
    words: list[str] = []


def test_what_was_remembered_is_recalled_by_the_next_process(tmp_path: Path) -> None:
    folder = tmp_path / "collectors" / "volumes"
    Memory(folder, "root", Notes).remember(Notes(words=["a", "b"]))
    assert Memory(folder, "root", Notes).recall() == Notes(words=["a", "b"])
    assert [path.name for path in folder.iterdir()] == ["root.json"]
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0


def test_nothing_is_there_at_first_and_nothing_is_kept_without_a_folder(tmp_path: Path) -> None:
    assert Memory(tmp_path, "root", Notes).recall() is None
    nowhere = Memory(None, "root", Notes)
    nowhere.remember(Notes(words=["a"]))
    assert nowhere.recall() is None


@pytest.mark.parametrize("text", [b"", b"{", b'{"words": 3}', b"\xff\xfe", b"[" * 100_000, b" " * (MAX_BYTES + 2)])
def test_a_spoilt_file_means_starting_afresh_and_is_logged(
    tmp_path: Path, text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "root.json").write_bytes(text)
    assert Memory(tmp_path, "root", Notes).recall() is None
    assert "starting afresh" in caplog.text


def test_a_disk_that_takes_no_writes_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    memory = Memory(tmp_path / "file", "root", Notes)
    with caplog.at_level(logging.WARNING):
        memory.remember(Notes())
        memory.remember(Notes())
    assert caplog.text.count("memory not written") == 1
