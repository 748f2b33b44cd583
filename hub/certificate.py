"""Certificates in files: whether they can be used, and how long one is still good for."""

import logging
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509

from wire.settings import Tls

log = logging.getLogger(__name__)

DAY_SECONDS = 86_400.0


def days_left(path: Path, now: float) -> float:
    """Days from `now` (Unix seconds) until the first certificate in a PEM file expires; negative once it has.

    Raises OSError and ValueError where there is none to be read.
    """
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return (certificate.not_valid_after_utc.timestamp() - now) / DAY_SECONDS


def watched(path: Path, clock: Callable[[], float] = time.time) -> Callable[[], dict[str, float]]:
    """For the hub's own figures: the file is read at each call, since it is replaced while the hub runs.

    Of a file that can't be read there is no figure, and the log says so once.
    """
    said = ""

    def figures() -> dict[str, float]:
        nonlocal said
        try:
            left = days_left(path, clock())
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or "holds no certificate in PEM form"
            if reason != said:
                log.warning("how long our certificate is good for is not known: %s: %s", path, reason)
            said = reason
            return {}
        said = ""
        return {"certificate_left_days": left}

    return figures


def unusable(tls: Tls) -> str:
    """Why nothing can be said with these files, naming the one; empty where it can."""
    if reason := unusable_authority(tls.ca):
        return reason
    for path in (tls.certificate, tls.key):
        if reason := _unreadable(path):
            return reason
    try:  # an empty password: without one OpenSSL would ask at the terminal
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(tls.certificate, tls.key, password=lambda: b"")
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return f"{tls.certificate} and {tls.key}: no certificate and its key in PEM form, the key without a password"
    return ""


def unusable_authority(path: Path) -> str:
    """Why a file is no authority to trust; empty where it is."""
    if reason := _unreadable(path):
        return reason
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except (OSError, ValueError):
        return f"{path}: holds no certificate in PEM form"
    return ""


def _unreadable(path: Path) -> str:
    try:
        path.open("rb").close()
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""
