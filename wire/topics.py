"""Topic names: `{root}/v1/{site}/{agent}/{verb}`, and `{root}/v1/_hub/{client}/probe` for a hub alone."""

import re
from enum import StrEnum
from typing import NamedTuple

_ID = r"[a-z0-9][a-z0-9-]{0,39}"
_ROOT = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
_ADDRESS = re.compile(rf"{_ID}/{_ID}")


class Verb(StrEnum):
    """The last part of a topic: what the message is."""

    STATUS = "status"
    INVENTORY = "inventory"
    REPORT = "report"
    RESULT = "result"
    CONFIG_APPLIED = "config/applied"
    ACK = "ack"
    CONFIG = "config"
    COMMAND = "command"


FROM_AGENT = (Verb.STATUS, Verb.INVENTORY, Verb.REPORT, Verb.RESULT, Verb.CONFIG_APPLIED)
"""What an agent may write, and the hub reads."""

TO_AGENT = (Verb.ACK, Verb.CONFIG, Verb.COMMAND)
"""What the hub writes, and that agent alone may read."""


class Address(NamedTuple):
    """Who a topic belongs to. An agent's certificate has the common name `{site}/{agent}`."""

    site: str
    agent: str

    def __str__(self) -> str:
        return f"{self.site}/{self.agent}"


class Topics:
    """Builds and reads topics under one root (`wk` by default; it may have several levels)."""

    def __init__(self, root: str = "wk") -> None:
        if not _ROOT.fullmatch(root):
            raise ValueError(f"topic root {root!r}: letters, digits, - and _ in levels divided by /")
        self.root = root
        verbs = "|".join(re.escape(v) for v in Verb)
        self._pattern = re.compile(rf"{re.escape(root)}/v1/({_ID})/({_ID})/({verbs})")

    def topic(self, address: Address, verb: Verb) -> str:
        """The topic of one agent's verb. Raises ValueError for ids that could reach beyond their own level."""
        if not _ADDRESS.fullmatch(str(address)):
            raise ValueError(f"address {str(address)!r}: site and agent match {_ID}")
        return f"{self.root}/v1/{address.site}/{address.agent}/{verb}"

    def every(self, verb: Verb) -> str:
        """The subscription filter for this verb of all agents."""
        return f"{self.root}/v1/+/+/{verb}"

    def probe(self, client_id: str) -> str:
        """What a hub says to itself to know that it is heard; with `+` the filter of all hubs.

        `_hub` is no site's id, and no verb is called so: no agent's topic or access rule can be meant by it.
        """
        return f"{self.root}/v1/_hub/{client_id}/probe"

    def parse(self, topic: str) -> tuple[Address, Verb] | None:
        """Whose topic this is and what for, or None where it is not one of ours."""
        match = self._pattern.fullmatch(topic)
        return (Address(match[1], match[2]), Verb(match[3])) if match else None
