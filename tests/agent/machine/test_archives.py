"""What a bounded look tells of a file: well, damaged, cut off, or not what its name says."""

import bz2
import gzip
import io
import lzma
import os
import random
import shutil
import sqlite3
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.machine import archives
from agent.machine.archives import Examined, examine

NOISE = random.Random(1).randbytes(200_000)


class Held:
    """A file in memory; counts what is read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        self.asked += length
        return self.data[offset : offset + length]


def tar(count: int = 3, format_: int = tarfile.GNU_FORMAT, size: int = 30_000) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=format_) as file:
        folder = tarfile.TarInfo("d")
        folder.type = tarfile.DIRTYPE
        file.addfile(folder)
        for number in range(count):
            member = tarfile.TarInfo(f"d/{number}-" + "ü" * 80)
            member.size = size
            file.addfile(member, io.BytesIO(NOISE[:size]))
    return held.getvalue()


def zipped(method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as file:
        file.writestr("a", NOISE)
        file.writestr("b", b"x")
        file.comment = comment
    return held.getvalue()


def database(folder: Path) -> bytes:
    path = folder / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (v)")
        connection.executemany("INSERT INTO t VALUES (?)", [(NOISE[:900],)] * 200)
    connection.close()
    return path.read_bytes()


MAKERS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a.gz": ("gzip", lambda: gzip.compress(NOISE)),
    "a.tar.gz": ("gzip", lambda: gzip.compress(tar())),
    "a.tgz": ("gzip", lambda: gzip.compress(tar()) + gzip.compress(b"more")),
    "a.bz2": ("bzip2", lambda: bz2.compress(NOISE)),
    "a.tar.bz2": ("bzip2", lambda: bz2.compress(tar())),
    "a.xz": ("xz", lambda: lzma.compress(NOISE)),
    "a.tar.xz": ("xz", lambda: lzma.compress(tar())),
    "a.tar": ("tar", tar),
    "pax.tar": ("tar", lambda: tar(format_=tarfile.PAX_FORMAT)),
    "many.tar": ("tar", lambda: tar(count=200)),
    "a.zip": ("zip", zipped),
    "b.zip": ("zip", lambda: zipped(zipfile.ZIP_STORED, b"a comment PK\x05\x06")),
    "self-extracting.zip": ("zip", lambda: zipped()),
    "notes.txt": ("plain", lambda: b"hello"),
    "dump.sql.gpg": ("plain", lambda: NOISE),
}


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_well_is_well(name: str) -> None:
    kind, make = MAKERS[name]
    assert examine(name, Held(make())) == Examined(kind)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("a.gz", "its end is missing"),
        ("a.tar.gz", "its end is missing"),
        ("a.bz2", "its end is missing"),
        ("a.xz", "its end is missing"),
        ("a.tar", "its end is missing"),
        ("many.tar", "its end is missing"),
        ("a.zip", "its end is missing"),
    ],
)
def test_a_cut_off_end_is_noticed(name: str, fault: str) -> None:
    data = MAKERS[name][1]()
    assert examine(name, Held(data[: len(data) * 3 // 4])).fault == fault


@pytest.mark.parametrize("name", ["a.gz", "a.bz2", "a.xz"])
def test_a_flipped_bit_is_noticed(name: str) -> None:
    data = bytearray(MAKERS[name][1]())
    data[len(data) // 2] ^= 0x10
    assert examine(name, Held(bytes(data))).fault.startswith("is damaged")


def test_a_damaged_header_in_an_archive_is_noticed() -> None:
    data = bytearray(tar())
    second = 512
    data[second + 5] ^= 1
    assert examine("a.tar", Held(bytes(data))).fault == "no tar header at byte 512"
    data = bytearray(zipped())
    data[data.rindex(b"PK\x01\x02", 0, data.rindex(b"PK\x01\x02"))] = 0
    assert examine("a.zip", Held(bytes(data))).fault == "its directory is damaged"


def test_what_is_compressed_but_no_archive_inside_is_noticed() -> None:
    assert examine("a.tar.gz", Held(gzip.compress(NOISE))).fault == "no tar header at byte 0"


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("a.tar.gz", b"", "is empty"),
        ("a.gz", gzip.compress(b"", mtime=0), "holds nothing"),
        ("a.tar", bytes(10_240), "is no tar: it begins otherwise"),
        ("a.img", bytes(1_000_000), "holds nothing but zero bytes"),
        ("a.gz", b"<html>404 Not Found", "is no gzip: it begins otherwise"),
        ("a.gz", b"PK\x03\x04" + bytes(18), "is no gzip but zip"),
        ("a.zip", b"PK\x05\x06" + bytes(18), "holds nothing"),
        ("a.xz", b"\xfd7zXZ\x00" + bytes(20), "its header is damaged"),
    ],
)
def test_what_holds_nothing_or_something_else_is_said(name: str, data: bytes, fault: str) -> None:
    assert examine(name, Held(data)).fault == fault


def test_a_database_of_which_pages_are_missing_is_noticed(tmp_path: Path) -> None:
    data = database(tmp_path)
    assert examine("x.db", Held(data)) == Examined("sqlite")
    assert "its end is missing" in examine("x.db", Held(data[: len(data) // 2])).fault
    assert examine("x.sqlite", Held(data[:16] + b"\0\3" + data[18:])).fault == "its header is damaged"


def test_a_shrinking_file_can_not_be_read() -> None:
    class Shrunk(Held):
        @property
        def size(self) -> int:
            return len(self.data) + 10

    with pytest.raises(OSError, match="ends before its size"):
        examine("a", Shrunk(NOISE))


def test_little_is_read_of_a_large_file_and_a_bomb_does_no_harm() -> None:
    bomb = Held(gzip.compress(bytes(archives.MOST_UNPACKED_BYTES * 4)) + bytes(100))
    assert examine("bomb.gz", bomb).fault == ""
    assert bomb.asked < archives.MOST_READ_BYTES
    large = Held(os.urandom(12 * 1024 * 1024))
    packed = Held(gzip.compress(large.data, 1))
    assert examine("large.gz", packed).fault == ""
    assert packed.asked <= archives.MOST_READ_BYTES + 4 * archives.START_BYTES
    assert examine("large.bin", large).fault == ""
    assert large.asked == 3 * archives.START_BYTES


def test_members_without_end_are_looked_at_in_part() -> None:
    assert examine("a.gz", Held(gzip.compress(b"x") * 10_000)).fault == ""


def test_a_zip_beyond_the_old_bounds_is_read() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for number in range(65_536):
            file.writestr(zipfile.ZipInfo(str(number)), b"")
    assert examine("a.zip", Held(held.getvalue())) == Examined("zip")
    assert examine("a.zip", Held(held.getvalue()[:-100] + bytes(100))).fault == "its end is missing"


def test_any_bytes_end_in_a_verdict() -> None:
    chance = random.Random(3)
    for name in MAKERS:
        data = bytearray(MAKERS[name][1]())
        for _ in range(60):
            spoilt = bytearray(data[: chance.randrange(1, len(data) + 1)])
            for _ in range(chance.randrange(8)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            assert examine(name, Held(bytes(spoilt))).kind


@pytest.mark.parametrize("options", [["-cf"], ["-czf"], ["-cJf"], ["-cjf"], ["-cf", "--zstd"], ["-cSf"]])
def test_what_debians_tar_makes_is_well(options: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "of"
    folder.mkdir()
    (folder / ("long-" * 30)).write_bytes(NOISE)
    (folder / "link").symlink_to("nowhere")
    with (folder / "sparse").open("wb") as file:
        file.truncate(1_000_000)
    suffix = {"-czf": ".tar.gz", "-cJf": ".tar.xz", "-cjf": ".tar.bz2"}.get(options[0], ".tar")
    name = f"a{suffix}{'.zst' if '--zstd' in options else ''}"
    if "--zstd" in options and shutil.which("zstd") is None:
        pytest.skip("zstd is not installed")
    flags = [*options[1:], options[0]]
    subprocess.run(["tar", *flags, str(tmp_path / name), "-C", str(tmp_path), "of"], check=True, capture_output=True)
    assert examine(name, Held((tmp_path / name).read_bytes())).fault == ""
