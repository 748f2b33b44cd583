"""System/workingstatus?format=json: which channels are online, and which are being recorded."""

import json
from dataclasses import dataclass
from typing import Any

from agent.device.errors import BadAnswer
from agent.isapi import refusal

MAX_CHANNELS = 1024


@dataclass(frozen=True)
class Working:
    """Of one channel; None where it is not told."""

    online: bool | None = None
    recording: bool | None = None
    video_loss: bool | None = None


def read(body: bytes) -> dict[str, Working]:
    """Channel number → what is told of it. Raises BadAnswer (and what a ResponseStatus says)."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"no JSON: {str(error)[:80]}") from None
    channels = _channels(told)
    if channels is None:
        raise refusal.explain(200, body) or BadAnswer("no status of channels in its JSON")
    found: dict[str, Working] = {}
    for channel in channels[:MAX_CHANNELS]:
        number = channel.get("chanNo") if isinstance(channel, dict) else None
        if isinstance(number, int) and 0 < number < 100_000:
            working = Working(_flag(channel, "online"), _flag(channel, "record"), _flag(channel, "signal"))
            found.setdefault(str(number), working)
    return found


def _channels(told: Any) -> list[Any] | None:
    """Under WorkingStatus, JSON_WorkingStatus or nothing, and once more under JSON_ChanStatus: as firmware has it."""
    if not isinstance(told, dict):
        return None
    for key in ("WorkingStatus", "JSON_WorkingStatus", "ChanStatus", "JSON_ChanStatus"):
        inner = told.get(key)
        if isinstance(inner, list):
            return inner
        if isinstance(inner, dict):
            return [inner] if "chanNo" in inner else _channels(inner)
    return None


def _flag(channel: dict[str, Any], key: str) -> bool | None:
    value = channel.get(key)
    return bool(value) if isinstance(value, int) and value in (0, 1) else None
