"""Which language a device speaks, found out without an account, by what it says to questions of a stranger.

No login is tried, so nothing can be locked by it.
"""

from collections.abc import Mapping
from enum import StrEnum

from agent.device.address import Endpoint
from agent.device.errors import DeviceError, TimedOut, Unreachable
from agent.device.session import DeviceSession
from agent.onvif.client import OnvifClient
from agent.recorder.languages import Language

_PATHS: Mapping[Language, str] = {
    Language.ISAPI: "/ISAPI/System/deviceInfo",
    Language.DAHUA: "/cgi-bin/magicBox.cgi?action=getDeviceType",
}
"""What only that maker's devices know; they ask for a login there, others say that there is no such page."""
_NOWHERE = "/watchkeeper-no-such-page"


class Verdict(StrEnum):
    """Whether anything answers."""

    SILENT = "silent"
    STRANGE = "strange"


def detect(endpoint: Endpoint, timeout: float) -> Language | Verdict:
    """The maker's own language where it has one, else ONVIF; or that nobody answers, or nobody we understand."""
    session = DeviceSession(endpoint, timeout)
    try:
        statuses = {path: _status(session, path) for path in (*_PATHS.values(), _NOWHERE)}
    except (Unreachable, TimedOut):
        return Verdict.SILENT
    finally:
        session.release()
    # Some web servers ask for a login whatever the page: that says nothing.
    known = [
        language
        for language, path in _PATHS.items()
        if statuses[path] in (200, 401) and statuses[path] != statuses[_NOWHERE]
    ]
    if len(known) == 1:
        return known[0]
    return Language.ONVIF if _speaks_onvif(endpoint, timeout) else Verdict.STRANGE


def _status(session: DeviceSession, path: str) -> int:
    """0 for an answer that is none."""
    try:
        return session.exchange("GET", session.endpoint.url(path)).status_code
    except (Unreachable, TimedOut):
        raise
    except DeviceError:
        return 0


def _speaks_onvif(endpoint: Endpoint, timeout: float) -> bool:
    client = OnvifClient(endpoint, timeout=timeout)
    try:
        client.device_time()
    except DeviceError:
        return False
    finally:
        client.release()
    return True
