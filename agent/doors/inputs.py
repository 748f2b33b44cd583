"""What the configuration says about doors that programs of others tell of."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wire.ids import ShortText, SlugId

MOST_DOORS = 256
_MAX_SOCKET_PATH = 107


class NamedDoorSettings(BaseModel):
    """A door that a program of others tells of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: SlugId
    """Its device id."""
    token: ShortText = ""
    """What it is called there; left out, as its id."""
    name: ShortText = ""
    """What people call it."""
    room: SlugId | None = None
    """The room it leads to."""

    @model_validator(mode="before")
    @classmethod
    def _called(cls, table: object) -> object:
        if isinstance(table, dict) and not table.get("token") and isinstance(table.get("id"), str):
            return {**table, "token": table["id"]}
        return table

    @property
    def access_points(self) -> tuple[str, ...]:
        """None are told apart."""
        return ()


class InputSettings(BaseModel):
    """A way by which programs of others tell of doors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: SlugId
    """What we call this input."""
    parent: SlugId | None = None
    """The device its doors hang on."""
    silence_seconds: float | None = Field(default=None, gt=0)
    """After so long without a word about a door its state is unknown; left out, it stays as it was told last."""
    doors: list[NamedDoorSettings] = Field(min_length=1, max_length=MOST_DOORS)
    """The doors it tells of."""


class LinesSettings(InputSettings):
    """JSON lines, one an event: appended to a file, or written to a Unix socket that we listen on."""

    path: Path | None = None
    """The file. It may be rotated, truncated, copied and truncated."""
    socket: Path | None = None
    """The socket, made by us, for its owner and group. Its folder has to exist."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.path is None) == (self.socket is None):
            raise ValueError("give path or socket")
        for way in (self.path, self.socket):
            if way is not None and not way.is_absolute():
                raise ValueError(f"{str(way)[:100]} is no absolute path")
        if self.socket is not None and len(str(self.socket).encode()) > _MAX_SOCKET_PATH:
            raise ValueError(f"a socket's path has at most {_MAX_SOCKET_PATH} bytes")
        return self
