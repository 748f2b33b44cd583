"""Unknown account on a recorder.

Meaning: Somebody made an account on the recorder whose name is not on your list of known ones.

Why it matters: Who has an account of his own watches, copies and deletes without a trace that leads to him, and keeps
it after every change of the other passwords.

First step: Ask who made it and for whom. The recorder's log may tell from which address. If nobody knows, remove it,
change the administrators' passwords, and look for what was watched and copied since. An account that is meant to be
there goes on the list of known ones.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pydantic import Field

from hub.rule import N_, Occurrence, Rule, Settings, Severity
from wire.messages import DeviceKind


class UnknownAccountSettings(Settings):
    """Over when the account is removed; else a month, in which somebody must have asked."""

    severity: Severity = Severity.CRITICAL
    clear_seconds: float = 30 * 86_400.0
    known: tuple[str, ...] = Field(default=(), max_length=500, description="names of accounts, may hold * and ?")


def is_known(data: Mapping[str, Any], settings: UnknownAccountSettings, at: int) -> bool:
    """Whether its name is on the list."""
    return any(fnmatchcase(str(data.get("user", "")), name) for name in settings.known)


rule = Rule(
    name="unknown_account",
    kinds=frozenset({DeviceKind.RECORDER}),
    condition=Occurrence(
        "recorder.account_added", late=True, unless=is_known, over="recorder.account_removed", by="user"
    ),
    summary=N_("Account {user} was made on the recorder."),
    cases={
        "late": N_("Account {user} was made on the recorder; the news came late."),
        "several": N_("These accounts were made on the recorder: {user}."),
    },
    settings=UnknownAccountSettings,
)
