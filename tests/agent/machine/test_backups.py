"""Looking for backups: the newest complete one, within bounds, and never through a link."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.machine import backups
from agent.machine.backups import Backup, Found, Search, TooMany, measure, opened_file, settled, until

NOW = 1_800_000_000.0
DAY = 86_400.0


def put(path: Path, age: float = 0.0, size: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (NOW - age, NOW - age))
    return path


def never() -> bool:
    return False


def look(root: Path, pattern: str = "*", depth: int = 2, *, folders: bool = False) -> Found:
    return Search(str(root), pattern, depth, folders=folders).look(NOW, never)


def names(found: Found) -> list[str]:
    return [one.path for one in found.newest]


def test_the_newest_come_first_and_all_are_counted(tmp_path: Path) -> None:
    for number in range(100):
        put(tmp_path / f"{number}.gz", age=number * DAY)
    put(tmp_path / "notes.txt")
    found = look(tmp_path, "*.gz")
    assert found.count == 100
    assert names(found)[:2] == ["0.gz", "1.gz"]
    assert len(found.newest) < 20


def test_a_pattern_with_a_slash_is_of_the_path(tmp_path: Path) -> None:
    put(tmp_path / "daily/a.gz")
    put(tmp_path / "weekly/b.gz")
    assert names(look(tmp_path, "daily/*.gz")) == ["daily/a.gz"]
    assert look(tmp_path, "*.gz").count == 2
    assert look(tmp_path, "*.gz", depth=1).count == 0


def test_hidden_files_are_being_written(tmp_path: Path) -> None:
    put(tmp_path / ".a.gz.Xu7d3k")
    assert look(tmp_path).count == 0
    assert look(tmp_path, ".*").count == 1


def test_folders_can_be_the_backups(tmp_path: Path) -> None:
    for age, name in enumerate(("daily.0", "daily.1")):
        put(tmp_path / name / "etc/passwd", size=10 + age)
        os.utime(tmp_path / name, (NOW - age, NOW - age))
    found = look(tmp_path, "daily.*", folders=True)
    assert names(found) == ["daily.0", "daily.1"]
    size, largest = measure(str(tmp_path), "daily.0", never)
    assert size == 10
    assert largest is not None
    assert largest.path == "daily.0/etc/passwd"


def test_what_is_dated_in_the_future_is_never_the_newest(tmp_path: Path) -> None:
    put(tmp_path / "future", age=-DAY)
    put(tmp_path / "now")
    found = look(tmp_path)
    assert (names(found), found.count, found.future) == (["now"], 2, 1)


def test_links_are_neither_backups_nor_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside/secret").parent
    root = tmp_path / "root"
    root.mkdir()
    (root / "file").symlink_to(outside / "secret")
    (root / "folder").symlink_to(outside)
    assert look(root).count == 0
    for path in ("file", "folder/secret", "../outside/secret/.."):
        with pytest.raises(OSError, match=r"."), opened_file(str(root), path):
            pass


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    put(tmp_path / "real/a")
    (tmp_path / "link").symlink_to("real")
    assert look(tmp_path / "link").count == 1
    with opened_file(str(tmp_path / "link"), "a") as file:
        assert file.read(0, 10) == b"x"


def test_what_is_no_file_is_not_opened_for_long(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert look(tmp_path).count == 0
    with pytest.raises(OSError, match="is no ordinary file"), opened_file(str(tmp_path), "pipe"):
        pass


def test_a_look_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        put(tmp_path / str(number))
    with pytest.raises(TooMany, match="name a smaller folder"):
        Search(str(tmp_path), "*", 1, folders=False).look(NOW, until(-1.0))
    monkeypatch.setattr(backups, "MOST_ENTRIES", 10)
    with pytest.raises(TooMany):
        look(tmp_path)
    monkeypatch.setattr(backups, "MOST_OF_ONE", 10)
    assert measure(str(tmp_path.parent), tmp_path.name, never)[0] is None


def test_a_folder_without_end_is_not_listed_before_the_bounds_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "folder/a")
    scandir = os.scandir

    @contextmanager
    def endless(handle: int) -> Iterator[Iterator[os.DirEntry[str]]]:
        with scandir(handle) as entries:
            (entry,) = entries
            yield iter(lambda: entry, None)

    monkeypatch.setattr(os, "scandir", endless)
    monkeypatch.setattr(backups, "MOST_ENTRIES", 10)
    monkeypatch.setattr(backups, "MOST_OF_ONE", 10)
    with pytest.raises(TooMany, match="11 entries"):
        look(tmp_path / "folder")
    assert measure(str(tmp_path), "folder", never)[0] is None


def test_a_folder_that_is_missing_is_an_error_and_lost_and_found_is_nobodys(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "missing")
    put(tmp_path / "lost+found/x")
    assert look(tmp_path).count == 0


def test_one_that_is_still_written_is_not_the_newest_yet() -> None:
    fresh, older = Backup("b", 10, NOW - 10), Backup("a", 10, NOW - 500)
    assert settled([fresh, older], NOW, 300, None) == older
    assert settled([fresh, older], NOW + 300, 300, None) == fresh
    assert settled([fresh, older], NOW + 300, 300, Backup("b", 5, NOW - 10)) == older
    assert settled([fresh], NOW, 300, None) is None
