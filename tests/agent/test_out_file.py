"""Whether a command could write its file is known before its work."""

import os
from pathlib import Path

import pytest

from agent.out_file import complaint


def test_a_new_file_in_a_folder_that_is_there_is_fine(tmp_path: Path) -> None:
    assert complaint(tmp_path / "hall.csv", force=False) == ""
    assert not (tmp_path / "hall.csv").exists()


def test_what_is_there_is_overwritten_only_when_forced(tmp_path: Path) -> None:
    path, link = tmp_path / "hall.csv", tmp_path / "link"
    path.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")
    assert complaint(path, force=False) == f"{path} is there already; --force overwrites it"
    assert complaint(link, force=False) == f"{link} is there already; --force overwrites it"
    assert complaint(path, force=True) == ""
    assert complaint(tmp_path, force=True) == f"{tmp_path} is a folder"


def test_a_folder_that_is_missing_or_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert complaint(tmp_path / "usb" / "a", force=True) == f"the folder {tmp_path / 'usb'} is not there"
    assert complaint(tmp_path / "file" / "a", force=True) == f"{tmp_path / 'file' / 'a'}: Not a directory"
    assert complaint(tmp_path / ("x" * 300), force=True).endswith(": File name too long")


def test_a_folder_of_others_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert complaint(tmp_path / "a", force=False) == f"the folder {tmp_path} may not be written"


def test_a_folder_that_may_not_be_entered_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "lstat", closed)
    assert complaint(tmp_path / "a", force=False) == f"{tmp_path / 'a'}: Permission denied"
