"""The files that the hub's configuration names: whether each can be used, before anything starts."""

from collections.abc import Iterator
from pathlib import Path

from hub.certificate import unusable, unusable_authority
from hub.config import HubConfig
from hub.series.config import secret
from wire.settings import ConfigError, Place, misfit


def check(config: HubConfig) -> None:
    """Raises ConfigError for the first that can't be used, with the line that names it."""
    for place, reason in _faults(config):
        raise misfit(place, reason, config.source, config.text)


def _faults(config: HubConfig) -> Iterator[tuple[Place, str]]:
    """Where a file is named, and what is wrong with it."""
    broker, store, series = config.file.broker, config.file.store, config.file.series
    if broker.tls is not None and (reason := unusable(broker.tls)):
        yield ("broker", "tls"), reason
    influx = series.kind == "influx"
    secrets = {
        ("broker", "password_file"): broker.password_file,
        ("store", "password_file"): store.password_file if store.url else None,
        ("series", "token_file"): series.token_file if influx else None,
        ("series", "password_file"): series.password_file if influx else None,
    }
    for place, path in secrets.items():
        if path is not None and (reason := _of_secret(path)):
            yield place, reason
    if influx and series.ca_file is not None and (reason := unusable_authority(series.ca_file)):
        yield ("series", "ca_file"), reason


def _of_secret(path: Path) -> str:
    try:
        secret(path, "", {})
    except ConfigError as error:
        return str(error)
    return ""
