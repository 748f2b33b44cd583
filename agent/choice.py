"""Which configuration runs: the first that fits of what the hub desires, or else the box's own file alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from agent.collector import Plugin
from agent.config import Config, LocalFile
from agent.state import StateError
from wire import messages
from wire.settings import ConfigError

T = TypeVar("T")


@dataclass(frozen=True)
class Choice(Generic[T]):
    """What is to run. `running` is the hub's part in it, None for the file alone; `refused` is what the hub wanted
    most and did not get, `reason` one line about why."""

    config: Config
    made: T
    running: messages.Config | None = None
    refused: messages.Config | None = None
    reason: str = ""


def choose(
    local: LocalFile,
    wanted: Sequence[messages.Config],
    plugins: Mapping[str, Plugin],
    make: Callable[[Config], T],
) -> Choice[T]:
    """The first of `wanted` that fits the box's file and can be made. Raises what `make` raises for the file alone,
    and StateError at any time: no configuration of a hub can be the reason for that."""
    refused: messages.Config | None = None
    reason = ""
    for one in wanted:
        try:
            config = local.under(one.settings, plugins)
            return Choice(config, make(config), one, refused, reason)
        except StateError:
            raise
        except Exception as error:  # noqa: BLE001 - supervised: whatever a hub sends, the agent runs on
            if refused is None:
                refused = one
                reason = str(error) if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"
    return Choice(local.config, make(local.config), None, refused, reason)
