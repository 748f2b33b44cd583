"""A desired configuration from a file: checked as far as a hub can, without knowing an agent's collectors.

Whether a collector takes its table is for the agent to say; it refuses the whole with a reason. What is caught here is
what must never travel: other keys than an agent takes from a hub, secrets in clear, values JSON has no form for.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wire.codec import TooLarge, config_revision, encode
from wire.messages import Config
from wire.settings import ConfigError, Place, misfit, read_toml

Settings = dict[str, Any]

KEYS = ("name", "collectors")
"""All that an agent takes from a hub; the way to its broker is its own."""

_NAME_CHARACTERS = 200
_INTEGER = 2**53
_DEPTH = 12
_SECRET = re.compile(
    r"(^|_)(pass|password|passwd|passphrase|pwd|secret|secrets|pin|key|apikey|credentials?|\w+_token)(_|$)"
)
"""Names of settings that hold a secret. A bare `token` is ONVIF's word for an id (of a door, a video source)."""

_REFERENCE = re.compile(r"_(file|env)$")
_LOGIN = re.compile(r"//[^/\s@]*:[^/\s@]+@")
"""A password within an address: rtsp://user:password@host."""


def read(path: Path) -> Settings:
    """The settings in a TOML file. Raises ConfigError with file, line, key and reason."""
    settings, text = read_toml(path)
    check(settings, source=str(path), text=text)
    return settings


def check(settings: Settings, *, source: str = "configuration", text: str = "") -> None:
    """Raises ConfigError for what no agent may be told, with a line where `text` is given."""
    for place, reason in _faults(settings):
        raise misfit(place, reason, source, text)
    try:
        encode(Config(revision=config_revision(settings), settings=settings))
    except TooLarge as error:
        raise ConfigError(f"{source}: {error}") from None


def _faults(settings: Settings) -> Iterator[tuple[Place, str]]:
    for key in settings:
        if key not in KEYS:
            yield (key,), f"a hub sets {' and '.join(KEYS)} only; the rest is each agent's own file's"
    name = settings.get("name", "")
    if not isinstance(name, str) or len(name) > _NAME_CHARACTERS:
        yield ("name",), f"a text of at most {_NAME_CHARACTERS} characters"
    collectors = settings.get("collectors", {})
    if not isinstance(collectors, dict):
        yield ("collectors",), "a table of tables, one a collector"
        return
    for collector, table in collectors.items():
        if not isinstance(table, dict):
            yield ("collectors", collector), "a table of a collector's settings"
    yield from _within(settings, ())


def _within(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if len(place) > _DEPTH:
        yield place, f"nested more than {_DEPTH} deep"
    elif isinstance(value, dict):
        for key, inner in value.items():
            if _SECRET.search(key.lower().replace("-", "_")) and not _REFERENCE.search(key):
                yield (
                    (*place, key),
                    f"no secret may travel in clear; use {key}_file or {key}_env and put it on the machine",
                )
            yield from _within(inner, (*place, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _within(inner, (*place, index))
    else:
        reason = _unfit(value)
        if reason:
            yield place, reason


def _unfit(value: Any) -> str:
    """Why this plain value can't travel, or nothing."""
    if isinstance(value, str):
        if "\0" in value:
            return "a text with a NUL character"
        return "a password within an address; no secret may travel in clear" if _LOGIN.search(value) else ""
    if isinstance(value, float):
        return "" if math.isfinite(value) else "no finite number"
    if isinstance(value, int):
        return "" if abs(value) <= _INTEGER else "a whole number too large for JSON"
    return "a date or time; write it as a text"
