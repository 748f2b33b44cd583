"""The agent's configuration: one TOML file into frozen models. What is unknown or wrong refuses to start, by line.

Relative paths of `state_dir`, `secrets_dir` and `[broker]` are taken from the folder the file is in. A collector's own
table is checked by that collector's `Settings`. What the hub desires lies under the file's table: `overlay`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from agent import overlay
from agent.collector import Plugin, Settings
from wire.ids import ShortText, SlugId
from wire.settings import Broker, ConfigError, Table, line_of, misfit, read_toml, refusal

DEFAULT_COLLECTORS = ("host", "volumes", "disks", "encryption", "clock", "network")
"""Those that run without a table of their own; the others need to be told what to watch."""

FOLLOWING_COLLECTORS: Mapping[str, tuple[str, ...]] = {
    "hardware": ("recorders",),  # cameras only where its own table says so
    "pictures": ("cameras", "recorders"),
}
"""Those that run without a table of their own where a collector runs whose devices they look at (`Plugin.reads`): told
here too, so that an agent without such devices need not load them."""

__all__ = ["Config", "ConfigError", "LocalFile", "Spool", "line_of", "load", "parse", "read"]

DEFAULT_STATE_DIR = Path("/var/lib/watchkeeper-agent")
DEFAULT_SECRETS_DIR = Path("/etc/watchkeeper/secrets")


class Spool(Table):
    """The disk queue: what the hub has not committed yet."""

    max_bytes: int = Field(default=256 * 1024 * 1024, ge=4 * 1024 * 1024, le=1 << 40)
    """Bound of the reports kept; the files take up to twice that and 8 MiB."""


class Config(Table):
    """Everything one agent is told. `collectors` holds the settings of those that are to run, by name."""

    site: SlugId
    """The site it is at."""
    agent: SlugId
    """This agent, unique within the site."""
    host: SlugId = ""
    """Device id of the machine; left out, the agent's with `-host`."""
    name: ShortText = ""
    """What people call the agent; left out, its id."""
    state_dir: Path = DEFAULT_STATE_DIR
    """Spool and memory; one agent a folder, a second is refused."""
    secrets_dir: Path = DEFAULT_SECRETS_DIR
    """Where the passwords lie that the hub may name: what is in here it may have shown to any device it names."""
    broker: Broker = Broker()
    """The way to the hub."""
    spool: Spool = Spool()
    """The disk queue."""
    collectors: Mapping[str, Any] = {}
    """A table for each collector: below."""

    @model_validator(mode="before")
    @classmethod
    def _default_host(cls, table: Any) -> Any:
        if isinstance(table, dict) and "host" not in table and isinstance(table.get("agent"), str):
            return {**table, "host": f"{table['agent'][:35]}-host"}
        return table

    @model_validator(mode="after")
    def _two_devices(self) -> Self:
        if self.host == self.agent:
            raise ValueError(f"agent and host are two devices: both are called {self.host!r}")
        return self


@dataclass(frozen=True)
class LocalFile:
    """The box's own file as it was when it was read, and the configuration that it is by itself."""

    table: Mapping[str, Any]
    folder: Path
    config: Config

    def under(self, desired: Mapping[str, Any], plugins: Mapping[str, Plugin]) -> Config:
        """The configuration that it and the hub's settings make together. Raises ConfigError."""
        table = overlay.combined(desired, self.table, self.config.secrets_dir, self.folder)
        return parse(table, plugins, folder=self.folder, source=overlay.SOURCE)


def read(path: Path, plugins: Mapping[str, Plugin]) -> LocalFile:
    """The file, checked. Raises ConfigError."""
    table, text = read_toml(path)
    folder = path.resolve().parent
    return LocalFile(table, folder, parse(table, plugins, folder=folder, source=str(path), text=text))


def load(path: Path, plugins: Mapping[str, Plugin]) -> Config:
    """The configuration in a file. Raises ConfigError."""
    return read(path, plugins).config


def parse(
    table: Mapping[str, Any],
    plugins: Mapping[str, Plugin],
    *,
    folder: Path | None = None,
    source: str = "configuration",
    text: str = "",
) -> Config:
    """The configuration in a table as TOML gives it. Raises ConfigError, with a line where `text` is given."""
    try:
        config = Config.model_validate(table)
    except ValidationError as error:
        raise refusal(error, (), source, text) from None
    settings = _collectors(config.collectors, plugins, source, text)
    update: dict[str, Any] = {"collectors": settings}
    if folder is not None:
        update |= {
            "state_dir": folder / config.state_dir,
            "secrets_dir": folder / config.secrets_dir,
            "broker": config.broker.anchored(folder),
        }
    return config.model_copy(update=update)


def _collectors(
    tables: Mapping[str, Any], plugins: Mapping[str, Plugin], source: str, text: str
) -> dict[str, Settings]:
    """The checked settings of every collector that is to run."""
    for name in tables:
        if name not in plugins:
            known = ", ".join(sorted(plugins))
            raise misfit(("collectors", name), f"unknown collector; known: {known}", source, text)
    settings: dict[str, Settings] = {}
    for name in plugins:
        if name not in tables and not _runs_untold(name, tables):
            continue
        try:
            settings[name] = TypeAdapter(plugins[name].settings).validate_python(tables.get(name, {}))
        except ValidationError as error:
            raise refusal(error, ("collectors", name), source, text) from None
    return {name: one for name, one in settings.items() if one.enabled}


def _runs_untold(name: str, tables: Mapping[str, Any]) -> bool:
    if name in DEFAULT_COLLECTORS:
        return True
    return any(other in tables for other in FOLLOWING_COLLECTORS.get(name, ()))
