"""What was known of a camera before, over restarts too, and what has changed since. Nothing is told at first sight."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from agent.cameras.answers import MAX_PROFILES, Profile
from agent.collector import Happening
from agent.device.text import printable

PROFILES_CHANGED = "camera.profiles_changed"
"""`added`, `removed`, `changed`: names of profiles, with commas between them; what there is none of is left out."""
FIRMWARE_CHANGED = "device.firmware_changed"
"""`before`, `after`."""
REPLACED = "device.replaced"
"""Another serial number at the same address: `before`, `after`, and the new one's `model`."""

EVENTS = (PROFILES_CHANGED, FIRMWARE_CHANGED, REPLACED)


class ProfileKnown(BaseModel):
    """A profile's name, and what it encodes."""

    model_config = ConfigDict(frozen=True)

    name: str
    content: str


class Known(BaseModel):
    """Of the device at `address`; empty and None are not known yet."""

    model_config = ConfigDict(frozen=True)

    address: str
    serial: str = ""
    firmware: str = ""
    profiles: dict[str, ProfileKnown] | None = Field(default=None, max_length=MAX_PROFILES)
    """By token."""


def with_identity(known: Known, serial: str, firmware: str) -> Known:
    """The same camera, or the one that took its place: of that one nothing else is known. What the camera does not
    tell now is left as it was."""
    if known.serial and serial and known.serial != serial:
        return Known(address=known.address, serial=serial, firmware=firmware)
    return known.model_copy(update={"serial": serial or known.serial, "firmware": firmware or known.firmware})


def with_profiles(known: Known, profiles: Sequence[Profile]) -> Known:
    """The same camera with these profiles."""
    told = {one.token: ProfileKnown(name=one.name or one.token, content=str(one)) for one in profiles}
    return known.model_copy(update={"profiles": told})


def changes(device: str, before: Known, after: Known, model: str, mono: float) -> Iterator[Happening]:
    """The events that lie between the two."""
    if before.serial and before.serial != after.serial:
        yield Happening(device, REPLACED, {"before": before.serial, "after": after.serial, "model": model}, mono)
        return
    if before.firmware and before.firmware != after.firmware:
        yield Happening(device, FIRMWARE_CHANGED, {"before": before.firmware, "after": after.firmware}, mono)
    if before.profiles is not None and after.profiles is not None and before.profiles != after.profiles:
        yield Happening(device, PROFILES_CHANGED, _differences(before.profiles, after.profiles), mono)


def _differences(
    before: Mapping[str, ProfileKnown], after: Mapping[str, ProfileKnown]
) -> dict[str, str | float | bool | None]:
    added = [after[token].name for token in after if token not in before]
    removed = [before[token].name for token in before if token not in after]
    changed = [_change(before[token], after[token]) for token in after if token in before]
    parts = {"added": added, "removed": removed, "changed": [text for text in changed if text]}
    return {key: printable(", ".join(names)) for key, names in parts.items() if names}


def _change(before: ProfileKnown, after: ProfileKnown) -> str:
    """`main (H264 1920x1080 25/s → H264 1280x720 25/s)`; `main → day` for a new name; empty where nothing changed."""
    name = after.name if before.name == after.name else f"{before.name} → {after.name}"
    if before.content != after.content:
        return f"{name} ({before.content or '?'} → {after.content or '?'})"
    return name if before.name != after.name else ""
