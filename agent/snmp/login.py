"""Who we are to a switch: a community or a user, secrets read when they are needed."""

from dataclasses import dataclass, field
from pathlib import Path

from agent.device.account import Account, PasswordMissing
from agent.snmp.settings import Cipher, Hash, SnmpLogin, Version

SHORTEST = 8
"""Characters of a password of version 3, at least (RFC 3414, 11.2): agents refuse shorter ones."""
COMMUNITY = "community"
"""What the login of version 2c goes by where logins have names: pauses, logs."""


@dataclass(frozen=True)
class Community:
    """Version 2c."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class User:
    """Version 3; without a `privacy` password messages are signed only."""

    name: str
    password: str = field(repr=False)
    privacy: str | None = field(repr=False)
    hash: Hash
    cipher: Cipher


def read(login: SnmpLogin) -> Community | User:
    """The login with its secrets. Raises PasswordMissing."""
    if login.version is not Version.V3:
        return Community(_secret(COMMUNITY, login.community_file, login.community_env))
    name = login.username or ""
    privacy = None
    if login.privacy_password_file is not None or login.privacy_password_env is not None:
        privacy = _long(_secret(name, login.privacy_password_file, login.privacy_password_env), "privacy password")
    password = _long(_secret(name, login.password_file, login.password_env), "password")
    return User(name, password, privacy, login.hash or Hash.SHA, login.cipher or Cipher.AES)


def name_of(login: SnmpLogin) -> str:
    """What pauses and logs call it; no secret."""
    return login.username or "" if login.version is Version.V3 else COMMUNITY


def _secret(name: str, file: Path | None, variable: str | None) -> str:
    text = Account(name, file, variable).password()
    if not text:
        raise PasswordMissing(f"{name}: the secret in {file or variable} is empty")
    return text


def _long(secret: str, what: str) -> str:
    if len(secret.encode()) < SHORTEST:
        raise PasswordMissing(f"the {what} is shorter than {SHORTEST} characters, which SNMP version 3 does not allow")
    return secret
