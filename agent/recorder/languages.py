"""The languages that recorders speak, by the name that stands in the configuration. Each is imported when needed."""

import importlib
from collections.abc import Mapping
from enum import StrEnum

from agent.device.account import Account
from agent.device.address import Endpoint
from agent.recorder.speaker import Speaker


class Language(StrEnum):
    """What a recorder is asked in."""

    ONVIF = "onvif"
    ISAPI = "isapi"
    DAHUA = "dahua"


SPEAKERS: Mapping[Language, tuple[str, str]] = {
    Language.ONVIF: ("agent.onvif.speaker", "OnvifSpeaker"),
    Language.ISAPI: ("agent.isapi.speaker", "IsapiSpeaker"),
    Language.DAHUA: ("agent.dahua.speaker", "DahuaSpeaker"),
}
"""Module and class. zeep alone takes 20 MB: an agent without ONVIF devices keeps them."""


def speaker(
    language: Language,
    endpoint: Endpoint,
    account: Account | None,
    *,
    timeout: float,
    max_bytes: int,
    max_requests: int,
    pause_seconds: float,
) -> Speaker:
    """A recorder at `endpoint`, asked in its language; connects to nothing yet."""
    module, name = SPEAKERS[language]
    made: Speaker = getattr(importlib.import_module(module), name)(
        endpoint, account, timeout=timeout, max_bytes=max_bytes, max_requests=max_requests, pause_seconds=pause_seconds
    )
    return made
