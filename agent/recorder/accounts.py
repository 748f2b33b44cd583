"""User accounts on a recorder: how many, how many may do everything, and which came, went or changed."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from agent.collector import Happening
from agent.device.errors import BadAnswer
from agent.device.text import printable
from agent.memory import Memory
from agent.recorder.model import User
from wire.ids import ShortText

MAX_USERS = 256

ADDED = "recorder.account_added"
REMOVED = "recorder.account_removed"
CHANGED = "recorder.account_changed"


class _Level(BaseModel):
    model_config = ConfigDict(frozen=True)

    level: ShortText = ""
    administrator: bool | None = None


class AccountsNote(BaseModel):
    """What is remembered of a recorder's accounts: name → its level."""

    accounts: dict[ShortText, _Level] = Field(default={}, max_length=MAX_USERS)


class Accounts:
    """Of one recorder. For one thread at a time."""

    def __init__(self, recorder: str, memory: Memory[AccountsNote]) -> None:
        self._recorder = recorder
        self._memory = memory
        self._known = memory.recall()

    def learn(self, users: Sequence[User], mono: float | None = None) -> tuple[dict[str, float], list[Happening]]:
        """The recorder's values, and what changed since it was last asked; at first sight nothing has.

        Raises BadAnswer for a recorder without any account: one of them is ours.
        """
        if not users:
            raise BadAnswer("lists no account, not even ours")
        accounts = {
            printable(user.name): _Level(level=printable(user.level), administrator=user.administrator)
            for user in users[:MAX_USERS]
        }
        before, now = self._known, AccountsNote(accounts=accounts)
        happenings = self._compare(before, now, mono) if before is not None else []
        if now != before:
            self._known = now
            self._memory.remember(now)
        return _values(users), happenings

    def _compare(self, before: AccountsNote, now: AccountsNote, mono: float | None) -> list[Happening]:
        happenings = []
        for name in sorted(before.accounts.keys() | now.accounts.keys()):
            old, new = before.accounts.get(name), now.accounts.get(name)
            if old == new:
                continue
            kind = ADDED if old is None else REMOVED if new is None else CHANGED
            data: dict[str, str | float | bool | None] = {"user": name, "level": _level(new or old)}
            if old is not None and new is not None:
                data["before"] = _level(old)
            happenings.append(Happening(self._recorder, kind, data, mono))
        return happenings


def _level(one: _Level | None) -> str:
    if one is None:
        return ""
    return one.level or ("administrator" if one.administrator else "")


def _values(users: Sequence[User]) -> dict[str, float]:
    values = {"accounts": float(len(users))}
    known = [user.administrator for user in users if user.administrator is not None]
    if len(known) == len(users):
        values["administrators"] = float(sum(known))
    return values
