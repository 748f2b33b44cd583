"""What an archive says of itself: `manifest.json`, the last of its members."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from hub.series.config import Tier

FORMAT = 1
"""Of the archive; a later one is refused."""

NAME = "manifest.json"
CONFIGURATION = "hub.toml"
SERIES = "series.db"
SERIES_OF: Mapping[Tier, str] = {"raw": SERIES, "hourly": "series-hourly.db", "daily": "series-daily.db"}
BUFFER = "series-buffer.db"


class ArchiveError(Exception):
    """An archive cannot be written or read; the message names the file and why."""


class Member(BaseModel):
    """A file in the archive: its size in bytes and the SHA-256 of what is in it, in hex."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    bytes: int
    sha256: str


class TableContents(BaseModel):
    """A SQL table: its columns, in the order of each row's values, and how many rows there are.

    `json_columns` hold JSON as text.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    columns: list[str]
    json_columns: list[str]
    rows: int


class Manifest(BaseModel):
    """What was backed up, by whom and when. Times are ms UTC."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: int
    watchkeeper: str
    """The version that wrote it."""
    schema_revision: str
    """The newest migration of the SQL tables."""
    taken: int
    """When SQL was read: what was committed later is not in it."""
    database: str
    """sqlite or postgresql."""
    series: str
    """embedded: the series are in here. influx: they are not, InfluxDB's own tools back them up."""
    buffered_points: int
    """Points acknowledged that waited for the series store."""
    tables: Mapping[str, TableContents]
    numbers: Mapping[str, int]
    """Table → the last number it has handed out, where that must never be handed out again."""
    members: Mapping[str, Member]


def member_of(table: str) -> str:
    """Where the rows of a table are."""
    return f"sql/{table}.jsonl"
