"""The hub's settings laid under the box's own file, and what a hub may not set. Opens no file, asks nobody.

Precedence: what the file on the box sets wins, key by key. Tables merge, at any depth; anything else, arrays
included, is taken whole from the box where it sets it. So the fleet is set from the hub, and a technician at the box
has the last word.

A hub that was broken into must not get at the box's passwords. Therefore
- a hub names a password only by `password_file`, one plain name in the box's `secrets_dir`, or by `password_env`,
  which begins with WATCHKEEPER_; never one that the box's file names itself, for whatever it is;
- an account that is shown in clear, as to an MQTT broker, only the box's file names;
- an SNMP community travels in clear, so no password may be named as one: a hub's `community_file` begins with
  community, its `community_env` with WATCHKEEPER_COMMUNITY;
- where the box's file names an account's password for a collector, the hub sets nothing there but `enabled`,
  `interval_seconds` and `timeout_seconds`: the box's account is never shown to a device that a hub named.
What is left is trust: a hub may have what lies in `secrets_dir` shown (as a digest, never in clear) to any host.
"""

import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wire.settings import ConfigError

SOURCE = "hub's configuration"
SETTABLE = ("name", "collectors")
"""What a hub may set; the rest of the file says who and where the box is."""
HARMLESS = ("enabled", "interval_seconds", "timeout_seconds")
"""What it may set of a collector whose account is the box's own."""
VARIABLE_PREFIX = "WATCHKEEPER_"
MAX_DEPTH = 16
MAX_INTEGER = 2**53

SECRET = re.compile(r"(^|_)(password|passphrase|secret|credential|community|token|key)s?_(?P<kind>file|env)$")
"""Keys that say where a secret is. Collectors name theirs so."""
_SHOWN_IN_CLEAR = re.compile(r"collectors\.doors\.topics\.[0-9]+\.password_")
"""Secrets that a protocol does not turn into digests."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_VARIABLE = re.compile(rf"{VARIABLE_PREFIX}[A-Za-z0-9_]{{1,100}}")


def combined(
    desired: Mapping[str, Any], own: Mapping[str, Any], secrets_dir: Path, folder: Path = Path("/")
) -> dict[str, Any]:
    """The table that a desired configuration and the box's own, read from `folder`, make together. Raises ConfigError
    for what a hub may not set, naming the key and never a value."""
    for key in desired:
        if key not in SETTABLE:
            raise _misfit(key, f"only {' and '.join(SETTABLE)} are set by the hub, the rest is the box's own")
    if not isinstance(desired.get("collectors", {}), Mapping):
        raise _misfit("collectors", "is no table")
    resolved = _resolved(desired, "", secrets_dir, 0)
    _refuse_strange_use_of_own_accounts(resolved, own)
    _refuse_own_secrets(resolved, own, folder)
    return laid_over(resolved, own)


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables in one: what `above` sets wins, tables merge, arrays are taken whole. Changes neither."""
    merged = dict(below)
    for key, value in above.items():
        under = below.get(key)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            merged[key] = laid_over(under, value)
        else:
            merged[key] = value
    return merged


