"""Keeping the process small: it runs on recorders that have other work to do. Figures: docs/benchmarks.md."""

import ctypes
import sys
import warnings


def leave_out_text_detection() -> None:
    """Let requests load without its character detector (3 MB): we read bytes. It falls back to UTF-8 by itself.

    For the agent's process only, before the first device is asked.
    """
    warnings.filterwarnings("ignore", message="Unable to find acceptable character detection")
    for name in ("charset_normalizer", "chardet"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type] # None: importing it fails


def trim() -> None:
    """Give back what was freed: after work that took much memory once. Nothing where the C library has no such call."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
