"""Whether a disk's own encryption (TCG Opal) is set up to lock, as the kernel tells root-like processes only.

`IOC_OPAL_GET_STATUS` of Linux 6.1 and later. A disk with locking enabled may still have ranges that never lock: this
can refute that a disk locks, not prove it.
"""

import fcntl
import os
import struct

IOC_OPAL_GET_STATUS = 0x800870EC
"""_IOR('p', 236, struct opal_status): two 32-bit words, flags and one reserved."""

_LOCKING_ENABLED = 0x04


def locking_enabled(device: str) -> bool | None:
    """Whether Opal's locking is enabled on the disk of a device file. None where nobody says: no right (CAP_SYS_ADMIN
    and read access), an older kernel, a disk without Opal."""
    try:
        handle = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        flags, _ = struct.unpack("=II", fcntl.ioctl(handle, IOC_OPAL_GET_STATUS, bytes(8)))
    except OSError:
        return None
    finally:
        os.close(handle)
    return bool(flags & _LOCKING_ENABLED)
