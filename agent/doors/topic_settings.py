"""What the configuration says about the brokers of local controllers, and what their topics mean."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from agent.device.settings import Host
from agent.doors.inputs import InputSettings
from agent.doors.words import Word
from wire.ids import ShortText
from wire.settings import is_loopback

_MAX_DEPTH = 16


def _filter(text: str) -> str:
    """The same. Raises ValueError for what is no MQTT topic filter."""
    levels = text.split("/")
    wild = any("+" in level and level != "+" for level in levels) or any("#" in level for level in levels[:-1])
    if wild or ("#" in levels[-1] and levels[-1] != "#") or "\0" in text:
        raise ValueError("is no topic filter: + stands for a whole level, # for all that follow")
    return text


def _pointer(text: str) -> str:
    """The same. Raises ValueError for what is no JSON pointer (RFC 6901)."""
    if (text and not text.startswith("/")) or re.search(r"~(?![01])", text) or text.count("/") > _MAX_DEPTH:
        raise ValueError('is no JSON pointer: "/contact", "/sensors/0/state"')
    return text


TopicFilter = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_filter)]
Pointer = Annotated[str, Field(max_length=200), AfterValidator(_pointer)]


class SubscriptionSettings(BaseModel):
    """Topics, and what their payloads mean: which door, and which event. Of a payload with several meanings (a contact
    and a tamper switch) each is a table of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: TopicFilter
    """The topics, with the wildcards + and #."""
    door: ShortText | None = None
    """The token of the one door they are about. One of `door`, `door_level` and `door_field`."""
    door_level: int | None = Field(default=None, ge=1, le=32)
    """The level of the topic that is the door's token, from 1."""
    door_field: Pointer | None = None
    """Where in a JSON payload the door's token is."""
    value_field: Pointer = ""
    """Where in a JSON payload the value is, as a JSON pointer; left out, the payload is the value."""
    events: dict[ShortText, Word] = Field(min_length=1, max_length=64)
    """What a value means: `{ "true" = "closed", "false" = "opened" }`. Other values only say that the door is heard."""
    reason_field: Pointer | None = None
    """Where in a JSON payload a reason is."""
    credential_field: Pointer | None = None
    """Where in a JSON payload an opaque token of the credential is. Not for names and card numbers."""
    at_field: Pointer | None = None
    """Where in a JSON payload the time is: RFC 3339, or Unix milliseconds."""

    @model_validator(mode="after")
    def _one_door(self) -> Self:
        if sum(way is not None for way in (self.door, self.door_level, self.door_field)) != 1:
            raise ValueError("give one of door, door_level and door_field")
        return self


class BrokerTls(BaseModel):
    """Encryption of the way to a controller's broker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ca: Path | None = None
    """The authority that signed the broker's certificate; left out, the system's."""
    certificate: Path | None = None
    """Ours, where the broker wants one."""
    key_file: Path | None = None
    """Its private key, without a password."""

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.certificate is None) != (self.key_file is None):
            raise ValueError("certificate and key_file belong together")
        return self


class TopicsSettings(InputSettings):
    """Topics of a local controller's MQTT broker."""

    host: Host
    """Its address or host name."""
    port: int = Field(default=1883, ge=1, le=65535)
    """Its TCP port; with TLS usually 8883."""
    tls: BrokerTls | None = None
    """Encryption."""
    username: ShortText | None = None
    """For brokers with accounts."""
    password_file: Path | None = None
    """A file whose first line is the password."""
    password_env: str | None = None
    """An environment variable that holds the password."""
    plaintext: bool = False
    """Has to be true to send a password to another machine unencrypted."""
    keepalive_seconds: int = Field(default=30, ge=5, le=3600)
    """Seconds of silence after which either side asks whether the other is still there."""
    subscriptions: list[SubscriptionSettings] = Field(min_length=1, max_length=64)
    """What is listened to."""

    @model_validator(mode="after")
    def _kept_secret(self) -> Self:
        if self.password_file is not None and self.password_env is not None:
            raise ValueError("give password_file or password_env, not both")
        secret = self.password_file is not None or self.password_env is not None
        if secret and self.username is None:
            raise ValueError("a password needs a username")
        if secret and self.tls is None and not self.plaintext and not is_loopback(self.host):
            raise ValueError(
                f"{self.host} is another machine and there is no tls: set plaintext = true to send the password "
                "over the network unencrypted"
            )
        return self
