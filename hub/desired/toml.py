"""Writes settings as TOML, so that what is desired can be read, edited and set again. The library only reads it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write(table: Mapping[str, Any]) -> str:
    """The same text for equal tables: keys sorted, plain values before tables, a table in a list under `[[…]]`."""
    lines = list(_lines(table, ()))
    return "\n".join(lines[1:] if lines[:1] == [""] else lines) + ("\n" if lines else "")


def _lines(table: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[str]:
    inner = {key: value for key, value in sorted(table.items()) if isinstance(value, Mapping) or _tables(value)}
    for key, value in sorted(table.items()):
        if key not in inner:
            yield f"{_key(key)} = {_inline(value)}"
    for key, value in inner.items():
        path = (*place, key)
        for part in [value] if isinstance(value, Mapping) else value:
            name = ".".join(_key(step) for step in path)
            if part is not value or not value or any(not isinstance(v, Mapping) for v in value.values()):
                yield from ("", f"[{name}]" if part is value else f"[[{name}]]")
            yield from _lines(part, path)


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_inline(one)}" for key, one in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(one) for one in value) + "]"
    return repr(value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _inline(key)
