"""The agent's configuration: one TOML file into frozen models. What is unknown or wrong refuses to start, by line.

Relative paths of `state_dir` and `[broker]` are taken from the folder the file is in. A collector's own table is
checked by that collector's `Settings`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from agent.collector import Plugin, Settings
from wire.ids import ShortText, SlugId
from wire.settings import Broker, ConfigError, Table, line_of, misfit, read_toml, refusal

DEFAULT_COLLECTORS = ("host", "volumes", "clock")
"""Those that run without a table of their own; the others need to be told what to watch."""

__all__ = ["Config", "ConfigError", "Spool", "line_of", "load", "parse"]

DEFAULT_STATE_DIR = Path("/var/lib/watchkeeper-agent")


class Spool(Table):
    """The disk queue. `max_bytes` bounds the reports kept; the files take up to about twice that."""

    max_bytes: int = Field(default=256 * 1024 * 1024, ge=4 * 1024 * 1024, le=1 << 40)


class Config(Table):
    """Everything one agent is told. `collectors` holds the settings of those that are to run, by name."""

    site: SlugId
    agent: SlugId
    host: SlugId = ""
    name: ShortText = ""
    state_dir: Path = DEFAULT_STATE_DIR
    broker: Broker = Broker()
    spool: Spool = Spool()
    collectors: Mapping[str, Any] = {}

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


def load(path: Path, plugins: Mapping[str, Plugin]) -> Config:
    """The configuration in a file. Raises ConfigError."""
    table, text = read_toml(path)
    return parse(table, plugins, folder=path.resolve().parent, source=str(path), text=text)


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
        update |= {"state_dir": folder / config.state_dir, "broker": config.broker.anchored(folder)}
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
    for name, plugin in plugins.items():
        if name not in tables and name not in DEFAULT_COLLECTORS:
            continue
        try:
            settings[name] = TypeAdapter(plugin.settings).validate_python(tables.get(name, {}))
        except ValidationError as error:
            raise refusal(error, ("collectors", name), source, text) from None
    return {name: one for name, one in settings.items() if one.enabled}
