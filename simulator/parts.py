"""What scripts are made of: tables, durations, sizes, shares."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?)?B?")
_SIZE_UNITS = {
    "": 1,
    **{p: 1000**n for n, p in enumerate("KMGT", 1)},
    **{f"{p}i": 1024**n for n, p in enumerate("KMGT", 1)},
}


def parse_seconds(value: object) -> object:
    """`90`, `90s`, `1m30s`, `-2h`, `30d` as seconds."""
    if not isinstance(value, str):
        return value
    sign, digits = (-1.0, value[1:]) if value.startswith("-") else (1.0, value)
    match = _DURATION.fullmatch(digits)
    if not match or not digits:
        raise ValueError(f"{value!r} is no duration: write 20s, 1m30s, 2h or 30d")
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return sign * (days * 86_400 + hours * 3600 + minutes * 60 + rest)


def parse_size(value: object) -> object:
    """`512MiB`, `8TB`, `1000` as bytes."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value)
    if not match:
        raise ValueError(f"{value!r} is no size: write 32GiB, 8TB or a number of bytes")
    return int(float(match[1]) * _SIZE_UNITS[match[2] or ""])


Span = Annotated[float, BeforeValidator(parse_seconds), Field(ge=0, le=86_400)]
"""A duration, at most a day."""

Stretch = Annotated[float, BeforeValidator(parse_seconds), Field(ge=0, le=400 * 86_400)]
"""A stretch of a scenario, at most a year and a bit."""

Shift = Annotated[float, BeforeValidator(parse_seconds), Field(ge=-10 * 366 * 86_400, le=10 * 366 * 86_400)]
"""A difference of two clocks, at most ten years either way."""

Ratio = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """Any table of a script: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
