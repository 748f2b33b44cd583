"""Commands from the hub: each is done once, in time, or not at all."""

import logging
from collections import OrderedDict
from collections.abc import Callable

from wire.codec import decode
from wire.messages import Action, Command, Result

log = logging.getLogger(__name__)

MOST_REMEMBERED = 1000

PICTURES_STAY = "pictures stay at the site: at the box, watchkeeper-agent picture DEVICE writes one to a file"
"""The answer to `snapshot`: there is no message that could carry a picture, and nobody at the site to agree to one."""


class CommandBook:
    """Remembers which commands were seen, past their expiry; the oldest are forgotten first at the bound."""

    INVENTORY = Action.SEND_INVENTORY

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()

    def accept(self, body: bytes, retained: bool, hub_time: int) -> Command | None:
        """The command, None when it is to be ignored: retained, expired or repeated. Raises DecodeError."""
        command = decode(Command, body)
        if retained or command.expires <= hub_time or command.id in self._seen:
            why = "retained" if retained else "repeated" if command.id in self._seen else "expired"
            log.info("command ignored id=%s action=%s reason=%s", command.id, command.action, why)
            return None
        self._seen[command.id] = command.expires
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return command

    def run(self, command: Command, collect_now: Callable[[], int]) -> Result:
        """Do it, as far as it needs no network, and say how it ended."""
        log.info("command id=%s action=%s", command.id, command.action)
        if command.action is Action.COLLECT_NOW:
            return Result(id=command.id, ok=True, detail=f"{collect_now()} collectors asked")
        if command.action is Action.SEND_INVENTORY:
            return Result(id=command.id, ok=True)
        if command.action is Action.SNAPSHOT:
            return Result(id=command.id, ok=False, detail=PICTURES_STAY)
        return Result(id=command.id, ok=False, detail="not supported by this version")
