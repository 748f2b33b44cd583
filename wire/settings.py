"""What the configuration files of agent and hub have in common: TOML into frozen models, and the way to the broker.

What is unknown or wrong refuses to start, naming file, line and key.
"""

import ipaddress
import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from wire.topics import Topics

MAX_FILE_BYTES = 1024 * 1024


class ConfigError(Exception):
    """The configuration cannot be used; the text is one line: file, line, key, reason."""


class Table(BaseModel):
    """A table of the file: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tls(Table):
    """Mutual TLS: the authority that signed the broker's certificate, and our own certificate and key (PEM files)."""

    ca: Path
    """The authority's certificate."""
    certificate: Path
    """Ours; an agent's has the common name `{site}/{agent}`."""
    key: Path
    """Its private key, without a password."""


class Broker(Table):
    """Where the MQTT broker is and how to speak to it."""

    host: str = Field(default="localhost", min_length=1, max_length=253)
    """Its name or address."""
    port: int = Field(default=1883, ge=1, le=65535)
    """Its TCP port; with TLS usually 8883."""
    root: str = "wk"
    """What all topics begin with; agents and hub have to have the same."""
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    """The version of MQTT; auto takes 5, and 3.1.1 where the broker does not answer that."""
    keepalive: int = Field(default=30, ge=5, le=3600)
    """Seconds of silence after which either side asks whether the other is still there."""
    tls: Tls | None = None
    """Encryption, and who we are. Without it the broker has to be on this machine, or `plaintext` true."""
    username: str | None = Field(default=None, min_length=1)
    """For brokers with passwords."""
    password_file: Path | None = None
    """The password's file, read at every connection."""
    plaintext: bool = False
    """Has to be true to send unencrypted to another machine."""

    @field_validator("root")
    @classmethod
    def _root(cls, root: str) -> str:
        return Topics(root).root

    @field_validator("protocol", mode="before")
    @classmethod
    def _protocol(cls, protocol: object) -> object:
        return str(protocol) if isinstance(protocol, int) else protocol

    @model_validator(mode="after")
    def _private(self) -> Self:
        if self.password_file and not self.username:
            raise ValueError("password_file needs a username")
        if self.tls or self.plaintext or is_loopback(self.host):
            return self
        raise ValueError(
            f"{self.host} is another machine and there is no [broker.tls]; "
            "set plaintext = true to send over the network unencrypted"
        )

    def anchored(self, folder: Path) -> "Broker":
        """The same, its relative paths taken from `folder`."""
        tls = self.tls
        if tls is not None:
            tls = Tls(ca=folder / tls.ca, certificate=folder / tls.certificate, key=folder / tls.key)
        password_file = folder / self.password_file if self.password_file else None
        return self.model_copy(update={"tls": tls, "password_file": password_file})

    def password(self) -> str | None:
        """The password, read from its file now. Raises ConfigError."""
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text("utf-8").strip()
        except OSError as error:
            raise ConfigError(f"{self.password_file}: {error.strerror}") from None
        except UnicodeDecodeError:  # whose text would quote a byte of it
            raise ConfigError(f"{self.password_file}: no text in UTF-8") from None


def is_loopback(host: str) -> bool:
    """This name or address never leaves the machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """The table in a file, and its text. Raises ConfigError."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    if len(body) > MAX_FILE_BYTES:
        raise ConfigError(f"{path}: {len(body)} bytes, at most {MAX_FILE_BYTES} are read")
    try:
        text = body.decode()
        return tomllib.loads(text), text
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None


Place = tuple[str | int, ...]


def refusal(error: ValidationError, under: Place, source: str, text: str) -> ConfigError:
    """The first thing wrong, as a person would say it."""
    first = error.errors(include_url=False)[0]
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        reason = "unknown key"
    elif first["type"] == "missing":
        reason = "is missing"
    elif first["type"] == "string_pattern_mismatch" and "a-z0-9" in reason:
        reason = f"{first['input']!r} is no id: lower-case letters, digits and -, at most 40"
    return misfit((*under, *first["loc"]), reason, source, text)


def misfit(place: Place, reason: str, source: str, text: str) -> ConfigError:
    """The error for one key, with its line where the text is known."""
    key = ".".join(str(part) for part in place)
    line = f":{line_of(text, place)}" if text else ""
    return ConfigError(f"{source}{line}: {key}: {reason}" if key else f"{source}{line}: {reason}")


def line_of(text: str, place: Sequence[str | int]) -> int:
    """The line (from 1) on which the statement begins that sets `place`, or the nearest thing above it.

    tomllib keeps no line numbers, so this asks it: a prefix of the file that parses and has the key has its line.
    """
    lines = [f"{line}\n" for line in text.split("\n")]

    def parsed(count: int) -> tuple[int, Any]:
        """The longest prefix of at most `count` lines that parses, and its table."""
        while count:
            try:
                return count, tomllib.loads("".join(lines[:count]))
            except tomllib.TOMLDecodeError:
                count -= 1
        return 0, {}

    for length in range(len(place), 0, -1):
        end = bisect_left(range(len(lines) + 1), True, key=lambda n: _present(parsed(n)[1], place[:length]))
        if end <= len(lines):
            return parsed(end - 1)[0] + 1
    return 1


def _present(table: Any, place: Sequence[str | int]) -> bool:
    for part in place:
        try:
            table = table[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True
