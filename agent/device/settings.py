"""What the configuration says about devices that we ask as guests, common to the collectors that do."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from agent.collector import Settings
from agent.device.account import Account, Method
from agent.device.address import Endpoint
from wire.ids import ShortText, SlugId

_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


def _possible(host: str) -> str:
    """The same host. Raises ValueError for one that no device can have: it would fail anew in every round."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdecimal():
            text = f"{host[:80]!r} is neither an IP address nor a host name (a port has its own setting, port)"
            raise ValueError(text) from None
    return host


Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,253}$"), AfterValidator(_possible)]
"""A host name or an IPv4 or IPv6 address, without brackets or port."""


class Login(BaseModel):
    """An account: a name, and where the password is. Passwords themselves do not belong into a configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: ShortText | None = None
    """The account's name; left out, the collector's."""
    password_file: Path | None = None
    """A file whose first line is the password. Not together with `password_env`."""
    password_env: str | None = None
    """An environment variable that holds the password."""
    auth: Method | None = None
    """auto (the default) finds out; `token` for devices that offer HTTP Digest and then refuse it."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.password_file is not None and self.password_env is not None:
            raise ValueError("give password_file or password_env, not both")
        return self


class DeviceSettings(Login):
    """One device: its id in the inventory, where it is, and its own account where it has one."""

    id: SlugId
    """Its device id."""
    name: ShortText = ""
    """What people call it."""
    host: Host
    """Its address or host name, without a port."""
    port: int = Field(default=80, ge=1, le=65535)
    """Where its ONVIF service listens."""
    follow_ports: bool = False
    """Whether the device may send us to other ports of its host, as its service addresses tell."""
    room: SlugId | None = None
    """The room it is in, or looks at."""
    parent: SlugId | None = None
    """The device it hangs on (a switch): when that fails, this one's silence is no ticket of its own."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it is."""
        return Endpoint(self.host, self.port, self.follow_ports)


class GuestSettings(Settings):
    """The default account of all devices of a collector, and how patient we are with them."""

    username: ShortText | None = None
    """The account's name on every device that has none of its own; without one devices are asked anonymously only."""
    password_file: Path | None = None
    """A file whose first line is the password. Not together with `password_env`."""
    password_env: str | None = None
    """An environment variable that holds the password."""
    auth: Method = Method.AUTO
    """How the account is shown: auto finds out; `token` for devices that offer HTTP Digest and then refuse it."""
    device_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    """How long a device may take for one answer."""
    pause_seconds: float = Field(default=1800.0, ge=0)
    """How long an account is left alone after a device refused it once."""
    login_check_seconds: float = Field(default=900.0, gt=0)
    """How often the account is tried, and the device asked who it is."""
    max_requests_per_hour: int = Field(default=1200, ge=60, le=36_000)
    """The most requests sent to a device within an hour, all collectors together; then it is left alone."""
    max_answer_bytes: int = Field(default=1024 * 1024, ge=16 * 1024, le=64 * 1024 * 1024)
    """The longest answer of a device that is taken."""
    clock_samples: int = Field(default=3, ge=1, le=10)
    """Questions per clock measurement: 1 gives ±0.5 s at once, each further one halves it and waits up to 1 s."""
    clock_check_seconds: float = Field(default=3600.0, gt=0)
    """How often a clock is measured so. Each round between asks once, and measures again where that contradicts."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.password_file is not None and self.password_env is not None:
            raise ValueError("give password_file or password_env, not both")
        return self

    def account(self, device: Login) -> Account | None:
        """The account for a device: each part its own, else the default. None where no user name is known."""
        username = device.username or self.username
        if username is None:
            return None
        method = device.auth or self.auth
        if device.password_file is not None or device.password_env is not None:
            return Account(username, device.password_file, device.password_env, method)
        return Account(username, self.password_file, self.password_env, method)


def unique(ids: list[str]) -> list[str]:
    """The same ids. Raises ValueError naming one that occurs twice."""
    seen: set[str] = set()
    for item in ids:
        if item in seen:
            raise ValueError(f"id {item!r} occurs twice")
        seen.add(item)
    return ids
