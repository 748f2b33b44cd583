"""Device ids of what hangs on a recorder, and tokens as they stand in the inventory."""

import hashlib
import itertools
import re
from collections.abc import Collection

MAX_ID = 40

MAX_TOLD_TOKEN = 40
"""The longest token that stands in the inventory as it is."""


def channel_id(recorder: str, token: str) -> str:
    """A channel's device id: the recorder's and the token, cut to 40 characters with a hash where they do not fit."""
    slug = re.sub(r"[^a-z0-9]+", "-", token.lower()).strip("-")
    whole = f"{recorder}-{slug}"
    if slug and len(whole) <= MAX_ID:
        return whole
    return hashed_id(recorder, token)


def hashed_id(recorder: str, token: str) -> str:
    """An id for a channel whose plain one is too long, or taken by one that is spelled nearly alike."""
    digest = hashlib.sha256(f"{recorder}/{token}".encode()).hexdigest()[:8]
    return f"{recorder[: MAX_ID - 9].rstrip('-')}-{digest}"


def drive_id(recorder: str, token: str) -> str:
    """Of a disk by its slot."""
    return channel_id(recorder, f"disk-{token}")


def storage_id(recorder: str) -> str:
    """Of all its disks together, as a volume."""
    return channel_id(recorder, "storage")


def free(recorder: str, token: str, plain: str, taken: Collection[str], foreign: tuple[str, ...]) -> str:
    """`plain`, or one with a hash where that is taken or begins like another recorder's (`foreign`)."""
    if plain not in taken and not plain.startswith(foreign):
        return plain
    # Eight digits of a hash can be made to meet.
    hashed = (hashed_id(recorder, f"{token}{'/' * turn}") for turn in itertools.count())
    return next(one for one in hashed if one not in taken)


def told(token: str) -> str:
    """A token as a fact: a recorder chooses them, and the inventory holds only so much."""
    if len(token) <= MAX_TOLD_TOKEN:
        return token
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()[:16]}"
