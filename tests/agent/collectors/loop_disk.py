"""A real ext4 on a loop device, mounted for one test and always taken down after it. Linux as root only."""

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_EXT4_SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN: what the kernel itself does to a file system whose device was pulled out."""
_WITHOUT_FLUSH = 2


def run(*command: str) -> str:
    """The output of a program that must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def require_loop_devices() -> None:
    """Skip the test, with the reason, where this machine has none."""
    if os.geteuid() != 0:
        pytest.skip("loop devices want root")
    for program in ("losetup", "mkfs.ext4", "mount", "umount"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if not Path("/dev/loop-control").exists():
        pytest.skip("the kernel has no loop devices here")


class LoopDisk:
    """One file system of `megabytes`, at `mount`."""

    def __init__(self, folder: Path, megabytes: int, inodes: int) -> None:
        image = folder / "disk.img"
        with image.open("wb") as file:
            file.truncate(megabytes * 1024 * 1024)
        run("mkfs.ext4", "-q", "-m", "0", "-N", str(inodes), "-O", "^has_journal", str(image))
        self.mount = folder / "mounted"
        self.mount.mkdir()
        try:
            self.device = run("losetup", "--find", "--show", str(image))
        except subprocess.CalledProcessError as error:
            pytest.skip(f"losetup refuses here: {error.stderr.strip()}")

    def attach(self, options: str = "rw,errors=remount-ro") -> None:
        """Mount it."""
        try:
            run("mount", "-o", options, self.device, str(self.mount))
        except subprocess.CalledProcessError as error:
            pytest.skip(f"mount refuses here: {error.stderr.strip()}")

    def remount(self, options: str) -> None:
        """Change how it is mounted."""
        run("mount", "-o", f"remount,{options}", self.device, str(self.mount))

    def detach(self, lazily: bool = False) -> None:
        """Unmount it; lazily as when somebody still has a file open on it."""
        run("umount", *(["-l"] if lazily else []), str(self.mount))

    def fail(self) -> None:
        """Let the file system meet an error, as a bad sector under its tables would."""
        (Path("/sys/fs/ext4") / Path(self.device).name / "trigger_fs_error").write_text("test")

    def shut_down(self) -> None:
        """What a USB plug that is pulled does."""
        handle = os.open(self.mount, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, _EXT4_SHUTDOWN, struct.pack("I", _WITHOUT_FLUSH))
        finally:
            os.close(handle)

    def close(self) -> None:
        """Take everything down, whatever state it is in."""
        for _ in range(4):
            done = subprocess.run(["umount", "-l", str(self.mount)], capture_output=True, timeout=30)
            if done.returncode != 0:
                break
        subprocess.run(["losetup", "--detach", self.device], capture_output=True, timeout=30)


@contextmanager
def loop_disk(folder: Path, megabytes: int = 32, inodes: int = 512) -> Iterator[LoopDisk]:
    """A mounted disk, gone at the end."""
    require_loop_devices()
    disk = LoopDisk(folder, megabytes, inodes)
    try:
        disk.attach()
        yield disk
    finally:
        disk.close()
