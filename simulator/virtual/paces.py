"""How often an agent asks for what: the defaults of its own settings, or what the script's `collectors` say."""

from collections.abc import Mapping
from typing import NamedTuple, Self

from pydantic import BaseModel

from agent.cameras.settings import CamerasSettings
from agent.pictures.settings import PicturesSettings
from agent.recorder.settings import RecordersSettings


class Paces(NamedTuple):
    """Seconds from one question to the next. What is not here is told in every report."""

    stream: float
    """A camera's stream."""
    camera: float
    """A camera's profiles and time settings."""
    picture: float
    """A picture of each camera and channel."""
    recordings: float
    """A channel's oldest and newest recording."""
    recorder: float
    """A recorder's disks, condition, accounts and time settings."""
    smart: float
    """The SMART values of the machine's disks."""

    @classmethod
    def of(cls, collectors: Mapping[str, Mapping[str, object]]) -> Self:
        """Those of a script."""

        def pace(table: str, key: str, settings: type[BaseModel]) -> float:
            told = collectors.get(table, {}).get(key, settings.model_fields[key].default)
            return float(told) if isinstance(told, int | float) else 60.0

        hours = collectors.get("disks", {}).get("smart_hours", 24.0)
        return cls(
            stream=pace("cameras", "stream_check_seconds", CamerasSettings),
            camera=pace("cameras", "detail_check_seconds", CamerasSettings),
            picture=pace("pictures", "picture_seconds", PicturesSettings),
            recordings=pace("recorders", "recordings_seconds", RecordersSettings),
            recorder=pace("recorders", "detail_seconds", RecordersSettings),
            smart=3600.0 * (float(hours) if isinstance(hours, int | float) else 24.0),
        )