def _resolved(value: Any, place: str, secrets_dir: Path, depth: int) -> Any:
    """The same value with names of secrets made paths; every number, key and reference in it is looked at."""
    if depth > MAX_DEPTH:
        raise _misfit(place, f"is nested deeper than {MAX_DEPTH}")
    if isinstance(value, Mapping):
        return {
            key: _reference(key, one, _below(place, key), secrets_dir)
            if SECRET.search(key)
            else _resolved(one, _below(place, key), secrets_dir, depth + 1)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_resolved(one, _below(place, str(at)), secrets_dir, depth + 1) for at, one in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise _misfit(place, "is no finite number")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise _misfit(place, "is too large a number")
    return value


def _reference(key: str, value: Any, place: str, secrets_dir: Path) -> str | None:
    """Where a secret is that the hub names."""
    if value is None:
        return None
    if _SHOWN_IN_CLEAR.match(place):
        raise _misfit(place, "is shown in clear to whom it is for: only the box's own file names such a secret")
    if key.endswith("_env"):
        if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
            raise _misfit(place, f"a variable named by the hub begins with {VARIABLE_PREFIX}")
        if key.endswith("community_env") and not value.startswith(f"{VARIABLE_PREFIX}COMMUNITY"):
            raise _misfit(place, f"a community goes out in clear: its variable begins with {VARIABLE_PREFIX}COMMUNITY")
        return value
    if not isinstance(value, str) or not _PLAIN_NAME.fullmatch(value):
        raise _misfit(place, "a file named by the hub is one plain name in the box's secrets_dir, without / or ..")
    if key.endswith("community_file") and not value.startswith("community"):
        raise _misfit(place, "a community goes out in clear: its file's name begins with community")
    return str(secrets_dir / value)


def _refuse_strange_use_of_own_accounts(desired: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Whatever of the hub's would stand beside a password of the box might send it elsewhere."""
    ours = own.get("collectors")
    for name, table in desired.get("collectors", {}).items():
        mine = ours.get(name) if isinstance(ours, Mapping) else None
        if not isinstance(table, Mapping) or not isinstance(mine, Mapping) or not _names_a_secret(mine):
            continue
        for key in _surviving(table, mine):
            if key not in HARMLESS:
                allowed = ", ".join(HARMLESS)
                raise _misfit(f"collectors.{name}.{key}", f"the account is the box's own: the hub sets only {allowed}")


def _refuse_own_secrets(desired: Mapping[str, Any], own: Mapping[str, Any], folder: Path) -> None:
    """By another collector's hand the box's account would go to a device of the hub's just as well."""
    ours = {_same(key, str(value), base) for key, value in _own_secrets(own) for base in (folder, Path.cwd())}
    for place, key, value in _references(desired, own, ""):
        if value is not None and _same(key, value, folder) in ours:
            raise _misfit(place, "this secret is the box's own: its file names it, so the hub may not")


def _same(key: str, value: str, base: Path) -> str:
    """Equal for what is the same variable, or the same file by whatever way."""
    return value if key.endswith("_env") else os.path.realpath(base / value)


def _own_secrets(own: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the box's file names, the broker's too."""
    yield from ((key, value) for _, key, value in _references(own, {}, "") if isinstance(value, str | Path))
    broker = own.get("broker")
    tls = broker.get("tls") if isinstance(broker, Mapping) else None
    if isinstance(tls, Mapping) and isinstance(tls.get("key"), str | Path):
        yield "key_file", tls["key"]


def _references(value: Any, above: Any, place: str) -> Iterator[tuple[str, str, Any]]:
    """Place, key and value of whatever says where a secret is, but for what `above` overrides."""
    if isinstance(value, list | tuple):
        for at, one in enumerate(value):
            yield from _references(one, {}, _below(place, str(at)))
    if not isinstance(value, Mapping):
        return
    for key, one in value.items():
        over = above.get(key) if isinstance(above, Mapping) else None
        if isinstance(above, Mapping) and key in above and not (isinstance(one, Mapping) and isinstance(over, Mapping)):
            continue
        if SECRET.search(key):
            yield _below(place, key), key, one
        else:
            yield from _references(one, over or {}, _below(place, key))


def _names_a_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(SECRET.search(key) or _names_a_secret(one) for key, one in value.items())
    return isinstance(value, list | tuple) and any(_names_a_secret(one) for one in value)


def _surviving(below: Mapping[str, Any], above: Mapping[str, Any]) -> Iterator[str]:
    """The keys of `below` that count, wholly or in part, once `above` is laid over it."""
    for key, value in below.items():
        over = above.get(key)
        if key not in above:
            yield key
        elif isinstance(value, Mapping) and isinstance(over, Mapping):
            yield from (key for _ in list(_surviving(value, over))[:1])


def _below(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _misfit(place: str, reason: str) -> ConfigError:
    return ConfigError(f"{SOURCE}: {place[:80]}: {reason}")
