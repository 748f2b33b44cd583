"""Whether a file is what its name promises, and well-formed as far as a bounded look can tell. Pure but for its reader.

Read are a start, a middle and an end. Small compressed files are unpacked whole, so that their check sums are known to
be right; of larger ones the first mebibytes are. A cut-off end shows in tar, zip, xz and SQLite, whatever their size.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

START_BYTES = 64 * 1024
MOST_READ_BYTES = 4 * 1024 * 1024
"""Of a compressed file, as it is on disk."""
MOST_UNPACKED_BYTES = 16 * 1024 * 1024
_XZ_MEMORY_BYTES = 40 * 1024 * 1024
_TAR_BLOCK = 512
_TAR_WITHOUT_DATA = (b"1", b"2", b"3", b"4", b"5", b"6")
"""Links, devices, folders: whatever their header says of a size."""
_MOST_TAR_MEMBERS = 64
_MOST_GZIP_MEMBERS = 16
_ZIP_END_BYTES = 22 + 65_535

_MAGICS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"SQLite format 3\x00", "sqlite"),
)
_SUFFIXES = {
    **dict.fromkeys((".gz", ".tgz"), "gzip"),
    **dict.fromkeys((".bz2", ".tbz", ".tbz2"), "bzip2"),
    **dict.fromkeys((".xz", ".txz"), "xz"),
    **dict.fromkeys((".zst", ".tzst"), "zstd"),
    **dict.fromkeys((".sqlite", ".sqlite3"), "sqlite"),
    ".zip": "zip",
    ".tar": "tar",
}
_TAR_NAMES = (".tgz", ".tbz", ".tbz2", ".txz", ".tzst", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")


class Source(Protocol):
    """A file of `size` bytes."""

    @property
    def size(self) -> int: ...  # noqa: D102 - as said above

    def read(self, offset: int, length: int) -> bytes:
        """So many bytes from there, fewer at the end. Raises OSError."""
        ...


@dataclass(frozen=True)
class Examined:
    """`kind` as its bytes say: gzip, tar, zip, sqlite …, `plain` for all others. `fault` is empty where it is well."""

    kind: str
    fault: str = ""


class _Fault(Exception):  # noqa: N818 - a verdict
    """Not well-formed; the text says how."""


class _TooLarge(Exception):  # noqa: N818 - a verdict
    """To unpack it would cost more memory than we spend: its frame was looked at, and no more."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's way to unpack, with the names of bz2's and lzma's."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def examine(name: str, source: Source) -> Examined:
    """Look at a file of that name. Raises OSError where it can't be read."""
    if source.size == 0:
        return Examined("plain", "is empty")
    start, middle, end = _three_places(source)
    kind = _kind(start)
    expected = next((kind for suffix, kind in _SUFFIXES.items() if name.lower().endswith(suffix)), kind)
    if expected != kind:
        # Never its bytes: the text goes to the hub, and what somebody keeps does not.
        return Examined(kind, f"is no {expected}" + (f" but {kind}" if kind != "plain" else ": it begins otherwise"))
    if not any((start.strip(b"\0"), middle.strip(b"\0"), end.strip(b"\0"))):
        return Examined(kind, "holds nothing but zero bytes")
    try:
        _CHECKS.get(kind, _nothing_more)(name, source, start, end)
    except _Fault as fault:
        return Examined(kind, str(fault))
    except _TooLarge:
        pass
    return Examined(kind)


