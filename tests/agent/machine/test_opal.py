"""Asking a disk for its Opal state."""

from pathlib import Path

from agent.machine.opal import IOC_OPAL_GET_STATUS, locking_enabled


def test_what_is_no_disk_or_can_not_be_opened_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert locking_enabled(str(file)) is None
    assert locking_enabled(str(tmp_path / "missing")) is None


def test_the_number_is_the_kernels() -> None:
    read, size = 2 << 30, 8 << 16
    assert read | size | ord("p") << 8 | 236 == IOC_OPAL_GET_STATUS
