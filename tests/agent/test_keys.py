"""Settings models as people write them into TOML."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.collector import Settings
from agent.keys import Key, key_tables
from wire.ids import SlugId


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Login(BaseModel):
    """An account."""

    username: str | None = None
    """Whose."""


class Thing(Login):
    """One thing."""

    model_config = ConfigDict(extra="forbid")

    id: SlugId
    """Which it is,
    in two lines."""
    begins: str = Field(default="00:00", validation_alias="from")
    """When."""
    colours: list[Colour] = []
    """Its colours."""


class Things(Settings):
    """`[collectors.things]`."""

    interval_seconds: float = Field(default=5.0, gt=0)
    max_bytes: int = Field(default=2048, ge=1024, le=1 << 20)
    """How much."""
    where: Path = Path("/srv")
    """Which folder."""
    mode: Literal["a", "b"] = "a"
    """How."""
    mixed: bool | int = False
    """Anything."""
    thing: Annotated[tuple[Thing, ...], Field(min_length=1, max_length=3)]
    """The things."""
    spare: Thing | None = None
    """One more."""


TABLES = {table.heading: table for table in key_tables(Things, "collectors.things")}


def key(table: str, name: str) -> Key:
    return next(one for one in TABLES[table].keys if one.name == name)


def test_every_table_has_the_heading_it_has_in_the_file() -> None:
    assert list(TABLES) == ["[collectors.things]", "[[collectors.things.thing]]", "[collectors.things.spare]"]
    assert TABLES["[[collectors.things.thing]]"].about == "One thing."


def test_what_has_to_be_given_comes_first_then_the_models_own_then_what_it_inherits() -> None:
    assert [one.name for one in TABLES["[[collectors.things.thing]]"].keys] == ["id", "from", "colours", "username"]
    names = [one.name for one in TABLES["[collectors.things]"].keys]
    assert (names[0], names[-2:]) == ("thing", ["enabled", "timeout_seconds"])


def test_types_bounds_and_defaults_are_told() -> None:
    top = "[collectors.things]"
    assert key(top, "max_bytes") == Key(
        "max_bytes", "whole number, 1024 to 1048576", "`2048` (2 KiB)", required=False, meaning="How much."
    )
    assert key(top, "interval_seconds").kind == "number, above 0"
    assert key(top, "where").kind == "path"
    assert (key(top, "mode").kind, key(top, "mode").default) == ('one of `"a"`, `"b"`', '`"a"`')
    assert key(top, "mixed").kind == "true or false or whole number"
    assert key(top, "thing").kind == "list of tables (1 to 3)"
    assert key(top, "thing").required
    inner = "[[collectors.things.thing]]"
    assert key(inner, "id").kind == "id"
    assert key(inner, "username").kind == "text"
    assert key(inner, "colours").kind == 'list of one of `"red"`, `"blue"`'
    assert (key(inner, "from").default, key(inner, "from").meaning) == ('`"00:00"`', "When.")


def test_the_docstring_is_the_fields_own_or_that_of_the_class_it_comes_from() -> None:
    assert key("[[collectors.things.thing]]", "id").meaning == "Which it is, in two lines."
    assert (
        key("[collectors.things]", "interval_seconds").meaning == key("[collectors.things]", "interval_seconds").meaning
    )
    assert key("[collectors.things]", "interval_seconds").meaning.startswith("From the start of one run")
