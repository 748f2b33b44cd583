"""The `[series]` table of the hub's configuration, and the store it asks for.

Secrets come from a file (`token_file`, `password_file`) or the environment, never from the configuration itself.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from hub.place import place
from hub.series.connection import InfluxTarget
from hub.series.embedded import EmbeddedSeries
from hub.series.influx import InfluxSeries
from hub.series.store import SeriesStore
from wire.settings import ConfigError, is_loopback

TOKEN_VARIABLE = "WATCHKEEPER_INFLUX_TOKEN"  # noqa: S105 - the name of a variable
PASSWORD_VARIABLE = "WATCHKEEPER_INFLUX_PASSWORD"  # noqa: S105 - the name of a variable

DAY_MS = 86_400_000

Tier = Literal["raw", "hourly", "daily"]
TIERS: tuple[Tier, ...] = ("raw", "hourly", "daily")

_SECRET_CHARACTERS = 4096
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class SeriesConfigError(ConfigError, ValueError):
    """A store cannot be opened as configured; the message names the setting to mend."""


class SeriesSettings(BaseModel):
    """Where numbers go. `kind` "embedded" wants nothing else; the rest is InfluxDB's but for the buffer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["embedded", "influx"] = "embedded"
    path: Path = Path("series.db")
    """Embedded: the database's file."""
    url: str = "http://127.0.0.1:8086"
    api: Literal["v2", "v1"] = "v2"
    """How to write: `/api/v2/write` (InfluxDB 1.8 and later) or 1.x's `/write`. Reads are the same for both."""
    org: _Name = "-"
    """2.x: the organisation. 1.8 and 3.x ignore it."""
    database: _Name = "watchkeeper"
    """What InfluxQL reads from: a database, or the name a 2.x bucket is mapped to."""
    bucket: Annotated[str, StringConstraints(max_length=200)] = ""
    """v2: where to write; by default `database`, or `database/retention_policy`."""
    retention_policy: Annotated[str, StringConstraints(max_length=200)] = ""
    """By default the database's own default."""
    token_file: Path | None = None
    username: Annotated[str, StringConstraints(max_length=200)] = ""
    password_file: Path | None = None
    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    retention_days: float = Field(default=90.0, gt=0)
    """Raw values older than this are deleted: by the hub from its embedded store, by InfluxDB as `init-influx` told it.
    Rollups of what is older are never computed again."""
    hourly_retention_days: float = Field(default=400.0, gt=0)
    """The same of hourly rollups: a year, and a month to compare with the year before."""
    daily_retention_days: float = Field(default=3650.0, gt=0)
    """The same of daily rollups: the life of a recorder."""
    gzip: bool = False
    """Compress writes: for a database far away."""
    ca_file: Path | None = None
    """The authority that signed an https server's certificate, when no public one did."""
    plaintext: bool = False
    """Send credentials over http:// to another host all the same."""
    buffer_path: Path = Path("series-buffer.db")
    buffer_bytes: int = Field(default=1024**3, ge=1024**2)
    """The most the buffer keeps while the store is away; past it, agents keep their reports."""
    buffer_hours: float = Field(default=168.0, gt=0)
    """How long the oldest of what the buffer keeps may wait; past it, agents keep their reports, too."""
    patience_seconds: float = Field(default=1.0, gt=0, le=60)
    """How long a write of live data may take before it goes to the buffer instead."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        address = urlsplit(self.url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError("url: want http://HOST:PORT or https://HOST:PORT")
        if address.username or address.password:
            raise ValueError("url: credentials belong in username and password_file, or token_file")
        if self.token_file and self.username:
            raise ValueError("token_file and username: choose one")
        if self.password_file and not self.username:
            raise ValueError("password_file: wants a username, too")
        if self.token_file or self.username:
            self.refuse_plaintext()
        return self

    def refuse_plaintext(self) -> None:
        """Raises SeriesConfigError when credentials would cross a network unencrypted."""
        address = urlsplit(self.url)
        if address.scheme == "http" and not self.plaintext and not is_loopback(address.hostname or ""):
            raise SeriesConfigError(
                f"url: credentials would go to {address.hostname} unencrypted: use https, or say plaintext = true"
            )


def whereabouts(settings: SeriesSettings) -> str:
    """Where numbers go, to be compared by hubs that share a database: the opened file as this machine knows it, or
    "influx", which may be one server by two names."""
    return f"embedded:{place(settings.path)}" if settings.kind == "embedded" else "influx"


def of_tier(settings: SeriesSettings, tier: Tier) -> SeriesSettings:
    """Where a tier's values go: a file, or a database (2.x: bucket) of its own, named after that of the raw ones."""
    if tier == "raw":
        return settings
    bucket = settings.bucket.partition("/")[0]
    return settings.model_copy(
        update={
            "path": settings.path.with_name(f"{settings.path.stem}_{tier}{settings.path.suffix}"),
            "database": f"{settings.database}_{tier}",
            "bucket": f"{bucket}_{tier}" if bucket else "",
            "retention_policy": "",
        }
    )


def retention_ms(settings: SeriesSettings, tier: Tier) -> int:
    """How long a tier's values are kept."""
    days = {
        "raw": settings.retention_days,
        "hourly": settings.hourly_retention_days,
        "daily": settings.daily_retention_days,
    }
    return round(days[tier] * DAY_MS)


def open_series(settings: SeriesSettings, environment: Mapping[str, str] = os.environ) -> SeriesStore:
    """The store; an InfluxDB is not yet connected to. Raises SeriesConfigError, or SeriesUnavailable for a bad file."""
    if settings.kind == "embedded":
        return EmbeddedSeries(settings.path)
    token = "" if settings.username else secret(settings.token_file, TOKEN_VARIABLE, environment)
    password = secret(settings.password_file, PASSWORD_VARIABLE, environment) if settings.username else ""
    if settings.username and not password:
        raise SeriesConfigError(f"username: its password is missing: set password_file or {PASSWORD_VARIABLE}")
    if token or password:
        settings.refuse_plaintext()
    return InfluxSeries(
        InfluxTarget(
            url=settings.url,
            database=settings.database,
            api=settings.api,
            org=settings.org,
            bucket=settings.bucket,
            retention_policy=settings.retention_policy,
            token=token,
            username=settings.username,
            password=password,
            timeout_seconds=settings.timeout_seconds,
            gzip=settings.gzip,
            ca_file=settings.ca_file,
        )
    )


def secret(path: Path | None, variable: str, environment: Mapping[str, str]) -> str:
    """The file's one line, else the variable's value, else nothing. Raises SeriesConfigError."""
    if path is None:
        text = environment.get(variable, "").strip()
        if len(text) > _SECRET_CHARACTERS or not text.isprintable():
            raise SeriesConfigError(f"{variable}: want one line with the secret")
        return text
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_SECRET_CHARACTERS + 1).strip()
    except OSError as error:
        raise SeriesConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SeriesConfigError(f"{path}: want one line with the secret") from None
    if not text or len(text) > _SECRET_CHARACTERS or not text.isprintable():
        raise SeriesConfigError(f"{path}: want one line with the secret")
    return text
