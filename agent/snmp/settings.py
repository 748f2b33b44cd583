"""`[collectors.switches]`: which switches, and how to ask them."""

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.collector import Settings
from agent.device.address import Endpoint
from agent.device.settings import Host, unique
from wire.ids import ShortText, SlugId


class Version(StrEnum):
    """SNMP with a community, which anybody on the way can read, or with a user."""

    V2C = "2c"
    V3 = "3"


class Hash(StrEnum):
    """What a user's messages are signed with."""

    SHA = "sha"
    SHA256 = "sha256"
    SHA512 = "sha512"


class Cipher(StrEnum):
    """What a user's messages are encrypted with."""

    AES = "aes"
    AES256 = "aes256"


_SECRETS = ("community", "password", "privacy_password")


class SnmpLogin(BaseModel):
    """How to show who we are. Secrets stay in files or variables: a community is one, too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Version | None = None
    """`2c` (the default) with a community, or `3` with a user."""
    community_file: Path | None = None
    """A file whose first line is the community, a read-only one. Not together with `community_env`."""
    community_env: str | None = None
    """An environment variable that holds it."""
    username: ShortText | None = None
    """The user of version 3."""
    password_file: Path | None = None
    """A file whose first line is the user's password (authentication). Not together with `password_env`."""
    password_env: str | None = None
    """An environment variable that holds it."""
    privacy_password_file: Path | None = None
    """A file whose first line is the user's other password (privacy); without one, messages are signed and readable.
    Not together with `privacy_password_env`."""
    privacy_password_env: str | None = None
    """An environment variable that holds it."""
    hash: Hash | None = None
    """How messages are signed: `sha` (the default), `sha256` or `sha512`."""
    cipher: Cipher | None = None
    """How they are encrypted: `aes` (128 bits, the default) or `aes256`."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        for secret in _SECRETS:
            if getattr(self, f"{secret}_file") is not None and getattr(self, f"{secret}_env") is not None:
                raise ValueError(f"give {secret}_file or {secret}_env, not both")
        return self

    def over(self, default: "SnmpLogin") -> "SnmpLogin":
        """This login with what it leaves out taken from another; a secret's file and variable go together."""
        mine = {name: getattr(self, name) for name in SnmpLogin.model_fields}
        theirs = {name: getattr(default, name) for name in SnmpLogin.model_fields}
        for secret in _SECRETS:
            places = (f"{secret}_file", f"{secret}_env")
            if any(mine[place] is not None for place in places):
                theirs |= dict.fromkeys(places)
        return SnmpLogin.model_construct(**{name: theirs[name] if mine[name] is None else mine[name] for name in mine})


class SwitchSettings(SnmpLogin):
    """One switch."""

    id: SlugId
    """Its device id."""
    name: ShortText = ""
    """What people call it."""
    host: Host
    """Its address or host name."""
    port: int = Field(default=161, ge=1, le=65535)
    """The UDP port of its SNMP agent."""
    room: SlugId | None = None
    """The room it is in."""
    parent: SlugId | None = None
    """The device it hangs on: the switch above it."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it is."""
        return Endpoint(self.host, self.port)


class SwitchesSettings(Settings, SnmpLogin):
    """The default login of all switches, and how patient we are with them."""

    timeout_seconds: float = Field(default=50.0, gt=0)
    """A run that takes longer counts as failed; one ends by itself after nine tenths of it."""
    device_timeout_seconds: float = Field(default=3.0, gt=0, le=30)
    """How long a switch may take for one answer; a question is repeated once."""
    pause_seconds: float = Field(default=1800.0, ge=0)
    """How long a login is left alone after a switch refused it once, or kept silent to it three times."""
    max_requests_per_hour: int = Field(default=2400, ge=60, le=36_000)
    """The most requests sent to a switch within an hour; then it is left alone."""
    ports_seconds: float = Field(default=900.0, gt=0)
    """How often its ports' names, types and speeds are read anew."""
    map_seconds: float = Field(default=900.0, gt=0)
    """How often it is looked up which device hangs on which port."""
    max_addresses: int = Field(default=2048, ge=64, le=16_384)
    """Hardware addresses read of a switch's table, at most; ports beyond are not known to be a device's."""
    macs: dict[SlugId, ShortText] = Field(default={}, max_length=1024)
    """Hardware addresses by device id, of devices behind a router: those beside us are looked up by their address."""
    devices: list[SwitchSettings] = Field(default=[], max_length=64)
    """The switches."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        unique([switch.id for switch in self.devices])
        for switch in self.devices:
            login = switch.over(self)
            if login.version is Version.V3 and login.username is None:
                raise ValueError(f"switch {switch.id}: version 3 needs a username")
            wanted = "password" if login.version is Version.V3 else "community"
            if getattr(login, f"{wanted}_file") is None and getattr(login, f"{wanted}_env") is None:
                raise ValueError(f"switch {switch.id}: give {wanted}_file or {wanted}_env")
        return self
