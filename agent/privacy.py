"""Files that others on this machine should not be able to read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from agent.config import Config
from agent.overlay import SECRET

_READABLE_BY_OTHERS = 0o004
_OPEN_TO_OTHERS = 0o007
_KEY = "key_file"
"""How settings name the private key of a certificate."""


class Exposed(NamedTuple):
    """A file or folder with rights too wide, and the change for `chmod` that mends it."""

    what: str
    path: Path
    change: str


def complaints(config: Config) -> Iterator[str]:
    """One line for each thing that is exposed, for the log."""
    for one in exposed(config):
        yield f"{one.what} path={one.path} (chmod {one.change})"


def exposed(config: Config) -> Iterator[Exposed]:
    """Each secret of this configuration that every user of the machine can read, and the state folder.

    Rights of the group are the administrator's choice: that is how a service's account reads its files.
    """
    if _mode(config.state_dir) & _OPEN_TO_OTHERS:
        yield Exposed("state folder is open to other users", config.state_dir, "o-rwx")
    for path in secrets(config):
        if _mode(path) & _READABLE_BY_OTHERS:
            yield Exposed("secret is readable by other users", path, "o-r")


def secrets(config: Config) -> list[Path]:
    """Every file that this configuration takes a secret from."""
    return sorted({*_keys(config), *passwords(config)})


def passwords(config: Config) -> list[Path]:
    """Those whose first line is the secret: all but the private keys of certificates."""
    files = [config.broker.password_file] if config.broker.password_file else []
    for settings in config.collectors.values():
        files += [path for key, path in _secret_files(settings.model_dump()) if key != _KEY]
    return sorted(set(files))


def _keys(config: Config) -> Iterator[Path]:
    if config.broker.tls:
        yield config.broker.tls.key
    for settings in config.collectors.values():
        yield from (path for key, path in _secret_files(settings.model_dump()) if key == _KEY)


def _secret_files(table: Any) -> Iterator[tuple[str, Path]]:
    """Collectors name theirs `password_file`, `community_file` and the like, at any depth."""
    if isinstance(table, dict):
        for key, value in table.items():
            if value and (secret := SECRET.search(str(key))) and secret["kind"] == "file":
                yield str(key), Path(value)
        for value in table.values():
            yield from _secret_files(value)
    elif isinstance(table, list | tuple):
        for value in table:
            yield from _secret_files(value)


def _mode(path: Path) -> int:
    """Its rights, none where it is not there or may not be asked."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0
