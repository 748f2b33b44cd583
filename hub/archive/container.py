"""The archive as a file: a ZIP (deflated, ZIP64) that stands under its name only when it is whole and on disk."""

import fcntl
import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pydantic import ValidationError

from hub.archive.manifest import FORMAT, MAX_BYTES, MAX_MEMBERS, NAME, ArchiveError, Manifest, Member

Progress = Callable[[str], None]
"""Told what is being done; may be called often."""

CHUNK_BYTES = 1024 * 1024
_LEVEL = 1
"""Of compression: the hub shares the processor."""
_PARTIAL = ".partial"
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SHOWN = 5
_CHARACTERS = 500
"""So many names, so much text of a file's mistakes are told."""


class ArchiveWriter:
    """Writes beside `path` and moves the file there in `finish`. Leave the context without that: nothing is left.

    Raises ArchiveError where something stands at `path`, and OSError.
    """

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise ArchiveError(f"{path}: exists already and is not overwritten")
        self._path = path
        _sweep(path.parent)
        self._partial = path.with_name(f".{path.name}{_PARTIAL}")
        descriptor = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "w+b")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self.members: dict[str, Member] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """A member of these bytes, which are never all in memory."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(name, "w", force_zip64=True) as member:
            for chunk in chunks:
                member.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.members[name] = Member(bytes=size, sha256=digest.hexdigest())

    def add_file(self, name: str, path: Path, progress: Progress) -> None:
        """A member with the bytes of a file."""
        total, done = path.stat().st_size or 1, 0

        def read() -> Iterator[bytes]:
            nonlocal done
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
                    done += len(chunk)
                    progress(f"{name}: {done * 100 // total} % packed")

        self.add(name, read())

    def scratch(self, name: str) -> Path:
        """An empty file beside the archive for a copy on its way into it; it goes when the context ends."""
        path = self._partial.with_name(f"{self._partial.name.removesuffix(_PARTIAL)}.{name}{_PARTIAL}")
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))  # nobody else's file
        return path

    def finish(self, manifest: Manifest) -> None:
        """Everything on disk, then under its name, never over another file."""
        self._zip.writestr(NAME, manifest.model_dump_json(indent=2))
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        try:
            os.link(self._partial, self._path)
        except FileExistsError:
            raise ArchiveError(f"{self._path}: exists already and is not overwritten") from None
        except OSError:  # no hard links here (FAT, some network shares)
            if self._path.exists():
                raise ArchiveError(f"{self._path}: exists already and is not overwritten") from None
            self._partial.rename(self._path)
        _sync_folder(self._path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError, ValueError):  # a ZIP that broke off has no proper end
            self._zip.close()
        with suppress(OSError):
            self._file.close()
        for left in self._path.parent.glob(f".{self._path.name}*{_PARTIAL}*"):
            left.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what a backup that was killed has left; one that still runs holds its file."""
    for left in folder.glob(f".*.zip{_PARTIAL}"):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for one in folder.glob(f"{left.name.removesuffix(_PARTIAL)}*{_PARTIAL}*"):
                one.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Archive:
    """An archive to read. Raises ArchiveError where it is none, or a later version's.

    No name in it is ever a path here: members are opened by the names this version knows, and go where the
    configuration says. What a member says of its size is never exceeded in reading it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _trouble(path):
            self._zip = zipfile.ZipFile(path)
            self.manifest = self._manifest()
        if self.manifest.format > FORMAT:
            raise ArchiveError(f"{path}: written by a later version ({self.manifest.watchkeeper})")

    def _manifest(self) -> Manifest:
        members = self._zip.infolist()
        if len(members) > MAX_MEMBERS:
            raise ArchiveError(f"{self.path}: {len(members)} files in it: not a backup of a hub")
        if any(member.compress_type not in _COMPRESSIONS for member in members):
            raise ArchiveError(f"{self.path}: packed as no backup of a hub is")
        try:
            about = self._zip.getinfo(NAME)
        except KeyError:
            raise ArchiveError(f"{self.path}: no {NAME} in it: not a backup of a hub") from None
        if about.file_size > MAX_BYTES:
            raise ArchiveError(f"{self.path}: a {NAME} of {about.file_size} bytes: not a backup of a hub")
        manifest = Manifest.model_validate_json(self._zip.read(NAME))
        sizes = {member.filename: member.file_size for member in members if member.filename != NAME}
        said = {name: member.bytes for name, member in manifest.members.items()}
        if len(sizes) != len(members) - 1:
            raise ArchiveError(f"{self.path}: two files of one name in it")
        if sizes != said:
            odd = sorted(ascii(name) for name in sizes.keys() | said.keys() if sizes.get(name) != said.get(name))
            raise ArchiveError(f"{self.path}: manifest and contents differ in: {', '.join(odd[:_SHOWN])}"[:_CHARACTERS])
        return manifest

    def verify(self, progress: Progress) -> None:
        """Read every byte and compare. Raises ArchiveError with the first member that is not as it was written."""
        for name, said in self.manifest.members.items():
            digest, size = hashlib.sha256(), 0
            for chunk in self._chunks(name):
                digest.update(chunk)
                size += len(chunk)
                progress(f"{name}: {size * 100 // max(said.bytes, 1)} % checked")
            if (size, digest.hexdigest()) != (said.bytes, said.sha256):
                raise ArchiveError(f"{self.path}: {name} is damaged")

    def open(self, name: str) -> IO[bytes]:
        """A member to read."""
        with _trouble(self.path):
            try:
                return self._zip.open(name)
            except KeyError:
                raise ArchiveError(f"{self.path}: no {name} in it") from None

    def extract(self, name: str, path: Path, progress: Progress) -> None:
        """A member as a file of its own, on disk when this returns."""
        total, done = max(self.manifest.members[name].bytes, 1), 0
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in self._chunks(name):
                file.write(chunk)
                done += len(chunk)
                progress(f"{name}: {done * 100 // total} % unpacked")
            file.flush()
            os.fsync(file.fileno())

    def _chunks(self, name: str) -> Iterator[bytes]:
        with self.open(name) as member:
            while True:
                with _trouble(self.path):
                    chunk = member.read(CHUNK_BYTES)
                if not chunk:
                    return
                yield chunk

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def _trouble(path: Path) -> Iterator[None]:
    """A damaged ZIP shows in many ways."""
    try:
        yield
    except FileNotFoundError:
        raise ArchiveError(f"{path}: no such file") from None
    except ValidationError as error:
        raise ArchiveError(f"{path}: {NAME} is damaged: {error.error_count()} faults") from None
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError) as error:
        raise ArchiveError(f"{path}: damaged, or no backup: {error}") from None
