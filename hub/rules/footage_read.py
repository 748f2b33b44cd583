"""Footage was copied outside of the hours for it.

Meaning: Somebody read or downloaded recordings at an hour at which nobody should: another program than the recorder's
own opened them, or the recorder's log tells of a download.

Why it matters: Recordings of people may be handed out only on record: by whom, for whom, and why. What is copied at
night mostly is not.

First step: See who it was: account, program and address are with the event. Compare it with the register of requests.
If nothing stands there, speak to the account's owner; if he knows nothing of it, change the password and keep the logs.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pydantic import Field, field_validator

from hub import hours
from hub.rule import N_, Occurrence, Rule, Settings, Severity
from wire.messages import DeviceKind


class FootageReadSettings(Settings):
    """Office hours, unless your policy says otherwise; in the hub's own time zone, unless the site's is named."""

    severity: Severity = Severity.WARNING
    clear_seconds: float = 3600.0
    allowed: tuple[str, ...] = Field(
        default=("mon-fri 07:00-19:00",), max_length=50, description="weekdays and hours at which it is no matter"
    )
    time_zone: str = Field(default="", max_length=100, description="of the site, as in Asia/Shanghai or +08:00")
    known_users: tuple[str, ...] = Field(
        default=(), max_length=500, description="accounts that may at any time, may hold * and ?"
    )

    @field_validator("allowed")
    @classmethod
    def _can_be_read(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            hours.parse(one)
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_one(cls, value: str) -> str:
        hours.zone(value)
        return value


def is_allowed(data: Mapping[str, Any], settings: FootageReadSettings, at: int) -> bool:
    """By whom, or by the hour."""
    if any(fnmatchcase(str(data.get("user", "")), name) for name in settings.known_users):
        return True
    return any(hours.parse(one).hold(at, hours.zone(settings.time_zone)) for one in settings.allowed)


rule = Rule(
    name="footage_read",
    kinds=frozenset({DeviceKind.HOST, DeviceKind.RECORDER}),
    condition=Occurrence("footage.read", late=True, unless=is_allowed, also=("footage.downloaded",)),
    summary=N_("{user} copied recordings outside of the hours for it."),
    cases={"late": N_("{user} copied recordings outside of the hours for it; the news came late.")},
    settings=FootageReadSettings,
)