def _three_places(source: Source) -> tuple[bytes, bytes, bytes]:
    """Reading them shows bad sectors; a file that is shorter than it says has changed under us or is damaged."""
    places = (0, max(0, source.size // 2 - START_BYTES // 2), max(0, source.size - START_BYTES))
    read = [source.read(place, START_BYTES) for place in places]
    for place, got in zip(places, read, strict=True):
        if len(got) < min(START_BYTES, source.size - place):
            raise OSError(5, "ends before its size")
    return read[0], read[1], read[2]


def _kind(start: bytes) -> str:
    for magic, kind in _MAGICS:
        if start.startswith(magic):
            return kind
    return "tar" if start[257:262] == b"ustar" or _is_tar_header(start[:_TAR_BLOCK]) else "plain"


def _nothing_more(name: str, source: Source, start: bytes, end: bytes) -> None:
    """All that can be known of it is that it can be read."""


# Compressed files


def _check_gzip(name: str, source: Source, start: bytes, end: bytes) -> None:
    _check_unpacked(name, _unpack(source, _Gzip))


def _check_bzip2(name: str, source: Source, start: bytes, end: bytes) -> None:
    from bz2 import BZ2Decompressor

    _check_unpacked(name, _unpack(source, BZ2Decompressor))


def _check_xz(name: str, source: Source, start: bytes, end: bytes) -> None:
    from lzma import FORMAT_XZ, LZMADecompressor

    if zlib.crc32(start[6:8]) != int.from_bytes(start[8:12], "little"):
        raise _Fault("its header is damaged")
    if end.rstrip(b"\0")[-2:] != b"YZ":
        raise _Fault("its end is missing")
    _check_unpacked(name, _unpack(source, lambda: LZMADecompressor(FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)))


def _unpack(source: Source, unpacker: Callable[[], _Unpacker]) -> bytes:
    """The first bytes of what is in it. All of a small file is unpacked, and its check sum known to be right."""
    first, pending, unpacked, offset, one = b"", b"", 0, 0, unpacker()
    members = 1
    while unpacked < MOST_UNPACKED_BYTES:
        if one.eof:
            # A gzip file may be several, one after the other; what else follows is nobody's.
            if members >= _MOST_GZIP_MEMBERS or not pending.startswith(b"\x1f\x8b"):
                break
            one, members = unpacker(), members + 1
        data = b""
        if one.needs_input:
            data, pending = pending, b""
            if not data and offset < MOST_READ_BYTES:
                data = source.read(offset, START_BYTES)
                offset += len(data)
            if not data:
                if offset >= source.size:
                    raise _Fault("its end is missing")
                break
        piece = _decompress(one, data)
        unpacked += len(piece)
        first += piece[: START_BYTES - len(first)]
        pending = one.unused_data if one.eof else pending
    return first


def _decompress(one: _Unpacker, data: bytes) -> bytes:
    """Raises _Fault, and _TooLarge."""
    from lzma import LZMAError

    try:
        return one.decompress(data, START_BYTES)
    except LZMAError as error:
        if "emory" in str(error):
            raise _TooLarge from None
        raise _Fault(f"is damaged: {error}") from None
    except (zlib.error, OSError, ValueError, EOFError) as error:
        raise _Fault(f"is damaged: {error}") from None


def _check_unpacked(name: str, first: bytes) -> None:
    if not first:
        raise _Fault("holds nothing")
    if name.lower().endswith(_TAR_NAMES):
        _walk_tar(lambda offset: first[offset : offset + _TAR_BLOCK], len(first), whole=False)


# Archives


def _check_tar(name: str, source: Source, start: bytes, end: bytes) -> None:
    _walk_tar(lambda offset: source.read(offset, _TAR_BLOCK), source.size, whole=True)
    if end[-2 * _TAR_BLOCK :].strip(b"\0"):
        raise _Fault("its end is missing")


def _walk_tar(block: Callable[[int], bytes], size: int, *, whole: bool) -> None:
    """From header to header. `whole`: `size` is that of the archive, not of its first bytes."""
    offset = 0
    for _ in range(_MOST_TAR_MEMBERS):
        if offset + _TAR_BLOCK > size:
            if whole:
                raise _Fault("its end is missing")
            return
        header = block(offset)
        if not header.strip(b"\0"):
            if offset == 0:
                raise _Fault("holds nothing")
            return
        if not _is_tar_header(header):
            raise _Fault(f"no tar header at byte {offset}")
        length = 0 if header[156:157] in _TAR_WITHOUT_DATA else _tar_number(header[124:136])
        if length < 0:
            raise _Fault(f"a damaged tar header at byte {offset}")
        if header[156:157] == b"S" or (header[156:157] == b"x" and b" size=" in block(offset + _TAR_BLOCK)):
            return  # where the next header is, is said elsewhere: sparse files, and those beyond 8 GiB
        offset += _TAR_BLOCK + (length + _TAR_BLOCK - 1) // _TAR_BLOCK * _TAR_BLOCK


def _is_tar_header(header: bytes) -> bool:
    if len(header) < _TAR_BLOCK or not header.strip(b"\0"):
        return False
    told = _tar_number(header[148:156])
    return told == sum(header[:148]) + 8 * ord(" ") + sum(header[156:_TAR_BLOCK])


def _tar_number(field: bytes) -> int:
    """Octal text, or base 256 where the first bit is set; -1 for neither."""
    if field[:1] and field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    text = field.strip(b"\0 ")
    return int(text, 8) if text.isdigit() and not set(text) & set(b"89") else (0 if not text else -1)


def _check_zip(name: str, source: Source, start: bytes, end: bytes) -> None:
    """The directory at its end: where it says, with an entry, of which the data begins where that says."""
    tail_at = max(0, source.size - _ZIP_END_BYTES)
    tail = source.read(tail_at, _ZIP_END_BYTES)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0 and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") != len(tail):
        at = tail.rfind(b"PK\x05\x06", 0, at)  # that one stands in the comment
    if at < 0:
        raise _Fault("its end is missing")
    entries, length, offset = struct.unpack("<HII", tail[at + 10 : at + 20])
    before = tail_at + at
    if entries == 0xFFFF or 0xFFFFFFFF in (length, offset):
        before, entries, length, offset = _zip64(source, before)
    shift = before - length - offset  # of self-extracting ones, whose offsets leave out the program before them
    if entries == 0:
        raise _Fault("holds nothing")
    directory = source.read(offset + shift, 46) if shift >= 0 else b""
    if directory[:4] != b"PK\x01\x02" or len(directory) < 46:
        raise _Fault("its directory is damaged")
    first = int.from_bytes(directory[42:46], "little")
    if first != 0xFFFFFFFF and source.read(first + shift, 4) != b"PK\x03\x04":
        raise _Fault("its first entry is damaged")


def _zip64(source: Source, end: int) -> tuple[int, int, int, int]:
    """Where its end record begins, entries, length and offset of the directory of a large archive."""
    locator = source.read(end - 20, 20) if end >= 20 else b""
    if locator[:4] != b"PK\x06\x07":
        raise _Fault("its end is damaged")
    (at,) = struct.unpack("<Q", locator[8:16])
    record = source.read(at, 56) if at < source.size else b""
    if record[:4] != b"PK\x06\x06" or len(record) < 56:
        raise _Fault("its end is damaged")
    entries, length, offset = struct.unpack("<QQQ", record[32:56])
    return at, entries, length, offset


def _check_sqlite(name: str, source: Source, start: bytes, end: bytes) -> None:
    """Its header, and whether all the pages it tells are there (https://www.sqlite.org/fileformat.html)."""
    if len(start) < 100:
        raise _Fault("its end is missing")
    page = int.from_bytes(start[16:18], "big")
    page = 65_536 if page == 1 else page
    if page < 512 or page & (page - 1):
        raise _Fault("its header is damaged")
    pages = int.from_bytes(start[28:32], "big")
    current = start[24:28] == start[92:96]
    if current and pages * page > source.size:
        raise _Fault(f"its end is missing: {source.size} of {pages * page} bytes are there")


_CHECKS: Mapping[str, Callable[[str, Source, bytes, bytes], None]] = {
    "gzip": _check_gzip,
    "bzip2": _check_bzip2,
    "xz": _check_xz,
    "tar": _check_tar,
    "zip": _check_zip,
    "sqlite": _check_sqlite,
}
