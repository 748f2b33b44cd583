"""The hub's configuration: one TOML file into frozen models. What is unknown or wrong refuses to start, by line."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator
from sqlalchemy import make_url

from hub.folder import refusal_of
from hub.logs import Format
from hub.rule import Rule
from hub.scope import Area, Override
from hub.scoped import Misplaced, Scoped
from hub.series.config import SeriesSettings
from hub.threshold import Name, OwnRule
from wire.ids import SlugId
from wire.settings import Broker, ConfigError, Place, Table, is_loopback, line_of, misfit, read_toml, refusal

__all__ = ["Config", "ConfigError", "HubConfig", "load"]

MAX_SCOPES = 1000
"""Areas, and overrides, of one file: each device is held against each of them when it becomes known."""

DEFAULT_STATE_DIR = Path("/var/lib/watchkeeper-hub")


class BrokerTable(Broker):
    """As the agents' own, and whether the hub brings a broker along (to try things out; loopback only)."""

    embedded: bool = False
    client_id: str = Field(default="watchkeeper-hub", pattern=r"^[a-zA-Z0-9-]{1,40}$")
    probe_seconds: float = Field(default=10.0, ge=0.1, le=60)
    """How often the hub says a word to itself through the broker."""
    deaf_after_seconds: float = Field(default=45.0, ge=0.5, le=300)
    """A connection on which nothing at all has come for so long is made anew."""

    @model_validator(mode="after")
    def _near(self) -> Self:
        if self.embedded and not is_loopback(self.host):
            raise ValueError("the embedded broker has no accounts and listens on loopback only")
        if self.deaf_after_seconds < 3 * self.probe_seconds:
            raise ValueError("deaf_after_seconds has to be at least three times probe_seconds")
        return self


class Console(Table):
    """Where pages and API are served. Loopback only until there are accounts."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    time_zone: str = ""

    @field_validator("host")
    @classmethod
    def _near(cls, host: str) -> str:
        if not is_loopback(host):
            raise ValueError("the console has no accounts yet and listens on loopback only")
        return host

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name:
            try:
                ZoneInfo(name)
            except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
                raise ValueError("no such time zone; a name such as Asia/Shanghai or UTC") from None
        return name


class Store(Table):
    """The SQL database: a SQLAlchemy URL without a password, or nothing for SQLite in `state_dir`.

    PostgreSQL takes its password from `password_file`.
    """

    url: str = ""
    password_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _no_secret(cls, url: str) -> str:
        if url and not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE")
        if url and (make_url(url).password is not None or make_url(url).query.keys() & {"password", "passfile"}):
            raise ValueError("the password belongs in password_file")
        return url


class Ingest(Table):
    """Bounds of the way in. A full queue drops; the agents send again.

    A batch is committed when the first of its messages has waited `gather_ms`, or sooner when it is full: few messages
    are acknowledged soon, many share what a commit costs.
    """

    queue_messages: int = Field(default=20_000, ge=100)
    batch_messages: int = Field(default=4096, ge=1, le=4096)
    batch_points: int = Field(default=5000, ge=1, le=100_000)
    """Devices' samples, each a line of the series store; a single message may exceed it."""
    gather_ms: int = Field(default=100, ge=0, le=2000)


class HubTable(Table):
    """How the hub calls itself where it reports on itself. No agent may be of that site."""

    site: SlugId = "hub"
    name: SlugId = "hub"
    """Of two hubs on one database each has its own; the same after a restart, so no host name of a container."""


class LogTable(Table):
    """How the log is written to standard error."""

    format: Format = "text"
    """`text` for people and the journal, `json` for one object a line."""


class Config(Table):
    """The file, without its rules."""

    state_dir: Path = DEFAULT_STATE_DIR
    hub: HubTable = HubTable()
    log: LogTable = LogTable()
    broker: BrokerTable = BrokerTable()
    console: Console = Console()
    store: Store = Store()
    series: SeriesSettings = SeriesSettings()
    ingest: Ingest = Ingest()
    rules: Mapping[str, Mapping[str, Any]] = {}
    threshold: Mapping[Name, OwnRule] = {}
    """Rules of the user's own."""
    areas: Annotated[Mapping[SlugId, Area], Field(max_length=MAX_SCOPES)] = {}
    override: Annotated[tuple[Override, ...], Field(max_length=MAX_SCOPES)] = ()
    """Rules' settings for a part of the fleet; the more specific wins."""


