"""How long a certificate in a file is still good for."""

import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509

DAY_SECONDS = 86_400.0


def days_left(path: Path, now: float) -> float:
    """Days from `now` (Unix seconds) until the first certificate in a PEM file expires; negative once it has.

    Raises OSError and ValueError where there is none to be read.
    """
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return (certificate.not_valid_after_utc.timestamp() - now) / DAY_SECONDS


def watched(path: Path, clock: Callable[[], float] = time.time) -> Callable[[], dict[str, float]]:
    """For the hub's own figures: the file is read at each call, since it is replaced while the hub runs."""
    return lambda: {"certificate_left_days": days_left(path, clock())}
