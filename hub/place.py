"""Names files so that two processes can tell whether they mean the same one."""

import hashlib
import secrets
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def place(file: Path) -> str:
    """Names a file as this running machine knows it: of two processes that see the same name and lock it, one waits.

    Not even a copy of the whole machine has the same: the boot's id is random. Where there is none, neither is a name
    that could ever be seen again.
    """
    try:
        boot, stat = _BOOT.read_text().strip(), file.stat()
    except OSError:
        return secrets.token_hex(16)
    return hashlib.sha256(f"{boot}:{stat.st_dev}:{stat.st_ino}".encode()).hexdigest()[:32]