@dataclass(frozen=True)
class HubConfig:
    """Everything one hub is told: the file, the rules there are, and their settings wherever they hold."""

    file: Config
    rules: Scoped
    """By name the settings that hold where nothing more specific is said."""
    source: str = ""
    text: str = ""
    """The file's name and text, for saying where a setting comes from."""

    @property
    def known(self) -> Mapping[str, Rule]:
        """Every rule, the user's own among them."""
        return self.rules.rules

    def line(self, place: Place) -> int:
        """The line of the file on which something is set."""
        return line_of(self.text, place)

    def store_url(self) -> str:
        """The SQLAlchemy URL to open, password included. Raises ConfigError."""
        store = self.file.store
        if not store.url:
            return f"sqlite:///{self.file.state_dir / 'hub.db'}"
        if store.password_file is None:
            return store.url
        try:
            password = store.password_file.read_text().strip()
        except OSError as error:
            raise ConfigError(f"{store.password_file}: {error.strerror}") from None
        return make_url(store.url).set(password=password).render_as_string(hide_password=False)

    def existing_store_url(self) -> str:
        """The same, of a database that is there. Raises ConfigError where no hub has made its file yet."""
        url = make_url(self.store_url())
        try:
            there = url.get_backend_name() != "sqlite" or Path(url.database or "").exists()
        except OSError as error:
            raise ConfigError(refusal_of(error)) from None
        if not there:
            raise ConfigError(f"{url.database}: no database yet; start the hub once")
        return self.store_url()


def load(path: Path, rules: Mapping[str, Rule]) -> HubConfig:
    """The configuration in a file; relative paths are taken from its folder. Raises ConfigError."""
    table, text = read_toml(path)
    return parse(table, rules, folder=path.resolve().parent, source=str(path), text=text)


def parse(
    table: Mapping[str, Any], rules: Mapping[str, Rule], *, folder: Path, source: str = "configuration", text: str = ""
) -> HubConfig:
    """The configuration in a table as TOML gives it. Raises ConfigError, with a line where `text` is given."""
    try:
        file = Config.model_validate(table)
    except ValidationError as error:
        raise refusal(error, (), source, text) from None
    settings = _scoped(file, rules, source, text)
    store = file.store
    if store.password_file is not None:
        store = store.model_copy(update={"password_file": folder / store.password_file})
    state, series = folder / file.state_dir, file.series
    secrets = {name: getattr(series, name) for name in ("token_file", "password_file", "ca_file")}
    paths = {name: folder / path for name, path in secrets.items() if path is not None}
    paths |= {"path": state / series.path, "buffer_path": state / series.buffer_path}
    series = series.model_copy(update=paths)
    anchored = {"state_dir": state, "broker": file.broker.anchored(folder), "store": store, "series": series}
    return HubConfig(file.model_copy(update=anchored), settings, source, text)


def _scoped(file: Config, rules: Mapping[str, Rule], source: str, text: str) -> Scoped:
    for name in file.threshold:
        if name in rules:
            raise misfit(("threshold", name), "the hub has a rule of this name: set it in [rules]", source, text)
    known = {**rules, **{name: own.rule(name) for name, own in file.threshold.items()}}
    try:
        return Scoped(known, file.rules, file.areas, file.override)
    except Misplaced as wrong:
        at, about = wrong.place[0], str(wrong.place[-1])
        if at == "rules" and about in file.threshold and about not in file.rules:
            wrong.place = ("threshold", about, "in_key_area")
        if isinstance(wrong.error, ValidationError):
            raise refusal(wrong.error, wrong.place, source, text) from None
        raise misfit(wrong.place, str(wrong.error), source, text) from None
