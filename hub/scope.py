"""Where a setting holds: at a site, for a kind of device, in an area, for a device. As the configuration says it."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field, StringConstraints, model_validator

from wire.ids import SlugId
from wire.messages import DeviceKind
from wire.settings import Table

Pattern = Annotated[str, StringConstraints(pattern=r"^[a-z0-9*?-]{1,40}$")]
"""An id; `*` stands for any text, `?` for one character."""

PlacedPattern = Annotated[str, StringConstraints(pattern=r"^[a-z0-9*?-]{1,40}/[a-z0-9*?-]{1,40}$")]
"""`site/device`, either with `*` and `?`."""

RoomPattern = Annotated[str, StringConstraints(pattern=r"^([a-z0-9*?-]{1,40}/)?[a-z0-9*?-]{1,40}$")]
"""`room` at any site, or `site/room`."""


class Whereabouts(NamedTuple):
    """What of a device decides which settings are its own."""

    site: str
    device: str
    kind: str
    room: str


class Area(Table):
    """A part of the fleet with a name: everything in its rooms, and single devices. First in the file, first served."""

    key: bool = False
    """What must not fail: rules are stricter there."""
    devices: tuple[PlacedPattern, ...] = ()
    rooms: tuple[RoomPattern, ...] = ()

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.devices and not self.rooms:
            raise ValueError("name its rooms, its devices, or both")
        return self

    def has(self, where: Whereabouts) -> bool:
        """Whether this device is in it."""
        if any(_matches(pattern, f"{where.site}/{where.device}") for pattern in self.devices):
            return True
        rooms = (pattern if "/" in pattern else f"*/{pattern}" for pattern in self.rooms)
        return bool(where.room) and any(_matches(pattern, f"{where.site}/{where.room}") for pattern in rooms)


class Override(Table):
    """Rules' settings for a part of the fleet: for what all of these name."""

    site: Pattern | None = None
    kind: DeviceKind | None = None
    area: SlugId | None = None
    device: Pattern | None = None
    rules: Mapping[str, Mapping[str, Any]] = Field(min_length=1)

    @model_validator(mode="after")
    def _for_something(self) -> Self:
        if self.site is self.kind is self.area is self.device is None:
            raise ValueError("say for what: site, kind, area or device; what holds everywhere belongs in [rules.NAME]")
        return self

    def holds(self, where: Whereabouts, area: str) -> bool:
        """Whether it is meant for this device, which is in that area."""
        return (
            (self.site is None or _matches(self.site, where.site))
            and (self.kind is None or self.kind == where.kind)
            and (self.area is None or self.area == area)
            and (self.device is None or _matches(self.device, where.device))
        )

    @property
    def rank(self) -> tuple[bool, ...]:
        """The more specific wins: device before area before kind before site; an id before a pattern."""
        parts: Sequence[str | None] = (self.device, self.area, self.kind, self.site)
        return tuple(flag for part in parts for flag in (part is not None, part is not None and not _open(part)))


def area_of(areas: Mapping[str, Area], where: Whereabouts) -> str:
    """The area a device is in: a key area before another, then the first in the file; "" for none."""
    found = [name for name, area in areas.items() if area.has(where)]
    return next((name for name in found if areas[name].key), found[0] if found else "")


def _open(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _matches(pattern: str, text: str) -> bool:
    return pattern == text or (_open(pattern) and _compiled(pattern).match(text) is not None)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
