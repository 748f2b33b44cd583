"""The keys of a settings model as a person writes them into TOML: table by table, with type, bounds, default, meaning.

Made for docs/agent.md from pydantic's JSON Schema and the docstrings below the fields. Those are read from the source
here: pydantic's `use_attribute_docstrings` has every agent do so at its start (0.3 MB, 0.1 s).
"""

import ast
import functools
import inspect
import itertools
import textwrap
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

_Schema = Mapping[str, Any]
_Models = Mapping[str, type[BaseModel]]

_ID_PATTERN = "^[a-z0-9][a-z0-9-]{0,39}$"
_WHOLE_PATTERNS = {_ID_PATTERN: "id", "^/": "absolute path"}
_SCALARS = {"boolean": "true or false", "integer": "whole number", "number": "number", "string": "text"}
_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


@dataclass(frozen=True)
class Key:
    """One key: `kind` is its type and bounds, `default` as in TOML, empty where it has to be given or is unset."""

    name: str
    kind: str
    default: str
    required: bool
    meaning: str


@dataclass(frozen=True)
class KeyTable:
    """One table of the file: `[collectors.host]`, `[[collectors.volumes.volume]]`, and what it stands for."""

    heading: str
    about: str
    keys: tuple[Key, ...]


@functools.cache
def key_tables(model: type[BaseModel], heading: str) -> tuple[KeyTable, ...]:
    """A model's own keys under `[heading]`, and a table for each model in it, depth first."""
    schema = model.model_json_schema()
    classes = {one.__name__: one for one in _models(model)} | {model.__name__: model}
    return tuple(_tables(schema, schema.get("$defs", {}), classes, heading, array=False))


def _tables(
    schema: _Schema,
    defs: _Schema,
    classes: Mapping[str, type[BaseModel]],
    path: str,
    *,
    array: bool,
) -> Iterator[KeyTable]:
    model = classes[schema["title"]]
    properties: _Schema = schema["properties"]
    written = {field: _written(model, field) for field in model.model_fields}
    required = [field for field, name in written.items() if name in schema.get("required", [])]
    fields = _ordered(model, required)
    keys = tuple(
        Key(
            name=name,
            kind=_kind(properties[name], defs),
            default=_default(name, properties[name]),
            required=field in required,
            meaning=_meaning(model, field),
        )
        for field, name in ((field, written[field]) for field in fields)
    )
    heading = f"[[{path}]]" if array else f"[{path}]"
    yield KeyTable(heading, _prose(schema.get("description", "")), keys)
    for name in (written[field] for field in fields):
        for inner, many in _inner(properties[name], defs):
            yield from _tables(inner, defs, classes, f"{path}.{name}" if path else name, array=many)


def _written(model: type[BaseModel], field: str) -> str:
    """A field's name in the file: `from` can't be one in Python."""
    alias = model.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else field


def _ordered(model: type[BaseModel], required: list[str]) -> list[str]:
    """What must be given first, then the model's own keys, then those it has from others."""
    nearest = [name for ancestor in model.__mro__ for name in inspect.get_annotations(ancestor)]
    fields = [name for name in dict.fromkeys(nearest) if name in model.model_fields]
    return sorted(fields, key=lambda name: name not in required)


def _meaning(model: type[BaseModel], name: str) -> str:
    """A field's docstring; one whose default alone was changed has that of the class it comes from."""
    found = (_docstrings(one).get(name) for one in model.__mro__ if issubclass(one, BaseModel) and one is not BaseModel)
    return _prose(next(filter(None, found), ""))


@functools.cache
def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The strings that stand below a class's own fields."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    told: dict[str, str] = {}
    for field, below in itertools.pairwise(body.body if isinstance(body, ast.ClassDef) else []):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            told[field.target.id] = below.value.value
    return told


def _inner(schema: _Schema, defs: _Schema) -> Iterator[tuple[_Schema, bool]]:
    """The models a key may hold, and whether it holds a list of them."""
    for option in schema.get("anyOf", schema.get("oneOf", [schema])):
        many = option.get("type") == "array"
        for item in _options(option.get("items", {})) if many else [option]:
            target = _resolved(item, defs)
            if "properties" in target:
                yield target, many


def _options(schema: _Schema) -> list[_Schema]:
    options: list[_Schema] = schema.get("anyOf", schema.get("oneOf", [schema]))
    return options


def _resolved(schema: _Schema, defs: _Schema) -> _Schema:
    reference: str = schema.get("$ref", "")
    return defs[reference.rpartition("/")[2]] if reference else schema


def _kind(schema: _Schema, defs: _Schema) -> str:
    options = [option for option in _options(schema) if option.get("type") != "null"]
    return " or ".join(dict.fromkeys(_kind_of_one(_resolved(option, defs), defs) for option in options))


def _kind_of_one(schema: _Schema, defs: _Schema) -> str:
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(_literal(value) for value in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        items = _kind(schema.get("items", {}), defs)
        count = _bounds(schema, "minItems", "maxItems")
        return f"list of {items.replace('table', 'tables')}" + (f" ({count})" if count else "")
    if kind == "object":
        return "table"
    if kind == "string":
        return "path" if schema.get("format") == "path" else _WHOLE_PATTERNS.get(schema.get("pattern", ""), "text")
    bounds = _bounds(schema, "minimum", "maximum")
    return ", ".join(filter(None, (_SCALARS.get(kind or "", "any value"), bounds)))


def _bounds(schema: _Schema, least_key: str, most_key: str) -> str:
    least, most = schema.get(least_key), schema.get(most_key)
    above = schema.get("exclusiveMinimum")
    if least is not None and most is not None:
        return f"{_number(least)} to {_number(most)}"
    parts = []
    if least is not None:
        parts.append(f"at least {_number(least)}")
    if above is not None:
        parts.append(f"above {_number(above)}")
    if most is not None:
        parts.append(f"at most {_number(most)}")
    return ", ".join(parts)


def _default(name: str, schema: _Schema) -> str:
    value = schema.get("default")
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, Mapping):  # a table whose keys have their own defaults
        return ""
    text = _literal(value)
    return f"{text} ({size})" if "bytes" in name and (size := _size(value)) else text


def _literal(value: Any) -> str:
    """As in TOML, in Markdown."""
    return f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return f'"{value}"' if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    if float(value).is_integer() and abs(value) < 1 << 53:
        return str(int(value))
    return repr(value)


def _size(value: object) -> str:
    if not isinstance(value, int):
        return ""
    return next((f"{value // unit} {name}" for unit, name in _UNITS if value >= unit and value % unit == 0), "")


def _prose(text: str) -> str:
    """One paragraph."""
    return " ".join(text.split())


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every model that a model's fields speak of, at any depth."""
    for field in model.model_fields.values():
        for found in _named(field.annotation):
            yield found
            yield from _models(found)


def _named(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _named(argument)
