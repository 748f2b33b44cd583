"""Writes configuration files: plain tables as TOML. The standard library only reads it."""

import json
from collections.abc import Mapping, Sequence

Value = bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]
"""What a configuration holds."""


def dumps(table: Mapping[str, Value]) -> str:
    """A table of tables as TOML: tables of the first two levels under headings, everything deeper inline."""
    lines = [f"{key} = {_inline(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    for name, inner in table.items():
        if isinstance(inner, Mapping):
            lines += _section(name, inner)
    return "\n".join(lines) + "\n"


def _section(name: str, table: Mapping[str, Value]) -> list[str]:
    plain = [f"{_key(key)} = {_inline(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    lines = ["", f"[{name}]", *plain] if plain else []
    for key, inner in table.items():
        if isinstance(inner, Mapping):
            lines += ["", f"[{name}.{_key(key)}]", *(f"{_key(k)} = {_inline(v)}" for k, v in inner.items())]
    return lines


def _inline(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Sequence):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items()) + "}"
    return repr(value)


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else _inline(key)
