"""Ids of things found on a machine: readable, unique within the site, of the length the wire allows."""

import hashlib
import re

MAX_LENGTH = 40


def device_id(host: str, *parts: str) -> str:
    """`{host}-{part}-{part}` in lower case. Where that loses or cuts something, a digest of the parts keeps it unique.

    A part is any text: an interface's, a process's name. The same parts give the same id on every run.
    """
    slugs = [re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") or "x" for part in parts]
    whole = "-".join((host, *slugs))
    if len(whole) <= MAX_LENGTH and slugs == list(parts):
        return whole
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:6]
    return f"{whole[: MAX_LENGTH - 7].rstrip('-')}-{digest}"
