"""Runs a program that dies with whoever started it: `python -m simulator.leash PARENT_PID PROGRAM ARGUMENTS…`.

Linux kills a process on its parent's death if it asked so (PR_SET_PDEATHSIG, kept across exec). Asking between fork
and exec inside a threaded parent may deadlock, hence this program between the two. Elsewhere it only runs the program.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>."""


def main(arguments: list[str]) -> None:
    """Never returns: becomes the program, or exits when the parent has died meanwhile."""
    parent, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel knew of our wish
            sys.exit(1)
    os.execvp(program[0], program)  # noqa: S606 - becoming the given program is its purpose


if __name__ == "__main__":
    main(sys.argv[1:])
