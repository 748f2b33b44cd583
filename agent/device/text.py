"""Texts of devices, fit for a log and a page."""

MAX_TEXT = 200
"""The longest text taken over from a device: a fact is a name, not a novel."""


def printable(text: object, limit: int = MAX_TEXT) -> str:
    """Printable characters only, cut at `limit`."""
    return "".join(c for c in str(text or "") if c.isprintable()).strip()[:limit]
