"""What an archive says of itself: `manifest.json`, the last of its members."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.series.config import Tier

FORMAT = 1
"""Of the archive; a later one is refused."""

NAME = "manifest.json"
CONFIGURATION = "hub.toml"
SERIES = "series.db"
SERIES_OF: Mapping[Tier, str] = {"raw": SERIES, "hourly": "series-hourly.db", "daily": "series-daily.db"}
BUFFER = "series-buffer.db"


MAX_BYTES = 1024 * 1024
"""Of the manifest itself, which is read at once; a hub's has a few KiB."""

MAX_MEMBERS = 1000
Count = Annotated[int, Field(ge=0, lt=1 << 53)]
Word = Annotated[str, Field(max_length=80, pattern=r"^[!-~]*$")]
"""Printable, without spaces: it may be shown on a terminal."""
MemberName = Annotated[str, Field(max_length=100, pattern=r"^([a-z0-9_]+/)?[a-z0-9_-]+(\.[a-z0-9]+)+$")]


class ArchiveError(Exception):
    """An archive cannot be written or read; the message names the file and why."""


class Member(BaseModel):
    """A file in the archive: its size in bytes and the SHA-256 of what is in it, in hex."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    bytes: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class TableContents(BaseModel):
    """A SQL table: its columns, in the order of each row's values, and how many rows there are.

    `json_columns` hold JSON as text.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    columns: Annotated[list[Word], Field(max_length=1000)]
    json_columns: Annotated[list[Word], Field(max_length=1000)]
    rows: Count


class Manifest(BaseModel):
    """What was backed up, by whom and when. Times are ms UTC."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Count
    watchkeeper: Word
    """The version that wrote it."""
    schema_revision: Word
    """The newest migration of the SQL tables."""
    taken: Count
    """When SQL was read: what was committed later is not in it."""
    database: Word
    """sqlite or postgresql."""
    series: Word
    """embedded: the series are in here. influx: they are not, InfluxDB's own tools back them up."""
    buffered_points: Count
    """Points acknowledged that waited for the series store."""
    tables: Mapping[Word, TableContents]
    numbers: Mapping[Word, Count]
    """Table → the last number it has handed out, where that must never be handed out again."""
    members: Annotated[Mapping[MemberName, Member], Field(max_length=MAX_MEMBERS)]


def member_of(table: str) -> str:
    """Where the rows of a table are."""
    return f"sql/{table}.jsonl"
